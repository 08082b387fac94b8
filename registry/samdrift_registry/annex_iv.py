"""The technical documentation of Annex IV to Regulation (EU) 2024/1689, as far as registry and ledger can write it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["da", "en"]


@dataclass(frozen=True, kw_only=True)
class TechnicalDocumentation:
    """All nine points for one version."""

    name: str
    version: int

    @property
    def missing(self) -> int:
        """How many entries are missing."""
        raise NotImplementedError

    def document(self) -> Mapping[str, Any]:
        """As JSON values."""
        raise NotImplementedError

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        raise NotImplementedError


def to_html(documentation: TechnicalDocumentation, language: Language) -> str:
    """A page of its own: no script, no outside address; the count of what is missing stands on top."""
    raise NotImplementedError


def to_markdown(documentation: TechnicalDocumentation, language: Language) -> str:
    """GitHub-flavoured Markdown; the count of what is missing stands on top."""
    raise NotImplementedError
