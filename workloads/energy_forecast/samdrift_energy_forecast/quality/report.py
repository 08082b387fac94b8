"""The report page of a building's meters: one self-contained file, a drawing with its table twin for each meter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.quality.drawing import MeterDrawing, drawing
from samdrift_energy_forecast.quality.summary import FindingRow, MonthRow, by_finding, by_month
from samdrift_energy_forecast.quality.words import CLOCK, EDGE, UNSUITABLE, WORDS

if TYPE_CHECKING:
    from jinja2 import Environment

    from samdrift_energy_forecast.quality.examination import Examination, ExaminedMeter
    from samdrift_energy_forecast.quality.sentences import Language
    from samdrift_energy_forecast.quality.verdict import Verdict

#: Places that a meter's table lists.
MOST_PLACES = 300


@dataclass(frozen=True, kw_only=True)
class MeterView:
    """One meter as the page shows it."""

    meter: ExaminedMeter
    findings: list[FindingRow]
    months: list[MonthRow]
    places: tuple[Verdict, ...]
    drawing: MeterDrawing | None
    clock: str
    edge: str
    suitable: str

    @property
    def left_out(self) -> int:
        """Hours without a value that can be believed."""
        return int(np.isnan(self.meter.heat_kwh).sum())

    @property
    def more(self) -> int:
        """Places that the table does not list."""
        return len(self.meter.verdicts) - len(self.places)

    @property
    def begins(self) -> datetime:
        """Beginning of the first hour."""
        return hours.start_of(self.meter.first)

    @property
    def ends(self) -> datetime:
        """End of the last hour."""
        return hours.start_of(self.meter.end)


def report(examination: Examination, *, name: str, language: Language) -> str:
    """The page as HTML; `name` is the building's or the file's."""
    meters = [_view(meter, language) for meter in examination.meters.values()]
    template = _environment(language).get_template("report.html.jinja")
    return template.render(name=name, language=language, meters=meters, w=WORDS[language], style=_style())


def _view(meter: ExaminedMeter, language: Language) -> MeterView:
    words = WORDS[language]
    against = ", ".join(UNSUITABLE[reason][language] for reason in meter.unsuitable)
    return MeterView(
        meter=meter,
        findings=by_finding(meter),
        months=by_month(meter),
        places=meter.verdicts[:MOST_PLACES],
        drawing=drawing(meter),
        clock=CLOCK[meter.clock][language],
        edge=EDGE[meter.edge.evidence][language],
        suitable=f"{words['no']}: {against}" if against else words["yes"],
    )


def _style() -> object:
    """The look of all reports of the platform."""
    from markupsafe import Markup

    from samdrift_evaluation.rendering import FOLDER

    return Markup((FOLDER / "templates" / "report" / "report.css").read_text(encoding="utf-8"))  # noqa: S704 - ours


def _environment(language: Language) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from samdrift_evaluation.rendering import number

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    environment.filters |= {
        "number": partial(number, language=language),
        "moment": partial(_written, "%Y-%m-%d %H:%M"),
        "day": partial(_written, "%Y-%m-%d"),
        "month": partial(_written, "%Y-%m"),
    }
    return environment


def _written(pattern: str, moment: datetime) -> str:
    return moment.strftime(pattern)
