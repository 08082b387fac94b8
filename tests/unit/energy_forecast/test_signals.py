from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building.description import BuildingDescription
from samdrift_energy_forecast.building.heating_plant import HeatPump
from samdrift_energy_forecast.building.tariff import ReturnTemperature
from samdrift_energy_forecast.errors import ReadingsError
from samdrift_energy_forecast.planning.costs import Costs
from samdrift_energy_forecast.planning.pricing import STORING_TRUST, believed, costs, heat_prices
from samdrift_energy_forecast.surroundings.signals import Signal, Signals, signals_as_known

ISSUE = 490_000


def table(*rows: tuple[int, int, str, str]) -> bytes:
    """Rows of hours before ISSUE at which they were issued, hours after it for which they are, price and CO2."""
    lines = ["issued,stamp,price_per_kwh,kg_co2_per_kwh"]
    for issued_h, hour, price, co2 in rows:
        stamps = (hours.start_of(ISSUE - issued_h), hours.end_of(ISSUE + hour))
        lines.append(",".join([*(stamp.isoformat() for stamp in stamps), price, co2]))
    return "\n".join(lines).encode()


def test_each_hour_has_the_latest_value_issued_in_time() -> None:
    data = table((11, 0, "0.5", ""), (3, 0, "0.7", ""), (-1, 0, "9.0", ""), (11, 1, "0.6", ""))
    price = signals_as_known(data, issue=ISSUE, count=3).price_per_kwh
    np.testing.assert_array_equal(price.values, [0.7, 0.6, np.nan])
    assert price.age_h == 3.0


def test_what_is_not_known_has_no_age() -> None:
    found = signals_as_known(table((2, 0, "0.5", "")), issue=ISSUE, count=2)
    assert not found.kg_co2_per_kwh.is_known
    assert found.kg_co2_per_kwh.age_h is None


def test_behind_the_known_prices_the_day_before_goes_on_then_the_flat_price() -> None:
    known = np.concatenate([np.arange(30.0), np.full(30, np.nan)])
    known[3] = np.nan
    filled = Signal(values=known, age_h=1.0).filled(99.0)
    assert filled[30:54].tolist() == [*np.arange(6.0, 24.0), *np.arange(24.0, 30.0)]
    assert filled[3] == 99.0
    assert filled[54:].tolist() == np.arange(6.0, 12.0).tolist()


@pytest.mark.parametrize(
    "data", [b"", b"stamp,issued\n", b"issued,stamp,x\n2026-01-01T00:00:00Z,2026-01-01T01:00:00Z,1"]
)
def test_a_table_without_signals_is_refused(data: bytes) -> None:
    with pytest.raises(ReadingsError):
        signals_as_known(data, issue=ISSUE, count=2)


def described(tariff: dict[str, Any], emission: dict[str, Any] | None = None, **more: Any) -> BuildingDescription:
    return BuildingDescription.model_validate(
        {
            "id": "b",
            "name": "b",
            "calendar": {"opening": {"monday": {"begins": "08:00", "ends": "16:00"}}},
            "setback": {"warm": {"begins": "06:00", "ends": "17:00"}},
            "tariff": {"price_per_kwh": 0.6, **tariff},
            "emission": {"kg_co2_per_kwh": 0.05, "year": 2021, "method": "made up", **(emission or {})},
            **more,
        }
    )


def known(price: list[float], co2: list[float]) -> Signals:
    return Signals(
        price_per_kwh=Signal(values=np.array(price), age_h=1.0), kg_co2_per_kwh=Signal(values=np.array(co2), age_h=1.0)
    )


def test_the_suppliers_part_comes_on_top_of_an_hourly_price_and_the_flat_price_has_it_in_it() -> None:
    building = described({"added_per_kwh": 0.2})
    prices = heat_prices(building, known([0.1, np.nan], [np.nan, np.nan]), np.zeros(2))
    assert prices.price_per_kwh.tolist() == pytest.approx([0.3, 0.6])


