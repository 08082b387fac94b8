from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.proportions import Interval, proportion


@pytest.mark.parametrize(("interval", "scipys_name"), [(Interval.WILSON, "wilson"), (Interval.EXACT, "exact")])
@settings(deadline=None)
@given(data=st.data())
def test_agrees_with_scipy(interval: Interval, scipys_name: str, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 5000))
    k = data.draw(st.integers(0, n))
    theirs = binomtest(k, n).proportion_ci(0.9, method=scipys_name)
    ours = proportion(k, n, interval=interval, confidence=0.9)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert ours.low <= ours.value == k / n <= ours.high


def test_no_failure_in_sixty_is_not_certainty() -> None:
    figure = proportion(60, 60, interval=Interval.EXACT)
    assert figure.low == pytest.approx(0.025 ** (1 / 60))
    assert figure.high == 1.0


@pytest.mark.parametrize(("k", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_refuses_what_is_not_a_proportion(k: int, n: int) -> None:
    with pytest.raises(EvaluationError, match="not a proportion"):
        proportion(k, n)
