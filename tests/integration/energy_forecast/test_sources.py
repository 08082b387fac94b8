"""The clients of DMI and Energi Data Service, against a server that answers in the recorded shapes and misbehaves."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
from typer.testing import CliRunner

from samdrift_energy_forecast import hours, settings
from samdrift_energy_forecast.building.description import Location
from samdrift_energy_forecast.commands import app
from samdrift_energy_forecast.sources import source
from samdrift_energy_forecast.sources.asking import Asker
from samdrift_energy_forecast.sources.errors import SourcePausedError, SourceRefusedError, SourceUnavailableError
from samdrift_energy_forecast.sources.fetching import Fetch, Fetched, Fetching
from samdrift_energy_forecast.sources.issued_table import IssuedTable
from samdrift_energy_forecast.sources.known import KnownSeries
from samdrift_energy_forecast.sources.order_tables import NoteCode, OrderTableMaker
from samdrift_energy_forecast.sources.place import Place
from samdrift_energy_forecast.sources.turns import Turns
from samdrift_energy_forecast.surroundings.weather import weather_as_known
from samdrift_platform.checks import MemoryStore
from samdrift_platform.errors import InputError
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.objects import ObjectStore
from samdrift_platform.settings import load
from samdrift_testing.outside_services import DENMARK, Act, Outside, running_outside

#: A Monday in winter, after the auction.
NOW = datetime(2026, 1, 26, 13, 20, tzinfo=UTC)
COPENHAGEN = Location(latitude=55.676, longitude=12.568)
PLACE = Place.near(COPENHAGEN)


@dataclass
class Clock:
    """Time that only passes while somebody waits."""

    now: datetime = NOW
    waits: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    with running_outside() as running:
        monkeypatch.setenv(settings.DMI_URL.name, running.url)
        monkeypatch.setenv(settings.EDS_URL.name, running.url)
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def known(sqlite_ledger: Ledger, store: MemoryStore) -> KnownSeries:
    return KnownSeries(sqlite_ledger, store)


@pytest.fixture
def fetching(outside: Outside, sqlite_ledger: Ledger, known: KnownSeries, clock: Clock) -> Iterator[Fetching]:
    with Fetching(sqlite_ledger, known, clock=clock, wait=clock.wait) as opened:
        yield opened


def hour(year: int, month: int, day: int, of_day: int) -> int:
    return hours.beginning_at(datetime(year, month, day, of_day, tzinfo=UTC))


def values(table: IssuedTable | None, name: str) -> dict[int, float]:
    assert table is not None
    return dict(zip(table.hours, table.columns[name], strict=True))


# --- prices -----------------------------------------------------------------------------------------------------------


def test_prices_are_stitched_where_the_market_went_over_to_quarter_hours(
    fetching: Fetching, known: KnownSeries, outside: Outside
) -> None:
    first, end = hour(2025, 9, 30, 20), hour(2025, 10, 1, 2)
    assert fetching.prices("DK2", first, end).fetch is Fetch.FETCHED
    found = values(known.as_known("dayahead:DK2", NOW, first=first, end=end), "spot_dkk_per_kwh")
    # 500 + 10 x hour DKK/MWh; with quarters 0, 1, 2 and 3 of the hour from 22:00 UTC on.
    expected = [0.700, 0.710, 0.7215, 0.7315, 0.5015, 0.5115]
    assert list(found.values()) == pytest.approx(expected)
    assert {path.rpartition("/")[2] for path, _ in outside.calls} == {"Elspotprices", "DayAheadPrices"}


@pytest.mark.parametrize(
    ("first", "count"),
    [((2026, 3, 28, 23), 23), ((2026, 10, 24, 22), 25), ((2024, 3, 30, 23), 23), ((2024, 10, 26, 22), 25)],
)
def test_days_of_23_and_25_hours_are_whole(
    fetching: Fetching, known: KnownSeries, clock: Clock, first: tuple[int, int, int, int], count: int
) -> None:
    """The hours of a Danish day in which the clock is changed: none is lost, none is there twice."""
    clock.now = datetime(2026, 11, 1, tzinfo=UTC)
    begins = hour(*first)
    assert hours.start_of(begins + count).astimezone(DENMARK).hour == 0
    fetching.prices("DK2", begins, begins + count)
    found = values(known.as_known("dayahead:DK2", clock.now, first=begins, end=begins + count), "spot_dkk_per_kwh")
    assert list(found) == list(range(begins, begins + count))
    quarters = 0.0015 if hours.start_of(begins).year == 2026 else 0.0
    assert found[begins + 5] == pytest.approx(0.5 + 0.01 * hours.start_of(begins + 5).hour + quarters)


def test_negative_prices_and_the_other_area_are_kept_apart(
    fetching: Fetching, known: KnownSeries, outside: Outside
) -> None:
    outside.price = lambda at: -373.5
    first = hour(2026, 1, 26, 0)
    for area in ("DK1", "DK2"):
        fetching.prices(area, first, first + 2)
    dk1, dk2 = (
        values(known.as_known(f"dayahead:{area}", NOW, first=first, end=first + 2), "spot_dkk_per_kwh")
        for area in ("DK1", "DK2")
    )
    assert dk2[first] == pytest.approx(-0.3735)
    assert dk1[first] == pytest.approx(0.6265)


def test_tomorrows_prices_come_when_they_are_published_and_nobody_asks_before(
    fetching: Fetching, known: KnownSeries, outside: Outside, clock: Clock
) -> None:
    clock.now = datetime(2026, 1, 26, 10, 0, tzinfo=UTC)
    midnight, wanted = hour(2026, 1, 26, 23), hour(2026, 1, 27, 23)
    outside.published_until = hours.start_of(midnight)
    fetching.prices("DK2", hour(2026, 1, 26, 12), wanted)
    asked = len(outside.calls)
    assert fetching.prices("DK2", hour(2026, 1, 26, 12), wanted).fetch is Fetch.FRESH
    assert len(outside.calls) == asked
    clock.now = datetime(2026, 1, 26, 12, 5, tzinfo=UTC)  # after the auction, but late
    assert fetching.prices("DK2", midnight, wanted).fetch is Fetch.NOTHING_NEW
    clock.now = NOW
    outside.published_until = datetime(2026, 1, 27, 23, tzinfo=UTC)
    assert fetching.prices("DK2", midnight, wanted).fetch is Fetch.FETCHED
    assert known.missing("dayahead:DK2", NOW, first=midnight, end=wanted) == []


def test_an_hour_without_all_its_quarters_has_no_price(
    fetching: Fetching, known: KnownSeries, outside: Outside
) -> None:
    gone = datetime(2026, 1, 26, 3, 15, tzinfo=UTC)
    outside.price = lambda at: None if at == gone else 100.0
    first = hour(2026, 1, 26, 2)
    fetching.prices("DK2", first, first + 3)
    assert known.missing("dayahead:DK2", NOW, first=first, end=first + 3) == [hour(2026, 1, 26, 3)]


# --- CO2 --------------------------------------------------------------------------------------------------------------


def test_co2_is_the_mean_of_five_minute_values_in_kg(fetching: Fetching, known: KnownSeries, outside: Outside) -> None:
    outside.co2 = lambda at: 100.0 + at.minute
    first = hour(2026, 1, 26, 4)
    fetching.co2_measured("DK2", first, first + 6)
    found = values(known.as_known("co2:DK2", NOW, first=first, end=first + 6), "electricity_kg_co2_per_kwh")
    assert list(found.values()) == pytest.approx([0.1275] * 6)  # the mean of 0, 5, ..., 55 is 27.5


def test_a_co2_forecast_is_known_since_it_was_fetched_and_a_measurement_since_its_hour_ended(
    fetching: Fetching, known: KnownSeries
) -> None:
    fetching.co2_foreseen("DK2")
    first = hour(2026, 1, 26, 13)
    earlier = NOW - timedelta(seconds=1)
    assert known.as_known("co2-foreseen:DK2", earlier, first=first, end=first + 24) is None
    assert known.as_known("co2-foreseen:DK2", NOW, first=first, end=first + 24) is not None
    fetching.co2_measured("DK2", first - 5, first)
    at = datetime(2026, 1, 26, 11, tzinfo=UTC)
    before = known.as_known("co2:DK2", at, first=first - 5, end=first)
    assert before is not None
    assert max(before.hours) == hours.ending_at(at)


# --- weather ----------------------------------------------------------------------------------------------------------


def test_a_forecast_comes_in_celsius_and_mean_watts(fetching: Fetching, known: KnownSeries, outside: Outside) -> None:
    assert fetching.weather_forecast(PLACE).fetch is Fetch.FETCHED
    first = hour(2026, 1, 26, 6)
    table = known.as_known(PLACE.forecast_series, NOW, first=first, end=first + 60)
    celsius, sun = values(table, "temperature_c"), values(table, "global_radiation_w_m2")
    noon = hour(2026, 1, 26, 11)
    assert celsius[noon] == pytest.approx(2.0 + 1.15)  # halfway between 11 and 12 o'clock
    at_eleven, at_noon = (outside.sun(datetime(2026, 1, 26, h, tzinfo=UTC)) for h in (11, 12))
    assert sun[noon] == pytest.approx((at_eleven + at_noon) / 2, rel=1e-4)
    assert sun[hour(2026, 1, 26, 20)] == 0.0
    assert outside.calls[0][1]["coords"] == "POINT(12.55 55.7)"
    assert len(sun) == 60


@pytest.mark.parametrize("name", ["downward-short-wave-radiation-flux", "downward-short-wave-radiation-flux-instant"])
def test_where_one_name_is_refused_the_next_is_asked_for(
    fetching: Fetching, known: KnownSeries, outside: Outside, name: str
) -> None:
    """One unknown parameter name makes DMI refuse the whole question with 400."""
    outside.parameters = {"temperature-2m", name}
    assert fetching.weather_forecast(PLACE).fetch is Fetch.FETCHED
    first = hour(2026, 1, 26, 11)
    sun = values(known.as_known(PLACE.forecast_series, NOW, first=first, end=first + 1), "global_radiation_w_m2")
    at_eleven, at_noon = (outside.sun(datetime(2026, 1, 26, h, tzinfo=UTC)) for h in (11, 12))
    assert sun[first] == pytest.approx((at_eleven + at_noon) / 2, rel=1e-4)


def test_a_question_that_stays_refused_is_told_with_the_sources_own_words(fetching: Fetching, outside: Outside) -> None:
    outside.parameters = {"temperature-2m"}
    ended = fetching.weather_forecast(PLACE)
    assert ended.fetch is Fetch.FAILED
    assert "downward-short-wave-radiation-flux-instant is not known" in ended.reason


def test_missing_hours_stay_missing(fetching: Fetching, known: KnownSeries, outside: Outside) -> None:
    gone = datetime(2026, 1, 26, 15, tzinfo=UTC)
    outside.left_out = {gone}
    fetching.weather_forecast(PLACE)
    first = hour(2026, 1, 26, 6)
    assert known.missing(PLACE.forecast_series, NOW, first=first, end=first + 60) == [
        hour(2026, 1, 26, 14),
        hour(2026, 1, 26, 15),
    ]


@pytest.mark.parametrize("kelvin", [500.0, -90.0, 120.0])
def test_what_no_weather_has_is_not_kept(
    fetching: Fetching, known: KnownSeries, outside: Outside, kelvin: float
) -> None:
    outside.kelvin = lambda at: kelvin
    assert fetching.weather_forecast(PLACE).fetch is Fetch.FAILED
    assert known.as_known(PLACE.forecast_series, NOW, first=0, end=10**6) is None


def test_a_radiation_sum_that_falls_is_not_kept(fetching: Fetching, outside: Outside) -> None:
    outside.sun = lambda at: 300.0 if at.hour < 12 else -300.0
    assert "cannot be" in fetching.weather_forecast(PLACE).reason


def test_observations_are_those_of_the_nearest_station_that_measures_them(
    fetching: Fetching, known: KnownSeries, outside: Outside
) -> None:
    end = hour(2026, 1, 26, 13)
    fetching.weather_observed(PLACE, end - 48, end)
    table = known.as_known(PLACE.observed_series, NOW, first=end - 48, end=end)
    noon = hour(2026, 1, 26, 11)
    # The hour's value is stamped with its end, and the test's temperatures are marked by the station's longitude.
    assert values(table, "temperature_c")[noon] == pytest.approx(2.0 + 1.2 + 12.40)
    assert values(table, "global_radiation_w_m2")[noon] == pytest.approx(300.0)
    assert [parameters.get("stationId") for _, parameters in outside.calls] == [None, "06188", None, "06180"]


def test_a_faulty_observation_is_left_out_alone(fetching: Fetching, known: KnownSeries, outside: Outside) -> None:
    fault = datetime(2026, 1, 26, 8, tzinfo=UTC)
    outside.kelvin = lambda at: 999.0 if at == fault else 275.0
    end = hour(2026, 1, 26, 13)
    fetching.weather_observed(PLACE, end - 24, end)
    assert known.missing(PLACE.observed_series, NOW, first=end - 24, end=end) == [hours.ending_at(fault)]


def test_hours_that_a_station_never_had_are_not_asked_for_again(
    fetching: Fetching, known: KnownSeries, outside: Outside, clock: Clock
) -> None:
    end = hour(2026, 1, 26, 13)
    begins = hours.start_of(end - 200)
    outside.left_out = {begins + timedelta(hours=hour) for hour in (1, 2, 50, 51)}
    assert fetching.weather_observed(PLACE, end - 200, end).fetch is Fetch.FETCHED
    asked = len(outside.calls)
    clock.now += timedelta(hours=2)
    fetching.weather_observed(PLACE, end - 200, end + 2)
    spans = [parameters["datetime"] for _, parameters in outside.calls[asked:] if "stationId" in parameters]
    assert spans == ["2026-01-26T14:00:00Z/2026-01-26T15:00:00Z"] * 2


# --- faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [Act.BROKEN, Act.CUT, Act.HALF, Act.TOO_OFTEN])
def test_a_fault_that_passes_costs_a_wait(fetching: Fetching, outside: Outside, clock: Clock, act: Act) -> None:
    outside.script = [act, act]
    assert fetching.weather_forecast(PLACE).fetch is Fetch.FETCHED
    assert clock.waits == [1.0, 4.0]


def test_the_source_says_how_long_to_wait(fetching: Fetching, outside: Outside, clock: Clock) -> None:
    outside.script = [Act.TOO_OFTEN_RETRY_AFTER]
    assert fetching.weather_forecast(PLACE).fetch is Fetch.FETCHED
    assert clock.waits == [7.0]


def test_a_source_that_asks_for_much_patience_is_left_alone_by_all(
    fetching: Fetching, outside: Outside, clock: Clock
) -> None:
    outside.script = [Act.TOO_OFTEN_FOR_LONG]
    assert "until 2026-01-26T13:22:00Z" in fetching.weather_forecast(PLACE).reason
    assert "until 2026-01-26T13:22:00Z" in fetching.weather_forecast(PLACE).reason
    assert len(outside.calls) == 1
    clock.now += timedelta(minutes=2)
    assert fetching.weather_forecast(PLACE).fetch is Fetch.FETCHED


@pytest.mark.parametrize("act", [Act.BROKEN, Act.CUT, Act.HALF, Act.TOO_OFTEN, Act.LIST])
def test_a_fault_that_stays_fails_the_fetch_and_nothing_else(fetching: Fetching, outside: Outside, act: Act) -> None:
    outside.script = [act] * 20
    ended = fetching.weather_forecast(PLACE)
    assert ended.fetch is Fetch.FAILED
    assert ended.reason
    assert len(outside.calls) == (1 if act is Act.LIST else 4)


def test_a_source_that_says_nothing_is_given_up(
    fetching: Fetching, outside: Outside, sqlite_ledger: Ledger, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(settings.SOURCE_TIMEOUT_S.name, "0.05")
    outside.script = [Act.SILENT] * 4
    asker = Asker(source.dmi(), Turns(sqlite_ledger), clock=clock, wait=clock.wait)
    with asker, pytest.raises(SourceUnavailableError, match="4 attempts, the last: timed out"):
        asker.json("/", {})


def test_nobody_listens(sqlite_ledger: Ledger, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.DMI_URL.name, "http://127.0.0.1:9")
    asker = Asker(source.dmi(), Turns(sqlite_ledger), clock=clock, wait=clock.wait)
    with asker, pytest.raises(SourceUnavailableError, match="attempts"):
        asker.json("/", {})


def test_a_refusal_is_not_repeated(outside: Outside, sqlite_ledger: Ledger, clock: Clock) -> None:
    asker = Asker(source.dmi(), Turns(sqlite_ledger), clock=clock, wait=clock.wait)
    with asker, pytest.raises(SourceRefusedError, match="404"):
        asker.json("/nothing", {})
    assert len(outside.calls) == 1


def test_a_ban_is_kept_by_every_process_and_ends(
    fetching: Fetching, outside: Outside, sqlite_ledger: Ledger, clock: Clock
) -> None:
    """Energi Data Service: after 429, five minutes in which nobody of us asks again."""
    outside.script = [Act.TOO_OFTEN]
    first = hour(2026, 1, 26, 0)
    assert "until 2026-01-26T13:25:00Z" in fetching.prices("DK2", first, first + 24).reason
    with Asker(source.energi_data_service(), Turns(sqlite_ledger), clock=clock, wait=clock.wait) as another:
        with pytest.raises(SourcePausedError):
            another.json("/dataset/CO2Emis", {})
        assert len(outside.calls) == 1
        clock.now += timedelta(minutes=5)
    assert fetching.prices("DK2", first, first + 24).fetch is Fetch.FETCHED


def test_forty_calls_in_ten_seconds_and_no_more(outside: Outside, sqlite_ledger: Ledger, clock: Clock) -> None:
    turns, times = Turns(sqlite_ledger), []
    for _ in range(100):
        while wait_s := turns.take(source.energi_data_service(), clock()):
            clock.wait(wait_s)
        times.append(clock.now.timestamp())
    assert all(later - earlier >= 10 for earlier, later in zip(times, times[40:], strict=False))
    assert times[-1] - times[0] == pytest.approx(20, abs=0.5)


def test_two_processes_share_the_turns(ledger: Ledger) -> None:
    """Both at once get 40 turns together, on SQLite and on PostgreSQL."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        taken = pool.map(_take_thirty, [ledger.url] * 2)
    assert sum(taken) == 40


