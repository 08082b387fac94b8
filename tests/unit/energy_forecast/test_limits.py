from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_energy_forecast.building.comfort_profiles import PROFILES, RoomType
from samdrift_energy_forecast.building.description import Comfort, Setback
from samdrift_energy_forecast.building.limits import resolved
from samdrift_energy_forecast.plans.notice import NOTICES, told
from samdrift_energy_forecast.submission import Building

WARM = {"begins": "06:00", "ends": "17:00"}
CELSIUS = st.floats(0, 35)


def with_limits(building: Building, comfort: dict[str, Any], **setback: float) -> Building:
    changed = {"comfort": Comfort(**comfort), "setback": Setback.model_validate({"warm": WARM, **setback})}
    return building.model_copy(update=changed)


def test_limits_that_agree_are_left_alone(building: Building) -> None:
    found = resolved(building)
    assert found.building is building
    assert found.findings == ()


@pytest.mark.parametrize(
    ("comfort", "setback", "codes"),
    [
        ({}, {"warm_c": 15, "setback_c": 22}, ["set_back_above_warm"]),
        ({"open_c": 16}, {}, ["too_cold_to_work"]),
        ({"open_c": 26}, {}, ["too_warm_to_work", "warm_below_lowest"]),
        ({"open_c": 21, "highest_c": 20}, {}, ["lowest_above_highest"]),
        ({"open_c": 21, "highest_set_point_c": 20}, {}, ["cap_below_lowest"]),
        ({"open_c": 20, "closed_c": 22}, {}, ["closed_above_open"]),
        ({"closed_c": 4}, {}, ["closed_below_frost"]),
        ({"room_type": "classroom"}, {}, ["warm_above_cap"]),
        ({"open_c": 20}, {"warm_c": 19}, ["warm_below_lowest"]),
    ],
)
def test_each_contradiction_is_told(
    building: Building, comfort: dict[str, Any], setback: dict[str, float], codes: list[str]
) -> None:
    assert [finding.code for finding in resolved(with_limits(building, comfort, **setback)).findings] == codes


@given(open_c=CELSIUS, closed_c=CELSIUS, highest_c=CELSIUS, cap_c=CELSIUS, warm_c=CELSIUS, set_back_c=CELSIUS)
def test_whatever_is_asked_what_is_used_agrees(
    open_c: float, closed_c: float, highest_c: float, cap_c: float, warm_c: float, set_back_c: float
) -> None:
    asked = {"open_c": open_c, "closed_c": closed_c, "highest_c": highest_c, "highest_set_point_c": cap_c}
    used = resolved(with_limits(BUILDING, asked, warm_c=warm_c, setback_c=set_back_c)).building
    comfort, setback = used.comfort, used.setback
    assert comfort.highest_set_point_c is not None
    assert 8 <= comfort.closed_c <= comfort.open_c <= min(comfort.highest_c, comfort.highest_set_point_c)
    assert 18 <= comfort.open_c <= 25
    assert setback.setback_c <= setback.warm_c
    assert resolved(used).findings == tuple(
        finding for finding in resolved(used).findings if finding.code in ("warm_above_cap", "warm_below_lowest")
    )


BUILDING = Building.model_validate(
    {
        "id": "b",
        "name": "b",
        **dict.fromkeys(("readings", "weather_observed", "weather_forecast"), "sha256:" + "0" * 64),
        "calendar": {"opening": {"monday": {"begins": "08:00", "ends": "16:00"}}},
        "setback": {"warm": WARM},
        "tariff": {"price_per_kwh": 0.6},
        "emission": {"kg_co2_per_kwh": 0.03, "year": 2021, "method": "made up"},
    }
)


def test_a_kind_of_room_gives_defaults_that_the_building_may_replace() -> None:
    assert (Comfort(room_type=RoomType.SPORTS_HALL).open_c, Comfort().open_c) == (18.0, 20.0)
    assert Comfort(room_type=RoomType.OFFICE).highest_set_point_c == 21.0
    assert Comfort(room_type=RoomType.OFFICE, open_c=20.5).open_c == 20.5


def test_every_profile_has_its_source_and_year() -> None:
    assert set(PROFILES) == set(RoomType)
    assert all(profile.source and profile.year >= 2000 for profile in PROFILES.values())


@pytest.mark.parametrize("code", sorted(NOTICES))
def test_every_notice_is_told_in_both_languages(code: str) -> None:
    assert NOTICES[code]["da"] != NOTICES[code]["en"]


def test_a_notice_speaks_the_readers_language() -> None:
    notice = told("closed_above_open", closed_c=22.0, open_c=20.5)
    assert "22,0 °C" in notice.text("da")
    assert "20.5 °C" in notice.text("en")


def test_times_are_weekday_and_clock() -> None:
    notice = told("previous_plan", planned_at="2026-02-02T00:00:00+01:00", until_at="2026-02-05T00:00:00+01:00")
    assert "mandag 00:00" in notice.text("da")
    assert "Thursday 00:00" in notice.text("en")
