"""The evaluation suite `energy-forecast`: a family model on two winters of a building that its family never had.

The winters are simulated (EnergyPlus), so the suite needs no data of anybody's; two cores take about half a minute. How
the model does on Danish meters is not measured here, and the report says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from samdrift_evaluation.errors import EvaluationError

if TYPE_CHECKING:
    from samdrift_energy_forecast.metering.readings import Readings
    from samdrift_energy_forecast.training.report import Judged
    from samdrift_energy_forecast.training.winters import Winter
    from samdrift_evaluation.report import Curve, DataUsed, Line, Report

#: Reporting checklists that apply to a forecast that people plan by.
CHECKLISTS = ("future_ai",)
LIMITS = (
    "Simulated American buildings only; how it does on Danish meters is not done.",
    "The weather was the file's own, without forecast error, so the figures are optimistic.",
    "Hours of two winters of one building: whole days are resampled, but weather that lasts longer than a day still "
    "makes the intervals too narrow.",
)


class SeenWinterError(EvaluationError):
    """The model's family holds a winter that this suite judges on. Train it without that winter."""


class EnergySuite:
    """Evaluates a folder with a family model."""

    name = "energy-forecast"

    def evaluate(self, folder: Path) -> Report:
        """The report of the family model in `folder`.

        Raises:
            ShippedModelError: it was trained on other features.
            SeenWinterError: it learned from a winter that it would be judged on.
        """
        from samdrift_energy_forecast.forecasting.ridge import FACTS_FILE, FamilyModel
        from samdrift_energy_forecast.training.report import judge
        from samdrift_energy_forecast.training.winters import HELD_OUT, simulate_winters

        family = FamilyModel.load(folder)
        check_unseen(json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))["family"], HELD_OUT)
        with TemporaryDirectory() as simulations:
            winters = simulate_winters(HELD_OUT, Path(simulations))
        judged = {winter: judge(winter, readings, family) for winter, readings in winters.items()}
        return report_of(folder, judged, data_used(winters, judged))


def check_unseen(family: Sequence[str], held_out: Sequence[Winter]) -> None:
    """SeenWinterError names the winters of `held_out` that the family learned from."""
    if seen := sorted({winter.name for winter in held_out} & set(family)):
        raise SeenWinterError(f"The family learned from {', '.join(seen)}. Train it without.")


def report_of(folder: Path, judged: Mapping[Winter, Judged], data: DataUsed) -> Report:
    """The report from what was forecast and what was measured."""
    from samdrift_energy_forecast.forecasting.heat import HORIZON_H
    from samdrift_evaluation.checklist import checked
    from samdrift_evaluation.content import content_digest
    from samdrift_evaluation.report import Report

    lines, curves = tuple(_lines(judged)), tuple(_curves(judged))
    report = Report(
        suite=EnergySuite.name,
        subject=content_digest(folder),
        made_at=datetime.now(UTC),
        made_by=f"samdrift {version('samdrift')}",
        data=(data,),
        lines=lines,
        curves=curves,
        limits=LIMITS,
        settings={"horizon_h": HORIZON_H, "resampled": "days", "interval": "0.1 to 0.9 quantile"},
    )
    return replace(report, checklist=checked(report, CHECKLISTS))


def _lines(judged: Mapping[Winter, Judged]) -> Iterator[Line]:
    """Every measure over both winters, and by winter."""
    from samdrift_evaluation.report import Line

    for subgroup, one in {None: _together(list(judged.values())), **_by_weather(judged)}.items():
        for (name, unit), figure in zip(NAMES, one.figures().values(), strict=True):
            yield Line(name=name, figure=figure, subgroup=subgroup, unit=unit)


#: Names in policies and units of `Judged.figures`, in its order.
NAMES = (
    ("cvrmse", ""),
    ("cvrmse_naive", ""),
    ("nmbe", ""),
    ("skill", ""),
    ("coverage80", ""),
    ("pinball90", "kWh"),
)


def _by_weather(judged: Mapping[Winter, Judged]) -> dict[str | None, Judged]:
    return {f"weather={winter.weather}": one for winter, one in judged.items()}


def _together(judged: Sequence[Judged]) -> Judged:
    """All hours; a day of one winter is not the same day of another."""
    import numpy as np

    from samdrift_energy_forecast.training.report import Judged

    first_days = np.cumsum([0, *(int(one.days.max()) + 1 for one in judged[:-1])])
    columns = ("measured_kwh", "expected_kwh", "naive_kwh", "low_kwh", "high_kwh")
    joined = {name: np.concatenate([getattr(one, name) for one in judged]) for name in columns}
    days = np.concatenate([one.days + first for one, first in zip(judged, first_days, strict=True)])
    return Judged(**joined, days=days)


def _curves(judged: Mapping[Winter, Judged]) -> Iterator[Curve]:
    """CVRMSE by hour of the horizon: where a forecast gets worse."""
    import numpy as np

    from samdrift_energy_forecast.forecasting.heat import HORIZON_H
    from samdrift_evaluation.report import Curve

    together = _together(list(judged.values()))
    square = ((together.measured_kwh - together.expected_kwh) ** 2).reshape(-1, HORIZON_H).mean(axis=0)
    error = np.sqrt(square) / together.measured_kwh.mean()
    points = tuple((float(hour), float(value)) for hour, value in enumerate(error, start=1))
    yield Curve(name="error by horizon", x="hours ahead", y="root mean square error / mean", points=points)


def data_used(winters: Mapping[Winter, Readings], judged: Mapping[Winter, Judged]) -> DataUsed:
    """The simulated hours."""
    from samdrift_evaluation.report import DataUsed

    digest = hashlib.sha256()
    for readings in winters.values():
        digest.update(readings.heat_kwh.tobytes())
    together = _together(list(judged.values()))
    return DataUsed(
        name="EnergyPlus winters of a primary school: " + ", ".join(winter.weather for winter in winters),
        digest="sha256:" + digest.hexdigest(),
        cases=len(together.measured_kwh),
        units=len(set(together.days.tolist())),
        unit="day",
        source="U.S. DOE commercial reference buildings, TMY3 weather, EnergyPlus 25.2",
    )


suite = EnergySuite()
