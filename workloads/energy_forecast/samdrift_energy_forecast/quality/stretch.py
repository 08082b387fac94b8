"""A finding on a stretch of a series, before it becomes a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast.quality.finding import Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Places `begin` to `end - 1` of an hourly series."""

    code: Finding
    begin: int
    end: int
    facts: Mapping[str, float | str] = field(default_factory=dict)


def without(kwh: NDArray[np.float64], stretches: Iterable[Stretch]) -> NDArray[np.float64]:
    """`kwh` with NaN where a finding forbids the use; the argument stays as it is."""
    left = kwh.copy()
    for stretch in stretches:
        if not stretch.code.is_notice:
            left[stretch.begin : stretch.end] = np.nan
    return left
