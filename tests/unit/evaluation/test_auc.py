from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samdrift_evaluation.auc import auc_with_interval
from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.errors import EvaluationError, TooFewCasesError

FEW = Resampling(replicates=200)


def pairwise(labels: list[int], scores: list[int]) -> float:
    abnormal = [s for y, s in zip(labels, scores, strict=True) if y]
    normal = [s for y, s in zip(labels, scores, strict=True) if not y]
    return sum((a > b) + (a == b) / 2 for a in abnormal for b in normal) / (len(abnormal) * len(normal))


def pairwise_delong_error(labels: list[int], scores: list[int]) -> float:
    """DeLong's covariance written out over the matrix of all pairs: slow, and another way to the same number."""
    score, positive = np.array(scores), np.array(labels, dtype=bool)
    above = score[positive][:, None] > score[~positive]
    kernel = above + 0.5 * (score[positive][:, None] == score[~positive])
    rows, columns = kernel.mean(axis=1), kernel.mean(axis=0)
    return float(np.sqrt(rows.var(ddof=1) / len(rows) + columns.var(ddof=1) / len(columns)))


def cases() -> st.SearchStrategy[tuple[list[int], list[int]]]:
    """Labels with two cases of each class, and scores with many ties."""
    more = st.lists(st.integers(0, 1), max_size=20).map(lambda labels: [0, 0, 1, 1, *labels])
    return more.flatmap(
        lambda labels: st.tuples(
            st.just(labels), st.lists(st.integers(0, 6), min_size=len(labels), max_size=len(labels))
        )
    )


@settings(deadline=None)
@given(cases())
def test_agrees_with_counting_all_pairs(case: tuple[list[int], list[int]]) -> None:
    figure = auc_with_interval(*case)
    assert figure.value == pytest.approx(pairwise(*case))
    assert 0 <= figure.low <= figure.value <= figure.high <= 1
    if 0 < figure.value < 1:
        half = 1.959963985 * pairwise_delong_error(*case)
        assert (figure.low, figure.high) == pytest.approx((max(0, figure.value - half), min(1, figure.value + half)))


def test_gives_the_published_interval_of_the_radiologists_ratings() -> None:
    """Ratings of 109 CT images, Hanley & McNeil, Radiology 143 (1982) 29-36, table I.

    Stata's manual, [R] roctab, prints for them (DeLong): area 0.8932, standard error 0.0307,
    95 % interval 0.83295 to 0.95339.
    """
    ratings, normal, abnormal = [1, 2, 3, 4, 5], [33, 6, 6, 11, 2], [3, 2, 2, 11, 33]
    scores = np.concatenate([np.repeat(ratings, normal), np.repeat(ratings, abnormal)])
    figure = auc_with_interval(np.repeat([0, 1], [58, 51]), scores)
    assert figure.value == pytest.approx(0.8932, abs=5e-5)
    assert (figure.high - figure.low) / (2 * 1.959964) == pytest.approx(0.0307, abs=5e-5)
    assert (figure.low, figure.high) == pytest.approx((0.83295, 0.95339), abs=5e-6)
    assert (figure.n, figure.method) == (109, "DeLong")


def test_complete_separation_is_not_certainty() -> None:
    figure = auc_with_interval([0] * 30 + [1] * 10, range(40))
    assert (figure.value, figure.high) == (1.0, 1.0)
    assert figure.low == pytest.approx(0.025 ** (1 / 10))
    assert "10 disjoint pairs" in figure.method
    reversed_ = auc_with_interval([1] * 30 + [0] * 10, range(40))
    assert (reversed_.value, reversed_.low) == (0.0, 0.0)
    assert reversed_.high == pytest.approx(1 - 0.025 ** (1 / 10))


def test_separated_groups_count_as_groups() -> None:
    """40 views of 4 women, two of them with an abnormal and a normal view: two disjoint pairs of women."""
    figure = auc_with_interval([0, 1] * 20, [0, 1] * 20, groups=[i // 10 for i in range(40)])
    assert figure.low == pytest.approx(0.025 ** (1 / 2))


def test_copies_of_each_case_narrow_the_interval_only_when_groups_are_not_told() -> None:
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1], 40)
    scores = rng.normal(labels * 1.0, 1.0)
    once = auc_with_interval(labels, scores, groups=np.arange(80))
    copied = auc_with_interval(np.repeat(labels, 4), np.repeat(scores, 4), groups=np.repeat(np.arange(80), 4))
    independent = auc_with_interval(np.repeat(labels, 4), np.repeat(scores, 4))
    assert (copied.low, copied.high) == pytest.approx((once.low, once.high))
    assert independent.high - independent.low < 0.6 * (copied.high - copied.low)
    assert copied.method == "cluster bootstrap over 80 groups, 2000 replicates, seed 0"