def _take_thirty(url: str) -> int:
    turns = Turns(Ledger(url))
    return sum(turns.take(source.energi_data_service(), NOW) == 0.0 for _ in range(30))


# --- as known ---------------------------------------------------------------------------------------------------------


def test_what_is_issued_later_never_enters(
    fetching: Fetching, known: KnownSeries, store: MemoryStore, outside: Outside, clock: Clock
) -> None:
    """The order of one instant is the same bytes whatever comes later."""
    at = datetime(2026, 1, 26, 14, tzinfo=UTC)
    fetch_all(fetching)
    before = OrderTableMaker(known, store, at, history_h=48, horizon_h=72).tables(COPENHAGEN, "DK2")
    clock.now += timedelta(hours=6)
    outside.kelvin = lambda at: 300.0
    outside.sun = lambda at: 1.0
    outside.co2 = lambda at: 999.0
    outside.run += timedelta(hours=6)
    ended = {one.series: one.fetch for one in fetch_all(fetching)}
    assert ended[PLACE.forecast_series] is ended["co2-foreseen:DK2"] is Fetch.FETCHED
    again = OrderTableMaker(known, store, at, history_h=48, horizon_h=72).tables(COPENHAGEN, "DK2")
    assert again.weather_forecast == before.weather_forecast
    assert again.signals == before.signals
    later = OrderTableMaker(known, store, clock.now.replace(minute=0), history_h=48, horizon_h=72)
    assert later.tables(COPENHAGEN, "DK2").weather_forecast != before.weather_forecast


