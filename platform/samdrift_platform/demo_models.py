"""How the demonstration gets its models into service: the whole way of governance, walked by accounts of its own.

Nobody looks at anything here, and every statement says so.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from samdrift_platform.demonstration import ShippedModel
from samdrift_platform.errors import UnavailableError
from samdrift_platform.governance import Governance
from samdrift_platform.settings import Settings

if TYPE_CHECKING:
    from samdrift_registry.lifecycle import Standing

#: Stands in every statement that a person would otherwise answer for.
NOTE = "demonstration: no person approved this"
#: Under whose name the models are logged: somebody who approves nothing.
REGISTRANT = "samdrift-demo"
#: Declared of every shipped model: true of a demonstration, and of nothing else.
FACTS = {
    "legal_basis": "demonstration: input without personal data, so none is needed",
    "purpose": "demonstration: to show how work goes through the platform",
    "data_protection_assessment": "demonstration: none made, no personal data",
    "mdr_class": "demonstration: not a medical device, and not to be used as one",
    "ai_act_class": "demonstration: not placed on the market or put into service (AI Act, article 2(8))",
    "intended_use": "demonstration on this machine; nothing that it says may be acted upon",
}
#: Longest wait for registry and evaluator, seconds.
PATIENCE_S = 300.0


def serving(governance: Governance) -> set[str]:
    """Models that have a champion."""
    from samdrift_registry.deployments import Slot

    return {model for model, slot in governance.deployments() if slot is Slot.CHAMPION}


def logged(settings: Settings, model: ShippedModel) -> int:
    """Log it, once; its version. The registry finds in one look what was logged together."""
    from samdrift_registry.log import log_model

    return log_model(model.folder, model.name, settings.tracking_url, registered_by=REGISTRANT)


def provide(governance: Governance, settings: Settings, model: ShippedModel) -> None:
    """Log, have evaluated, declare, approve in each role that the policy asks for, promote. Run again, it goes on.

    Raises:
        UnavailableError: it was refused, or nothing came of it in time; the message says why, and where to look.
    """
    version = logged(settings, model)
    _wait_until_evaluated(governance, settings, model.name, version)
    governance.declare(model.name, version, FACTS, actor="operator", now=datetime.now(UTC))
    _approve(governance, governance.standing(model.name, version))
    governance.promote(model.name, version, NOTE, actor="operator", now=datetime.now(UTC))


def _wait_until_evaluated(governance: Governance, settings: Settings, name: str, version: int) -> None:
    from samdrift_registry.lifecycle import State

    deadline_s = time.monotonic() + PATIENCE_S
    while (state := _state(governance, name, version)) in (None, State.DRAFT):
        if time.monotonic() > deadline_s:
            told = "not found by the registry" if state is None else "not evaluated"
            raise UnavailableError(f"{name}/{version} was {told} in {PATIENCE_S:g} s. Look into {settings.home}/logs.")
        time.sleep(0.1)
    if state is State.REFUSED:
        raise UnavailableError(f"{name}/{version}: {' '.join(governance.standing(name, version).blocked)}")


def _state(governance: Governance, name: str, version: int) -> str | None:
    from samdrift_registry.errors import VersionUnknownError

    try:
        return governance.standing(name, version).state
    except VersionUnknownError:  # the registry looks into MLflow every other second
        return None


def _approve(governance: Governance, standing: Standing) -> None:
    """One account for each group of roles, such as `clinical-approver`."""
    rules, evidence = standing.rules, standing.evidence
    if rules is None or evidence is None:
        raise UnavailableError(f"{standing}: {' '.join(standing.blocked)}")
    for group in rules.roles:
        role = min(group)
        account, now = f"{role}-approver", datetime.now(UTC)
        governance.appoint(account, [role], actor="operator", now=now)
        governance.approve(
            standing.name, standing.version, role, evidence, note=NOTE, actor=account, now=datetime.now(UTC)
        )
