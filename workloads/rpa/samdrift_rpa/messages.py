"""Marks sentences that pages translate later."""

from __future__ import annotations


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it, which extraction looks for
    """The message id itself; the catalogue in `locales/` has its Danish."""
    return message
