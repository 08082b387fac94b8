from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from samdrift_platform.errors import CannotTellError, SettingError, TryAgainError
from samdrift_rpa.invoices.policy import read_policy
from samdrift_rpa.rules import choose, official_folder
from samdrift_rpa.rules.own import OwnRules
from samdrift_rpa.settings import timeout_s
from samdrift_rpa.workload import workload


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMDRIFT_HOME", str(tmp_path / "home"))
    for name in ("RULES", "ERP_URL", "ACCESS_POINT_URL", "TIMEOUT_S", "POLICY"):
        monkeypatch.delenv(f"SAMDRIFT_RPA_{name}", raising=False)
    monkeypatch.delenv("SAMDRIFT_DATA", raising=False)


def install(folder: Path) -> Path:
    stylesheets = folder / "oioubl" / "xslt-1.17.2"
    stylesheets.mkdir(parents=True)
    (stylesheets / "OIOUBL_Invoice_Schematron.xslt").touch()
    (folder / "ubl-xsd").mkdir()
    return folder


def test_without_data_our_own_rules_are_used() -> None:
    assert official_folder() is None
    assert isinstance(choose(), OwnRules)


def test_the_data_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMDRIFT_DATA", str(tmp_path))
    assert official_folder() is None
    assert install(tmp_path / "rpa") == official_folder()


def test_a_named_folder_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "data" / "rpa")
    monkeypatch.setenv("SAMDRIFT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SAMDRIFT_RPA_RULES", str(install(tmp_path / "named")))
    assert official_folder() == tmp_path / "named"


def test_a_named_folder_without_rules_is_an_error_and_not_a_weaker_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMDRIFT_RPA_RULES", str(tmp_path))
    with pytest.raises(SettingError, match="SAMDRIFT_RPA_RULES"):
        choose()


def test_a_party_without_an_address_says_what_to_set_and_holds_nothing_else_up() -> None:
    receivers = workload.receivers()
    with pytest.raises(TryAgainError, match="SAMDRIFT_RPA_ERP_URL is not set"):
        receivers["erp"].deliver(UUID(int=1), {})
    with pytest.raises(CannotTellError, match="SAMDRIFT_RPA_ACCESS_POINT_URL is not set"):
        receivers["access_point"].find(UUID(int=1), {})


@pytest.mark.parametrize("value", ["soon", "0", "-1", "25.1", "nan"])
def test_a_time_out_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SAMDRIFT_RPA_TIMEOUT_S", value)
    with pytest.raises(SettingError, match="SAMDRIFT_RPA_TIMEOUT_S"):
        timeout_s()


@pytest.mark.parametrize("content", ["", "{}", '{"version": "1", "amount_limit": "-1"}'])
def test_a_policy_that_cannot_be_used_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "policy.json"
    path.write_text(content)
    with pytest.raises(SettingError, match=r"policy\.json"):
        read_policy(path)


def test_the_policy_is_known_by_its_digest() -> None:
    assert read_policy().digest.startswith("sha256:")