def fetch_all(fetching: Fetching) -> list[Fetched]:
    end = hour(2026, 1, 26, 13)
    return [
        fetching.weather_forecast(PLACE),
        fetching.weather_observed(PLACE, end - 48, end),
        fetching.prices("DK2", end, end + 72),
        fetching.co2_foreseen("DK2"),
    ]


def test_an_order_has_weather_and_signals_in_the_formats_that_plans_read(
    fetching: Fetching, known: KnownSeries, store: MemoryStore
) -> None:
    at = datetime(2026, 1, 26, 14, tzinfo=UTC)
    fetch_all(fetching)
    made = OrderTableMaker(known, store, at, history_h=48, horizon_h=72).tables(COPENHAGEN, "DK2")
    assert made.weather_observed is not None
    assert made.weather_forecast is not None
    assert made.signals is not None
    issue = hours.beginning_at(at)
    observed, forecast = store.get(made.weather_observed), store.get(made.weather_forecast)
    weather = weather_as_known(observed, forecast, first=issue - 48, issue=issue, horizon=72)
    assert weather.continued_h == 72 - 52  # the run ends 60 h after 06:00
    assert weather.forecast_age_h == 0.0  # fetched at 13:20: known at 14:00
    assert store.get(made.signals).splitlines()[0] == b"issued,stamp,price_per_kwh,kg_co2_per_kwh"
    notes = {note.code: note.number for note in made.notes}
    assert notes == {
        NoteCode.OBSERVED_STAND_IN: 1,  # 13 to 14 o'clock is not observed yet at 13:20
        NoteCode.PRICE_MISSING: 72 - 33,  # published until tomorrow at midnight in Denmark
        NoteCode.CO2_MISSING: 72 - 47,
    }


