"""The models that the package brings along, and how the lesion heads among them were made."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from samdrift_mammography.lesion_head import CellReading
from samdrift_mammography.training.fisher import Fisher

PACKAGE = Path(__file__).parents[1]


class Made(StrEnum):
    """The models that the package brings along; the two earlier ones are there to be compared with."""

    #: Serves in the demonstration.
    SHIPPED = "mammography-triage"
    #: The first lesion head, which was shipped before.
    FIRST_HEAD = "first-head"
    #: Whole-image transfer learning, which the gate refuses.
    WHOLE_IMAGE = "whole-image"

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return PACKAGE / ("shipped" if self is Made.SHIPPED else "earlier") / self.value


#: How the lesion heads were made. The first: three taps, no smoothing, distances from the median in features' units.
RECIPES = {
    Made.SHIPPED: Fisher(),
    Made.FIRST_HEAD: Fisher(shrinkage=1.0, taps=(2, 4, 5), reading=CellReading(smoothing=0.0, by_spread=False)),
}
