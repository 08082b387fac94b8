"""Set-points that people choose in place of a plan's: with a reason, until they expire or somebody takes them back.

A building has one at a time: setting another takes back the one before. Begin and end lie on quarters of an hour, where
plans change their set-points too. Each one set and taken back stands in the audit chain, without its reason, which is a
person's own words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from samdrift_energy_forecast.plans.document import QUARTER, Entry, Plan
from samdrift_energy_forecast.plans.reasons import Reason
from samdrift_energy_forecast.submission import Override
from samdrift_energy_forecast.tables import overrides
from samdrift_platform.errors import InputError, NotFoundError
from samdrift_platform.ledger import audit
from samdrift_platform.ledger.database import take_turns

#: Set-points that a person may choose, C: never below what keeps pipes from freezing with a margin.
LOWEST_C, HIGHEST_C = 7.0, 26.0
#: Longer than this is no exception any more: the building's description is to be changed.
LONGEST = timedelta(days=14)
LONGEST_REASON = 500


class OverrideError(InputError):
    """The override cannot be set as it is. Correct the named field and send it again."""


class NoOverrideError(NotFoundError):
    """No override holds for this building now, so there is none to take back. Open its page again."""


@dataclass(frozen=True, kw_only=True)
class ManualOverride:
    """One override as it stands in the table; times are aware UTC."""

    seq: int
    building: str
    set_point_c: float
    begins: datetime
    expires: datetime
    reason: str
    #: Who is signed in when they set it.
    set_by: str
    set_at: datetime
    #: Who took it back before it expired.
    ended_by: str | None = None
    ended_at: datetime | None = None

    @property
    def ends(self) -> datetime:
        """When it ceases to hold: it expired, or it was taken back."""
        return self.expires if self.ended_at is None else min(self.expires, max(self.ended_at, self.begins))

    def holds_at(self, instant: datetime) -> bool:
        """Whether it decides the set-point at `instant`."""
        return self.begins <= instant < self.ends

    def ordered(self) -> Override:
        """As it travels in an order."""
        return Override(
            set_point_c=self.set_point_c,
            begins=self.begins,
            expires=self.ends,
            reason=self.reason,
            set_by=self.set_by,
        )


def put(
    connection: sa.Connection,
    building: str,
    *,
    set_point_c: float,
    expires: datetime,
    reason: str,
    by: str,
    now: datetime,
) -> ManualOverride:
    """Let `set_point_c` hold for `building` from the running quarter of an hour; what was set before is taken back.

    The same again, as a form that is sent twice, changes nothing.

    Args:
        connection: inside `Ledger.write()`.
        building: its id; whoever calls has made sure that it is known.
        set_point_c: C, from LOWEST_C to HIGHEST_C.
        expires: aware; the next quarter of an hour from there on.
        reason: why, in the person's own words.
        by: sign-in subject.
        now: aware.

    Raises:
        OverrideError: a value that cannot be; its field is named.
    """
    begins, ends = quarter_of(now), _next_quarter(expires)
    checked = _checked(set_point_c, begins, ends, reason)
    take_turns(connection, f"override of {building}")
    if (same := _same(connection, building, checked, ends, by, now)) is not None:
        return same
    replaced = _end(connection, building, by=by, now=begins)
    values = {"building": building, "begins": begins, "expires": ends, "set_by": by, "set_at": now, **checked}
    inserted = connection.execute(sa.insert(overrides).values(**values).returning(overrides.c.seq)).scalar_one()
    made = ManualOverride(seq=inserted, **values)
    details = {"number": made.seq, "set_point_c": set_point_c, "begins": begins, "expires": ends, "ended": replaced}
    audit.append(connection, [_event(by, "override.set", building, details)], now=now)
    return made


def take_back(connection: sa.Connection, building: str, *, by: str, now: datetime) -> None:
    """Let the plan decide again from now on.

    Raises:
        NoOverrideError: none holds.
    """
    take_turns(connection, f"override of {building}")
    numbers = _end(connection, building, by=by, now=now)
    if not numbers:
        raise NoOverrideError
    events = [_event(by, "override.ended", building, {"number": number}) for number in numbers]
    audit.append(connection, events, now=now)


def holding(connection: sa.Connection, buildings: Sequence[str], *, now: datetime) -> dict[str, ManualOverride]:
    """Building -> the override that holds at `now`, of those that have one."""
    open_ = sa.and_(overrides.c.expires > now, overrides.c.ended_at.is_(None))
    query = sa.select(overrides).where(overrides.c.building.in_(list(buildings)), open_).order_by(overrides.c.seq)
    return {row["building"]: _from_row(row) for row in connection.execute(query).mappings()}


def history(connection: sa.Connection, building: str, *, limit: int = 20) -> list[ManualOverride]:
    """The newest overrides of a building first, whether they hold or not."""
    query = sa.select(overrides).where(overrides.c.building == building).order_by(overrides.c.seq.desc()).limit(limit)
    return [_from_row(row) for row in connection.execute(query).mappings()]


def until_next_entry(plan: Plan | None, now: datetime) -> datetime:
    """When the plan's next entry begins: "hold until the next entry".

    Raises:
        OverrideError: no entry follows at `now`, or there is no plan.
    """
    if plan is None:
        raise OverrideError("There is no plan to hold until the next entry of. Give a time.", field="expires")
    following = [entry.begins for entry in plan.entries if entry.begins > now]
    if not following:
        raise OverrideError("The plan has no further entry to hold until. Give a time.", field="expires")
    return following[0]


def overridden(plan: Plan, override: ManualOverride | None) -> Plan:
    """`plan` as it holds with `override` on top: another document with a version of its own, or the plan itself."""
    if override is None or override.ends <= plan.issue_time or override.begins >= plan.ends:
        return plan
    begins, ends = max(override.begins, plan.issue_time), override.ends
    before = [entry for entry in plan.entries if entry.begins < begins]
    after = [entry for entry in plan.entries if entry.begins >= ends]
    chosen = Entry(
        begins=begins, set_point_c=override.set_point_c, reason=Reason.OVERRIDE, facts={"why": override.reason}
    )
    resumes = ends < plan.ends and (not after or after[0].begins > ends)
    resumed = [replace(plan.entry_at(ends), begins=ends)] if resumes else []
    return replace(plan, entries=(*before, chosen, *resumed, *after))


def stands_in(plan: Plan, now: datetime) -> bool:
    """Whether the plan itself, made since, holds a person's set-point at `now` or later."""
    current = [entry for entry in plan.entries if entry.begins <= now][-1:]
    coming = [entry for entry in plan.entries if entry.begins > now]
    return any(entry.reason is Reason.OVERRIDE for entry in (*current, *coming))


