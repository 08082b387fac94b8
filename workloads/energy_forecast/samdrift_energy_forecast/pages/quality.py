"""What quality control says of the readings that a plan was made from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from fastapi.responses import HTMLResponse

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.description import BuildingDescription
from samdrift_energy_forecast.pages.asking import SignedIn, language_of
from samdrift_platform.errors import InputError, NotFoundError
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.portal.plot import Plot, Series

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from samdrift_energy_forecast.quality.examination import ExaminedMeter

#: What the plot shows: the last weeks before the plan.
SHOWN_H = 4 * hours.WEEK
#: Places that the table lists, the newest.
MOST_PLACES = 200


def quality(shell: SignedIn, item_id: UUID) -> HTMLResponse:
    """The examination of an item's readings; computed anew, for it is a function of them alone."""
    from samdrift_energy_forecast.quality.summary import by_finding

    item = shell.item(item_id)
    building, readings, issue_time = _ordered(item)
    try:
        meter, unreadable = _examined(shell.object(readings), building, issue_time), ""
    except InputError as error:
        meter, unreadable = None, error.message
    return shell.page(
        "energy_forecast/quality.html",
        item=item,
        building=building,
        issue_time=issue_time,
        meter=meter,
        unreadable=unreadable,
        findings=[] if meter is None else by_finding(meter),
        places=() if meter is None else tuple(reversed(meter.verdicts))[:MOST_PLACES],
        spoken=language_of(shell),
        figure=figure,
    )


def figure(meter: ExaminedMeter, *, title: str, as_read: str, usable: str) -> Plot | None:
    """Heat of the last weeks as read and as usable; None where nothing was read."""
    first = max(meter.end - SHOWN_H, meter.first)
    if first == meter.end:
        return None
    lines = ((as_read, meter.raw_kwh), (usable, meter.heat_kwh))
    return Plot(
        id="quality-plot",
        title=title,
        times=[hours.start_of(hour) for hour in range(first, meter.end)],
        series=[
            Series(label=label, unit="kWh", values=_values(values[first - meter.first :])) for label, values in lines
        ],
    )


def _ordered(item: WorkItem) -> tuple[BuildingDescription, str, datetime]:
    """The building, the reference of its readings, and when the plan begins."""
    order = item.payload.get("building")
    if not isinstance(order, dict) or "readings" not in order:
        raise NotFoundError("This item is no plan that was made from readings. Open a building's plan.")
    described = {name: value for name, value in order.items() if name in BuildingDescription.model_fields}
    building = BuildingDescription.model_validate(described)
    return building, order["readings"], datetime.fromisoformat(item.payload["issue_time"])


def _examined(data: bytes, building: BuildingDescription, issue_time: datetime) -> ExaminedMeter:
    from samdrift_energy_forecast.metering.readings import examined_heat

    return examined_heat(data, hours.beginning_at(issue_time), building)


def _values(values: NDArray[np.float64]) -> Sequence[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]
