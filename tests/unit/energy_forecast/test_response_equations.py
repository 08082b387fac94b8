"""The rooms' answer, held to the equations of the module's docstring, written out room by room and step by step."""

from __future__ import annotations

import numpy as np
import pytest

from samdrift_energy_forecast.thermal.response import PARAMETERS, QuarterHours, RoomResponse, RoomState, respond

STEPS, DAYS, RUNS, ROOMS = 24, 3, 2, 2
RANDOM = np.random.default_rng(4)
SMALL = ("air", "mass", "shell", "store", "leak_on", "leak_off")


def drawn() -> RoomResponse:
    """Shares that leave something over, and a few K of everything else."""
    shape = (RUNS, ROOMS)
    return RoomResponse(
        **{name: RANDOM.uniform(0.02, 0.3, shape) * (1.0 if name in SMALL else 10.0) for name in PARAMETERS}
    )


def surroundings() -> QuarterHours:
    shape = (STEPS, DAYS)
    return QuarterHours(
        first=0,
        outdoor_c=RANDOM.normal(2.0, 5.0, shape),
        sun=RANDOM.uniform(0.0, 3.0, shape),
        is_open=RANDOM.random(shape) < 0.5,
        is_ventilated=RANDOM.random(shape) < 0.5,
        is_morning=RANDOM.random(shape) < 0.5,
    )


def test_rooms_answer_by_the_equations() -> None:
    response, around = drawn(), surroundings()
    start = RoomState(
        surface_c=RANDOM.uniform(17, 22, (DAYS, RUNS, ROOMS)), mass_c=RANDOM.uniform(17, 22, (DAYS, RUNS, ROOMS))
    )
    set_points = RANDOM.choice([16.0, 21.0], (STEPS, DAYS))
    answer = respond(response, start, set_points[..., None], around)
    for day, run, room in np.ndindex(DAYS, RUNS, ROOMS):
        one = {name: float(getattr(response, name)[run, room]) for name in PARAMETERS}
        surface, mass = float(start.surface_c[day, run, room]), float(start.mass_c[day, run, room])
        for k in range(STEPS):
            outdoor, sun, fans = around.outdoor_c[k, day], around.sun[k, day], around.is_ventilated[k, day]
            leak, lift = (one["leak_on"], one["lift_on_k"]) if fans else (one["leak_off"], one["lift_off_k"])
            sun_k = one["morning_sun_k"] if around.is_morning[k, day] else one["afternoon_sun_k"]
            free = surface - leak * (surface - outdoor) + one["people_k"] * around.is_open[k, day]
            free += sun_k * sun + one["base_k"]
            held = set_points[k, day] - (0.0 if fans else one["band_k"])
            air = max(free, min(held, free + lift))
            if fans:  # cooled to 24 C at most, or to the set-point where that is higher
                air = min(air, max(set_points[k, day], 24.0))
            towards = one["air"] * (air - surface) + one["mass"] * (mass - surface) + one["shell"] * (outdoor - surface)
            surface += towards + one["surface_sun_k"] * sun
            mass += one["store"] * (surface - mass)
            assert answer.operative_c[k, day, run, room] == pytest.approx((air + surface) / 2)
            assert answer.lift_k[k, day, run, room] == pytest.approx(max(0.0, air - free))
        assert answer.end.surface_c[day, run, room] == pytest.approx(surface)
        assert answer.end.mass_c[day, run, room] == pytest.approx(mass)
