"""A plan as a table (RFC 4180): a row for each quarter of an hour, as `docs/reference/plan-files.md` describes it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from samdrift_energy_forecast.plans.document import QUARTER, Plan
from samdrift_energy_forecast.plans.reasons import Language

#: Column -> the plan's series that it is taken from. Heat in kWh of an hour is that hour's mean power in kW.
SERIES = {
    "setback_c": "setback_c",
    "outdoor_c": "outdoor_c",
    "lowest_c": "lowest_c",
    "planned_room_c": "planned_room_c",
    "setback_kw": "setback_kwh",
    "setback_kw_q10": "setback_kwh_q10",
    "setback_kw_q90": "setback_kwh_q90",
    "planned_kw": "planned_kwh",
    "price_per_kwh": "price_per_kwh",
    "kg_co2_per_kwh": "kg_co2_per_kwh",
    "supply_offset_k": "supply_offset_k",
    "reserve_k": "hedge",
}
COLUMNS = ("begins_local", "begins_utc", "set_point_c", "open", *SERIES, "binding", "reason", "reason_text")
_QUARTERS = 4


def to_csv(plan: Plan, language: Language) -> bytes:
    """UTF-8 with header; numbers with a point, so that every language's tools read the same."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_rows(plan, language))
    return text.getvalue().encode("utf-8")


def set_points_of_csv(data: bytes) -> dict[datetime, float]:
    """Set-points in C by the aware beginning of their quarter of an hour: what a controller takes from the table."""
    rows = csv.DictReader(io.StringIO(data.decode("utf-8")))
    return {datetime.fromisoformat(row["begins_utc"]): float(row["set_point_c"]) for row in rows}


def _rows(plan: Plan, language: Language) -> Iterator[Mapping[str, Any]]:
    zone = ZoneInfo(plan.building.time_zone)
    hourly = {column: plan.values(name) for column, name in SERIES.items()}
    is_open = plan.values("open")
    for quarter in range(plan.horizon_h * _QUARTERS):
        begins, hour = plan.issue_time + quarter * QUARTER, quarter // _QUARTERS
        entry = plan.entry_at(begins)
        yield {
            "begins_local": begins.astimezone(zone).isoformat(),
            "begins_utc": begins.isoformat(),
            "set_point_c": entry.set_point_c,
            "open": None if is_open[hour] is None else int(is_open[hour] or 0),
            **{column: values[hour] for column, values in hourly.items()},
            "binding": plan.binding[hour],
            "reason": entry.reason.value,
            "reason_text": entry.text(language),
        }
