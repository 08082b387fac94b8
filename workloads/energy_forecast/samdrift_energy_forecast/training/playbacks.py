"""Plays plans for held-out winters back: `python -m samdrift_energy_forecast.training.playbacks FOLDER MODEL`.

Prints a Markdown table: heat and cold of 48 h under each plan and under the fixed setback plan. FOLDER keeps the
simulated winters, as for `training`; MODEL is the family model's folder.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.emulator import Experiment, simulate_side_by_side
from samdrift_energy_forecast.forecast import HORIZON_H
from samdrift_energy_forecast.meters import Readings
from samdrift_energy_forecast.planner import PlannedBuilding, plan
from samdrift_energy_forecast.playback import Score, score
from samdrift_energy_forecast.ridge import FamilyModel
from samdrift_energy_forecast.training.report import readings_until
from samdrift_energy_forecast.training.winters import FIRST_DAY, HELD_OUT, Winter, simulate_winters

#: Days since the winter's first on which plans are made: Mondays and Wednesdays, December to March.
PLAN_DAYS = (28, 44, 70, 79, 93, 119)
RUN_IN_DAYS, HORIZON_DAYS = 7, 2


@dataclass(frozen=True, kw_only=True)
class PlayedBack:
    """One plan beside the fixed setback plan over the same 48 h."""

    winter: Winter
    day: date
    plan: PlannedBuilding
    planned: Score
    fixed: Score

    def row(self) -> str:
        """As a line of the Markdown table."""
        saved = 1 - self.planned.heat_kwh / self.fixed.heat_kwh
        foreseen = 1 - float(self.plan.planned_kwh.sum() / self.plan.setback_kwh.sum())
        cells = (
            f"{self.winter.weather}, {self.day:%a %d %b}",
            f"{self.plan.operation.temperature_c.mean():.1f}",
            f"{self.fixed.heat_kwh:,.0f}",
            f"{saved:.1%}",
            f"{foreseen:.1%}",
            f"{self.fixed.cold_kh:.2f} -> {self.planned.cold_kh:.2f}",
            "yes" if self.planned.as_comfortable_as(self.fixed) else "**no**",
        )
        return f"| {' | '.join(cells)} |"


def main(simulations: str, model: str) -> None:
    """Simulate, plan, play back and print."""
    family = FamilyModel.load(Path(model))
    print("| plan for | outdoor C | fixed kWh | saved | foreseen | K h per zone | comfort kept |")  # noqa: T201 - the result
    print("|---|---|---|---|---|---|---|")  # noqa: T201 - the result
    for winter, readings in simulate_winters(HELD_OUT, Path(simulations)).items():
        for played in play_back(winter, readings, family):
            print(played.row(), flush=True)  # noqa: T201 - the result


def play_back(winter: Winter, readings: Readings, family: FamilyModel) -> Iterator[PlayedBack]:
    """Plan on each of PLAN_DAYS with what was known then, weather known without error, and simulate both plans."""
    for day in PLAN_DAYS:
        origin = day * hours.DAY
        surroundings = winter.operation.window(winter.first_hour, origin + HORIZON_H)
        made = plan(winter.document, readings_until(readings, origin), surroundings, family)
        runs = simulate_side_by_side([_experiment(winter, day, made), _experiment(winter, day, None)])
        is_open = winter.operation.is_open[origin - RUN_IN_DAYS * hours.DAY : origin + HORIZON_H]
        planned, fixed = (score(run, is_open, RUN_IN_DAYS * hours.DAY, HORIZON_H) for run in runs)
        yield PlayedBack(winter=winter, day=FIRST_DAY + timedelta(days=day), plan=made, planned=planned, fixed=fixed)


def _experiment(winter: Winter, day: int, made: PlannedBuilding | None) -> Experiment:
    first = (day - RUN_IN_DAYS) * hours.DAY
    set_points_c = winter.operation.setback_c[first : first + (RUN_IN_DAYS + HORIZON_DAYS) * hours.DAY].tolist()
    if made is not None:
        set_points_c[-HORIZON_H:] = made.set_points.celsius.tolist()
    return Experiment(
        building=winter.building,
        weather=winter.weather,
        first_day=FIRST_DAY + timedelta(days=day - RUN_IN_DAYS),
        set_points_c=tuple(set_points_c),
        holidays=winter.experiment().holidays,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
