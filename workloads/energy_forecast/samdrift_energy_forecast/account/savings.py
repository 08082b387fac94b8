"""Savings as measured: expected under fixed setback less what the meter showed, with an interval, or a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.account.baseline import Baseline, fit_baseline
from samdrift_energy_forecast.account.days import Operation
from samdrift_energy_forecast.account.held_out import HeldOut, held_out, stretches
from samdrift_energy_forecast.account.refusal import Refusal, RefusalCode
from samdrift_energy_forecast.building.calendar import EPOCH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.account.days import Days

#: Probability with which the interval is meant to cover the true saving.
LEVEL = 0.9
#: Guideline 14 asks that the uncertainty at this level be less than half of the saving.
GUIDELINE_14_LEVEL, GUIDELINE_14_SHARE = 0.68, 0.5
#: Days that are needed; a stretch of the reference that is held out has this length by design.
FEWEST_REFERENCE_DAYS, FEWEST_REPORTING_DAYS = 60, 28
#: Of the reporting period's days so many must be measured: what happened on the others nobody knows.
LEAST_MEASURED_SHARE = 0.8
#: Guideline 14 allows 30 % for hourly and 15 % for monthly values; days lie between them.
LARGEST_CVRMSE = 0.35
#: Of weather further outside of what it was fitted on the model knows nothing, in K; so many such days may be.
BEYOND_K, MOST_BEYOND_SHARE = 3.0, 0.1
FEWEST_STRETCHES = 4
#: Alternating weeks: at least so many weeks under plans have one under fixed setback beside them, nearly all of them.
FEWEST_WEEKS, LEAST_BESIDE_SHARE = 4, 0.8


class Design(StrEnum):
    """How reference and reporting days lie in time."""

    #: Reference first, plans afterwards. What else changed between them is in the figure.
    BEFORE_AFTER = "before_after"
    #: Weeks in turn, drawn by lot in pairs: what changes slowly is in both.
    ALTERNATING_WEEKS = "alternating_weeks"


#: Days of a stretch that is held out.
STRETCH_DAYS = {Design.BEFORE_AFTER: 28, Design.ALTERNATING_WEEKS: 7}


@dataclass(frozen=True, kw_only=True)
class Interval:
    """From `low` to `high` in the unit of what it belongs to."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Week:
    """The measured days under plans of one week."""

    #: Its Monday.
    begins: date
    days: int
    expected_kwh: float
    measured_kwh: float


@dataclass(frozen=True, kw_only=True)
class Savings:
    """What plans saved on the days that were measured. Negative: more was used."""

    first: date
    last: date
    design: Design
    reference_days: int
    reporting_days: int
    #: Expected under fixed setback, measured, and the difference, on the `reporting_days`.
    expected_kwh: float
    measured_kwh: float
    saved_kwh: float
    #: At `LEVEL`.
    interval_kwh: Interval
    baseline: Baseline
    held_out: HeldOut
    #: Whether Guideline 14's condition for reporting a saving holds.
    meets_guideline_14: bool
    #: The measured days under plans week by week, for a person who wants to see them.
    weeks: tuple[Week, ...]

    @property
    def is_shown(self) -> bool:
        """Whether the interval lies above 0: a saving is shown, not only computed."""
        return self.interval_kwh.low > 0


def measured_savings(days: Days, first: date, last: date) -> Savings | Refusal:
    """What plans saved from `first` to `last`, against all days under fixed setback in `days`.

    Days with other operation, without weather or with too few measured hours are left out. A refusal names what lacks.
    """
    reference = days.is_usable & days.of(Operation.SETBACK)
    wanted = days.of(Operation.PLAN) & days.between(first, last)
    reporting = days.is_usable & wanted
    refusal = _too_thin(reference, reporting, wanted)
    if refusal is not None:
        return refusal
    baseline = fit_baseline(days, reference)
    design = design_of(days, reference, reporting)
    errors = held_out(days, reference, baseline, length=STRETCH_DAYS[design])
    refusal = _not_to_be_trusted(days, reference, reporting, baseline, errors)
    return refusal or _savings(days, reporting, baseline, errors, design)


def design_of(days: Days, reference: NDArray[np.bool_], reporting: NDArray[np.bool_]) -> Design:
    """Alternating weeks where a week under fixed setback lies beside most weeks under plans."""
    week = week_of(days)
    fixed = set(week[reference].tolist())
    beside = [one for one in set(week[reporting].tolist()) if {one - 1, one + 1} & fixed]
    share = float(np.isin(week[reporting], beside).mean()) if reporting.any() else 0.0
    is_alternating = len(beside) >= FEWEST_WEEKS and share >= LEAST_BESIDE_SHARE
    return Design.ALTERNATING_WEEKS if is_alternating else Design.BEFORE_AFTER


