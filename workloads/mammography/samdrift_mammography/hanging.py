"""Where the pictures hang: RCC LCC RMLO LMLO at one scale, right breasts to the right so that chest walls meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from samdrift_mammography.reasons import PIXEL_PROBLEMS
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
    #: No picture was kept: it is made from the image when it is asked for, and fills the frame whatever its scale.
    fitted: bool = False


#: Frame of an exam without any picture, in pixels: 18 x 24 cm at the pictures' 0.4 mm.
_EMPTY_WIDTH, _EMPTY_HEIGHT = 450, 600


def hung(views: Sequence[Mapping[str, Any]]) -> list[Frame]:
    """Frames for the views that have a picture or can have one, in the order of `views` (hanging order)."""
    kept = {number: view for number, view in enumerate(views) if view["picture"]}
    width = max((view["picture"]["columns"] for view in kept.values()), default=_EMPTY_WIDTH)
    height = max((view["picture"]["rows"] for view in kept.values()), default=_EMPTY_HEIGHT)
    numbers = _mark_numbers(views)
    frames = [_frame(number, view, width, height, numbers[number]) for number, view in kept.items()]
    frames += [
        Frame(
            view=view["view"],
            number=number,
            width=width,
            height=height,
            left=0,
            columns=width,
            rows=height,
            circles=(),
            fitted=True,
        )
        for number, view in _without_picture(views)
    ]
    return sorted(frames, key=lambda frame: frame.number)


def _without_picture(views: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The first image of each standard view that nobody scored, though it can be decoded as far as anybody knows."""
    seen = {view["view"] for view in views if view["picture"]}
    for number, view in enumerate(views):
        if view["view"] and view["view"] not in seen and not set(PIXEL_PROBLEMS) & set(view["problems"]):
            seen.add(view["view"])
            yield number, view


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
