"""The words of cards and technical files in both languages, from `words.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from samdrift_evaluation.estimate import Estimate, Figure
from samdrift_evaluation.rendering import number
from samdrift_registry.outline import Language


def word(name: str, language: Language) -> str:
    """The word called `name`."""
    return str(_words()[name][language])


def fact(name: str, language: Language) -> str:
    """What a declared fact is called; one that a policy invented is called by its own name."""
    known = _words()["facts"].get(name)
    return str(known[language]) if known else name.replace("_", " ")


def recorded(name: str, language: Language) -> str:
    """What an entry `recorded.…` of the technical documentation is called."""
    return str(_words()["recorded"][name][language])


def figure(found: Figure, language: Language) -> str:
    """A figure with its interval and n, or why there is none."""
    if not isinstance(found, Estimate):
        return f"{word('too_few', language)}: n = {found.n}, {found.reason}"
    numbers = (found.value, found.low, found.high)
    value, low, high = (number(each, found.decimals, language=language) for each in numbers)
    share = number(found.confidence * 100, language=language)
    return f"{value} ({share} %: {low} {word('to', language)} {high}), n = {found.n}, {found.method}"


@cache
def _words() -> Mapping[str, Any]:
    import yaml

    text = (Path(__file__).parent / "words.yaml").read_text(encoding="utf-8")
    words: Mapping[str, Any] = yaml.safe_load(text)
    return words
