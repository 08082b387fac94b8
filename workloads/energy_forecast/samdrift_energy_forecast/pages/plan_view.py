"""A plan as pages show it: what to set now and next, every entry with its reason, and what it is meant to save."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from samdrift_energy_forecast.plans.document import HOUR, Plan
from samdrift_energy_forecast.plans.reasons import Language, Reason


@dataclass(frozen=True, kw_only=True)
class ShownEntry:
    """One set-point; times are aware."""

    begins: datetime
    ends: datetime
    set_point_c: float
    reason: str
    #: A person chose it.
    by_hand: bool


@dataclass(frozen=True, kw_only=True)
class ShownHour:
    """What decides one hour, and what is kept in reserve; None where nothing does, or nothing is known."""

    begins: datetime
    #: Code of the constraint.
    binding: str | None
    #: Warmth kept for an outside that is colder than forecast, K.
    reserve_k: float | None
    #: How far the water is to be above the heating curve, K; negative: below.
    supply_offset_k: float | None


@dataclass(frozen=True, kw_only=True)
class PlanView:
    """A plan at one moment, in one language."""

    plan: Plan
    language: Language
    at: datetime

    @property
    def entries(self) -> tuple[ShownEntry, ...]:
        """All of them, in order."""
        return tuple(self._shown())

    @property
    def current(self) -> ShownEntry | None:
        """The one that holds; None before the plan and after it."""
        return next((entry for entry in self.entries if entry.begins <= self.at < entry.ends), None)

    @property
    def coming(self) -> tuple[ShownEntry, ...]:
        """Those that begin later, in order."""
        return tuple(entry for entry in self.entries if entry.begins > self.at)

    @property
    def past(self) -> tuple[ShownEntry, ...]:
        """Those that are over, in order."""
        return tuple(entry for entry in self.entries if entry.ends <= self.at)

    @property
    def changes(self) -> tuple[ShownEntry, ...]:
        """Those that come and change the set-point: what a caretaker has to do next."""
        before = self.current.set_point_c if self.current else None
        found = []
        for entry in self.coming:
            if entry.set_point_c != before:
                found.append(entry)
            before = entry.set_point_c
        return tuple(found)

    @property
    def supply_offset_k(self) -> float | None:
        """How far the water is to be above the heating curve now, K; None where the building does not shift it."""
        return next((each.supply_offset_k for each in self.hours if each.begins <= self.at < each.begins + HOUR), None)

    @property
    def hours(self) -> tuple[ShownHour, ...]:
        """What decides each hour; empty where nothing is known of any."""
        reserve, offset = self.plan.values("hedge"), self.plan.values("supply_offset_k")
        if not any(value is not None for value in (*self.plan.binding, *reserve, *offset)):
            return ()
        columns = zip(self.plan.hours, self.plan.binding, reserve, offset, strict=True)
        return tuple(ShownHour(begins=b, binding=c, reserve_k=r, supply_offset_k=o) for b, c, r, o in columns)

    @property
    def opens(self) -> datetime | None:
        """The plan's first hour in which people come; None where it has none."""
        people = [bool(value) for value in self.plan.values("open")]
        begun = zip(self.plan.hours, people, [False, *people], strict=False)
        return next((hour for hour, now, before in begun if now and not before), None)

    @property
    def is_over(self) -> bool:
        """Whether nothing of it holds any more."""
        return self.plan.ends <= self.at

    @property
    def safe_state(self) -> str:
        """Why the fixed setback plan stays; empty when there is a plan."""
        return "" if self.plan.safe_state is None else self.plan.safe_state.text(self.language)

    @property
    def attention(self) -> tuple[str, ...]:
        """What a person should look at."""
        return tuple(notice.text(self.language) for notice in self.plan.attention)

    def _shown(self) -> Iterator[ShownEntry]:
        entries = self.plan.entries
        ends = [*(entry.begins for entry in entries[1:]), self.plan.ends]
        for entry, end in zip(entries, ends, strict=True):
            yield ShownEntry(
                begins=entry.begins,
                ends=end,
                set_point_c=entry.set_point_c,
                reason=entry.text(self.language),
                by_hand=entry.reason is Reason.OVERRIDE,
            )
