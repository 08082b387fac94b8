"""A mark of the model as a place in the pixels of its image."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samdrift_mammography.results.source_image import SourceImage

#: Corners of the polygon that stands for a circle where only polygons are common.
CORNERS = 24


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A circle; its centre and radius in pixels of `image`, the top left corner of the top left pixel being 0, 0."""

    #: From 1 through the whole exam, in hanging order.
    number: int
    image: SourceImage
    column: float
    row: float
    radius: float

    def outline(self) -> list[tuple[float, float]]:
        """(column, row) of a closed polygon, the last point being the first; nowhere outside the image."""
        angles = [2 * math.pi * corner / CORNERS for corner in range(CORNERS)]
        points = [self._inside(self.radius * math.cos(angle), self.radius * math.sin(angle)) for angle in angles]
        return [*points, points[0]]

    def rim(self) -> tuple[float, float]:
        """(column, row) of a point at the distance of the radius, on the side where the image has more room."""
        towards = -1 if self.column > self.image.columns / 2 else 1
        return round(self.column + towards * self.radius, 2), round(self.row, 2)

    def _inside(self, right: float, down: float) -> tuple[float, float]:
        column = min(max(self.column + right, 0.0), float(self.image.columns))
        row = min(max(self.row + down, 0.0), float(self.image.rows))
        return round(column, 2), round(row, 2)


def finding(number: int, mark: Mapping[str, Any], image: SourceImage) -> Finding:
    """The finding of a result's mark, whose `x` and `radius` are fractions of the width and `y` of the height."""
    return Finding(
        number=number,
        image=image,
        column=round(float(mark["x"]) * image.columns, 2),
        row=round(float(mark["y"]) * image.rows, 2),
        radius=round(float(mark["radius"]) * image.columns, 2),
    )
