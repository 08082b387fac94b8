"""What series are, and what of them is known when: no server is needed for it."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.description import Location
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.sources import energi_data_service as eds
from samdrift_energy_forecast.sources.dmi_forecast import mean_flux_w_m2, mean_temperature_c
from samdrift_energy_forecast.sources.errors import SourceAnswerError
from samdrift_energy_forecast.sources.importing import table_of_file
from samdrift_energy_forecast.sources.issued_table import end_of_the_hour, issued_table, read_issued_table
from samdrift_energy_forecast.sources.place import Place
from samdrift_energy_forecast.sources.price_areas import price_area

NOON = datetime(2026, 1, 26, 12, tzinfo=UTC)
ROWS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 8), st.floats(-50, 50)), min_size=1, max_size=40)


def at(half_hours: int) -> datetime:
    return NOON + timedelta(minutes=30 * half_hours)


@given(ROWS, st.integers(0, 30))
def test_of_each_hour_the_latest_row_issued_in_time_is_known(rows: list[tuple[int, int, float]], now: int) -> None:
    table = issued_table(["x"], [(at(issued), hour, [value]) for issued, hour, value in rows])
    known = table.as_known(at(now))
    # Walk by hand: of the rows in time, the highest issue time an hour; of equal ones the last.
    expected: dict[int, tuple[int, float]] = {}
    for issued, hour, value in rows:
        if issued <= now and issued >= expected.get(hour, (-1, 0.0))[0]:
            expected[hour] = (issued, value)
    assert dict(zip(known.hours, known.columns["x"], strict=True)) == {h: v for h, (_, v) in expected.items()}
    assert all(issued <= at(now) for issued in known.issued)


@given(ROWS)
def test_a_table_comes_back_from_its_file(rows: list[tuple[int, int, float]]) -> None:
    table = issued_table(["x", "y"], [(at(issued), hour, [value, math.nan]) for issued, hour, value in rows])
    again = read_issued_table(table.to_csv())
    assert again.issued == table.issued
    assert again.hours == table.hours
    assert again.columns["x"] == pytest.approx(table.columns["x"], rel=1e-5)
    assert all(map(math.isnan, again.columns["y"]))


def test_an_issue_time_within_an_hour_counts_from_its_end() -> None:
    assert end_of_the_hour(NOON) == NOON
    assert end_of_the_hour(NOON + timedelta(seconds=1)) == NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("hour", "known"),
    [
        (datetime(2026, 1, 26, 22, tzinfo=UTC), datetime(2026, 1, 25, 13, tzinfo=UTC)),  # 23 to 24 o'clock in Denmark
        (datetime(2026, 1, 26, 23, tzinfo=UTC), datetime(2026, 1, 26, 13, tzinfo=UTC)),  # 0 to 1 o'clock of the 27th
        (datetime(2026, 7, 26, 22, tzinfo=UTC), datetime(2026, 7, 26, 12, tzinfo=UTC)),
    ],
)
def test_a_price_is_known_since_two_in_the_afternoon_before(hour: datetime, known: datetime) -> None:
    assert eds.published(hours.beginning_at(hour)) == known


def test_the_same_stamp_with_two_prices_is_refused() -> None:
    record = {"HourUTC": "2024-01-01T00:00:00", "PriceArea": "DK2", "SpotPriceDKK": 100.0}
    assert eds.hourly_means([record, dict(record)], eds.ELSPOT, "DK2") == {473352: pytest.approx(0.1)}
    with pytest.raises(SourceAnswerError, match="two values"):
        eds.hourly_means([record, record | {"SpotPriceDKK": 101.0}], eds.ELSPOT, "DK2")


@pytest.mark.parametrize(
    "wrong",
    [
        {"SpotPriceDKK": 1e9},
        {"PriceArea": "DK1"},
        {"HourUTC": "yesterday"},
        {"HourUTC": None},
        {"SpotPriceDKK": "dear"},
    ],
)
def test_a_record_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    record = {"HourUTC": "2024-01-01T00:00:00", "PriceArea": "DK2", "SpotPriceDKK": 100.0}
    with pytest.raises(SourceAnswerError):
        eds.hourly_means([record | wrong], eds.ELSPOT, "DK2")


def instants(*values: float) -> dict[datetime, float]:
    return {NOON + timedelta(hours=step): value for step, value in enumerate(values)}


def test_kelvin_and_celsius_are_told_apart() -> None:
    noon = hours.beginning_at(NOON)
    assert mean_temperature_c(instants(273.15, 275.15)) == {noon: pytest.approx(1.0)}
    assert mean_temperature_c(instants(-2.0, 4.0)) == {noon: pytest.approx(1.0)}


def test_sums_and_fluxes_are_told_apart() -> None:
    noon = hours.beginning_at(NOON)
    assert mean_flux_w_m2(instants(7_200_000.0, 7_560_000.0, 7_559_500.0)) == {
        noon: pytest.approx(100.0),
        noon + 1: 0.0,
    }
    assert mean_flux_w_m2(instants(100.0, 300.0)) == {noon: pytest.approx(200.0)}
    with pytest.raises(SourceAnswerError):
        mean_flux_w_m2(instants(0.0, 7_200_000.0))


@pytest.mark.parametrize(
    ("town", "latitude", "longitude", "area"),
    [
        ("Copenhagen", 55.68, 12.57, "DK2"),
        ("Rønne", 55.10, 14.70, "DK2"),
        ("Korsør", 55.33, 11.14, "DK2"),
        ("Nakskov", 54.83, 11.14, "DK2"),
        ("Nyborg", 55.31, 10.79, "DK1"),
        ("Anholt", 56.70, 11.55, "DK1"),
        ("Læsø", 57.27, 11.00, "DK1"),
        ("Aarhus", 56.16, 10.20, "DK1"),
    ],
)
def test_towns_lie_in_their_price_area(town: str, latitude: float, longitude: float, area: str) -> None:
    assert price_area(Location(latitude=latitude, longitude=longitude)) == area


def test_neighbours_share_a_place_and_distances_are_right() -> None:
    school, kindergarten = (Location(latitude=55.676, longitude=lon) for lon in (12.568, 12.551))
    assert Place.near(school) == Place.near(kindergarten)
    # Copenhagen to Aarhus: 157 km.
    assert Place(latitude=55.68, longitude=12.57).distance_km(10.20, 56.16) == pytest.approx(157, abs=2)


def test_a_download_with_semicolons_and_decimal_commas_is_read() -> None:
    download = (
        "HourUTC;HourDK;PriceArea;SpotPriceDKK;SpotPriceEUR\n"
        "2024-10-27 00:00;2024-10-27 02:00;DK2;-12,500000;-1,68\n"
        "2024-10-27 01:00;2024-10-27 02:00;DK2;250,000000;33,5\n"
        "2024-10-27 01:00;2024-10-27 02:00;DK1;999,000000;133,5\n"
    )
    table = table_of_file(download.encode(), "dayahead:DK2", issued=None, fetched=NOON)
    assert table.columns["spot_dkk_per_kwh"] == pytest.approx((-0.0125, 0.25))
    assert len(set(table.hours)) == 2  # Danish clock time says 2 o'clock twice


@pytest.mark.parametrize(
    ("series", "text", "said"),
    [
        ("weather", "issued,stamp,x\n", "is no series"),
        ("dayahead:DK2", "issued,stamp,x\n2026-01-01T00:00Z,2026-01-01T01:00Z,1\n", "has the columns spot_dkk_per_kwh"),
        ("dmi:1,2", "stamp,temperature_c\n2026-01-01T00:00Z,1\n", "no column `issued`"),
        ("dmi:1,2", "issued,stamp,temperature_c\n2026-01-01,2026-01-01T00:00Z,1\n", "no time zone"),
        ("dayahead:DK2", "HourUTC;SpotPriceDKK\n2026-01-01 00:00;1,0\n", "no column PriceArea"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(series: str, text: str, said: str) -> None:
    with pytest.raises(ReadingsError, match=said):
        table_of_file(text.encode(), series, issued=None, fetched=NOON)
