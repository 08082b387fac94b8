"""A sentence for a person, kept as a message id with its values and said in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.support import NullTranslations

LANGUAGES = ("da", "en")
#: Values that are amounts of money: two decimals, or more where there are more.
AMOUNTS = frozenset({"amount", "limit", "stated", "computed", "taxable", "invoiced", "ordered"})
#: Values that count things: as many decimals as they need, three at most.
QUANTITIES = frozenset({"quantity", "ordered_quantity"})
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
    """`values` with numbers as the reader writes them: amounts like `1.562,50`, quantities like `3,5`."""
    from samdrift_platform.portal import formatting
    from samdrift_platform.portal.languages import locale_of

    number = formatting.filters(locale_of(language))["number"]
    said = dict(values)
    said |= {name: number(Decimal(v), _decimals(v)) for name, v in values.items() if name in AMOUNTS}
    return said | {name: number(Decimal(v)) for name, v in values.items() if name in QUANTITIES}


def amount_by_language(amount: Decimal, currency: str) -> dict[str, str]:
    """An amount of money as people write it: `1.562,50 DKK` and `1,562.50 DKK`."""
    return {language: f"{said} {currency}" for language, said in _filtered("number", amount, 2).items()}


def number_by_language(number: float, decimals: int) -> dict[str, str]:
    """A number as people write it: `9,0` and `9.0`."""
    return _filtered("number", number, decimals)


def day_by_language(day: date) -> dict[str, str]:
    """A day as people write it: `1. dec. 2026` and `1 Dec 2026`."""
    from samdrift_platform.portal.formatting import noon

    return _filtered("date", noon(day))


def moment_by_language(moment: datetime) -> dict[str, str]:
    """An aware moment as people write it, on Danish clocks: `1. dec. 2026 09.12` and `1 Dec 2026 09:12`."""
    return _filtered("datetime", moment)


def _filtered(name: str, value: object, *digits: int) -> dict[str, str]:
    """`value` as the pages' filter of that name writes it, by language."""
    from samdrift_platform.portal import formatting
    from samdrift_platform.portal.languages import locale_of

    return {language: formatting.filters(locale_of(language))[name](value, *digits) for language in LANGUAGES}


def _decimals(amount: str) -> int:
    return max(2, len(amount.partition(".")[2].rstrip("0")))


@cache
def _catalogue(language: str) -> NullTranslations:
    from samdrift_platform.portal.languages import translations

    return translations(language, [_LOCALES])
