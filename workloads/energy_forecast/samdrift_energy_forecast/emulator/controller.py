"""Who may change the set-points of an experiment while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from samdrift_energy_forecast.emulator.experiment import Simulated


class Controller(Protocol):
    """Asked once a day, at local midnight, within the emulator's process; must therefore be picklable."""

    def day_set_points_c(self, day: int, so_far: Simulated) -> Sequence[float] | None:
        """Set-points of day `day` (0 is the experiment's first) in C, `changes_per_day` of them; None keeps its own.

        Of `so_far` only the hours before that day are filled: nobody here sees the future.
        """
