"""Which rules a document is held to: the official ones where they are installed, otherwise a small set of ours."""

from __future__ import annotations

from samdrift_rpa.rules.findings import FailedRule, Findings, RuleSet, Severity
from samdrift_rpa.rules.location import official_folder

__all__ = ["FailedRule", "Findings", "RuleSet", "Severity", "choose", "official_folder"]


def choose() -> RuleSet:
    """The official rules when `official_folder` finds them, otherwise our own."""
    folder = official_folder()
    if folder is None:
        from samdrift_rpa.rules.own import OwnRules

        return OwnRules()
    from samdrift_rpa.rules.official import OfficialRules

    return OfficialRules(folder)
