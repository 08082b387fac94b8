from __future__ import annotations

import numpy as np
import pytest

from samdrift_energy_forecast.building.heating_plant import SupplyTemperature
from samdrift_energy_forecast.planning.supply import curve, offsets_k

SUPPLY = SupplyTemperature(design_supply_c=60.0, design_outdoor_c=-12.0, lowest_supply_c=30.0, largest_offset_k=10.0)


def test_the_curve_goes_from_the_room_to_the_design_point() -> None:
    assert curve(SUPPLY, np.array([-12.0, 4.5, 20.0, 30.0]), 21.0).tolist() == pytest.approx([60.0, 40.5, 30.0, 30.0])


@pytest.mark.parametrize(("share", "offset_k"), [(1.0, 0.0), (1.2, 4.0), (3.0, 10.0), (0.9, -1.5), (0.0, -10.0)])
def test_water_is_warmer_where_more_heat_than_holds_the_rooms_is_planned(share: float, offset_k: float) -> None:
    holding = np.array([50.0])
    assert offsets_k(SUPPLY, share * holding, holding, np.array([4.5]), 21.0).tolist() == [offset_k]


def test_water_is_never_below_what_keeps_legionella_away() -> None:
    hot = SUPPLY.model_copy(update={"lowest_supply_c": 60.0})
    outdoor = np.linspace(-12.0, 20.0, 9)
    water = curve(hot, outdoor, 21.0) + offsets_k(hot, np.zeros(9), np.full(9, 50.0), outdoor, 21.0)
    assert water.min() >= 60.0
