from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset

from samdrift_mammography.results.finding import Finding, finding
from samdrift_mammography.results.source_image import SourceImage
from samdrift_mammography.views import View

fractions = st.floats(0, 1)
sides = st.integers(1, 10_000)


def source(columns: int, rows: int) -> SourceImage:
    uids = dict.fromkeys(("sop_class_uid", "sop_instance_uid", "series_instance_uid", "study_instance_uid"), "1.2")
    unknown = {"orientation": None, "spacing_mm": None, "content_date": "", "content_time": ""}
    empty = {"heading": Dataset(), "header": Dataset()}
    return SourceImage(**uids, **unknown, **empty, view=View.LCC, rows=rows, columns=columns)  # type: ignore[arg-type] # mixed


def found(x: float, y: float, radius: float, columns: int, rows: int) -> Finding:
    return finding(1, {"x": x, "y": y, "radius": radius}, source(columns, rows))


def test_fractions_become_pixels_of_the_source() -> None:
    mark = found(0.25, 0.5, 0.1, columns=400, rows=1000)
    assert (mark.column, mark.row, mark.radius) == (100, 500, 40)


@given(x=fractions, y=fractions, radius=st.floats(0.001, 1), columns=sides, rows=sides)
def test_the_outline_is_closed_and_inside_the_image(x: float, y: float, radius: float, columns: int, rows: int) -> None:
    outline = found(x, y, radius, columns, rows).outline()
    assert outline[0] == outline[-1]
    assert all(0 <= column <= columns and 0 <= row <= rows for column, row in outline)


def test_inside_the_image_the_outline_is_the_circle() -> None:
    mark = found(0.5, 0.5, 0.1, columns=1000, rows=1000)
    assert [math.dist(point, (500, 500)) for point in mark.outline()] == pytest.approx([100] * 25, abs=0.01)


@given(x=fractions, y=fractions, radius=st.floats(0.001, 0.4), columns=sides, rows=sides)
def test_the_rim_is_one_radius_away_on_the_side_with_room(
    x: float, y: float, radius: float, columns: int, rows: int
) -> None:
    mark = found(x, y, radius, columns, rows)
    column, row = mark.rim()
    assert row == mark.row
    assert abs(column - mark.column) == pytest.approx(mark.radius, abs=0.011)
    assert -0.01 <= column <= columns + 0.01
