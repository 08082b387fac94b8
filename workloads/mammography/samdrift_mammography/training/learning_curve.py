"""What a recipe reaches with fewer women to learn from, on the same women to score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

import numpy as np

from samdrift_mammography.errors import TrainingDataError
from samdrift_mammography.training.cross_validation import Recipe, Scores, scores_of, splits, worst_findings
from samdrift_mammography.training.examples import Example, women_of


def scores_by_share(
    known: Sequence[Example], recipe: Recipe, shares: Sequence[float], seed: int
) -> Iterator[tuple[int, Scores]]:
    """Mean number of women learned from, and out-of-fold scores, for each share of the women of the training folds.

    A share with too few women for the recipe has no point.
    """
    for share in shares:
        with suppress(TrainingDataError):  # of the share, not of the whole: the recipe has had all of the women before
            yield _scores(known, recipe, share, seed)


def _scores(known: Sequence[Example], recipe: Recipe, share: float, seed: int) -> tuple[int, Scores]:
    scores, learned = np.zeros(len(known)), []
    for train, test in splits(known, seed):
        part = _part([known[index] for index in train], share, seed)
        learned.append(len({each.image.woman for each in part}))
        scores[test] = scores_of(recipe.fit(part), [known[index] for index in test])
    return round(float(np.mean(learned))), scores


def _part(known: Sequence[Example], share: float, seed: int) -> list[Example]:
    """That share of the women of each worst finding, at least two of each."""
    names, worst = np.unique(women_of(known)), worst_findings(known)
    rng = np.random.default_rng(seed)
    chosen: set[str] = set()
    for severity in np.unique(worst):
        theirs = rng.permutation(names[worst == severity])
        chosen.update(theirs[: max(round(share * len(theirs)), 2)].tolist())
    return [each for each in known if each.image.woman in chosen]