def test_stale_weather_is_used_with_its_age_said(
    fetching: Fetching, known: KnownSeries, store: MemoryStore, outside: Outside, clock: Clock
) -> None:
    fetch_all(fetching)
    outside.script = [Act.BROKEN] * 50
    clock.now += timedelta(hours=24)
    assert fetching.weather_forecast(PLACE).fetch is Fetch.FAILED
    at = datetime(2026, 1, 27, 14, tzinfo=UTC)
    made = OrderTableMaker(known, store, at, history_h=24, horizon_h=72).tables(COPENHAGEN, None)
    notes = {note.code: note.number for note in made.notes}
    assert notes[NoteCode.FORECAST_STALE] == pytest.approx(24.7)
    assert made.weather_forecast is not None
    assert made.signals is None


def test_a_fresh_series_is_not_asked_for_again(fetching: Fetching, outside: Outside, clock: Clock) -> None:
    fetch_all(fetching)
    asked = len(outside.calls)
    clock.now += timedelta(minutes=20)
    assert {one.fetch for one in fetch_all(fetching)} == {Fetch.FRESH}
    assert len(outside.calls) == asked


# --- the command, and files instead of services -----------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SAMDRIFT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "home"


def test_the_command_fetches_names_its_sources_and_fails_where_one_failed(outside: Outside, home: Path) -> None:
    wanted = ["fetch", "--place", "55.676,12.568", "--history-days", "2"]
    ended = CliRunner().invoke(app, wanted)
    assert ended.exit_code == 0, ended.output
    assert "dmi:12.55,55.70" in ended.output
    assert "dayahead:DK2" in ended.output
    assert "CC BY 4.0" in ended.output
    assert "Energinet" in ended.output
    outside.parameters = set()
    other = CliRunner().invoke(app, ["fetch", "--place", "57.05,9.92", "--history-days", "0", "--json"])
    assert other.exit_code == 1
    failed = {one["series"]: one["reason"] for one in json.loads(other.output)["series"] if one["fetch"] == "failed"}
    assert set(failed) == {"dmi:9.90,57.05"}


