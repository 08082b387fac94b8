from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.classification import Classes, classification_curves, classification_lines
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate, Figure, TooFew
from samdrift_evaluation.forecasts import cvrmse
from samdrift_evaluation.model_answers import Answers, decisions
from samdrift_evaluation.predictions import Predictions, lines, share
from samdrift_evaluation.proportions import proportion
from samdrift_evaluation.regression import regression_curves, regression_lines
from samdrift_evaluation.report import Line

RNG = np.random.default_rng(11)
TRUTH = RNG.random(240) < 0.4
SCORE = np.clip(RNG.normal(0.35 + 0.3 * TRUTH, 0.2), 0, 1)
GROUPS = np.repeat(np.arange(80), 3)
DENSITY = np.where(np.arange(240) < 12, "dense", "fatty")
FEW = Resampling(replicates=200, seed=3)
CASES = Predictions(
    actual=TRUTH,
    predicted=SCORE > 0.5,
    scores=np.stack([1 - SCORE, SCORE], axis=1),
    subgroups={"density": DENSITY},
    resampling=FEW,
)
CLASSES = Classes.of([False, True])


def by_name(found: tuple[Line, ...], subgroup: str | None = None) -> Mapping[str, Figure]:
    return {line.name: line.figure for line in found if line.subgroup == subgroup}


def test_shares_of_independent_cases_are_wilsons() -> None:
    figures = by_name(classification_lines(CASES, CLASSES))
    decided = SCORE > 0.5
    assert figures["sensitivity"] == proportion(int((decided & TRUTH).sum()), int(TRUTH.sum()))
    assert figures["specificity"] == proportion(int((~decided & ~TRUTH).sum()), int((~TRUTH).sum()))
    assert figures["positive_predictive_value"] == proportion(int((decided & TRUTH).sum()), int(decided.sum()))
    assert figures["negative_predictive_value"] == proportion(int((~decided & ~TRUTH).sum()), int((~decided).sum()))
    assert figures["prevalence"] == proportion(int(TRUTH.sum()), 240)


def test_a_share_over_groups_is_the_same_resampling_written_out_slowly() -> None:
    found = share(replace(CASES, groups=GROUPS), SCORE > 0.5, TRUTH)
    members = [np.flatnonzero((group == GROUPS) & TRUTH) for group in np.unique(GROUPS[TRUTH])]
    rng, values = np.random.default_rng(3), []
    for _ in range(200):
        times = rng.multinomial(len(members), [1 / len(members)] * len(members))
        drawn = np.concatenate([np.tile(each, n) for each, n in zip(members, times, strict=True)])
        values.append((SCORE[drawn] > 0.5).mean())
    assert isinstance(found, Estimate)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])))
    assert found.n == TRUTH.sum()
    assert f"{len(members)} groups" in found.method


@pytest.mark.parametrize("alike", [True, False])
def test_groups_that_are_all_alike_do_not_give_certainty(alike: bool) -> None:
    found = share(replace(CASES, groups=GROUPS), np.full(240, alike), np.ones(240, dtype=bool))
    assert isinstance(found, Estimate)
    assert found.high - found.low > 0.03
    assert "exact over 80 groups" in found.method


def test_a_share_of_nothing_and_of_one_group_is_too_few() -> None:
    assert share(CASES, TRUTH, np.zeros(240, dtype=bool)) == TooFew(n=0, reason="there is no such case")
    one = share(replace(CASES, groups=np.zeros(240, dtype=int)), TRUTH, np.ones(240, dtype=bool))
    assert isinstance(one, TooFew)


def test_every_figure_stands_in_every_subgroup_even_where_there_are_too_few() -> None:
    found = classification_lines(CASES, CLASSES)
    overall = set(by_name(found))
    assert set(by_name(found, "density=dense")) == set(by_name(found, "density=fatty")) == overall
    assert set(by_name(found, "density=dense").values()) == {TooFew(n=12, reason="at least 20 are needed")}
    assert by_name(found, "density=fatty")["accuracy"] == proportion(
        int(((SCORE > 0.5) == TRUTH)[DENSITY == "fatty"].sum()), 228
    )


def test_a_subgroup_without_one_class_has_no_auc_but_all_else() -> None:
    normal = replace(CASES, subgroups={"kind": np.where(TRUTH, "abnormal", "normal")})
    figures = by_name(classification_lines(normal, CLASSES), "kind=normal")
    assert isinstance(figures["auc"], TooFew)
    assert isinstance(figures["specificity"], Estimate)
    assert figures["sensitivity"] == TooFew(n=0, reason="there is no such case")


