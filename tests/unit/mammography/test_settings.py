from __future__ import annotations

from datetime import timedelta

import pytest

from samdrift_mammography import settings
from samdrift_platform.errors import SettingError


@pytest.mark.parametrize(("text", "seconds"), [("", 300), ("0.5", 0.5), ("3600", 3600)])
def test_quiet_time(monkeypatch: pytest.MonkeyPatch, text: str, seconds: float) -> None:
    monkeypatch.setenv("SAMDRIFT_MAMMOGRAPHY_QUIET_S", text)
    assert settings.quiet() == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["five", "0", "-1", "nan", "inf", "1e300"])
def test_a_quiet_time_that_is_none_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SAMDRIFT_MAMMOGRAPHY_QUIET_S", text)
    with pytest.raises(SettingError, match="SAMDRIFT_MAMMOGRAPHY_QUIET_S"):
        settings.quiet()
