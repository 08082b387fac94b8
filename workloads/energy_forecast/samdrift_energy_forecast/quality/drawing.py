"""A meter's days as a drawing (SVG without a script): heat as read and as usable, and a strip for each finding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.quality.summary import by_finding, daily_means

if TYPE_CHECKING:
    from samdrift_energy_forecast.quality.examination import ExaminedMeter

#: The drawing's own units; it scales to the room it gets.
WIDTH, LEFT, RIGHT = 900, 170, 855
TOP, BOTTOM, STRIP = 12, 220, 22
#: Ticks on the time axis at most.
MOST_TICKS = 8


@dataclass(frozen=True, kw_only=True)
class Strip:
    """Where one finding lies: (x, width) of each of its stretches."""

    code: str
    y: float
    bars: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class MeterDrawing:
    """What the template draws; all positions are in the drawing's own units."""

    height: float
    #: Points of each unbroken piece of the lines.
    as_read: tuple[str, ...]
    usable: tuple[str, ...]
    strips: tuple[Strip, ...]
    x_ticks: tuple[tuple[float, datetime], ...]
    y_ticks: tuple[tuple[float, float], ...]


def drawing(meter: ExaminedMeter) -> MeterDrawing | None:
    """The drawing of a series; None for one without hours."""
    read, usable = (list(daily_means(meter.first, kwh)) for kwh in (meter.raw_kwh, meter.heat_kwh))
    values = [value for _, value in usable if value is not None] or [value for _, value in read if value is not None]
    if not values:
        return None
    # Spikes and other units would press everything else to the floor, so the usable days set the scale.
    top = max(max(values), 1e-9) * 1.1
    strips = _strips(meter)
    return MeterDrawing(
        height=BOTTOM + 40 + STRIP * len(strips),
        as_read=_pieces(read, meter, top),
        usable=_pieces(usable, meter, top),
        strips=strips,
        x_ticks=_x_ticks(meter),
        y_ticks=tuple((_y(share * top, top), share * top) for share in (0.0, 0.5, 1.0)),
    )


def _strips(meter: ExaminedMeter) -> tuple[Strip, ...]:
    rows = [row for row in by_finding(meter) if row.example.first is not None]
    return tuple(
        Strip(
            code=str(row.code),
            y=BOTTOM + 40 + STRIP * place,
            bars=tuple(
                (
                    _x(verdict.first, meter),
                    max(_x(verdict.first + verdict.count, meter) - _x(verdict.first, meter), 1.5),
                )
                for verdict in meter.verdicts
                if verdict.code is row.code and verdict.first is not None
            ),
        )
        for place, row in enumerate(rows)
    )


def _x(hour: float, meter: ExaminedMeter) -> float:
    share = (hour - meter.first) / max(len(meter.raw_kwh), 1)
    return round(LEFT + min(max(share, 0.0), 1.0) * (RIGHT - LEFT), 1)


def _y(value: float, top: float) -> float:
    return round(BOTTOM - min(value / top, 1.0) * (BOTTOM - TOP), 1)


def _pieces(days: Iterable[tuple[datetime, float | None]], meter: ExaminedMeter, top: float) -> tuple[str, ...]:
    pieces: list[list[str]] = [[]]
    for begins, value in days:
        if value is None:
            pieces.append([])
        else:
            noon = hours.beginning_at(begins) + hours.DAY / 2
            pieces[-1].append(f"{_x(noon, meter)},{_y(max(value, 0.0), top)}")
    return tuple(" ".join(piece) for piece in pieces if piece)


def _x_ticks(meter: ExaminedMeter) -> tuple[tuple[float, datetime], ...]:
    days: Sequence[int] = range(meter.first - meter.first % hours.DAY, meter.end, hours.DAY)
    step = max(len(days) // MOST_TICKS, 1)
    return tuple((_x(hour, meter), hours.start_of(hour)) for hour in days[::step])
