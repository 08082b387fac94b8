"""Quality control on the Cambridge archive: what others found by hand, and each fault put into real meters."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.description import Meter, StampConvention
from samdrift_energy_forecast.quality.clock import ClockEvidence
from samdrift_energy_forecast.quality.examination import Examination, RawReadings, Surroundings, examine
from samdrift_energy_forecast.quality.files import meter_readings, outdoor_temperature
from samdrift_testing.meter_faults import OF_HOURS, OF_SERIES, Floats, examined, judged, named_hours

pytestmark = pytest.mark.data

LONDON = ZoneInfo("Europe/London")
RAW, FILTERED, WEATHER = (f"uk_cambridge_{name}_2018_2022.parquet" for name in ("gas_raw", "gas_heat_kwh", "weather"))
#: Two years from 1 January 2019.
BEGINS, COUNT = 429_528, 2 * 8760
#: Recall and precision on real meters, below what `energy_quality` measured over 14 of them.
FLOORS = dict.fromkeys(OF_HOURS, (0.95, 0.9)) | {"spike": (0.85, 0.85)}


@pytest.fixture(scope="module")
def folder() -> Path:
    found = Path(os.environ.get("SAMDRIFT_DATA", "")) / "energy"
    if "SAMDRIFT_DATA" not in os.environ or not all((found / name).is_file() for name in (RAW, FILTERED, WEATHER)):
        pytest.skip(f"SAMDRIFT_DATA holds no energy/{RAW}")
    return found


@pytest.fixture(scope="module")
def archive(folder: Path) -> Examination:
    raw = meter_readings((folder / RAW).read_bytes())
    known = {name: cells for name, cells in raw.series.items() if np.isfinite(np.asarray(cells, dtype=float)).any()}
    first, outdoor_c = outdoor_temperature((folder / WEATHER).read_bytes())
    return examine(
        RawReadings(stamps=raw.stamps, series=known),
        Meter(stamp=StampConvention.START),
        Surroundings(zone=LONDON, outdoor_first=first, outdoor_c=outdoor_c),
        naive_zone=ZoneInfo("UTC"),
    )


@pytest.fixture(scope="module")
def sound(folder: Path) -> dict[str, Floats]:
    filtered = meter_readings((folder / FILTERED).read_bytes())
    return {name: np.asarray(cells, dtype=np.float64) for name, cells in filtered.series.items()}


def test_the_five_groups_of_scaled_copies_are_found(archive: Examination) -> None:
    groups: dict[str, set[str]] = {}
    for verdict in archive.verdicts:
        if "of" in verdict.facts:
            kept = str(verdict.facts["of"])
            groups.setdefault(kept, {kept}).add(verdict.meter)
    assert sorted(groups.values(), key=min) == [
        {"b110", "b50"},
        {"b113", "b114", "b119"},
        {"b117", "b91"},
        {"b53", "b68", "b69", "b70", "b71"},
        {"b72", "b74", "b75", "b76"},
    ]


def test_what_is_left_are_the_buildings_of_the_filtered_archive(archive: Examination, sound: dict[str, Floats]) -> None:
    assert {name for name, meter in archive.kept.items() if not meter.unsuitable} == set(sound)


def test_no_hour_is_changed(archive: Examination, sound: dict[str, Floats]) -> None:
    for name, heat in sound.items():
        meter = archive.meters[name]
        read = heat[np.isfinite(heat)]
        np.testing.assert_array_equal(meter.raw_kwh[np.isfinite(meter.raw_kwh)], read)
        believed = np.isfinite(meter.heat_kwh)
        np.testing.assert_array_equal(meter.heat_kwh[believed], meter.raw_kwh[believed])


def test_clocks_of_the_filtered_buildings_are_not_accused(archive: Examination, sound: dict[str, Floats]) -> None:
    told = [archive.meters[name].clock for name in sound]
    assert set(told) <= {ClockEvidence.RIGHT, ClockEvidence.CANNOT_TELL}
    assert told.count(ClockEvidence.RIGHT) >= 9


@pytest.mark.parametrize("fault", OF_HOURS)
def test_each_fault_is_found_in_real_meters(sound: dict[str, Floats], fault: str) -> None:
    hours_in, found, wrong = 0, 0, 0
    for place, name in enumerate(("b5", "b31", "b58", "b105")):
        heat = sound[name][8760 : 8760 + COUNT]
        injected = OF_HOURS[fault](heat, BEGINS, np.random.default_rng(place))
        one = judged(injected, BEGINS, COUNT, named_hours(heat, BEGINS, LONDON), LONDON)
        hours_in, found, wrong = hours_in + one.injected, found + one.found, wrong + one.wrong
    assert found / hours_in >= FLOORS[fault][0]
    assert found / (found + wrong) >= FLOORS[fault][1]


@pytest.mark.parametrize("fault", ["local-taken-for-utc", "clock-without-summer-time", "scaled-copy"])
def test_faults_of_the_whole_series_are_found_in_real_meters(sound: dict[str, Floats], fault: str) -> None:
    assert hours.start_of(BEGINS).isoformat() == "2019-01-01T00:00:00+00:00"
    for name in ("b31", "b58", "b105"):
        injected = OF_SERIES[fault](sound[name][8760 : 8760 + COUNT], BEGINS, np.random.default_rng(0))
        assert injected.codes & {verdict.code for verdict in examined(injected, LONDON).verdicts}