def half_width_share(
    expected_kwh: NDArray[np.float64], parts: list[NDArray[np.int64]], errors: HeldOut, design: Design, level: float
) -> float:
    """Half of the interval as a share of the expected sum.

    Before and after: the error of a held-out stretch is taken to last for the whole reporting period, because what
    changes between two winters does not average out. Alternating weeks: errors of different weeks are independent, and
    average out; that of the fit remains. Student's t for the few stretches that the error is known from.
    """
    from scipy import stats

    total = float(expected_kwh.sum())
    sums = np.array([expected_kwh[part].sum() for part in parts]) / total
    of_reporting = 1.0 if design is Design.BEFORE_AFTER else float((sums**2).sum())
    of_fit = 1.0 / errors.stretches
    quantile = float(stats.t.ppf(0.5 + level / 2, errors.stretches - 1))
    return quantile * errors.relative_error * float(np.sqrt(of_reporting + of_fit))


def _savings(days: Days, reporting: NDArray[np.bool_], baseline: Baseline, errors: HeldOut, design: Design) -> Savings:
    expected = np.where(reporting, baseline.expected_kwh(days), 0.0)
    parts = stretches(days.number, reporting, STRETCH_DAYS[design])
    total, measured = float(expected.sum()), float(days.heat_kwh[reporting].sum())
    half, half_14 = (
        total * half_width_share(expected, parts, errors, design, level) for level in (LEVEL, GUIDELINE_14_LEVEL)
    )
    saved, places = total - measured, np.flatnonzero(reporting)
    return Savings(
        first=days.date_of(int(places[0])),
        last=days.date_of(int(places[-1])),
        design=design,
        reference_days=baseline.days,
        reporting_days=int(reporting.sum()),
        expected_kwh=total,
        measured_kwh=measured,
        saved_kwh=saved,
        interval_kwh=Interval(low=saved - half, high=saved + half),
        baseline=baseline,
        held_out=errors,
        meets_guideline_14=saved > 0 and half_14 < GUIDELINE_14_SHARE * saved,
        weeks=tuple(_weeks(days, reporting, expected)),
    )


def _weeks(days: Days, reporting: NDArray[np.bool_], expected_kwh: NDArray[np.float64]) -> Iterator[Week]:
    week = week_of(days)
    for one in np.unique(week[reporting]):
        inside = reporting & (week == one)
        yield Week(
            begins=EPOCH + timedelta(days=int(one) * 7 - 3),
            days=int(inside.sum()),
            expected_kwh=float(expected_kwh[inside].sum()),
            measured_kwh=float(days.heat_kwh[inside].sum()),
        )


def week_of(days: Days) -> NDArray[np.int64]:
    """The number of each day's week; weeks begin on Monday, and 1970-01-01 was a Thursday."""
    week: NDArray[np.int64] = (days.number + 3) // 7
    return week


def _too_thin(reference: NDArray[np.bool_], reporting: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> Refusal | None:
    if reference.sum() < FEWEST_REFERENCE_DAYS:
        return Refusal.of(RefusalCode.REFERENCE_THIN, days=int(reference.sum()), needed=FEWEST_REFERENCE_DAYS)
    if not wanted.any():
        return Refusal.of(RefusalCode.NO_PLAN_DAYS)
    share = float(reporting.sum() / wanted.sum())
    if share < LEAST_MEASURED_SHARE:
        return Refusal.of(RefusalCode.METER_DIED, share=share, needed=LEAST_MEASURED_SHARE)
    if reporting.sum() < FEWEST_REPORTING_DAYS:
        return Refusal.of(RefusalCode.REPORTING_THIN, days=int(reporting.sum()), needed=FEWEST_REPORTING_DAYS)
    return None


def _not_to_be_trusted(
    days: Days, reference: NDArray[np.bool_], reporting: NDArray[np.bool_], baseline: Baseline, errors: HeldOut
) -> Refusal | None:
    if not baseline.cvrmse <= LARGEST_CVRMSE:
        return Refusal.of(RefusalCode.POOR_FIT, cvrmse=baseline.cvrmse, most=LARGEST_CVRMSE)
    if errors.stretches < FEWEST_STRETCHES:
        return Refusal.of(RefusalCode.REFERENCE_SHORT, stretches=errors.stretches, needed=FEWEST_STRETCHES)
    known, met = days.smoothed_c[reference], days.smoothed_c[reporting]
    beyond = float(((met < known.min() - BEYOND_K) | (met > known.max() + BEYOND_K)).mean())
    if beyond > MOST_BEYOND_SHARE:
        return Refusal.of(RefusalCode.OTHER_WEATHER, share=beyond)
    return None
