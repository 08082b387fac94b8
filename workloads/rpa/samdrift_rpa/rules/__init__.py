"""Which rules a document is held to: the official ones where they are installed, otherwise a small set of ours."""

from __future__ import annotations

from pathlib import Path

from samdrift_platform.errors import SettingError
from samdrift_rpa.rules.findings import FailedRule, RuleSet, Severity
from samdrift_rpa.settings import DATA, RULES

__all__ = ["FailedRule", "RuleSet", "Severity", "choose", "official_folder"]


def choose() -> RuleSet:
    """The official rules when `official_folder` finds them, otherwise our own."""
    folder = official_folder()
    if folder is None:
        from samdrift_rpa.rules.own import OwnRules

        return OwnRules()
    from samdrift_rpa.rules.official import OfficialRules

    return OfficialRules(folder)


def official_folder() -> Path | None:
    """Where the official rules lie, None when they are not installed.

    Raises:
        SettingError: the operator named a folder that does not hold them. Falling back silently would accept
            invoices by weaker rules than the operator believes.
    """
    named = RULES.value()
    if named:
        if not _holds_rules(Path(named)):
            raise SettingError(
                f"{RULES.name} is {named!r}, where the official rules were not found. {RULES.help}",
                field=RULES.name,
            )
        return Path(named)
    data = DATA.value()
    return Path(data) / "rpa" if data and _holds_rules(Path(data) / "rpa") else None


def _holds_rules(folder: Path) -> bool:
    return any(folder.glob("oioubl/xslt-*/OIOUBL_Invoice_Schematron.xslt")) and (folder / "ubl-xsd").is_dir()