def quarter_of(instant: datetime) -> datetime:
    """The quarter of an hour in which `instant` lies: its beginning, UTC."""
    seconds = int(QUARTER.total_seconds())
    return datetime.fromtimestamp(instant.timestamp() // seconds * seconds, tz=UTC)


def _next_quarter(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise OverrideError("The time at which it expires has no time zone.", field="expires")
    begins = quarter_of(instant)
    return begins if begins == instant else begins + QUARTER


def _checked(set_point_c: float, begins: datetime, expires: datetime, reason: str) -> dict[str, Any]:
    if not LOWEST_C <= set_point_c <= HIGHEST_C:
        raise OverrideError(
            f"A set-point lies between {LOWEST_C:g} and {HIGHEST_C:g} °C, not at {set_point_c:g} °C.",
            field="set_point_c",
        )
    if not begins < expires <= begins + LONGEST:
        raise OverrideError(
            f"An override expires later than now and within {LONGEST.days} days. What is to hold for longer belongs "
            "into the building's description.",
            field="expires",
        )
    told = " ".join(reason.split())
    if not told or len(told) > LONGEST_REASON:
        raise OverrideError(f"Say why, in 1 to {LONGEST_REASON} characters.", field="reason")
    return {"set_point_c": round(float(set_point_c), 1), "reason": told}


def _same(
    connection: sa.Connection, building: str, checked: Mapping[str, Any], expires: datetime, by: str, now: datetime
) -> ManualOverride | None:
    held = holding(connection, [building], now=now).get(building)
    asked = {**checked, "expires": expires, "set_by": by}
    return held if held and all(getattr(held, name) == value for name, value in asked.items()) else None


def _end(connection: sa.Connection, building: str, *, by: str, now: datetime) -> list[int]:
    """Take back what holds; the numbers of what was taken back."""
    open_ = sa.and_(overrides.c.building == building, overrides.c.expires > now, overrides.c.ended_at.is_(None))
    update = sa.update(overrides).where(open_).values(ended_by=by, ended_at=now).returning(overrides.c.seq)
    return list(connection.execute(update).scalars())


def _event(by: str, action: str, building: str, details: Mapping[str, Any]) -> audit.Event:
    return audit.Event(actor=by, action=action, subject=f"building:{building}", details=details)


def _from_row(row: sa.RowMapping) -> ManualOverride:
    return ManualOverride(**{name: row[name] for name in ManualOverride.__dataclass_fields__})
