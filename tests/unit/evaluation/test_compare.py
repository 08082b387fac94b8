from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from scipy.stats import binomtest

from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.compare import (
    Comparison,
    ScoredCases,
    compare_reports,
    compare_scores,
    comparison_page,
    paired_columns,
)
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate, TooFew
from samdrift_evaluation.schemas import first_fault, schema
from samdrift_reports.examples import REPORT

RNG = np.random.default_rng(8)
TRUTH = (RNG.random(300) < 0.35).astype(int)
OLD = RNG.normal(TRUTH * 0.8, 1.0)
NEW = OLD + RNG.normal(TRUTH * 0.5, 0.4)
CASES = ScoredCases(labels=TRUTH, first=OLD, second=NEW)
FEW = Resampling(replicates=300)


def keeps_the_schema(comparison: Comparison) -> bool:
    Draft202012Validator(schema("comparison")).validate(json.loads(comparison.to_bytes()))
    return True


def test_two_scores_of_the_same_cases_are_tested_case_by_case() -> None:
    found = compare_scores(CASES, names=("old", "new"), thresholds=(0.5, 0.6), resampling=FEW)
    assert keeps_the_schema(found)
    auc, sensitivity, specificity = found.pairs
    assert [pair.name for pair in found.pairs] == ["auc", "sensitivity", "specificity"]

    def area(score: np.ndarray) -> float:
        return float(np.mean(score[TRUTH == 1][:, None] > score[TRUTH == 0]))

    assert isinstance(auc.difference, Estimate)
    assert auc.difference.value == pytest.approx(area(NEW) - area(OLD))
    assert auc.test == "DeLong"

    ill = TRUTH == 1
    gained, lost = int((ill & (NEW >= 0.6) & (OLD < 0.5)).sum()), int((ill & (NEW < 0.6) & (OLD >= 0.5)).sum())
    assert isinstance(sensitivity.difference, Estimate)
    assert sensitivity.difference.value == pytest.approx((gained - lost) / ill.sum())
    assert sensitivity.p_value == pytest.approx(binomtest(gained, gained + lost).pvalue)
    assert sensitivity.difference.n == ill.sum()
    assert isinstance(specificity.first, Estimate)
    assert specificity.first.value == pytest.approx((OLD[~ill] < 0.5).mean())
    assert any("Several differences" in limit for limit in found.limits)


def test_the_paired_interval_is_narrower_than_two_apart_would_be() -> None:
    [pair] = compare_scores(CASES).pairs
    assert isinstance(pair.first, Estimate)
    assert isinstance(pair.second, Estimate)
    assert isinstance(pair.difference, Estimate)
    apart = np.hypot(pair.first.high - pair.first.low, pair.second.high - pair.second.low)
    assert pair.difference.high - pair.difference.low < 0.9 * apart


def test_groups_are_resampled_whole() -> None:
    grouped = compare_scores(replace(CASES, groups=np.arange(300) // 3), thresholds=(0.5, 0.5), resampling=FEW)
    assert keeps_the_schema(grouped)
    assert all("100 groups" in pair.test for pair in grouped.pairs if pair.name == "auc")
    assert grouped.settings["units"] == 100


def test_what_cannot_be_tested_says_why() -> None:
    found = compare_scores(ScoredCases(labels=[0, 0, 0, 1], first=[1, 2, 3, 4], second=[1, 3, 2, 4]))
    assert keeps_the_schema(found)
    assert isinstance(found.pairs[0].first, TooFew)
    assert isinstance(found.pairs[0].difference, TooFew)
    assert found.pairs[0].p_value is None
    assert "abnormal" in comparison_page(found)


def test_two_reports_are_laid_side_by_side_but_not_tested() -> None:
    other = replace(REPORT, subject="sha256:" + "ef" * 32, lines=REPORT.lines[1:5])
    found = compare_reports(REPORT, other)
    assert keeps_the_schema(found)
    assert {(pair.name, pair.subgroup) for pair in found.pairs} == {(line.name, line.subgroup) for line in REPORT.lines}
    assert found.pairs[0].second is None
    assert {pair.difference for pair in found.pairs} == {None}
    assert found.limits == (found.limits[0],)
    assert found.data == REPORT.data
    assert "Not done" in comparison_page(found)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"data": ()}, "different data"),
        ({"suite": "another"}, "different suites"),
        ({"settings": {"margin": 0.1}}, "different settings"),
    ],
)
def test_reports_that_do_not_fit_each_other_say_so(change: dict[str, object], said: str) -> None:
    found = compare_reports(REPORT, replace(REPORT, **change))  # type: ignore[arg-type]  # a field and its value
    assert any(said in limit for limit in found.limits)


def test_a_comparison_is_shown_in_both_languages() -> None:
    found = compare_scores(CASES, thresholds=(0.5, 0.5))
    assert '<html lang="da">' in comparison_page(found, "da")
    assert "Anden minus første" in comparison_page(found, "da")
    assert found.digest in comparison_page(found, "en")
    assert "<script" not in comparison_page(replace(found, first="<script>"), "en")


def test_a_changed_comparison_breaks_the_schema() -> None:
    document = json.loads(compare_reports(REPORT, REPORT).to_bytes())
    assert first_fault("comparison", document) is None
    assert "pairs/0" in str(first_fault("comparison", {**document, "pairs": [{"name": "auc"}]}))
    assert first_fault("comparison", {**document, "better": "second"}) is not None


def test_columns_of_a_file_are_named() -> None:
    rows = [{"truth": "1", "a": "0.4", "b": "0.6", "woman": "7"}, {"truth": "0", "a": "0.1", "b": "0.2", "woman": "8"}]
    cases = paired_columns(rows, label="truth", first="a", second="b", group="woman")
    assert (cases.labels, cases.second, cases.groups) == (["1", "0"], ["0.6", "0.2"], ["7", "8"])
    with pytest.raises(EvaluationError, match="no column age; it has truth, a, b, woman"):
        paired_columns(rows, label="truth", first="a", second="b", group="age")
    with pytest.raises(EvaluationError, match="no rows"):
        paired_columns([], label="truth", first="a", second="b")
