"""A workload's setting: the environment's value, or the default when it is empty or not there."""

from __future__ import annotations

import pytest

from samdrift_platform.errors import SettingError
from samdrift_platform.setting import Setting

PORT = Setting(name="SAMDRIFT_TEST_PORT", default="104", help="A port.")


@pytest.mark.parametrize(("environment", "value"), [({}, "104"), ({PORT.name: ""}, "104"), ({PORT.name: "11"}, "11")])
def test_value(environment: dict[str, str], value: str) -> None:
    assert PORT.value(environment) == value


def test_the_process_s_own_environment_is_read_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PORT.name, "11112")
    assert PORT.value() == "11112"


WAIT_S = Setting(name="SAMDRIFT_TEST_WAIT_S", default="10", help="Seconds.")


@pytest.mark.parametrize(("text", "number"), [("", 10.0), ("0.5", 0.5), ("25", 25.0), ("1e1", 10.0)])
def test_a_positive_number(monkeypatch: pytest.MonkeyPatch, text: str, number: float) -> None:
    monkeypatch.setenv(WAIT_S.name, text)
    assert WAIT_S.positive(25.0) == number


@pytest.mark.parametrize("text", ["soon", "0", "-1", "25.1", "nan", "inf", "1,5"])
def test_what_is_no_positive_number_is_named_with_its_bounds(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(WAIT_S.name, text)
    with pytest.raises(SettingError, match=rf"^{WAIT_S.name} is '{text}'; .* above 0 and at most 25\."):
        WAIT_S.positive(25.0)