def test_the_curves_say_what_the_scores_do() -> None:
    roc, reliability = classification_curves(CASES, CLASSES)
    assert (roc.points[0], roc.points[-1]) == ((0.0, 0.0), (1.0, 1.0))
    area = np.trapezoid([y for _, y in roc.points], [x for x, _ in roc.points])
    above = (SCORE[TRUTH][:, None] > SCORE[~TRUTH]) + 0.5 * (SCORE[TRUTH][:, None] == SCORE[~TRUTH])
    assert area == pytest.approx(above.mean())
    assert all(low <= observed <= high for _, observed, low, high in reliability.points)
    assert classification_curves(replace(CASES, scores=None), CLASSES) == ()


def test_a_regressors_errors_are_those_of_the_forecast_module() -> None:
    days = np.repeat(np.arange(20), 24)
    actual = 50 + RNG.normal(0, 10, 480)
    forecast = actual + RNG.normal(1, 5, 480)
    cases = Predictions(actual=actual, predicted=forecast, groups=days, resampling=FEW)
    found = by_name(regression_lines(cases, "kWh"))["cvrmse"]
    wanted = cvrmse(actual, forecast, days, resampling=FEW)
    assert isinstance(found, Estimate)
    assert (found.value, found.low, found.high) == pytest.approx((wanted.value, wanted.low, wanted.high))
    [curve] = regression_curves(cases)
    assert len(curve.points) == 10


def test_what_has_no_spread_has_no_explained_variance() -> None:
    cases = Predictions(actual=np.full(50, 7.0), predicted=RNG.normal(7, 1, 50), resampling=FEW)
    figures = by_name(regression_lines(cases))
    assert isinstance(figures["r2"], TooFew)
    assert isinstance(figures["rmse"], Estimate)


def test_relative_errors_need_a_mean_above_zero() -> None:
    cases = Predictions(actual=RNG.normal(-5, 1, 50), predicted=RNG.normal(-5, 1, 50), resampling=FEW)
    assert "cvrmse" not in by_name(regression_lines(cases))


def test_arrays_of_unequal_length_are_refused() -> None:
    with pytest.raises(EvaluationError, match="same length"):
        replace(CASES, groups=GROUPS[:-1])
    with pytest.raises(EvaluationError, match="same length"):
        replace(CASES, subgroups={"density": DENSITY[1:]})


def test_lines_carry_the_units_they_are_given() -> None:
    def measure(cases: Predictions) -> Mapping[str, Figure]:
        return {"a": TooFew(n=len(cases), reason="x"), "b": TooFew(n=len(cases), reason="x")}

    assert [(line.name, line.unit) for line in lines(CASES, measure, {"b": "kWh"}) if line.subgroup is None] == [
        ("a", ""),
        ("b", "kWh"),
    ]


def answered(given: list[Any], truth: list[Any], **asked: Any) -> tuple[list[Any], list[float] | None, Any]:
    said = decisions(Answers(given=np.array(given)), np.array(truth), **asked)
    column = None if said.scores is None else said.scores[:, said.classes.labels.index(said.classes.positive)].tolist()
    return said.decided.tolist(), column, said.classes.positive


def test_answers_that_are_classes_are_decisions() -> None:
    assert answered([0, 1, 1], [0, 1, 0]) == ([0, 1, 1], None, 1)
    assert answered([0.0, 1.0, 1.0], [0, 1, 0]) == ([0, 1, 1], None, 1)
    assert answered(["no", "yes"], ["yes", "no"]) == (["no", "yes"], None, "yes")
    assert answered(["no", "yes"], ["yes", "no"], positive="no") == (["no", "yes"], None, "no")


def test_answers_that_are_no_classes_are_scores() -> None:
    assert answered([0.2, 0.5, 0.9], [0, 1, 0]) == ([0, 1, 1], [0.2, 0.5, 0.9], 1)
    assert answered([0.2, 0.5, 0.9], [0, 1, 0], threshold=0.6) == ([0, 0, 1], [0.2, 0.5, 0.9], 1)
    assert answered([0.2, 0.9], ["a", "b"], positive="a") == (["b", "a"], [0.2, 0.9], "a")
    assert answered([[0.8, 0.2], [0.1, 0.9]], [0, 1]) == ([0, 1], [0.2, 0.9], 1)


def test_answers_that_cannot_be_understood_are_refused() -> None:
    with pytest.raises(EvaluationError, match="more than two classes"):
        answered([0.1, 0.2, 0.7], [0, 1, 2])
    with pytest.raises(EvaluationError, match="3 scores"):
        answered([[0.1, 0.2, 0.7], [0.1, 0.2, 0.7]], [0, 1])
    with pytest.raises(EvaluationError, match="at least two classes"):
        answered([1, 1], [1, 1])
    with pytest.raises(EvaluationError, match="'c'"):
        answered(["a", "b"], ["a", "b"], positive="c")
