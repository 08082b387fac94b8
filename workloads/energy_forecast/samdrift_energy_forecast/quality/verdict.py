"""One finding at one place: what, where, and the raw values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.quality.finding import Finding
from samdrift_energy_forecast.quality.sentences import SENTENCES, Language

Raw: TypeAlias = float | str | None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A finding on consecutive hours of a meter, or on rows whose hour nobody can tell."""

    code: Finding
    meter: str
    #: The first hour (see `hours`); None where the stamp itself cannot be read.
    first: int | None
    #: How many hours; for rows without an hour how many rows.
    count: int = 1
    #: The raw value of each hour in kWh as the meter's unit says (a counter's consumption), or the cell's text; one a
    #: hour, or one for all where they are the same; empty where nothing was read.
    raw: tuple[Raw, ...] = ()
    #: Of the file, 1 is the first after the header; None where the verdict is no single row's.
    row: int | None = None
    #: What fills the sentence.
    facts: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def begins(self) -> datetime | None:
        """Beginning of the first hour, UTC."""
        return None if self.first is None else hours.start_of(self.first)

    @property
    def ends(self) -> datetime | None:
        """End of the last hour, UTC."""
        return None if self.begins is None else self.begins + timedelta(hours=self.count)

    def covers(self, hour: int) -> bool:
        """Whether the verdict is about `hour`."""
        return self.first is not None and self.first <= hour < self.first + self.count

    def says(self, language: Language) -> str:
        """What was found, for a person."""
        return _filled(SENTENCES[self.code].says(language), self._facts(), language)

    def remedy(self, language: Language) -> str:
        """What a person can do."""
        return _filled(SENTENCES[self.code].remedy(language), self._facts(), language)

    def to_json(self) -> dict[str, Any]:
        """For programs; times are ISO 8601 in UTC."""
        return {
            "code": str(self.code),
            "meter": self.meter,
            "begins": None if self.begins is None else self.begins.isoformat(),
            "ends": None if self.ends is None else self.ends.isoformat(),
            "count": self.count,
            "row": self.row,
            "raw": list(self.raw),
            "used": self.code.is_notice,
            "facts": dict(self.facts),
            "da": self.says("da"),
            "en": self.says("en"),
            "remedy_da": self.remedy("da"),
            "remedy_en": self.remedy("en"),
        }

    def _facts(self) -> Mapping[str, float | str]:
        return {"hours": self.count, **self.facts}


def _filled(template: str, facts: Mapping[str, float | str], language: Language) -> str:
    return template.format_map({name: _written(value, language) for name, value in facts.items()})


def _written(value: float | str, language: Language) -> str:
    if isinstance(value, str):
        return value
    text = f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return text.replace(".", ",") if language == "da" else text
