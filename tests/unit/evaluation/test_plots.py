from __future__ import annotations

import math
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_evaluation.plots import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, drawing, svg, thinned
from samdrift_evaluation.report import Curve
from samdrift_reports.examples import REPORT

NUMBERS = st.floats(-1e9, 1e9).filter(lambda number: number == 0 or abs(number) > 1e-6)
SVG = "{http://www.w3.org/2000/svg}"


def curve(*points: tuple[float, ...], reference: tuple[tuple[float, float], ...] = ()) -> Curve:
    return Curve(name="a <curve>", x="x", y="y", points=points, reference=reference)


def places(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in text.split())]


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("shown", REPORT.curves, ids=lambda shown: shown.name)
def test_a_drawing_is_xml_with_a_name_and_a_description_and_nothing_that_runs(shown: Curve, language: str) -> None:
    root = ET.fromstring(svg(shown, language))  # noqa: S314 - our own output
    assert root.tag == f"{SVG}svg"
    named = {part.get("id"): part.text for part in root if part.tag in (f"{SVG}title", f"{SVG}desc")}
    assert set(str(root.get("aria-labelledby")).split()) == set(named)
    assert all(named.values())
    assert not [part for part in root.iter() if part.tag == f"{SVG}script" or "style" in part.attrib]


def test_points_lie_where_they_belong() -> None:
    placed = drawing(curve((0, 0), (0.5, 1), (1, 0)))
    assert places(placed.line) == [(LEFT, BOTTOM), ((LEFT + RIGHT) / 2, TOP), (RIGHT, BOTTOM)]
    assert placed.dots == tuple(places(placed.line))
    assert [label for _, label in placed.x_ticks] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    assert [label for _, label in drawing(curve((0, 0), (1, 1)), "da").x_ticks][1] == "0,2"


def test_an_interval_is_a_bar_on_each_of_few_points_and_a_band_around_many() -> None:
    few = drawing(curve((0, 0.5, 0, 1), (1, 0.5, 0, 1)))
    assert list(few.bars) == [(LEFT, TOP, BOTTOM), (RIGHT, TOP, BOTTOM)]
    assert few.band == ""
    many = drawing(curve(*((i, 0.5, 0.25, 1.0) for i in range(30)), reference=((0, 0),)))
    assert not many.bars
    assert not many.dots
    assert len(places(many.band)) == 60
    assert {y for _, y in places(many.band)} == {BOTTOM - (BOTTOM - TOP) / 4, TOP}


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=40))
def test_everything_stays_inside_the_axes(points: list[tuple[float, float]]) -> None:
    placed = drawing(curve(*points))
    for x, y in places(placed.line):
        assert LEFT - 0.1 <= x <= RIGHT + 0.1
        assert TOP - 0.1 <= y <= BOTTOM + 0.1
    for ticks in (placed.x_ticks, placed.y_ticks):
        assert 2 <= len(ticks) <= 12
        assert len({label for _, label in ticks}) == len(ticks)
    assert (WIDTH, HEIGHT) > (RIGHT, BOTTOM)


@given(st.integers(0, 400))
def test_a_long_table_is_thinned_but_keeps_its_ends(length: int) -> None:
    points = [(float(i), math.sin(i)) for i in range(length)]
    kept = thinned(points)
    assert len(kept) == len(set(kept)) == min(length, 51)
    assert list(kept) == sorted(kept)
    if points:
        assert (kept[0], kept[-1]) == (points[0], points[-1])


def test_a_curve_without_points_gives_empty_axes() -> None:
    placed = drawing(curve())
    assert placed.line == ""
    assert [label for _, label in placed.y_ticks][-1] == "1.0"
    ET.fromstring(svg(curve()))  # noqa: S314 - our own output
