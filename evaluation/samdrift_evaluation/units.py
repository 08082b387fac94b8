"""The independent units that cases cluster in (women, days, documents), and how figures are resampled over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from samdrift_evaluation.arrays import Numbers, coded, same_length
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.errors import EvaluationError


@dataclass(frozen=True, kw_only=True)
class Units:
    """Which unit each case belongs to, and the stratum of each unit where draws are stratified."""

    #: The unit of each case, from 0.
    of_case: NDArray[np.intp]
    count: int
    #: Whether several cases may share a unit.
    clustered: bool
    #: The stratum of each unit, from 0, or None.
    strata: NDArray[np.intp] | None = None

    def replicated(self, statistic: Callable[[Numbers], Numbers], resampling: Resampling) -> Numbers:
        """`statistic` of how often each case counts, shape (some replicates, cases), for all replicates.

        Raises:
            TooFewCasesError: there are fewer than two units.
        """
        return resampling.replicated(
            lambda draws: statistic(draws[:, self.of_case].astype(np.float64)), self.count, self.strata
        )

    def told(self, resampling: Resampling) -> str:
        """How the interval was made: "cluster bootstrap over 80 groups, 2000 replicates, seed 0"."""
        kind = f"cluster bootstrap over {self.count} groups" if self.clustered else f"bootstrap over {self.count} cases"
        if self.strata is not None:
            kind += f" in {int(self.strata.max()) + 1} strata"
        return resampling.told(kind)


def units_of(cases: int, groups: ArrayLike | None = None, strata: ArrayLike | None = None) -> Units:
    """Units from the group (woman, day) of each case, or one unit a case; `strata` is the stratum of each case.

    Raises:
        EvaluationError: lengths differ, or the cases of one group lie in two strata.
    """
    of_case, count = (np.arange(cases), cases) if groups is None else coded("groups", groups)
    same_length(cases=np.empty(cases), groups=of_case)
    stratum = None if strata is None else _of_unit(of_case, count, strata)
    return Units(of_case=of_case, count=count, clustered=groups is not None, strata=stratum)


def _of_unit(of_case: NDArray[np.intp], count: int, strata: ArrayLike) -> NDArray[np.intp]:
    code, _ = coded("strata", strata)
    same_length(cases=of_case, strata=code)
    stratum = np.zeros(count, dtype=np.intp)
    stratum[of_case] = code
    if (stratum[of_case] != code).any():
        raise EvaluationError("The cases of one group lie in two strata; a group has one stratum.", field="strata")
    return stratum
