"""A plan as it is kept and handed over: one JSON document, by columns, that pages, files and controllers are made from.

Set-points are entries that hold until the next one and may begin at any quarter of an hour; what was forecast stands in
series with one value an hour. `docs/reference/heating-plan.md` describes every field.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Self, TypeAlias

from samdrift_energy_forecast.errors import PlanDocumentError
from samdrift_energy_forecast.plans.notice import Notice as Notice
from samdrift_energy_forecast.plans.reasons import Facts, Language, Reason, sentence
from samdrift_platform.digest import digest_of_bytes

Series: TypeAlias = tuple[float | None, ...]
#: Of the JSON; a reader refuses another.
FORMAT = "samdrift-heating-plan/2"
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class PlannedFor:
    """What files made from a plan say of its building."""

    id: str
    name: str
    #: IANA name of the building's own time.
    time_zone: str
    #: Of files and messages.
    language: Language
    #: The fixed setback plan of a week without holidays, for controllers that fall back to it: Monday first, and for
    #: each day the local clock ("06:00") from which each set-point in C holds.
    weekly_setback: tuple[tuple[tuple[str, float], ...], ...] = ()

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what `dataclasses.asdict` wrote, after JSON."""
        week = tuple(tuple((clock, celsius) for clock, celsius in day) for day in document.get("weekly_setback", ()))
        return cls(**{**document, "weekly_setback": week})


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One set-point; it holds until the next entry begins."""

    #: UTC, on a quarter of an hour.
    begins: datetime
    set_point_c: float
    reason: Reason
    #: What the reason's sentence is filled with.
    facts: Facts

    def text(self, language: Language) -> str:
        """The reason as a sentence."""
        return sentence(self.reason, self.facts, language)


@dataclass(frozen=True, kw_only=True)
class SetPointChange:
    """A set-point that was in force until the next change; None: fixed setback was."""

    begins: datetime
    set_point_c: float | None


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What the plan is meant to save against fixed setback over all its hours; None where nothing was forecast."""

    setback_kwh: float | None = None
    planned_kwh: float | None = None
    saved_kwh: float | None = None
    saved_cost: float | None = None
    currency: str
    saved_kg_co2: float | None = None
    #: Mean power of the highest hour in kW.
    peak_kw_setback: float | None = None
    peak_kw_planned: float | None = None
    #: How the figures came about, with the emission factor's year and method.
    method: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One building's plan for the hours that begin at `issue_time`."""

    building: PlannedFor
    #: UTC, on the hour: nothing that was known later went into the plan.
    issue_time: datetime
    #: Why the fixed setback plan stays; None when there is a plan.
    safe_state: Notice | None
    #: What a person should look at, most urgent first.
    attention: tuple[Notice, ...]
    #: In order; the first begins at `issue_time`, the last holds to `ends`.
    entries: tuple[Entry, ...]
    #: One value an hour by name; `values` reads them. A series of which nothing is known is left out.
    series: Mapping[str, Series]
    #: For each hour the code of the constraint that decides it; None where none does.
    binding: tuple[str | None, ...]
    summary: Summary
    #: Parameters of the building's thermal model; None where rooms are not measured.
    thermal_model: Mapping[str, float] | None
    #: How the heat forecast did on the building's last days.
    forecast_check: Mapping[str, float | None]
    #: Of earlier plans until this one begins, in order; before the first fixed setback was in force.
    set_points_before: tuple[SetPointChange, ...] = ()

    @property
    def horizon_h(self) -> int:
        """Number of hours."""
        return len(self.binding)

    @property
    def ends(self) -> datetime:
        """When the last entry ceases to hold, UTC."""
        return self.issue_time + self.horizon_h * HOUR

    @property
    def hours(self) -> tuple[datetime, ...]:
        """When each hour begins, UTC."""
        return tuple(self.issue_time + k * HOUR for k in range(self.horizon_h))

    def values(self, name: str) -> Series:
        """One value an hour of a series; all None where nothing is known of it."""
        return self.series.get(name, (None,) * self.horizon_h)

    def entry_at(self, instant: datetime) -> Entry:
        """The entry that holds at `instant`. Raises ValueError outside the plan."""
        if not self.issue_time <= instant < self.ends:
            raise ValueError(f"the plan holds from {self.issue_time} to {self.ends}, not at {instant}")
        return self.entries[bisect_right(self._begins, instant) - 1]

    def set_points_c(self, step: timedelta = QUARTER) -> tuple[float, ...]:
        """The set-point at the beginning of each step, in C."""
        count = int(self.horizon_h * HOUR / step)
        return tuple(self.entry_at(self.issue_time + k * step).set_point_c for k in range(count))

    @cached_property
    def version(self) -> str:
        """`sha256:…` of everything in the plan: the same plan made twice has the same version."""
        return digest_of_bytes(_canonical(self._content()))

    def to_json(self) -> bytes:
        """UTF-8 JSON with sorted keys: the same plan, the same bytes."""
        return _canonical(self._content() | {"version": self.version})

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read what `to_json` wrote.

        Raises:
            PlanDocumentError: not a plan of this format, or changed since it was written.
        """
        document = _parsed(data)
        try:
            plan = cls._from_document(document)
        except (KeyError, TypeError, ValueError) as error:
            raise PlanDocumentError(f"The plan document is damaged: {error!r}.") from error
        if plan.version != document.get("version"):
            raise PlanDocumentError(
                f"The plan of {plan.building.id} says version {document.get('version')} but is another."
            )
        return plan

    @cached_property
    def _begins(self) -> tuple[datetime, ...]:
        return tuple(entry.begins for entry in self.entries)

    def _content(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "building": asdict(self.building),
            "issue_time": self.issue_time.isoformat(),
            "safe_state": None if self.safe_state is None else asdict(self.safe_state),
            "attention": [asdict(notice) for notice in self.attention],
            "entries": [_entry_document(entry) for entry in self.entries],
            "series": {**self.series, "binding": self.binding},
            "summary": asdict(self.summary),
            "thermal_model": self.thermal_model,
            "forecast_check": self.forecast_check,
            "set_points_before": [[one.begins.isoformat(), one.set_point_c] for one in self.set_points_before],
        }

    @classmethod
    def _from_document(cls, document: Mapping[str, Any]) -> Self:
        safe, series = document["safe_state"], dict(document["series"])
        return cls(
            building=PlannedFor.from_document(document["building"]),
            issue_time=datetime.fromisoformat(document["issue_time"]),
            safe_state=None if safe is None else Notice(**safe),
            attention=tuple(Notice(**notice) for notice in document["attention"]),
            entries=tuple(_entry(entry) for entry in document["entries"]),
            binding=tuple(series.pop("binding")),
            series={name: tuple(values) for name, values in series.items()},
            summary=Summary(**document["summary"]),
            thermal_model=document["thermal_model"],
            forecast_check=document["forecast_check"],
            set_points_before=tuple(
                SetPointChange(begins=datetime.fromisoformat(begins), set_point_c=celsius)
                for begins, celsius in document.get("set_points_before", ())
            ),
        )


def rounded(value: float) -> float:
    """To a thousandth, as all figures of a plan; -0.0 becomes 0.0."""
    return round(float(value), 3) + 0.0


def _entry_document(entry: Entry) -> dict[str, Any]:
    return {
        "begins": entry.begins.isoformat(),
        "set_point_c": entry.set_point_c,
        "reason": entry.reason.value,
        "facts": dict(entry.facts),
    }


def _entry(document: Mapping[str, Any]) -> Entry:
    begins, reason = datetime.fromisoformat(document["begins"]), Reason(document["reason"])
    return Entry(begins=begins, set_point_c=document["set_point_c"], reason=reason, facts=document["facts"])


def _parsed(data: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(data)
    except ValueError as error:
        raise PlanDocumentError from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise PlanDocumentError
    return document


def _canonical(document: Mapping[str, Any]) -> bytes:
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")