def test_a_heat_pump_makes_heat_cheaper_the_milder_it_is() -> None:
    building = described({}, plant={"source": "heat_pump", "heat_pump": {"cop_at_7c": 3.0, "cop_per_k": 0.1}})
    prices = heat_prices(building, Signals.unknown(2), np.array([7.0, -3.0]))
    assert prices.price_per_kwh.tolist() == pytest.approx([0.2, 0.3])
    assert prices.kg_co2_per_kwh.tolist() == pytest.approx([0.05 / 3, 0.025])
    assert HeatPump().cop(np.array([-60.0, 60.0])).tolist() == [1.5, 5.0]


@pytest.mark.parametrize(
    ("emission", "source", "used"),
    [
        ({}, "district_heating", False),
        ({"hourly_method": "marginal, heat supplier"}, "district_heating", True),
        ({}, "electric_boiler", True),
    ],
)
def test_electricitys_co2_is_not_sold_as_heats(emission: dict[str, Any], source: str, used: bool) -> None:
    building = described({}, emission, plant={"source": source})
    prices = heat_prices(building, known([1.0, 1.0], [0.3, 0.1]), np.zeros(2))
    assert prices.has_hourly_co2 is used
    assert prices.kg_co2_per_kwh.tolist() == ([0.3, 0.1] if used else [0.05, 0.05])


def test_co2_weighs_as_much_as_the_owner_says() -> None:
    building = described({}, {"price_per_kg": 2.0}, plant={"source": "electric_boiler"})
    weighed = costs(building, heat_prices(building, known([1.0, 1.0], [0.3, 0.1]), np.zeros(2)))
    assert weighed.per_kwh.tolist() == pytest.approx(believed(np.array([1.6, 1.2]), 1.0).tolist())
    assert weighed.reference_per_kwh == pytest.approx(0.6 + 2.0 * 0.2)
    assert weighed.shapes_heat
    assert weighed.surplus_per_kwh == 0.0


def test_prices_are_believed_half_of_their_way_from_the_flat_one() -> None:
    assert believed(np.array([0.0, 1.0, 3.0]), 1.0).tolist() == [1.0 - STORING_TRUST, 1.0, 1.0 + 2 * STORING_TRUST]


def test_a_flat_price_asks_only_for_less_heat() -> None:
    building = described({})
    flat = costs(building, heat_prices(building, Signals.unknown(3), np.zeros(3)))
    assert not flat.shapes_heat
    assert flat.surplus_per_kwh == flat.reference_per_kwh == pytest.approx(0.6)


def test_free_heat_is_spared_too() -> None:
    building = described({"price_per_kwh": 0.0})
    free = costs(building, heat_prices(building, Signals.unknown(3), np.zeros(3)))
    np.testing.assert_array_equal(free.per_kwh, Costs.of_heat_alone(3).per_kwh)


def test_no_step_is_dearer_than_what_comfort_is_set_above() -> None:
    building = described({})
    spiky = costs(building, heat_prices(building, known([0.1, 9.0], [np.nan, np.nan]), np.zeros(2)))
    assert spiky.comfort_per_kwh == pytest.approx(9.0)


def test_the_return_surcharge_is_the_whole_tariffs_at_full_heat() -> None:
    """At full heat the return is 10 K too warm, 6 K beyond the neutral zone: 6 % of the price of all of its heat."""
    terms = ReturnTemperature(price_share_per_k=0.01, neutral_k=4.0, rise_at_full_k=10.0, from_load_share=0.5)
    assert terms.paid_from_share == pytest.approx(0.7)
    full_kw = 100.0
    assert terms.surcharge_share * (1 - terms.paid_from_share) * full_kw == pytest.approx(0.06 * full_kw)
    within = ReturnTemperature(neutral_k=12.0, rise_at_full_k=10.0)
    assert (within.surcharge_share, within.paid_from_share) == (0.0, 1.0)


@pytest.mark.parametrize(("source", "paid"), [("district_heating", True), ("gas_boiler", False)])
def test_only_district_heating_pays_for_its_return(source: str, paid: bool) -> None:
    building = described({"return_temperature": {}}, plant={"source": source})
    assert (costs(building, heat_prices(building, Signals.unknown(2), np.zeros(2))).boost_per_kwh > 0) is paid
