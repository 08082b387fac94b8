"""What applications are held to: ages by category and the age of a certificate, from a file with their sources."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from samdrift_rpa import settings
from samdrift_rpa.driving_licence.application import Category
from samdrift_rpa.policy_file import read_policy_file


class Sooner(BaseModel):
    """An age below the ordinary one, on a condition that the application can show."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    age_years: int = Field(ge=14, le=30)
    #: The applicant has said that somebody accompanies.
    accompanied: bool = False
    #: The applicant has had this category ...
    held: Category | None = None
    #: ... for so many years.
    held_years: int = 0


class AgeRule(BaseModel):
    """The least age for a category."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    age_years: int = Field(ge=14, le=30)
    sooner: Sooner | None = None


class Rules(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    #: Where the rules stand in law, for people.
    sources: Mapping[str, str]
    ages: Mapping[Category, AgeRule]
    #: A certificate is at most so many months old when the application comes in.
    certificate_months: int = Field(ge=1, le=24)
    #: Categories that need no certificate.
    without_certificate: frozenset[Category] = frozenset()


def read_rules(path: Path | None = None) -> Rules:
    """The rules in `path`, by default the operator's or the shipped ones; SettingError when they cannot be used."""
    return read_policy_file(Rules, "driving_licence", settings.LICENCE_RULES, path)[0]
