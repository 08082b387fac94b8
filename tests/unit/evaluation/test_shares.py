from __future__ import annotations

import numpy as np
import pytest

from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.errors import EvaluationError, TooFewCasesError
from samdrift_evaluation.proportions import proportion
from samdrift_evaluation.shares import sensitivity, share, specificity
from samdrift_evaluation.units import units_of


def test_without_groups_it_is_wilsons() -> None:
    assert share([1, 1, 0, 1]) == proportion(3, 4)


def test_with_groups_it_is_the_bootstrap_written_out() -> None:
    rng = np.random.default_rng(121)
    hits, groups = rng.random(90) < 0.7, rng.integers(0, 25, size=90)
    found = share(hits, groups, resampling=Resampling(replicates=200))
    names, rng, values = np.unique(groups), np.random.default_rng(0), []
    for _ in range(200):
        times = rng.multinomial(len(names), [1 / len(names)] * len(names))
        values.append(np.concatenate([np.tile(hits[groups == g], t) for g, t in zip(names, times, strict=True)]).mean())
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(values, (0.025, 0.975))))


def test_all_alike_is_not_certainty() -> None:
    found = share([1] * 40, np.arange(40) // 4)
    assert (found.value, found.high) == (1, 1)
    assert found.low == pytest.approx(0.025 ** (1 / 10))
    assert found.method == "Clopper-Pearson exact over 10 groups (all of them alike)"


def test_sensitivity_and_specificity_count_their_class_only() -> None:
    labels, recalled = np.repeat([1, 1, 0, 0], [8, 2, 30, 60]), np.repeat([1, 0, 1, 0], [8, 2, 30, 60])
    assert sensitivity(labels, recalled) == proportion(8, 10)
    assert specificity(labels, recalled) == proportion(60, 90)
    with pytest.raises(TooFewCasesError, match="no normal cases"):
        specificity([1, 1], [1, 0])
    with pytest.raises(EvaluationError, match="`groups` 2"):
        sensitivity(labels, recalled, groups=[1, 2])


def test_stratified_draws_keep_each_stratums_number() -> None:
    units = units_of(60, strata=np.repeat([0, 1], [10, 50]))
    drawn = units.replicated(lambda weights: weights[:, :10].sum(axis=1), Resampling(replicates=300))
    assert set(drawn) == {10.0}
    free = units_of(60).replicated(lambda weights: weights[:, :10].sum(axis=1), Resampling(replicates=300))
    assert len(set(free)) > 5


def test_blocks_of_draws_are_the_same_draws_as_one_by_one() -> None:
    """With 5,000 units 2,000 replicates come in ten blocks."""
    some = Resampling(replicates=400, seed=3)
    found = some.replicated(lambda draws: draws[:, 0].astype(float), 5000)
    rng = np.random.default_rng(3)
    assert list(found[:300]) == [float(rng.multinomial(5000, np.full(5000, 1 / 5000))[0]) for _ in range(300)]


@pytest.mark.parametrize(("field", "value"), [("replicates", 0), ("confidence", 1.0), ("confidence", 95)])
def test_a_resampling_that_makes_no_interval_is_refused(field: str, value: float) -> None:
    with pytest.raises(EvaluationError) as caught:
        Resampling(**{field: value})  # type: ignore[arg-type]  # one field at a time
    assert caught.value.field == field
