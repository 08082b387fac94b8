"""Governance: every act on a model version is held to the rules, signed, and kept as a statement."""

from samdrift_platform.governance.alarms import Alarm as Alarm
from samdrift_platform.governance.journal import load_deployments as load_deployments
from samdrift_platform.governance.service import Governance as Governance
