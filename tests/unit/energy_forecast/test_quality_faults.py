"""Each fault is put into a meter at known hours and must be found there, and next to nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samdrift_energy_forecast.building.description import Meter
from samdrift_energy_forecast.quality.clock import ClockEvidence, EdgeEvidence
from samdrift_energy_forecast.quality.examination import Surroundings, examine
from samdrift_energy_forecast.quality.finding import Finding
from samdrift_testing.meter_faults import (
    BEGINS,
    COPENHAGEN,
    HEATS_FROM,
    OF_HOURS,
    OF_SERIES,
    Floats,
    Injected,
    as_readings,
    clean_heat,
    examined,
    judged,
    outdoor_c,
)

NOTHING = np.empty(0, dtype=np.int64)
#: Floors for recall and precision on one synthetic year; what `energy_quality` measures on several, and on real meters,
#: stands in benchmarks/README.md.
FLOORS = dict.fromkeys(OF_HOURS, (0.999, 0.999)) | {
    "spike": (0.9, 0.999),
    "catch-up": (0.85, 0.999),
    "frozen": (0.9, 0.999),
    "zero-as-missing": (0.95, 0.999),
    "unit-for-weeks": (0.99, 0.99),
}


@pytest.fixture(scope="module")
def heat() -> Floats:
    return clean_heat()


@pytest.mark.parametrize("fault", OF_HOURS)
def test_the_hours_of_each_fault_are_found(heat: Floats, fault: str) -> None:
    injected = OF_HOURS[fault](heat, BEGINS, np.random.default_rng(7))
    found = judged(injected, BEGINS, len(heat), np.zeros(len(heat), dtype=np.bool_), COPENHAGEN)
    assert found.injected > 0
    assert found.recall >= FLOORS[fault][0]
    assert found.precision >= FLOORS[fault][1]


@pytest.mark.parametrize("fault", OF_SERIES)
def test_a_fault_of_the_whole_series_is_found(heat: Floats, fault: str) -> None:
    injected = OF_SERIES[fault](heat, BEGINS, np.random.default_rng(7))
    assert injected.codes <= {verdict.code for verdict in examined(injected).verdicts}


def test_a_sound_meter_gets_no_verdict(heat: Floats) -> None:
    sound = Injected(raw=as_readings(heat, BEGINS), hours=NOTHING, codes=frozenset(), heats_from=HEATS_FROM)
    (meter,) = examined(sound).meters.values()
    assert meter.verdicts == ()
    assert (meter.clock, meter.edge.evidence) == (ClockEvidence.RIGHT, EdgeEvidence.RIGHT)
    np.testing.assert_array_equal(meter.heat_kwh, heat)


def test_a_flat_load_tells_nothing_of_the_clock() -> None:
    flat = np.random.default_rng(3).uniform(4.0, 6.0, 365 * 24).round(2)
    series = Injected(raw=as_readings(flat, BEGINS), hours=NOTHING, codes=frozenset(), heats_from=HEATS_FROM)
    (meter,) = examined(series).meters.values()
    assert (meter.clock, meter.edge.evidence) == (ClockEvidence.CANNOT_TELL, EdgeEvidence.CANNOT_TELL)
    assert meter.verdicts == ()


def test_a_declared_roll_over_is_counted_through(heat: Floats) -> None:
    injected = OF_HOURS["roll-over"](heat, BEGINS, np.random.default_rng(0))
    end = float(10.0 ** np.floor(np.log10(heat.sum() / 2)))
    declared = injected.meter.model_copy(update={"rolls_over_at": end})
    told = Injected(raw=injected.raw, hours=injected.hours, codes=injected.codes, meter=declared)
    (meter,) = examined(told).meters.values()
    np.testing.assert_allclose(meter.heat_kwh, heat, atol=1e-6)
    assert Finding.ROLL_OVER in meter.counts


def test_the_raw_value_stands_in_the_verdict(heat: Floats) -> None:
    injected = OF_HOURS["negative"](heat, BEGINS, np.random.default_rng(7))
    (meter,) = examined(injected).meters.values()
    assert sorted(value for verdict in meter.verdicts for value in verdict.raw if isinstance(value, float)) == sorted(
        (-heat[injected.hours]).tolist()
    )
    assert all(meter.at(BEGINS + int(hour))[0].code is Finding.NEGATIVE for hour in injected.hours)


def test_the_copy_names_the_larger_meter(heat: Floats) -> None:
    examination = examined(OF_SERIES["scaled-copy"](heat, BEGINS, np.random.default_rng(0)))
    (verdict,) = [verdict for verdict in examination.verdicts if verdict.code is Finding.SCALED_COPY]
    assert (verdict.meter, verdict.facts["of"]) == ("copy", "heat")
    assert verdict.facts["factor"] == pytest.approx(0.37, abs=0.001)
    assert list(examination.kept) == ["heat"]


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(14, 90), st.integers(0, 270))
def test_no_sound_meter_is_accused(seed: int, days: int, after_days: int) -> None:
    first = BEGINS + 24 * after_days
    heat = clean_heat(24 * days, seed=seed, first=first)
    sound = Injected(raw=as_readings(heat, first), hours=NOTHING, codes=frozenset(), heats_from=HEATS_FROM)
    assert list(examined(sound).verdicts) == []


@pytest.mark.parametrize("factor", [10.0, 1 / 3.6])
def test_a_meter_that_shows_more_in_the_same_weather_is_told_and_used(heat: Floats, factor: float) -> None:
    at = 130 * 24  # January
    changed = np.concatenate([heat[:at], heat[at:] * factor])
    weather = Surroundings(zone=COPENHAGEN, outdoor_first=BEGINS, outdoor_c=outdoor_c())
    examination = examine(as_readings(changed, BEGINS), Meter(), weather)
    (verdict,) = examination.verdicts
    assert verdict.code is Finding.LEVEL_CHANGE
    assert verdict.first == pytest.approx(BEGINS + at, abs=7 * 24)
    assert verdict.facts["factor"] == pytest.approx(factor, rel=0.2)
    np.testing.assert_array_equal(examination.meters["heat"].heat_kwh, changed)
    assert list(examine(as_readings(heat, BEGINS), Meter(), weather).verdicts) == []
