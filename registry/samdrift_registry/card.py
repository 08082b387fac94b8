"""The model card: what a version is for, what it was measured on, who answers for it; and what nobody has said yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["da", "en"]


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """The structured source of the card."""

    name: str
    version: int

    @property
    def missing(self) -> tuple[str, ...]:
        """What the card asks for and nobody has given."""
        raise NotImplementedError

    def document(self) -> Mapping[str, Any]:
        """As JSON values."""
        raise NotImplementedError

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        raise NotImplementedError


def to_html(card: ModelCard, language: Language) -> str:
    """A page of its own: no script, no outside address."""
    raise NotImplementedError


def to_markdown(card: ModelCard, language: Language) -> str:
    """GitHub-flavoured Markdown."""
    raise NotImplementedError
