from __future__ import annotations

import pytest

from samdrift_rpa.invoices.engine import Engine
from samdrift_rpa.invoices.policy import Policy, read_policy
from samdrift_rpa.rules.own import OwnRules


@pytest.fixture(scope="session")
def policy() -> Policy:
    return read_policy()


@pytest.fixture(scope="session")
def engine(policy: Policy) -> Engine:
    return Engine(rules=OwnRules(), policy=policy)
