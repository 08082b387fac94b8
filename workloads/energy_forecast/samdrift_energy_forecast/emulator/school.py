"""The demonstration's school: what its meters, sensors and weather service would have delivered."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from samdrift_energy_forecast import hours

if TYPE_CHECKING:
    from samdrift_energy_forecast.emulator import Experiment, Simulated
    from samdrift_energy_forecast.submission import Building

#: A primary school in Chicago's typical winter, which no choice in this package was made on.
BUILDING, WEATHER = "primary_school", "usa_il_chicago"
ZONE = ZoneInfo("Europe/Copenhagen")
FIRST_DAY, HISTORY_DAYS, HORIZON_DAYS = date(2026, 1, 5), 28, 3
PLAN_DAY = FIRST_DAY + timedelta(days=HISTORY_DAYS)
#: A week of the history before a plan is played back, so that walls and plant are where they would be.
RUN_IN_DAYS = 7
#: A day under fixed setback afterwards shows what the plan left behind.
AFTERWARDS_DAYS = 1

#: The weather forecast's error is made up, because a typical year has none: a random walk pulled towards zero, whose
#: steps have this standard deviation (K) and keep this share from hour to hour. About 1 K after a day.
FORECAST_STEP_K, FORECAST_MEMORY, FORECAST_SEED = 0.3, 0.95, 20260202


def issue_time() -> datetime:
    """When the plan is made: local midnight before a Monday."""
    return datetime.combine(PLAN_DAY, time(), ZONE)


def document(readings: str, observed: str, forecast: str) -> dict[str, Any]:
    """The submission, given the references of its three objects."""
    weekdays = ("monday", "tuesday", "wednesday", "thursday", "friday")
    return {
        "issue_time": issue_time().isoformat(),
        "buildings": [
            {
                "id": "demonstration-school",
                "name": "Demonstrationsskolen",
                "time_zone": ZONE.key,
                "readings": readings,
                "weather_observed": observed,
                "weather_forecast": forecast,
                "calendar": {
                    "opening": {day: {"begins": "08:00", "ends": "16:00"} for day in weekdays},
                    "ventilation": {"begins": "06:00", "ends": "21:00"},
                },
                "setback": {"warm_c": 21.0, "setback_c": 16.0, "warm": {"begins": "06:00", "ends": "17:00"}},
                "comfort": {"open_c": 20.0, "closed_c": 12.0, "highest_set_point_c": 23.0},
                "tariff": {"currency": "DKK", "price_per_kwh": 0.62},
                "emission": {
                    "kg_co2_per_kwh": 0.034,
                    "year": 2021,
                    "method": "HOFOR, environmental declaration, 200 % method",
                },
            }
        ],
    }


def described() -> Building:
    """The building as its submission describes it."""
    from samdrift_energy_forecast.submission import Submission

    nothing = "sha256:" + "0" * 64
    return Submission.model_validate(document(nothing, nothing, nothing)).buildings[0]


def experiment(first_day: date, days: int, instead: Mapping[datetime, float] | None = None) -> Experiment:
    """The school under fixed setback from `first_day`; `instead` names other set-points of quarter-hours."""
    from samdrift_energy_forecast.building.calendar import BuildingCalendar
    from samdrift_energy_forecast.emulator import Experiment
    from samdrift_energy_forecast.plans.document import QUARTER
    from samdrift_energy_forecast.thermal.response import QUARTERS

    first = _first_hour(first_day)
    fixed = BuildingCalendar(described()).setback_c(first, days * hours.DAY).repeat(QUARTERS).tolist()
    begins = hours.start_of(first)
    planned = {round((stamp - begins) / QUARTER): celsius for stamp, celsius in (instead or {}).items()}
    set_points_c = tuple(planned.get(k, celsius) for k, celsius in enumerate(fixed))
    return Experiment(
        building=BUILDING,
        weather=WEATHER,
        first_day=first_day,
        set_points_c=set_points_c,
        changes_per_hour=QUARTERS,
    )


def history() -> Experiment:
    """The weeks before the plan, under fixed setback."""
    return experiment(FIRST_DAY, HISTORY_DAYS)


def playback(instead: Mapping[datetime, float] | None = None) -> Experiment:
    """The end of the history, the days of the plan, and a day after them."""
    days = RUN_IN_DAYS + HORIZON_DAYS + AFTERWARDS_DAYS
    return experiment(PLAN_DAY - timedelta(days=RUN_IN_DAYS), days, instead)


def readings_csv(simulated: Simulated) -> bytes:
    """The history as meters and room sensors deliver it."""
    rows = zip(simulated.heat_kwh, simulated.indoor_c, simulated.coldest_room_c, strict=True)
    first = _first_hour(FIRST_DAY)
    return _table(
        ("stamp", "heat_kwh", "indoor_c", "coldest_room_c"),
        (
            (_stamp(first + k), f"{heat:.3f}", f"{mean:.2f}", f"{least:.2f}")
            for k, (heat, mean, least) in enumerate(rows)
        ),
    )


def observed_csv() -> bytes:
    """Observed weather of the history: the weather file's own."""
    points = _weather(FIRST_DAY, HISTORY_DAYS)
    first = _first_hour(FIRST_DAY)
    return _table(
        ("stamp", "temperature_c", "global_radiation_w_m2"),
        ((_stamp(first + k), f"{celsius:.2f}", f"{sun:.0f}") for k, (celsius, sun) in enumerate(points)),
    )


