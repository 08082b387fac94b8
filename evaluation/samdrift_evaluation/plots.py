"""A curve as a drawing (SVG, made here, without a script) and as the table that says the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from samdrift_evaluation.rendering import number, render, slug
from samdrift_evaluation.report import Curve

if TYPE_CHECKING:
    from markupsafe import Markup

Place: TypeAlias = tuple[float, float]

#: The drawing's own units; it scales to the room it gets. Small, so that its 14 unit letters stay legible at 320 px.
WIDTH, HEIGHT = 440, 340
LEFT, RIGHT, TOP, BOTTOM = 86, 426, 14, 282
#: Up to so many points are dots, each with its interval as a bar; more are a line inside a band.
FEW = 20
#: Rows of the table below a drawing; longer curves are thinned evenly, first and last point kept.
ROWS = 51


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis: where a value lies, and the round values that are named."""

    low: float
    high: float
    step: float
    #: Where `low` and `high` lie in the drawing.
    start: float
    end: float

    def at(self, value: float) -> float:
        """The position of `value`, to a tenth of a unit."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    @property
    def digits(self) -> int:
        """Decimals that tell neighbouring ticks apart."""
        return next(digits for digits in range(16) if math.isclose(round(self.step, digits), self.step, rel_tol=1e-6))

    @property
    def ticks(self) -> tuple[float, ...]:
        """The values that are named, from `low` to `high`."""
        count = round((self.high - self.low) / self.step)
        return tuple(round(self.low + i * self.step, 12) for i in range(count + 1))


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """What the template draws; all positions are in the drawing's own units."""

    curve: Curve
    identity: str
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    line: str
    band: str
    reference: str
    dots: tuple[Place, ...]
    #: (x, top, bottom) of each point's interval.
    bars: tuple[tuple[float, float, float], ...]
    #: What the drawing shows, in numbers: the ends of x, and the smallest and largest y.
    ends: tuple[str, str, str, str]
    rows: tuple[tuple[float, ...], ...]


def drawing(curve: Curve, language: str = "en") -> Drawing:
    """`curve` placed; a curve without points gives empty axes from 0 to 1."""
    x = _axis([point[0] for point in (*curve.points, *curve.reference)], LEFT, RIGHT)
    y = _axis([value for point in (*curve.points, *curve.reference) for value in point[1:]], BOTTOM, TOP)
    few, banded = len(curve.points) <= FEW, all(len(point) == 4 for point in curve.points)
    return Drawing(
        curve=curve,
        identity=f"plot-{slug(curve.name)}",
        x_ticks=_ticks(x, language),
        y_ticks=_ticks(y, language),
        line=_path(curve.points, x, y),
        band=_band(curve.points, x, y) if banded and not few else "",
        reference=_path(curve.reference, x, y),
        dots=tuple((x.at(point[0]), y.at(point[1])) for point in curve.points) if few else (),
        bars=tuple((x.at(p[0]), y.at(p[3]), y.at(p[2])) for p in curve.points) if few and banded else (),
        ends=_ends(curve.points, language),
        rows=thinned(curve.points),
    )


def svg(curve: Curve, language: str = "en") -> Markup:
    """The drawing alone, as one `svg` element that may be written to a file or set into a page."""
    return render("report/plot.svg", language, drawing=drawing(curve, language))


def thinned(points: Sequence[tuple[float, ...]], most: int = ROWS) -> tuple[tuple[float, ...], ...]:
    """At most `most` of the points, evenly chosen; the first and the last are among them."""
    if len(points) <= most:
        return tuple(points)
    return tuple(points[round(i * (len(points) - 1) / (most - 1))] for i in range(most))


def _axis(values: Iterable[float], start: float, end: float) -> Axis:
    seen = list(values) or [0.0, 1.0]
    low, high = min(seen), max(seen)
    if math.isclose(low, high):
        low, high = low - max(abs(low), 1) / 2, high + max(abs(high), 1) / 2
    step = _round_step((high - low) / 5)
    # The tolerance keeps 0.7999999 from getting a tick of its own.
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    return Axis(low=low, high=high, step=step, start=start, end=end)


def _round_step(about: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below `about`."""
    power: float = 10.0 ** math.floor(math.log10(about))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= about * (1 - 1e-9))


def _ticks(axis: Axis, language: str) -> tuple[tuple[float, str], ...]:
    return tuple((axis.at(tick), number(tick, axis.digits, language=language)) for tick in axis.ticks)


def _path(points: Iterable[tuple[float, ...]], x: Axis, y: Axis) -> str:
    return " ".join(f"{x.at(point[0])},{y.at(point[1])}" for point in points)


def _band(points: Sequence[tuple[float, ...]], x: Axis, y: Axis) -> str:
    lower = [(point[0], point[2]) for point in points]
    upper = [(point[0], point[3]) for point in reversed(points)]
    return _path([*lower, *upper], x, y)


def _ends(points: Sequence[tuple[float, ...]], language: str) -> tuple[str, str, str, str]:
    def said(choose: Callable[[Iterable[float]], float], column: int) -> str:
        return number(choose(point[column] for point in points), language=language) if points else "–"

    return said(min, 0), said(max, 0), said(min, 1), said(max, 1)