@pytest.mark.parametrize("wrong", [["--place", "here"], ["--area", "SE4", "--place", "55.7,12.6"]])
def test_the_command_says_what_is_wrong(outside: Outside, home: Path, wrong: list[str]) -> None:
    ended = CliRunner().invoke(app, ["fetch", *wrong])
    assert isinstance(ended.exception, InputError)
    assert wrong[1] in ended.exception.message
    assert outside.calls == []


def test_a_forecast_from_a_file_is_as_good_as_a_fetched_one(home: Path, tmp_path: Path) -> None:
    rows = [f"2026-01-26T{h:02}:00:00Z,{h},{10 * h}" for h in range(1, 24)]
    file = tmp_path / "forecast.csv"
    file.write_text("\n".join(["stamp,temperature_c,global_radiation_w_m2", *rows]))
    said = ["import-series", str(file), "--series", "dmi:12.55,55.70", "--issued", "2026-01-25T22:30:00"]
    ended = CliRunner().invoke(app, said)
    assert ended.exit_code == 0, ended.output
    known = KnownSeries(Ledger(load().ledger_url), ObjectStore(load().objects_url))
    at = datetime(2026, 1, 25, 22, 30, tzinfo=UTC)
    first = hour(2026, 1, 26, 0)
    found = known.as_known("dmi:12.55,55.70", at, first=first, end=first + 24)
    assert values(found, "temperature_c") == {first + h - 1: float(h) for h in range(1, 24)}
    assert known.as_known("dmi:12.55,55.70", at - timedelta(seconds=1), first=first, end=first + 24) is None


