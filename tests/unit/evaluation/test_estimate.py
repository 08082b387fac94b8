from __future__ import annotations

import json
import pickle
import subprocess
import sys
from dataclasses import asdict

import pytest

from samdrift_evaluation.errors import EvaluationError, TooFewCasesError
from samdrift_evaluation.estimate import Estimate, TooFew, when_enough


def estimate(value: float, low: float, high: float, n: int = 107) -> Estimate:
    return Estimate(value=value, low=low, high=high, n=n, method="by hand")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ((0.7412, 0.6633, 0.8088), "0.74 [0.66, 0.81], n = 107"),
        ((0.80123, 0.78321, 0.8188), "0.801 [0.783, 0.819], n = 107"),
        ((1234.4, 1100.2, 1400.9), "1234 [1100, 1401], n = 107"),
        ((0.5, 0.5, 0.5), "0.50 [0.50, 0.50], n = 107"),
    ],
)
def test_text_shows_as_many_decimals_as_the_interval_is_worth(given: tuple[float, float, float], text: str) -> None:
    assert str(estimate(*given)) == text


def test_estimate_survives_json() -> None:
    figure = estimate(0.7, 0.6, 0.8)
    assert Estimate(**json.loads(json.dumps(asdict(figure)))) == figure


def test_below_the_least_n_nothing_is_computed() -> None:
    def never() -> Estimate:
        raise AssertionError("called in spite of too few cases")

    figure = when_enough(7, 20, never)
    assert figure == TooFew(n=7, reason="at least 20 are needed")
    assert str(figure) == "too few: n = 7, at least 20 are needed"


def test_an_estimate_that_finds_too_few_cases_says_so_and_other_errors_pass() -> None:
    def too_few() -> Estimate:
        raise TooFewCasesError("one class only")

    def wrong() -> Estimate:
        raise EvaluationError("lengths differ")

    assert str(when_enough(30, 20, too_few)) == "too few: n = 30, one class only"
    with pytest.raises(EvaluationError, match="lengths differ"):
        when_enough(30, 20, wrong)


def test_errors_survive_pickling_between_processes() -> None:
    error = pickle.loads(pickle.dumps(TooFewCasesError("one class only", field="labels")))  # noqa: S301 (our own bytes)
    assert (type(error), error.message, error.field) == (TooFewCasesError, "one class only", "labels")


def test_an_estimate_can_be_read_without_numpy() -> None:
    code = "import sys, samdrift_evaluation.estimate; print({'numpy', 'scipy', 'sklearn'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/").stdout
    assert told.strip() == "set()"
