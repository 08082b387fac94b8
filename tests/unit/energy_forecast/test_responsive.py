"""Planning by a building's own response, on a building that is itself such a response: what is learnt is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from samdrift_energy_forecast.planning.by_response import LARGEST_MARGIN_K, LEAST_MARGIN_K, margin_k, reason_of
from samdrift_energy_forecast.planning.costs import Costs
from samdrift_energy_forecast.planning.start_stop import Opening, StartStop, openings, set_points_c
from samdrift_energy_forecast.planning.start_stop_search import Bounds, Choice, Outcome, Situation, foreseen, search
from samdrift_energy_forecast.plans.reasons import Reason
from samdrift_energy_forecast.thermal.comfort_credit import TOLERATED_KH, comfort_credit
from samdrift_energy_forecast.thermal.heat_response import HeatResponse, fit_heat
from samdrift_energy_forecast.thermal.named_rooms import NamedRooms
from samdrift_energy_forecast.thermal.response import DAY_Q, QUARTERS, QuarterHours, RoomResponse, RoomState, respond
from samdrift_energy_forecast.thermal.response_fit import RoomHistory, fit

DAYS = 16
TRUE = RoomResponse(
    air=np.array([0.10, 0.08]),
    mass=np.array([0.04, 0.03]),
    shell=np.array([0.003, 0.005]),
    store=np.array([0.012, 0.015]),
    leak_on=np.array([0.10, 0.12]),
    leak_off=np.array([0.05, 0.06]),
    people_k=np.array([1.0, 0.6]),
    morning_sun_k=np.array([0.15, 0.05]),
    afternoon_sun_k=np.array([0.1, 0.05]),
    base_k=np.array([0.3, 0.2]),
    surface_sun_k=np.array([0.02, 0.01]),
    lift_on_k=np.array([9.0, 9.0]),
    lift_off_k=np.array([9.0, 9.0]),
    band_k=np.array([0.5, 0.5]),
)
HEAT = HeatResponse(lift_on=np.array([2.0, 1.0]), lift_off=3.5, intake=0.4, side_on=0.0, side_off=0.1, base=0.2)
START = RoomState(surface_c=np.array([17.0, 16.0]), mass_c=np.array([18.0, 17.0]))
BOUNDS = Bounds(open_c=20.0, lowest_night_c=12.0, setback_c=16.0, warm_c=21.0, highest_c=23.0)


def weather(days: int, *, outdoor_c: float = 0.0, open_days: int = 5) -> QuarterHours:
    """Weeks from a Monday's midnight: open 8 to 16, fans 6 to 21."""
    step = np.arange(days * DAY_Q)
    of_day, weekday = step % DAY_Q / QUARTERS, step // DAY_Q % 7
    works = weekday < open_days
    swing = 4.0 * np.sin(2 * np.pi * (of_day - 9) / 24) + 3.0 * np.sin(step / 300)
    return QuarterHours(
        first=0,
        outdoor_c=outdoor_c + swing,
        sun=np.maximum(0.0, 2.0 * np.sin((of_day - 7) / 10 * np.pi)) * (0.3 + 0.7 * (step // DAY_Q % 3 == 0)),
        is_open=works & (of_day >= 8) & (of_day < 16),
        is_ventilated=works & (of_day >= 6) & (of_day < 21),
        is_morning=of_day < 12,
    )


def fixed_setback_c(around: QuarterHours) -> np.ndarray:
    """21 C from 6 to 17 of open days, else 16 C."""
    of_day = np.arange(len(around)) % DAY_Q / QUARTERS
    day_open = np.repeat(around.is_open.reshape(-1, DAY_Q).any(axis=1), DAY_Q)
    return np.where(day_open & (of_day >= 6) & (of_day < 17), 21.0, 16.0)


def history(set_points_c: np.ndarray | None = None) -> tuple[RoomHistory, np.ndarray]:
    """What sensors and the meter of the true building showed under `set_points_c`, or fixed setback."""
    around = weather(DAYS)
    fixed = fixed_setback_c(around)
    followed = fixed if set_points_c is None else set_points_c
    answer = respond(TRUE, START, followed, around)
    rooms_c = answer.operative_c.reshape(-1, QUARTERS, 2).mean(axis=1).T
    heat = HEAT.heat_kwh(answer.lift_k, around).reshape(-1, QUARTERS).sum(axis=1)
    return RoomHistory(rooms_c=rooms_c, set_points_c=followed, setback_c=fixed, around=around), heat


@pytest.fixture(scope="module")
def learnt() -> tuple[RoomHistory, np.ndarray, RoomResponse]:
    past, heat = history()
    return past, heat, fit(past).response


def test_a_learnt_building_foresees_a_schedule_that_it_never_had(
    learnt: tuple[RoomHistory, np.ndarray, RoomResponse],
) -> None:
    response, around = learnt[2], weather(2)
    of_day = np.arange(len(around)) % DAY_Q / QUARTERS
    late_c = np.where((of_day >= 7.25) & (of_day < 16), 22.0, 14.0)
    real, told = (respond(one, START, late_c, around).operative_c for one in (TRUE, response))
    assert np.sqrt(np.mean((real - told)[around.is_open] ** 2)) < 0.25


def test_holes_in_the_rooms_readings_are_no_evidence(learnt: tuple[RoomHistory, np.ndarray, RoomResponse]) -> None:
    past = learnt[0]
    rooms_c = past.rooms_c.copy()
    rooms_c[:, 100:110] = np.nan
    holed = fit(replace(past, rooms_c=rooms_c))
    assert np.isfinite(holed.logarithms).all()
    assert holed.rmse_k.max() < 0.3


def test_heat_follows_from_the_lifts(learnt: tuple[RoomHistory, np.ndarray, RoomResponse]) -> None:
    past, heat, _ = learnt
    fitted = fit(past)
    found = fit_heat(fitted, past, heat)
    begin, days = int(past.days[0]), len(past.days)
    around = past.around.window(begin, days * DAY_Q)
    told = found.heat_kwh(fitted.lift_k.reshape(-1, 2), around).reshape(-1, QUARTERS).sum(axis=1)
    assert told.sum() == pytest.approx(heat[begin // QUARTERS :].sum(), rel=0.03)


def test_nobody_is_owed_anything_under_fixed_setback(learnt: tuple[RoomHistory, np.ndarray, RoomResponse]) -> None:
    past, _, response = learnt
    credit = comfort_credit(response, past, 20.0)
    assert credit.balance_kh.tolist() == [0.0, 0.0]
    assert credit.under_setback is credit.now


@pytest.mark.parametrize(("changed_k", "sign"), [(-1.5, -1), (1.5, 1)])
def test_colder_days_are_a_debt_and_warmer_ones_a_credit(changed_k: float, sign: int) -> None:
    fixed = fixed_setback_c(weather(DAYS))
    followed = fixed.copy()
    followed[-5 * DAY_Q :] += np.where(fixed[-5 * DAY_Q :] > 20, changed_k, 0.0)
    past, _ = history(followed)
    credit = comfort_credit(TRUE, past, 20.5)
    assert (np.sign(credit.balance_kh) == sign).all()
    assert (np.abs(credit.allowed_kh) < np.abs(credit.balance_kh)).all()


def test_the_account_knows_how_the_building_would_be_under_fixed_setback() -> None:
    around = weather(DAYS)
    followed = fixed_setback_c(around)
    followed[-2 * DAY_Q :] = 12.0
    past, _ = history(followed)
    credit = comfort_credit(TRUE, past, 20.0)
    would_be = respond(TRUE, START, fixed_setback_c(around), around).end
    assert credit.under_setback.surface_c == pytest.approx(would_be.surface_c, abs=0.2)
    assert (credit.now.surface_c < would_be.surface_c - 0.5).all()


def test_openings_with_short_pauses_are_one() -> None:
    is_open = np.zeros(2 * DAY_Q, dtype=np.bool_)
    is_open[[*range(32, 48), *range(52, 64), *range(DAY_Q + 32, DAY_Q + 64)]] = True
    assert openings(is_open) == (Opening(begins=32, ends=64), Opening(begins=DAY_Q + 32, ends=DAY_Q + 64))


def choice(**changed: float) -> StartStop:
    figures = {"lead": 4.0, "boost_c": 23.0, "boost_past": 2.0, "warm_c": 21.0, "overrun": 1.0, "night_c": 14.0}
    return StartStop(**{name: np.array([value]) for name, value in (figures | changed).items()})


def test_set_points_follow_lead_boost_overrun_and_set_back() -> None:
    found = (Opening(begins=32, ends=64),)
    chosen = set_points_c(found, choice(), choice(), DAY_Q)[:, 0]
    assert chosen[[27, 28, 33, 34, 63, 64, 65]].tolist() == [14.0, 23.0, 23.0, 21.0, 21.0, 21.0, 14.0]
    both = set_points_c(found, choice().varied(lead=np.array([0.0, 8.0])), choice(), DAY_Q)
    assert both[24].tolist() == [14.0, 23.0]


def situation(around: QuarterHours, **changed: object) -> Situation:
    described = Situation(
        response=TRUE,
        heat=HEAT,
        around=around,
        bounds=BOUNDS,
        setback_c=fixed_setback_c(around),
        now=START,
        now_under_setback=START,
        credit_kh=np.zeros(2),
        must_recover=False,
        gloomy_colder_k=0.5,
        gloomy_sun_share=0.7,
        margin_k=0.1,
        costs=Costs.of_heat_alone(len(around) // QUARTERS),
        largest_heat_kwh=100.0,
    )
    return replace(described, **changed)  # type: ignore[arg-type]  # the tests name fields


def cold_kh(outcome: Outcome, around: QuarterHours) -> np.ndarray:
    """K h below 20 C while open, by room, in the weather foreseen."""
    short = np.maximum(0.0, 20.0 - outcome.rooms_c) * around.is_open[:, None]
    return np.asarray(short.sum(axis=0) / QUARTERS)


@pytest.fixture(scope="module")
def mild() -> tuple[Situation, Choice, Outcome, Outcome]:
    given = situation(weather(2, outdoor_c=6.0))
    chosen = search(given)
    return given, chosen, *foreseen(given, chosen)


def test_a_mild_day_starts_late_saves_heat_and_leaves_nobody_colder(
    mild: tuple[Situation, Choice, Outcome, Outcome],
) -> None:
    given, chosen, best, fixed = mild
    assert chosen.first.lead[0] < 8
    assert best.heat_kwh.sum() < 0.95 * fixed.heat_kwh.sum()
    assert (cold_kh(best, given.around) <= cold_kh(fixed, given.around) + 0.05).all()


def test_set_points_stay_within_what_the_owner_allows(mild: tuple[Situation, Choice, Outcome, Outcome]) -> None:
    best = mild[2].set_points_c
    assert best.min() >= BOUNDS.lowest_night_c
    assert best.max() <= BOUNDS.highest_c
    given = situation(weather(2), bounds=replace(BOUNDS, highest_c=21.0, lowest_night_c=16.0))
    held = foreseen(given, search(given))[0].set_points_c
    assert (held.min(), held.max()) <= (16.0, 21.0)


def test_a_debt_is_made_good_and_a_credit_is_spent() -> None:
    around = weather(2, outdoor_c=-4.0)
    owes, owns = (
        foreseen(one, search(one))[0]
        for one in (situation(around, credit_kh=np.full(2, -1.0)), situation(around, credit_kh=np.full(2, 2.0)))
    )
    assert owes.heat_kwh.sum() > owns.heat_kwh.sum()
    assert cold_kh(owes, around)[1] <= cold_kh(owns, around)[1]


def test_after_a_failure_heating_begins_as_early_as_it_must() -> None:
    cold = RoomState(surface_c=np.array([12.0, 11.0]), mass_c=np.array([13.0, 12.0]))
    around = weather(2, outdoor_c=-4.0)
    plain = situation(around, now=cold, now_under_setback=cold)
    recovering = replace(plain, must_recover=True)
    chosen, usual = search(recovering), search(plain)
    assert chosen.first.lead[0] > usual.first.lead[0]
    warmer, colder = foreseen(recovering, chosen)[0], foreseen(plain, usual)[0]
    assert cold_kh(warmer, around).sum() < cold_kh(colder, around).sum()


def test_while_nobody_comes_rooms_are_set_back_as_far_as_allowed() -> None:
    weekend = weather(9).window(5 * DAY_Q, 3 * DAY_Q)
    given = situation(weekend, setback_c=fixed_setback_c(weekend))
    chosen = search(given)
    assert chosen.first.night_c[0] == BOUNDS.lowest_night_c
    assert foreseen(given, chosen)[0].set_points_c[: 2 * DAY_Q].max() == BOUNDS.lowest_night_c


def test_dear_hours_are_avoided() -> None:
    around = weather(2)
    per_kwh = np.ones(48)
    per_kwh[[6, 30]] = 30.0
    flat, dear = (
        foreseen(one, search(one))[0].heat_kwh.reshape(-1, QUARTERS).sum(axis=1)[6]
        for one in (situation(around), situation(around, costs=replace(Costs.of_heat_alone(48), per_kwh=per_kwh)))
    )
    assert dear <= flat


def test_the_margin_is_learnt_from_days_that_were_overrated() -> None:
    assert margin_k(np.full(30, -0.5)) == LEAST_MARGIN_K
    assert margin_k(np.full(30, 5.0)) == LARGEST_MARGIN_K
    assert margin_k(np.array([np.nan] * 5)) == LARGEST_MARGIN_K
    mixed = np.array([0.0] * 8 + [0.2, 0.25, 0.28])
    assert margin_k(mixed) == pytest.approx(0.25)


def test_heat_after_closing_is_no_pre_heating() -> None:
    around = weather(1)
    closing = 16 * QUARTERS
    found = openings(around.is_open)
    assert reason_of(closing, around, found, warm=True, binds=False) is Reason.KEPT_WARM
    assert reason_of(closing + 8, around, found, warm=False, binds=False) is Reason.VENTILATION
    assert reason_of(7 * QUARTERS, around, found, warm=True, binds=True) is Reason.PREHEAT
    assert reason_of(9 * QUARTERS, around, found, warm=True, binds=True) is Reason.COMFORT_LIMIT
    assert reason_of(9 * QUARTERS, around, found, warm=True, binds=False) is Reason.OPEN_FREE
    assert reason_of(0, around, found, warm=False, binds=False) is Reason.SET_BACK


def test_hours_that_are_not_read_yet_are_carried_by_the_response() -> None:
    late_q, fixed = 16, fixed_setback_c(weather(DAYS))
    followed = fixed.copy()
    followed[-DAY_Q:] = 19.0  # a plan that was not fixed setback
    past, _ = history(followed)
    steps = len(past.set_points_c) - late_q
    read = RoomHistory(
        rooms_c=past.rooms_c[:, : -late_q // QUARTERS],
        set_points_c=followed[:steps],
        setback_c=fixed[:steps],
        around=past.around.window(0, steps),
    )
    then = comfort_credit(TRUE, read, 20.0)
    carried = then.carried(TRUE, past.around.window(steps, late_q), followed[steps:], fixed[steps:])
    now = comfort_credit(TRUE, past, 20.0)
    missed, missed_without = (np.abs(one.now.surface_c - now.now.surface_c) for one in (carried, then))
    assert (missed < 0.5 * missed_without).all()
    assert carried.under_setback.surface_c == pytest.approx(now.under_setback.surface_c, abs=0.15)
    assert (carried.now.surface_c > carried.under_setback.surface_c + 0.3).all()


def test_each_room_has_its_own_account() -> None:
    followed = fixed_setback_c(weather(DAYS))
    followed[-5 * DAY_Q :] -= np.where(followed[-5 * DAY_Q :] > 20, 1.5, 0.0)
    past, _ = history(followed)
    named_c = np.array([past.rooms_c[0], past.rooms_c[0] + 5.0])
    credit = comfort_credit(TRUE, past, 20.5, named_c, np.array([[1.0, 0.0], [1.0, 0.0]]))
    assert credit.room_balance_kh[0] == pytest.approx(credit.balance_kh[0], abs=1e-9)
    assert credit.room_balance_kh[1] == 0.0  # it was warm enough all the same
    assert credit.rooms_allowed_kh[1] == pytest.approx(TOLERATED_KH / 2)
    assert credit.rooms_allowed_kh[0] < 0


def named_cold_kh(outcome: Outcome, named: NamedRooms, limit_c: float) -> np.ndarray:
    """K h below `limit_c` in the first opening, by room."""
    steps = np.flatnonzero(weather(1).is_open)
    rooms_c = named.read_off(outcome.rooms_c[steps], steps // QUARTERS % 24, own=True)
    return np.asarray(np.maximum(0.0, limit_c - rooms_c).sum(axis=0) / QUARTERS)


def test_a_room_in_debt_is_kept_warmer() -> None:
    around = weather(2, outdoor_c=-4.0)
    offset_k = np.array([np.zeros(24), np.full(24, -0.5)])
    named = NamedRooms(shares=np.array([[1.0, 0.0], [1.0, 0.0]]), offset_k=offset_k, own_offset_k=offset_k)
    plain = situation(around, rooms=named, room_balance_kh=np.zeros(2), room_credit_kh=np.zeros(2))
    indebted = replace(plain, room_balance_kh=np.array([0.0, -0.8]), room_credit_kh=np.array([0.0, -0.3]))
    usual, warmer = (foreseen(one, search(one))[0] for one in (plain, indebted))
    assert named_cold_kh(warmer, named, 20.0)[1] < named_cold_kh(usual, named, 20.0)[1] - 0.1