@pytest.mark.data
def test_real_prices_go_in_and_come_out(home: Path) -> None:
    """DK2, 2017 to 2022, as Energi Data Service gave them: 50,831 hours, six changes to and five from summer time."""
    path = Path(os.environ.get("SAMDRIFT_DATA", "")) / "energy" / "dk2_elspot_hourly_2017_2022.parquet"
    if not path.is_file():
        pytest.skip("SAMDRIFT_DATA/energy/dk2_elspot_hourly_2017_2022.parquet is not there")
    ended = CliRunner().invoke(app, ["import-series", str(path), "--series", "dayahead:DK2", "--json"])
    assert json.loads(ended.output)["hours"] == 50_831
    known = KnownSeries(Ledger(load().ledger_url), ObjectStore(load().objects_url))
    first, end = hour(2016, 12, 31, 0), hour(2022, 10, 20, 0)
    found = values(known.as_known("dayahead:DK2", NOW, first=first, end=end), "spot_dkk_per_kwh")
    real = pd.read_parquet(path)
    assert len(found) == len(real["HourUTC"].unique()) == 50_831
    assert sum(found.values()) == pytest.approx(real["SpotPriceDKK"].sum() / 1000, rel=1e-6)
    assert min(found.values()) == pytest.approx(real["SpotPriceDKK"].min() / 1000, rel=1e-5)
    # On 26 August 2022 at 13 o'clock, prices of the 27th are not known yet.
    early = known.as_known("dayahead:DK2", datetime(2022, 8, 26, 11, tzinfo=UTC), first=first, end=end)
    assert early is not None
    assert hours.end_of(max(early.hours)).astimezone(DENMARK).date().isoformat() == "2022-08-27"
    assert hours.end_of(max(early.hours)).astimezone(DENMARK).hour == 0


