"""The four views of an exam as one small grey picture, with the marks drawn in and the notice above.

CC above MLO, the right breast to the left of the left one, so that chest walls meet: as mammograms hang.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from samdrift_mammography.errors import DocumentError
from samdrift_mammography.results.finding import Finding
from samdrift_mammography.views import Laterality, Projection, View

#: Height of a line of text, and of the letters in it, in pixels.
LINE, LETTERS = 28, 18
#: DejaVu Sans has the Danish letters, which Pillow's own font lacks. Matplotlib brings it.
FONT = ("matplotlib", "mpl-data/fonts/ttf/DejaVuSans.ttf")
#: Width of a mark's line in pixels: white, between black ones, so that it shows on any tissue.
STROKE = 2
_WHITE, _BLACK = 255, 0


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One view in the mosaic."""

    view: View
    picture: Image.Image
    #: Marks in this very image.
    findings: tuple[Finding, ...]


def panel(view: View, png: bytes, findings: Iterable[Finding]) -> Panel:
    """The panel of a view whose picture is `png`."""
    with Image.open(BytesIO(png)) as picture:
        return Panel(view=view, picture=picture.convert("L"), findings=tuple(findings))


def mosaic(panels: Sequence[Panel], lines: Sequence[str]) -> NDArray[np.uint8]:
    """(rows, columns), 0-255, of at least one panel, all at one scale, with `lines` of text above."""
    width = max(each.picture.width for each in panels)
    height = max(each.picture.height for each in panels)
    columns = max(2 * width, *(LETTERS + int(letters().getlength(line)) for line in lines))
    top = LINE * len(lines) + LINE // 2
    canvas = Image.new("L", (columns, top + 2 * (LINE + height)), _BLACK)
    for number, line in enumerate(lines):
        _write(canvas, (0, number * LINE), line)
    for each in panels:
        left = columns // 2 - (each.picture.width if each.view.laterality is Laterality.RIGHT else 0)
        upper = top + (0 if each.view.projection is Projection.CC else LINE + height)
        _hang(canvas, each, left, upper)
    return np.asarray(canvas)


@cache
def letters() -> ImageFont.FreeTypeFont:
    """The font, found without importing the package that it lies in."""
    package, name = FONT
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise DocumentError(f"The letters of pictures are missing. Install {package}, which brings them.")
    return ImageFont.truetype(str(Path(spec.origin).parent / name), LETTERS)


def _hang(canvas: Image.Image, hung: Panel, left: int, upper: int) -> None:
    """The panel with its name above, its corner at `left` and `upper`."""
    _write(canvas, (left, upper), f"{hung.view.laterality} {hung.view.projection}")
    canvas.paste(hung.picture, (left, upper + LINE))
    for found in hung.findings:
        _circle(canvas, found, hung.picture, (left, upper + LINE))


def _circle(canvas: Image.Image, found: Finding, picture: Image.Image, corner: tuple[int, int]) -> None:
    """The finding's circle and number, where its image's pixels are in the picture."""
    drawing = ImageDraw.Draw(canvas)
    scale = picture.width / found.image.columns
    x, y = corner[0] + found.column * scale, corner[1] + found.row * picture.height / found.image.rows
    radius = found.radius * scale
    for reach, shade, stroke in ((radius + STROKE, _BLACK, 3 * STROKE), (radius, _WHITE, STROKE)):
        drawing.ellipse((x - reach, y - reach, x + reach, y + reach), outline=shade, width=stroke)
    place = (x + 0.8 * radius, y + 0.8 * radius)
    drawing.text(place, str(found.number), fill=_WHITE, font=letters(), stroke_width=STROKE, stroke_fill=_BLACK)


def _write(canvas: Image.Image, corner: tuple[int, int], said: str) -> None:
    place = (corner[0] + LETTERS // 2, corner[1] + (LINE - LETTERS) // 2)
    ImageDraw.Draw(canvas).text(place, said, fill=_WHITE, font=letters())