def forecast_csv() -> bytes:
    """The forecast issued at the beginning of the plan: the weather file's hours with a made-up error."""
    points = _weather(PLAN_DAY, HORIZON_DAYS)
    first, issued = _first_hour(PLAN_DAY), _stamp(_first_hour(PLAN_DAY) - 1)
    errors = forecast_errors_k(len(points))
    return _table(
        ("issued", "stamp", "temperature_c", "global_radiation_w_m2"),
        (
            (issued, _stamp(first + k), f"{celsius + errors[k]:.2f}", f"{sun:.0f}")
            for k, (celsius, sun) in enumerate(points)
        ),
    )


def forecast_errors_k(count: int) -> list[float]:
    """The made-up error of each lead time in K; the same every time."""
    import numpy as np

    errors = []
    error = 0.0
    for step in np.random.default_rng(FORECAST_SEED).normal(0.0, FORECAST_STEP_K, count):
        error = FORECAST_MEMORY * error + float(step)
        errors.append(error)
    return errors


def simulated_once(experiments: Sequence[Experiment], folder: Path) -> list[Simulated]:
    """Answers to `experiments`, kept in `folder` so that a second demonstration on the same home does not ask again."""
    from samdrift_energy_forecast.emulator import Simulated, simulate_side_by_side

    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"simulated-{_digest(asked.to_json())}.json" for asked in experiments]
    missing = [(asked, file) for asked, file in zip(experiments, files, strict=True) if not file.exists()]
    answers = simulate_side_by_side([asked for asked, _ in missing])
    for (_, file), answer in zip(missing, answers, strict=True):
        file.write_text(answer.to_json(), encoding="utf-8")
    return [Simulated.from_json(file.read_text(encoding="utf-8")) for file in files]


def _digest(text: str) -> str:
    from hashlib import sha256

    return sha256(text.encode()).hexdigest()[:16]


def _weather(first_day: date, days: int) -> list[tuple[float, float]]:
    from samdrift_energy_forecast.emulator.weather_file import weather_hours

    known = weather_hours(WEATHER, first_day, days)
    return list(zip(known.temperature_c, known.global_radiation_w_m2, strict=True))


def _first_hour(day: date) -> int:
    return hours.beginning_at(datetime.combine(day, time(), ZONE))


def _stamp(hour: int) -> str:
    return hours.end_of(hour).strftime("%Y-%m-%dT%H:%M:%SZ")


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8")
