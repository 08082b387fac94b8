"""How well a recipe's heads tell images and women apart whom they have not seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from samdrift_evaluation.auc import auc_with_interval
from samdrift_evaluation.estimate import Estimate
from samdrift_mammography.errors import TrainingDataError
from samdrift_mammography.lesion_head import LesionHead, ReferencePopulation, film_score
from samdrift_mammography.training.examples import Example, examples, extractor, women_of
from samdrift_mammography.training.labels import LabelledImage, Severity

FOLDS = 5
#: Cross-validations with different splits, so that figures do not hang on one of them.
SEEDS = (0, 1, 2, 3)

Scores = NDArray[np.float64]


class Recipe(Protocol):
    """A way to make a head of labelled images. The same images give the same head on the same machine."""

    def fit(self, known: Sequence[Example]) -> LesionHead:
        """The head of these images.

        Raises:
            TrainingDataError: they do not suffice.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Discrimination:
    """How well out-of-fold scores tell images, and women, apart."""

    task: str
    per_film: Estimate
    per_woman: Estimate


def splits(known: Sequence[Example], seed: int, folds: int = FOLDS) -> Iterator[tuple[list[int], list[int]]]:
    """Positions to learn from and to score, stratified by finding; all images of a woman on one side."""
    return splits_of([each.image for each in known], seed, folds)


def splits_of(images: Sequence[LabelledImage], seed: int, folds: int = FOLDS) -> Iterator[tuple[list[int], list[int]]]:
    """The same, of images that nobody has looked at yet.

    Raises:
        TrainingDataError: there are fewer women than folds with one of the findings, or with none.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    severities, women = [int(each.severity) for each in images], [each.woman for each in images]
    fewest = min(len({each.woman for each in images if each.severity == severity}) for severity in set(severities))
    if fewest < folds:
        raise TrainingDataError(
            f"{folds} folds need {folds} women of each label that occurs; of one there are {fewest}. Label more images."
        )
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for train, test in splitter.split(severities, severities, women):
        yield train.tolist(), test.tolist()


def scores_of(head: LesionHead, known: Sequence[Example]) -> Scores:
    """The images' scores. A head with a trunk of its own looks at the images again."""
    if head.trunk:
        known = _looked_at(head, known)
    return np.array([film_score(head.cell_scores(each.cells), each.cells) for each in known])


def out_of_fold(known: Sequence[Example], recipe: Recipe, seed: int) -> Scores:
    """Each image's score by a head that has seen no image of the same woman."""
    scores = np.zeros(len(known))
    for train, test in splits(known, seed):
        head = recipe.fit([known[index] for index in train])
        scores[test] = scores_of(head, [known[index] for index in test])
    return scores


def discrimination(known: Sequence[Example], scores: Scores) -> list[Discrimination]:
    """AUC with interval, per image (whole women are resampled) and per woman (her highest image)."""
    severities, women = np.array([each.image.severity for each in known]), women_of(known)
    worst, highest = per_woman(severities, women), per_woman(scores, women)
    found = []
    for task, least in (("abnormal or normal", Severity.BENIGN), ("malignant or normal", Severity.MALIGNANT)):
        films, persons = ((values == Severity.NORMAL) | (values >= least) for values in (severities, worst))
        found.append(
            Discrimination(
                task=task,
                per_film=auc_with_interval(severities[films] >= least, scores[films], women[films]),
                per_woman=auc_with_interval(worst[persons] >= least, highest[persons]),
            )
        )
    return found


def per_woman(values: NDArray[Any], women: NDArray[Any]) -> NDArray[Any]:
    """The highest value of each woman's images, by her name."""
    return np.array([values[women == woman].max() for woman in np.unique(women)])


def worst_findings(known: Sequence[Example]) -> NDArray[Any]:
    """Each woman's worst finding, by her name."""
    return per_woman(np.array([each.image.severity for each in known]), women_of(known))


def reference_population(known: Sequence[Example], scores: Sequence[Scores], name: str) -> ReferencePopulation:
    """The women without any finding: in screening nearly all women are, while most of a training set's women are not.

    A scale over all of these women would call a suspicious exam ordinary. `scores` are out of fold, an array a split.
    """
    women = women_of(known)
    highest = np.mean([per_woman(each, women) for each in scores], axis=0)[worst_findings(known) == Severity.NORMAL]
    return ReferencePopulation(
        name=f"{len(highest)} women of {name} without a finding, out-of-fold scores",
        scores=tuple(round(float(score), 4) for score in np.sort(highest)),
    )


def women_by_step(known: Sequence[Example], scores: Scores, reference: ReferencePopulation) -> dict[str, list[int]]:
    """Worst finding -> number of women at the steps 1 to 10: what a cut of the policy would mean for these women."""
    worst, women = worst_findings(known), women_of(known)
    steps = np.array([reference.step(score) for score in per_woman(scores, women)])
    return {
        severity.name.lower(): [int(((worst == severity) & (steps == step)).sum()) for step in range(1, 11)]
        for severity in Severity
    }


def _looked_at(head: LesionHead, known: Sequence[Example]) -> list[Example]:
    return list(examples((each.image for each in known), extractor(head.trunk)))
