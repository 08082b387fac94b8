"""Which set-points were in force before a plan.

Each plan carries what the plans before it had, so that rooms which answered them can be understood. Nobody else keeps
it: a plan is made from what its order names, and an order names one plan before it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.plans.document import QUARTER, Plan, SetPointChange
from samdrift_energy_forecast.thermal.response import QUARTERS
from samdrift_platform.errors import SamdriftError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.submission import Building
    from samdrift_energy_forecast.surroundings.operation import Operation
    from samdrift_platform.contract import Store

Changes: TypeAlias = tuple[SetPointChange, ...]
#: Older changes are forgotten: no model looks further back.
KEPT = timedelta(days=44)


def changes_before(building: Building, issue: int, store: Store) -> Changes:
    """The changes until hour `issue` that the plan before knows of, its own included; none without a plan before.

    A plan that cannot be read is no reason to fail: `fallback` tells of it, and fixed setback is assumed.
    """
    if building.previous_plan is None:
        return ()
    try:
        previous = Plan.from_json(store.get(building.previous_plan))
    except SamdriftError:
        return ()
    return until(previous, hours.start_of(issue))


def until(previous: Plan, instant: datetime) -> Changes:
    """What `previous` knew, and its own entries until `instant`; behind its end fixed setback applies again."""
    own = [SetPointChange(begins=one.begins, set_point_c=one.set_point_c) for one in previous.entries]
    known = (*previous.set_points_before, *own, SetPointChange(begins=previous.ends, set_point_c=None))
    return tuple(one for one in known if instant - KEPT <= one.begins < instant)


def in_force_c(past: Operation, changes: Changes) -> NDArray[np.float64]:
    """Set-points of `past` in C by the quarter-hour; fixed setback's before the first change and where one says so."""
    result = np.repeat(past.setback_c, QUARTERS)
    begins = hours.start_of(past.first)
    places = [round((one.begins - begins) / QUARTER) for one in changes]
    for change, (start, end) in zip(changes, pairwise([*places, len(result)]), strict=True):
        if change.set_point_c is not None:
            result[max(start, 0) : max(end, 0)] = change.set_point_c
    return result
