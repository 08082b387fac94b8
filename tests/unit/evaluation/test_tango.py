from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import binomtest, norm

from samdrift_evaluation.tango import tango_bounds


def score_by_search(b: int, c: int, n: int, difference: float) -> float:
    """Tango's score with the nuisance share found by searching the likelihood, not by his closed form."""

    def unlikely(share: float) -> float:
        cells = [(b, share + difference), (c, share), (n - b - c, 1 - 2 * share - difference)]
        return -sum(count * math.log(max(p, 1e-300)) for count, p in cells if count)

    lowest, highest = max(0.0, -difference), (1 - difference) / 2
    share: float = minimize_scalar(unlikely, bounds=(lowest, highest), method="bounded", options={"xatol": 1e-12}).x
    return float((b - c - n * difference) / np.sqrt(n * (2 * share + difference - difference**2)))


@pytest.mark.parametrize(("b", "c", "n"), [(9, 3, 50), (1, 12, 80), (4, 4, 20), (25, 10, 300), (2, 0, 30)])
def test_bounds_are_where_the_searched_score_is_critical(b: int, c: int, n: int) -> None:
    low, high = tango_bounds(b, c, n)
    for bound, sign in ((low, 1), (high, -1)):
        # brentq stays a little inside of [-1, 1], where the score is 0/0
        found = brentq(lambda d, s=sign: score_by_search(b, c, n, d) - s * norm.ppf(0.975), -0.95, 0.95)
        assert float(bound) == pytest.approx(found, abs=1e-5)


def test_at_no_difference_the_score_is_mcnemars() -> None:
    """The interval touches 0 where McNemar's chi-square (b - c)^2 / (b + c) is critical."""
    b, c = 30, 12
    just = 2 * norm.sf((b - c) / np.sqrt(b + c))
    assert float(tango_bounds(b, c, 500, confidence=1 - just)[0]) == pytest.approx(0, abs=1e-9)


def test_no_discordant_case_gives_wilsons_bound() -> None:
    """With b = c = 0 the upper bound is z^2 / (n + z^2), as Wilson's for 0 of n."""
    z = norm.ppf(0.975)
    low, high = tango_bounds(0, 0, 40)
    assert float(high) == pytest.approx(z**2 / (40 + z**2))
    assert float(low) == pytest.approx(-float(high))


def test_covers_the_true_difference_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(21)
    cells = rng.multinomial(60, [0.10, 0.05, 0.85], size=4000)
    low, high = tango_bounds(cells[:, 0], cells[:, 1], np.full(4000, 60))
    covered = int(((low <= 0.05) & (high >= 0.05)).sum())
    # A lattice of few discordant cases does not hit 95 % exactly; half a point is allowed on top of chance.
    assert binomtest(covered, 4000, 0.95).proportion_ci(0.999).low - 0.005 <= 0.95
    assert binomtest(covered, 4000, 0.95).proportion_ci(0.999).high + 0.005 >= 0.95
