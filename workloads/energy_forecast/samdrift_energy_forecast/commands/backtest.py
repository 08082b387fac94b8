"""`samdrift energy backtest`: how well day-ahead forecasts would have done on meters that already exist."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from samdrift_energy_forecast.forecasting.backtest import Score

FIGURES = ("cvrmse", "nmbe", "pinball", "coverage80")


def backtest(
    meters: Annotated[Path, typer.Option(help="Parquet: UTC index, one column a building, kWh an hour.", exists=True)],
    weather: Annotated[
        Path, typer.Option(help="Parquet: UTC index; ta_c and ghi_w_m2 (rh_pct is not used).", exists=True)
    ],
    train_end: Annotated[str, typer.Option(help="The last day of the training (UTC).")],
    test_start: Annotated[str, typer.Option(help="The day of the first forecast (UTC).")],
    test_end: Annotated[str, typer.Option(help="The last day that is judged (UTC).")],
    horizon: Annotated[int, typer.Option(min=1, max=72, help="Hours of each forecast.")] = 24,
    model: Annotated[str, typer.Option(help="mixture, pooled (faster) or ridge (fastest).")] = "mixture",
    time_zone: Annotated[str | None, typer.Option(help="IANA zone of the buildings; else told from the loads.")] = None,
    country: Annotated[str | None, typer.Option(help="ISO 3166 code whose public holidays are free days.")] = None,
    school_holidays: Annotated[
        Path | None, typer.Option(help="CSV of school holidays; their days are free days.", exists=True)
    ] = None,
    stamp: Annotated[str, typer.Option(help="start or end: which edge of its hour a stamp is.")] = "start",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Forecast once a day at 00 UTC with the loads known then, and judge the forecasts building by building.

    Weather of the forecast hours is taken from the weather file: observed weather makes the figures optimistic.
    """
    from samdrift_energy_forecast.forecasting.backtest import Period
    from samdrift_energy_forecast.forecasting.backtest import backtest as judged
    from samdrift_energy_forecast.forecasting.day_ahead import Recipe
    from samdrift_energy_forecast.forecasting.panel_files import read_panel

    began = perf_counter()
    trained, until = _last_day(train_end, "--train-end"), _last_day(test_end, "--test-end")
    panel = read_panel(
        meters,
        weather,
        until=until,
        fitted_until=trained,
        zone=time_zone,
        country=country,
        closed=_closed(school_holidays),
        stamp=stamp,
    )
    begins = _instant(test_start, "--test-start").date()
    period = Period.of(panel.clock.first_day, train_end=trained, test_start=begins)
    scores = judged(panel, period, horizon_h=horizon, recipe=Recipe(model))
    told = _told(scores) | {"time_zone": panel.clock.zone, "seconds": round(perf_counter() - began, 2)}
    typer.echo(json.dumps(told, indent=2) if as_json else _table(told))


def _closed(file: Path | None) -> frozenset[date]:
    """The days of all periods of the file."""
    from samdrift_energy_forecast.building.school_holidays import read_csv

    periods = read_csv(file.read_bytes()) if file else []
    return frozenset(
        period.first + timedelta(days=day) for period in periods for day in range((period.last - period.first).days + 1)
    )


def _instant(text: str, option: str) -> datetime:
    """A UTC day or instant; one without an offset is taken as UTC."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no ISO 8601 day such as 2021-12-31.", param_hint=option) from None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _last_day(text: str, option: str) -> date:
    """The last day of a period that ends with `text`: a day is meant in full, and midnight ends the day before."""
    instant = _instant(text, option)
    is_midnight = len(text) > len("2021-12-31") and instant.time() == time(0)
    return (instant - timedelta(days=1)).date() if is_midnight else instant.date()


def _told(scores: dict[str, Score]) -> dict[str, Any]:
    from samdrift_energy_forecast.forecasting.backtest import GUIDELINE_14_CVRMSE, PINBALL_LEVELS

    known = [asdict(score) for score in scores.values() if score.cvrmse is not None]
    within = sum(score["cvrmse"] <= GUIDELINE_14_CVRMSE for score in known)
    return {
        "buildings": {name: asdict(score) for name, score in scores.items()},
        "medians": {figure: median(score[figure] for score in known) if known else None for figure in FIGURES},
        "guideline_14": {"cvrmse_at_most": GUIDELINE_14_CVRMSE, "buildings_within": within, "buildings": len(known)},
        "pinball_levels": list(PINBALL_LEVELS),
    }


def _table(told: dict[str, Any]) -> str:
    lines = [f"{'building':12} {'CVRMSE':>7} {'NMBE':>7} {'pinball':>8} {'cover80':>8} {'n':>6}  model"]
    for name, score in told["buildings"].items():
        lines.append(f"{name:12} {_figures(score)} {score['n']:>6}  {score['model']}")
    lines.append(f"{'median':12} {_figures(told['medians'])}")
    rule = told["guideline_14"]
    lines.append(
        f"Guideline 14 (hourly CVRMSE at most {rule['cvrmse_at_most']:.0%}): {rule['buildings_within']} of "
        f"{rule['buildings']} buildings. Local time {told['time_zone']}. {told['seconds']} s."
    )
    return "\n".join(lines)


def _figures(score: dict[str, Any]) -> str:
    if score["cvrmse"] is None:
        return f"{'-':>7} {'-':>7} {'-':>8} {'-':>8}"
    return f"{score['cvrmse']:7.3f} {score['nmbe']:7.3f} {score['pinball']:8.3g} {score['coverage80']:8.3f}"
