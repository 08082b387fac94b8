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


@pytest.mark.parametrize(
    ("text", "titles"), [("", ()), ("MODALITY1", ("MODALITY1",)), (" HERLEV 2 ,,MOBIL", ("HERLEV 2", "MOBIL"))]
)
def test_callers(monkeypatch: pytest.MonkeyPatch, text: str, titles: tuple[str, ...]) -> None:
    monkeypatch.setenv("SAMDRIFT_MAMMOGRAPHY_CALLING_AE_TITLES", text)
    assert settings.calling_ae_titles() == titles


@pytest.mark.parametrize("title", ["SEVENTEEN_LETTERS", "MAMMOGRAFI\\1", "RØNTGEN", "A\tB"])
def test_what_is_no_ae_title_is_refused(monkeypatch: pytest.MonkeyPatch, title: str) -> None:
    monkeypatch.setenv("SAMDRIFT_MAMMOGRAPHY_AE_TITLE", title)
    with pytest.raises(SettingError, match="SAMDRIFT_MAMMOGRAPHY_AE_TITLE"):
        settings.ae_title()
    with pytest.raises(SettingError, match="SAMDRIFT_MAMMOGRAPHY_CALLING_AE_TITLES"):
        settings.titles_in(f"GOOD,{title}")


def test_port(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.dicom_port() == 11112
    for text in ("65536", "-1", "104.0", "²", "dicom"):
        monkeypatch.setenv("SAMDRIFT_MAMMOGRAPHY_DICOM_PORT", text)
        with pytest.raises(SettingError, match="SAMDRIFT_MAMMOGRAPHY_DICOM_PORT"):
            settings.dicom_port()
