"""Set-points that people hold in place of a plan's, as they stand in an order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.plans.document import QUARTER, Entry, Plan
from samdrift_energy_forecast.plans.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from samdrift_energy_forecast.submission import Override


def held_c(overrides: Sequence[Override], issue: int, count: int) -> NDArray[np.float64]:
    """The set-point a person holds in each hour, NaN where none does; shape `(count,)`.

    An hour counts as held when more than half of it is. Of several the one that begins last holds.
    """
    held = np.full(count, np.nan)
    for one in sorted(overrides, key=lambda one: one.begins):
        first, end = (
            round((instant - hours.start_of(issue)) / timedelta(hours=1)) for instant in (one.begins, one.expires)
        )
        held[max(first, 0) : max(end, 0)] = one.set_point_c
    return held


def with_overrides(plan: Plan, overrides: Sequence[Override], frost_c: float) -> Plan:
    """`plan` with what people hold in place of its entries, to the quarter of an hour; never below `frost_c`."""
    for one in sorted(overrides, key=lambda one: one.begins):
        begins, ends = max(_quarter(one.begins), plan.issue_time), min(_quarter(one.expires), plan.ends)
        if begins < ends:
            plan = _replaced(plan, begins, ends, one, frost_c)
    return plan


def _replaced(plan: Plan, begins: datetime, ends: datetime, override: Override, frost_c: float) -> Plan:
    before = [entry for entry in plan.entries if entry.begins < begins]
    after = [entry for entry in plan.entries if entry.begins > ends]
    resumed = [replace(plan.entry_at(ends), begins=ends)] if ends < plan.ends else []
    held = Entry(
        begins=begins,
        set_point_c=max(override.set_point_c, frost_c),
        reason=Reason.OVERRIDE,
        # Who did it stands in the order, and pages show it: a plan is mailed and kept, a name need not be.
        facts={"why": override.reason},
    )
    return replace(plan, entries=(*before, held, *resumed, *after))


def _quarter(instant: datetime) -> datetime:
    """The nearest quarter of an hour, UTC."""
    seconds = QUARTER.total_seconds()
    return datetime.fromtimestamp(round(instant.timestamp() / seconds) * seconds, tz=UTC)
