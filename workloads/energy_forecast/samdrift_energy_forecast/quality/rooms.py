"""Room temperatures as hourly means, without what no room has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.building.description import Meter, MeterUnit, Quantity
from samdrift_energy_forecast.quality.cells import Numbers, Stamps, read_numbers, read_stamps
from samdrift_energy_forecast.quality.examination import RawReadings, without_later
from samdrift_energy_forecast.quality.finding import Finding
from samdrift_energy_forecast.quality.resampling import GAP_STEPS, Hourly, intervals, to_hours
from samdrift_energy_forecast.quality.rows import hour_of, rows
from samdrift_energy_forecast.quality.verdict import Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Temperatures in C outside of which no room in use is.
COLDEST_C, WARMEST_C = 1.0, 45.0
#: A mean over the interval before the stamp, as power is one.
SENSOR = Meter(quantity=Quantity.POWER, unit=MeterUnit.KW)


def examined_rooms(raw: RawReadings, *, until: int) -> tuple[Mapping[str, Hourly], tuple[Verdict, ...]]:
    """Hourly means in C of each series of `raw` before hour `until` (in `Hourly.kwh`), and what was left out."""
    stamps = without_later(read_stamps(raw.stamps, is_utc=raw.is_utc), SENSOR, until)
    hourly, verdicts = {}, []
    for name, cells in raw.series.items():
        numbers = read_numbers(cells, decimal_comma=raw.decimal_comma)
        impossible = (numbers.values < COLDEST_C) | (numbers.values > WARMEST_C)
        verdicts += list(_impossible(name, numbers, stamps, impossible & stamps.is_known))
        believed = replace(numbers, values=np.where(impossible, np.nan, numbers.values))
        ordered = rows(name, cells, stamps, believed, SENSOR)
        verdicts += [verdict for verdict in ordered.verdicts if verdict.first is not None]
        hourly[name] = to_hours(
            intervals(ordered.seconds, ordered.values, SENSOR, ordered.step_s), GAP_STEPS * ordered.step_s
        )
    return hourly, tuple(verdicts)


def _impossible(name: str, numbers: Numbers, stamps: Stamps, impossible: NDArray[np.bool_]) -> Iterator[Verdict]:
    for row in np.flatnonzero(impossible).tolist():
        value = float(numbers.values[row])
        first = hour_of(int(stamps.seconds[row]), SENSOR)
        yield Verdict(
            code=Finding.IMPOSSIBLE_ROOM, meter=name, first=first, row=row + 1, raw=(value,), facts={"value_c": value}
        )
