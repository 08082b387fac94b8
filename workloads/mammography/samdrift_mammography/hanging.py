"""Where the pictures hang: RCC LCC RMLO LMLO at one scale, right breasts to the right so that chest walls meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from samdrift_mammography.views import View


@dataclass(frozen=True, kw_only=True)
class Circle:
    """A mark in the pixels of the frame."""

    x: float
    y: float
    radius: float
    #: Counted through all views of the exam, as in the table.
    number: int


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One picture in a frame of the common size; all measures in pixels of the picture."""

    view: str
    #: Its place among the exam's views, counted from 0.
    number: int
    #: Size of the frame, the same for all views of the exam.
    width: int
    height: int
    #: Left edge and size of the picture in the frame.
    left: int
    columns: int
    rows: int
    circles: Sequence[Circle]


def hung(views: Sequence[Mapping[str, Any]]) -> list[Frame]:
    """Frames for the views that have a picture, in the order of `views` (hanging order)."""
    shown = [(number, view) for number, view in enumerate(views) if view["picture"]]
    width = max((view["picture"]["columns"] for _, view in shown), default=0)
    height = max((view["picture"]["rows"] for _, view in shown), default=0)
    numbers = _mark_numbers(views)
    return [_frame(number, view, width, height, numbers[number]) for number, view in shown]


def _mark_numbers(views: Sequence[Mapping[str, Any]]) -> list[int]:
    """How many marks the views before each one have."""
    counts = [len(view["marks"]) for view in views]
    return [sum(counts[:place]) for place in range(len(counts))]


def _frame(number: int, view: Mapping[str, Any], width: int, height: int, before: int) -> Frame:
    columns, rows = view["picture"]["columns"], view["picture"]["rows"]
    left = width - columns if view["view"] in {View.RCC, View.RMLO} else 0
    circles = [
        Circle(
            x=round(left + mark["x"] * columns, 1),
            y=round(mark["y"] * rows, 1),
            radius=round(mark["radius"] * columns, 1),
            number=before + place,
        )
        for place, mark in enumerate(view["marks"], start=1)
    ]
    return Frame(
        view=view["view"],
        number=number,
        width=width,
        height=height,
        left=left,
        columns=columns,
        rows=rows,
        circles=circles,
    )
