"""A linear or mixed-integer programme built by blocks of columns and rows, and handed to HiGHS in one call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from samdrift_energy_forecast.errors import NoPlanError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Block: TypeAlias = NDArray[np.int64]
    Values: TypeAlias = float | NDArray[np.float64]

INFINITY = float("inf")
#: HiGHS stops looking for a better integer solution when it is proven to cost at most this share more.
INTEGER_GAP = 1e-2
#: HiGHS stops looking for a better integer solution after this many nodes: a count, so that answers do not depend on
#: how busy the machine is.
INTEGER_NODES = 100


@dataclass(frozen=True, kw_only=True)
class Solution:
    """An optimum. Multipliers are 0 after a mixed-integer programme."""

    #: One value a column.
    values: NDArray[np.float64]
    #: What a unit more on a column's binding bound adds to the objective; above 0 on lower bounds, below on upper.
    column_multipliers: NDArray[np.float64]
    #: The same of rows.
    row_multipliers: NDArray[np.float64]
    objective: float


@dataclass(kw_only=True)
class LinearProgramme:
    """Minimises its columns' cost. Blocks of columns and rows are named by their numbers."""

    _cost: list[NDArray[np.float64]] = field(default_factory=list)
    _column_bounds: list[NDArray[np.float64]] = field(default_factory=list)
    _integer: list[NDArray[np.bool_]] = field(default_factory=list)
    _row_bounds: list[NDArray[np.float64]] = field(default_factory=list)
    _entries: list[tuple[Block, Block, NDArray[np.float64]]] = field(default_factory=list)
    _n_columns: int = 0
    _n_rows: int = 0

    def columns(
        self,
        count: int,
        *,
        cost: Values = 0.0,
        lower: Values = 0.0,
        upper: Values = INFINITY,
        integer: bool = False,
    ) -> Block:
        """Add `count` columns; scalars hold for all of them."""
        self._cost.append(np.broadcast_to(np.asarray(cost, dtype=np.float64), count))
        self._column_bounds.append(_bounds(count, lower, upper))
        self._integer.append(np.full(count, integer))
        first, self._n_columns = self._n_columns, self._n_columns + count
        return np.arange(first, self._n_columns)

    def rows(self, count: int, *, lower: Values = -INFINITY, upper: Values = INFINITY) -> Block:
        """Add `count` empty rows between these bounds."""
        self._row_bounds.append(_bounds(count, lower, upper))
        first, self._n_rows = self._n_rows, self._n_rows + count
        return np.arange(first, self._n_rows)

    def enter(self, rows: Block, columns: Block, coefficients: Values = 1.0) -> None:
        """Enter one coefficient for each pair of a row and a column; both are broadcast to one shape."""
        placed = np.broadcast_arrays(rows, columns, np.asarray(coefficients, dtype=np.float64))
        self._entries.append((placed[0].ravel(), placed[1].ravel(), placed[2].ravel()))

    def solve(self) -> Solution:
        """Solve with HiGHS on one thread; the same programme gives the same solution.

        Raises:
            NoPlanError: HiGHS found no optimum.
        """
        import highspy

        solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy annotates only half of itself
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        solver.setOptionValue("mip_rel_gap", INTEGER_GAP)
        solver.setOptionValue("mip_max_nodes", INTEGER_NODES)
        solver.passModel(*self._as_arrays())
        solver.run()
        status = solver.getModelStatus()
        # The limit of nodes leaves the best integer solution found, if there is one.
        found = solver.getInfo().primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        if status != highspy.HighsModelStatus.kOptimal and not found:
            raise NoPlanError(f"HiGHS ended with {solver.modelStatusToString(status)}.")
        return self._read(solver)

    def _as_arrays(self) -> tuple[Any, ...]:
        """Arguments of HiGHS's `passModel`: the matrix by rows, all costs and bounds."""
        rows, columns, coefficients = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        order = np.argsort(rows, kind="stable")
        starts = np.zeros(self._n_rows + 1, dtype=np.int32)
        np.cumsum(np.bincount(rows, minlength=self._n_rows), out=starts[1:])
        column_bounds, row_bounds = (
            np.concatenate(self._column_bounds, axis=1),
            np.concatenate(self._row_bounds, axis=1),
        )
        by_row, minimise, offset = 2, 1, 0.0
        return (
            *(self._n_columns, self._n_rows, len(rows), by_row, minimise, offset),
            *(np.concatenate(self._cost), *column_bounds, *row_bounds),
            *(starts, columns[order].astype(np.int32), coefficients[order]),
            np.concatenate(self._integer).astype(np.int32),
        )

    def _read(self, solver: Any) -> Solution:
        solution = solver.getSolution()
        has_multipliers = bool(solution.dual_valid)
        return Solution(
            values=np.array(solution.col_value),
            column_multipliers=np.array(solution.col_dual) if has_multipliers else np.zeros(self._n_columns),
            row_multipliers=np.array(solution.row_dual) if has_multipliers else np.zeros(self._n_rows),
            objective=float(solver.getInfo().objective_function_value),
        )


def _bounds(count: int, lower: Values, upper: Values) -> NDArray[np.float64]:
    bounds = np.empty((2, count))
    bounds[0], bounds[1] = lower, upper
    return bounds