@pytest.mark.data
@pytest.mark.parametrize(
    ("recorded", "ours"),
    [
        ("eds_co2emis.json", ("/dataset/CO2Emis", "Minutes5UTC,Minutes5DK,PriceArea,CO2Emission")),
        (
            "eds_elspotprices.json",
            ("/dataset/Elspotprices", "HourUTC,HourDK,PriceArea,SpotPriceDKK,SpotPriceEUR"),
        ),
        (
            "eds_dayaheadprices.json",
            ("/dataset/DayAheadPrices", "TimeUTC,TimeDK,PriceArea,DayAheadPriceEUR,DayAheadPriceDKK"),
        ),
    ],
)
def test_our_server_answers_in_the_recorded_shape(outside: Outside, recorded: str, ours: tuple[str, str]) -> None:
    shape = recorded_shape(recorded)
    path, columns = ours
    day = "2025-09-30" if "Elspot" in path else "2025-10-02"
    parameters = {"start": f"{day}T00:00", "end": f"{day}T05:00", "columns": columns, "filter": '{"PriceArea":["DK2"]}'}
    answer = httpx.get(outside.url + path, params=parameters).json()
    assert set(answer) >= set(shape)
    assert set(answer["records"][0]) == set(shape["records"][0])
    stamp = columns.partition(",")[0]
    assert len(answer["records"][0][stamp]) == len(shape["records"][0][stamp])


@pytest.mark.data
def test_our_server_answers_in_dmis_recorded_shape(outside: Outside) -> None:
    shape = recorded_shape("dmi_position_coveragejson.json")
    path = "/v1/forecastedr/collections/harmonie_dini_sf/position"
    asked = {"coords": "POINT(12.57 55.68)", "parameter-name": "temperature-2m"}
    answer = httpx.get(outside.url + path, params=asked).json()
    assert set(answer) == set(shape)
    assert set(answer["domain"]["axes"]) == set(shape["domain"]["axes"])
    assert set(answer["ranges"]["temperature-2m"]) == set(shape["ranges"]["temperature-2m"])
    assert len(answer["domain"]["axes"]["t"]["values"][0]) == len(shape["domain"]["axes"]["t"]["values"][0])


def recorded_shape(name: str) -> dict[str, Any]:
    path = Path(os.environ.get("SAMDRIFT_DATA", "")) / "energy" / "api_shapes" / name
    if not path.is_file():
        pytest.skip(f"SAMDRIFT_DATA/energy/api_shapes/{name} is not there")
    shape: dict[str, Any] = json.loads(path.read_text())
    return shape