def test_with_groups_of_one_the_bootstrap_comes_near_delong() -> None:
    rng = np.random.default_rng(2)
    labels = np.repeat([0, 1], 150)
    scores = rng.normal(labels * 0.9, 1.0)
    delong, bootstrap = auc_with_interval(labels, scores), auc_with_interval(labels, scores, groups=np.arange(300))
    assert (bootstrap.low, bootstrap.high) == pytest.approx((delong.low, delong.high), abs=0.01)


def test_bootstrap_agrees_with_resampling_written_out() -> None:
    labels, scores, groups = (
        [0, 1, 0, 1, 0, 1, 0, 1],
        [1, 2, 2, 1, 0, 3, 1, 1],
        ["a", "a", "b", "b", "c", "c", "d", "d"],
    )
    figure = auc_with_interval(labels, scores, groups, resampling=FEW)
    rng, names, values = np.random.default_rng(0), ["a", "b", "c", "d"], []
    for _ in range(200):
        drawn = rng.multinomial(4, [0.25] * 4)
        picked = [
            i
            for name, times in zip(names, drawn, strict=True)
            for _ in range(times)
            for i in range(8)
            if groups[i] == name
        ]
        values.append(pairwise([labels[i] for i in picked], [scores[i] for i in picked]))
    assert (figure.low, figure.high) == pytest.approx(tuple(np.quantile(values, (0.025, 0.975))))


def test_delong_covers_the_true_auc_about_as_often_as_it_says() -> None:
    """Two normals one apart have AUC Phi(1/sqrt(2)) = 0.7602."""
    rng, labels = np.random.default_rng(3), np.repeat([0, 1], 60)
    figures = [auc_with_interval(labels, rng.normal(labels, 1.0)) for _ in range(400)]
    covered = sum(figure.low <= 0.760250 <= figure.high for figure in figures)
    assert 365 <= covered <= 394  # 95 % of 400 is 380; three and a half binomial standard deviations


@pytest.mark.parametrize(
    ("labels", "scores", "groups", "told"),
    [
        ([0, 0, 1], [1, 2, 3], None, "two cases of each class, there are 1 abnormal and 2 normal"),
        ([0, 0, 1, 1], [1, 2, 3, 4], ["a"] * 4, "at least two independent groups"),
    ],
)
def test_too_few_cases_are_named(labels: list[int], scores: list[int], groups: list[str] | None, told: str) -> None:
    with pytest.raises(TooFewCasesError, match=told):
        auc_with_interval(labels, scores, groups)


@pytest.mark.parametrize(
    ("labels", "scores", "told"),
    [
        ([0, 1, 2, 1], [1, 2, 3, 4], "`labels` must hold 0 and 1 only"),
        ([0, 1, 0, 1], [1, 2, 3, float("nan")], "`scores` has 1 missing"),
        ([0, 1, 0, 1], [1, 2, 3], "`labels` 4, `scores` 3"),
        ([0, 1, 0, 1], ["x", 2, 3, 4], "`scores` holds something that is not a number"),
        ([], [], "`labels` must be one list"),
    ],
)
def test_refuses_what_is_not_a_score(labels: list[int], scores: list[float], told: str) -> None:
    with pytest.raises(EvaluationError, match=told):
        auc_with_interval(labels, scores)


def test_stratified_bootstrap_agrees_with_resampling_written_out() -> None:
    rng = np.random.default_rng(4)
    labels = np.repeat([0, 1], [30, 12])
    scores = np.round(rng.normal(labels * 1.0, 1.0), 1)
    figure = auc_with_interval(labels, scores, strata=labels, resampling=FEW)
    rng = np.random.default_rng(0)
    normal, abnormal = rng.multinomial(30, [1 / 30] * 30, size=200), rng.multinomial(12, [1 / 12] * 12, size=200)
    values = []
    for times in np.concatenate([normal, abnormal], axis=1):
        picked = np.repeat(np.arange(42), times)
        values.append(pairwise(list(labels[picked]), list(scores[picked])))
    assert (figure.low, figure.high) == pytest.approx(tuple(np.quantile(values, (0.025, 0.975))))
    assert figure.method == "bootstrap over 42 cases in 2 strata, 200 replicates, seed 0"
