from __future__ import annotations

import numpy as np
import pytest

from samdrift_evaluation.documents import hand_over, hand_over_curve
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate, TooFew
from samdrift_evaluation.proportions import proportion

CONFIDENCE = np.concatenate([np.full(60, 0.95), np.full(40, 0.4)])
CORRECT = np.repeat([1, 0, 1, 0], [57, 3, 25, 15])


def test_figures_are_those_of_counting() -> None:
    found = hand_over(CORRECT, CONFIDENCE, 0.9)
    assert found.precision == proportion(57, 60)
    assert found.recall == proportion(57, 100)
    assert found.handed_over == proportion(40, 100)


def test_an_item_at_the_threshold_is_done_alone() -> None:
    assert hand_over(CORRECT, CONFIDENCE, 0.95).handed_over == proportion(40, 100)


def test_what_nobody_did_alone_has_no_precision() -> None:
    found = hand_over(CORRECT, CONFIDENCE, 0.99)
    assert found.precision == TooFew(n=0, reason="at least 20 are needed")
    assert found.recall == proportion(0, 100)


def test_fields_of_a_document_hang_together() -> None:
    fields = np.repeat(CORRECT, 5), np.repeat(CONFIDENCE, 5)
    grouped = hand_over(*fields, 0.9, groups=np.repeat(np.arange(100), 5)).recall
    once = hand_over(CORRECT, CONFIDENCE, 0.9).recall
    naive = hand_over(*fields, 0.9).recall
    assert isinstance(grouped, Estimate)
    assert isinstance(once, Estimate)
    assert isinstance(naive, Estimate)
    assert (grouped.low, grouped.high) == pytest.approx((once.low, once.high), abs=0.01)
    assert naive.high - naive.low < 0.6 * (grouped.high - grouped.low)


def test_all_right_is_not_certainty_with_documents() -> None:
    found = hand_over([1] * 100, [0.9] * 100, 0.5, groups=np.arange(100) // 10).precision
    assert isinstance(found, Estimate)
    assert found.low == pytest.approx(0.025 ** (1 / 10))
    one = hand_over([1] * 30, [0.9] * 30, 0.5, groups=["a"] * 30)
    assert isinstance(one.precision, TooFew)


def test_the_curve_is_the_points() -> None:
    curve = hand_over_curve(CORRECT, CONFIDENCE, [0.3, 0.9])
    assert curve == tuple(hand_over(CORRECT, CONFIDENCE, t) for t in (0.3, 0.9))


def test_refusals() -> None:
    with pytest.raises(EvaluationError, match="`confidence` has 1 missing"):
        hand_over([1, 0], [0.5, float("nan")], 0.5)
