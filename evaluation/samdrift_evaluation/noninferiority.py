"""Not worse than what is done today, by less than a margin that was stated before looking."""

from __future__ import annotations

from dataclasses import dataclass

from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate, Figure


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The answer, with the numbers it rests on. `str()` is a sentence for a person."""

    #: New minus old.
    difference: Figure
    #: How much worse is still accepted, above 0, in the unit of the difference.
    margin: float
    #: Whether more of it is better (sensitivity), or less (false positive rate, CV(RMSE)).
    higher_is_better: bool = True

    @property
    def non_inferior(self) -> bool:
        """Whether the bound on the bad side lies within the margin; with too few cases: no."""
        return self._worst_loss is not None and self._worst_loss < self.margin

    @property
    def superior(self) -> bool:
        """Whether even the bound on the bad side is better than no difference; with too few cases: no."""
        return self._worst_loss is not None and self._worst_loss < 0

    @property
    def _worst_loss(self) -> float | None:
        """How much worse it may be, seen from the bound on the bad side; below 0 when it is better."""
        if not isinstance(self.difference, Estimate):
            return None
        return -self.difference.low if self.higher_is_better else self.difference.high

    def __str__(self) -> str:
        if not isinstance(self.difference, Estimate):
            return f"Non-inferiority is not shown: {self.difference}."
        digits, found = self.difference.decimals, self._worst_loss or 0.0
        shown = "shown" if self.non_inferior else "not shown"
        at_worst = f"{abs(found):.{digits}f} {'worse' if found > 0 else 'better'}"
        return (
            f"Non-inferiority is {shown}: the difference is {self.difference}, at worst {at_worst}, "
            f"against a margin of {self.margin:g} (one-sided level {one_sided(self.difference):g})."
        )


def non_inferiority(difference: Figure, margin: float, *, higher_is_better: bool = True) -> Verdict:
    """Judge `difference` (new minus old) by its interval.

    A two-sided interval of confidence c makes a one-sided test of level (1 - c)/2: 0.025 for 95 %, as ICH E9
    (1998, section 3.5) has it. Any valid interval will do: DeLong's, Tango's, a bootstrap's.

    Raises:
        EvaluationError: the margin is not above 0; a margin of 0 asks for superiority.
    """
    if not margin > 0:
        raise EvaluationError(f"A margin of non-inferiority lies above 0, not at {margin}.", field="margin")
    return Verdict(difference=difference, margin=margin, higher_is_better=higher_is_better)


def one_sided(estimate: Estimate) -> float:
    """Level of the one-sided test that the interval of `estimate` makes: (1 - confidence)/2."""
    return round((1 - estimate.confidence) / 2, 12)
