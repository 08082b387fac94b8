"""A workload's setting: the environment's value, or the default when it is empty or not there."""

from __future__ import annotations

import pytest

from samdrift_platform.setting import Setting

PORT = Setting(name="SAMDRIFT_TEST_PORT", default="104", help="A port.")


@pytest.mark.parametrize(("environment", "value"), [({}, "104"), ({PORT.name: ""}, "104"), ({PORT.name: "11"}, "11")])
def test_value(environment: dict[str, str], value: str) -> None:
    assert PORT.value(environment) == value


def test_the_process_s_own_environment_is_read_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PORT.name, "11112")
    assert PORT.value() == "11112"
