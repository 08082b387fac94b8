"""Not worse than what is done today, by less than a margin that was stated before looking."""

from __future__ import annotations

from dataclasses import dataclass

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
        raise NotImplementedError

    @property
    def superior(self) -> bool:
        """Whether the bound on the bad side is even better than no difference."""
        raise NotImplementedError


def non_inferiority(difference: Figure, margin: float, *, higher_is_better: bool = True) -> Verdict:
    """Judge `difference` (new minus old) by its interval.

    A two-sided interval of confidence c makes a one-sided test of level (1 - c)/2: 0.025 for 95 %, as ICH E9
    asks. Any valid interval will do: DeLong's, Tango's, a bootstrap's.
    """
    raise NotImplementedError


def one_sided(estimate: Estimate) -> float:
    """Level of the one-sided test that the interval of `estimate` makes: (1 - confidence)/2."""
    raise NotImplementedError
