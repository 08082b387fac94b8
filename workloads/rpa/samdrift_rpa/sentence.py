"""A sentence for a person, kept as a message id with its values and said in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.support import NullTranslations

LANGUAGES = ("da", "en")
#: Values that are amounts of money or quantities: written as the reader writes numbers.
NUMBERS = frozenset(
    {"amount", "limit", "stated", "computed", "taxable", "invoiced", "ordered", "difference", "allowed", "price"}
)
_LOCALES = Path(__file__).parent / "locales"


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A message id with `%(names)s`, and what stands for the names. Numbers are plain decimals: `1562.50`."""

    text: str
    values: Mapping[str, str] = field(default_factory=dict)

    def say(self, language: str = "en") -> str:
        """In `language`; as it is written where the catalogue does not hold it."""
        return _catalogue(language).gettext(self.text) % written(self.values, language)

    def by_language(self) -> dict[str, str]:
        """In Danish and in English, as questions to people need it."""
        return {language: self.say(language) for language in LANGUAGES}


def written(values: Mapping[str, str], language: str) -> dict[str, str]:
    """`values` with numbers as the reader writes them: `1.562,50`, with two decimals, or more where there are more."""
    from samdrift_platform.portal import formatting
    from samdrift_platform.portal.languages import locale_of

    number = formatting.filters(locale_of(language))["number"]
    return {name: number(Decimal(v), _decimals(v)) if name in NUMBERS else v for name, v in values.items()}


def _decimals(value: str) -> int:
    return max(2, len(value.partition(".")[2].rstrip("0")))


@cache
def _catalogue(language: str) -> NullTranslations:
    from samdrift_platform.portal.languages import translations

    return translations(language, [_LOCALES])
