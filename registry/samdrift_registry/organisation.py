"""Who runs this installation, and the dates of the law: what only people can say, in files beside the ledger."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from samdrift_registry.errors import RegistryError

#: Ships with the package: the dates as known when this version was made.
SHIPPED_DATES = Path(__file__).parent / "ai_act.yaml"


class ConfigurationError(RegistryError):
    """A configuration file of this installation cannot be used. The message names the file and what is wrong in it."""


@dataclass(frozen=True, kw_only=True)
class Organisation:
    """The provider or deployer in whose name documents are written. None: nobody has said it."""

    name: str | None = None
    #: Postal, one line.
    address: str | None = None
    email: str | None = None
    #: Web page.
    homepage: str | None = None
    #: Number in the Danish business register, eight digits.
    cvr: str | None = None

    @property
    def said(self) -> str | None:
        """All that is said about it in one line; None without a name."""
        parts = (self.name, self.address, f"CVR {self.cvr}" if self.cvr else None, self.email, self.homepage)
        return ", ".join(part for part in parts if part) if self.name else None


@dataclass(frozen=True, kw_only=True)
class Duty:
    """From when on the duties of high-risk systems apply to one group of them."""

    #: "Annex III", "Annex I"
    group: str
    since: date
    #: The amending act, or where the date is known from.
    source: str


def read_organisation(home: Path) -> Organisation:
    """`<home>/organisation.yaml`; everything unsaid where there is no such file. ConfigurationError: it is wrong."""
    path = home / "organisation.yaml"
    if not path.exists():
        return Organisation()
    said, known = _mapping(path), {field.name for field in fields(Organisation)}
    if unknown := sorted(said.keys() - known):
        raise ConfigurationError.about(
            f"{path}: {', '.join(unknown)} is not known; there are {', '.join(sorted(known))}"
        )
    found = Organisation(**{name: None if value is None else str(value) for name, value in said.items()})
    if found.homepage is not None and not re.fullmatch(r"https?://[^\s<>\"{}|\\^`]+", found.homepage):
        raise ConfigurationError.about(f"{path}: homepage {found.homepage!r} is no web address")
    return found


def read_duties(home: Path) -> tuple[Duty, ...]:
    """`<home>/ai_act.yaml`, or the dates that ship with the package. ConfigurationError: the file is wrong."""
    own = home / "ai_act.yaml"
    path = own if own.exists() else SHIPPED_DATES
    try:
        return tuple(Duty(**each) for each in _mapping(path)["high_risk_duties"])
    except (KeyError, TypeError) as error:
        raise ConfigurationError.about(f"{path}: `high_risk_duties` lists group, since and source") from error


def _mapping(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError.about(f"{path}: it is not YAML") from error
    if not isinstance(said, dict):
        raise ConfigurationError.about(f"{path}: it holds no names with values")
    return said
