from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from samdrift_rpa.policy import Policy, read_policy
from samdrift_rpa.process import Engine
from samdrift_rpa.rules.own import OwnRules


@pytest.fixture(scope="session")
def policy() -> Policy:
    return read_policy()


@pytest.fixture(scope="session")
def engine(policy: Policy) -> Engine:
    return Engine(rules=OwnRules(), policy=policy)


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Names parties outside in the environment, where nobody listens."""

    def name(**others: Any) -> None:
        monkeypatch.setenv("SAMDRIFT_RPA_ERP_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("SAMDRIFT_RPA_ACCESS_POINT_URL", "http://127.0.0.1:9")
        for variable, value in others.items():
            monkeypatch.setenv(variable, value)

    return name
