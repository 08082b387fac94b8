"""Trains the lesion head on mini-MIAS and measures it: `python -m samdrift_mammography.training`.

The head is Fisher's linear discriminant between cells inside a lesion and cells of films without any finding, with the
covariance regularised by the identity (Friedman, JASA 84 (1989) 165-175). It has a closed form: no random numbers and
no iterations, so the same films give the same head.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samdrift_evaluation.auc import auc_with_interval
from samdrift_evaluation.estimate import Estimate
from samdrift_mammography import lesion_head, mini_mias
from samdrift_mammography.features import WIDTH, Cells, FeatureExtractor
from samdrift_mammography.film import CELL, Film
from samdrift_mammography.lesion_head import LesionHead, ReferencePopulation, film_score
from samdrift_mammography.mini_mias import Lesion, Severity, TrainingFilm

SHIPPED = Path(__file__).parent / "shipped" / "mammography-triage"
#: Added to the diagonal of the cells' covariance; features have variance 1 within each film.
SHRINKAGE = 1.0
FOLDS = 5
#: Cross-validations with different splits, so that figures do not hang on one of them.
SEEDS = (0, 1, 2, 3)


@dataclass(frozen=True, kw_only=True)
class Example:
    """A training film as numbers."""

    film: TrainingFilm
    cells: Cells
    #: One array a lesion over the breast cells: weights that sum to 1, highest in the lesion's centre.
    lesions: Sequence[NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Discrimination:
    """How well out-of-fold scores tell films, and women, apart."""

    task: str
    per_film: Estimate
    per_woman: Estimate


def examples(films: Sequence[TrainingFilm], extractor: FeatureExtractor) -> Iterator[Example]:
    """Run every film through the frozen network."""
    for film in films:
        canonical = film.canonical()
        cells = extractor.cells(canonical)
        weights = (_lesion_weights(lesion, canonical, cells) for lesion in film.lesions)
        yield Example(film=film, cells=cells, lesions=[found for found in weights if found is not None])


def fit(known: Sequence[Example]) -> LesionHead:
    """The head of these films. Lesions count alike whatever their size, and so do normal films."""
    lesion = np.mean([weights @ each.cells.features for each in known for weights in each.lesions], axis=0)
    normal, covariance = _moments([each for each in known if each.film.severity is Severity.NORMAL])
    weight = np.linalg.solve(covariance + SHRINKAGE * np.eye(WIDTH), lesion - normal)
    return LesionHead(weight=weight.astype(np.float32), bias=float(-weight @ (lesion + normal) / 2))


def score(head: LesionHead, example: Example) -> float:
    """The film's score."""
    return film_score(head.cell_scores(example.cells), example.cells)


def out_of_fold(known: Sequence[Example], seed: int) -> NDArray[np.float64]:
    """Each film's score by a head that has seen no film of the same woman."""
    from sklearn.model_selection import StratifiedGroupKFold

    scores = np.zeros(len(known))
    severities, women = [each.film.severity for each in known], _women(known)
    for train, test in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed).split(women, severities, women):
        head = fit([known[index] for index in train])
        scores[test] = [score(head, known[index]) for index in test]
    return scores


def discrimination(known: Sequence[Example], scores: NDArray[np.float64]) -> list[Discrimination]:
    """AUC with interval, per film (whole women are resampled) and per woman (her highest film)."""
    severities, women = np.array([each.film.severity for each in known]), _women(known)
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


def per_woman(values: NDArray[Any], women: NDArray[np.int64]) -> NDArray[Any]:
    """The highest value of each woman's films, by her number."""
    return np.array([values[women == woman].max() for woman in np.unique(women)])


def reference_population(known: Sequence[Example], scores: Sequence[NDArray[np.float64]]) -> ReferencePopulation:
    """The women without any finding: in screening nearly all women are, while two thirds of these films' women are not.

    A scale over all of these women would call a suspicious exam ordinary.
    """
    women = _women(known)
    worst = per_woman(np.array([each.film.severity for each in known]), women)
    highest = np.mean([per_woman(each, women) for each in scores], axis=0)[worst == Severity.NORMAL]
    return ReferencePopulation(
        name=f"{len(highest)} women of mini-MIAS without a finding, out-of-fold scores",
        scores=tuple(round(float(score), 4) for score in np.sort(highest)),
    )


def women_by_step(
    known: Sequence[Example], scores: NDArray[np.float64], reference: ReferencePopulation
) -> dict[str, list[int]]:
    """Worst finding -> number of women at the steps 1 to 10: what a cut of the policy would mean for these women."""
    women = _women(known)
    worst = per_woman(np.array([each.film.severity for each in known]), women)
    steps = np.array([reference.step(score) for score in per_woman(scores, women)])
    return {
        severity.name.lower(): [int(((worst == severity) & (steps == step)).sum()) for step in range(1, 11)]
        for severity in Severity
    }


def train(folder: Path) -> list[str]:
    """Fit and measure on all films, write the model to `folder`; what there is to say, a line each."""
    import torch

    from samdrift_mammography.network import pretrained

    torch.set_num_threads(1)
    films = list(mini_mias.films(mini_mias.folder()))
    known = list(examples(films, FeatureExtractor(pretrained())))
    scores = [out_of_fold(known, seed) for seed in SEEDS]
    reference = reference_population(known, scores)
    facts = {**_facts(known, scores), "women_by_step": women_by_step(known, scores[0], reference)}
    lesion_head.save(folder, fit(known), reference, facts)
    return [*_told(facts), f"Written to {folder}"]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m samdrift_mammography.training", description=__doc__)
    parser.add_argument("--into", type=Path, default=SHIPPED, help="folder for model.safetensors and model.json")
    sys.stdout.writelines(f"{line}\n" for line in train(parser.parse_args().into))


def _lesion_weights(lesion: Lesion, film: Film, cells: Cells) -> NDArray[np.float32] | None:
    """exp(-d2) with d the distance from the lesion's centre in radii, 0 outside; None when no breast cell is inside."""
    rows, columns = film.picture
    x, y = film.to_film(lesion.x / columns, lesion.y / rows)
    row, column = np.nonzero(cells.breast)
    distance2 = ((column + 0.5) * CELL - x) ** 2 + ((row + 0.5) * CELL - y) ** 2
    distance2 = distance2 / max(lesion.radius, CELL) ** 2
    weights = np.where(distance2 <= 1, np.exp(-distance2), 0).astype(np.float32)
    return weights / weights.sum() if weights.any() else None


def _moments(normal: Sequence[Example]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and covariance over the cells that count, each film with the same weight."""
    mean, second = np.zeros(WIDTH), np.zeros((WIDTH, WIDTH))
    for each in normal:
        features = each.cells.features[each.cells.scored[each.cells.breast]]
        mean += features.mean(axis=0) / len(normal)
        second += features.T @ features / (len(features) * len(normal))
    return mean, second - np.outer(mean, mean)


def _women(known: Sequence[Example]) -> NDArray[np.int64]:
    return np.array([each.film.woman for each in known])


def _facts(known: Sequence[Example], scores: Sequence[NDArray[np.float64]]) -> dict[str, Any]:
    women = _women(known)
    worst = per_woman(np.array([each.film.severity for each in known]), women)
    return {
        "command": "python -m samdrift_mammography.training",
        "data": "mini-MIAS (Suckling et al. 1994), the part in SAMDRIFT_DATA; MLO views only",
        "data_licence": "research purposes only",
        "films": len(known),
        "women": len(worst),
        "women_by_worst_film": {name.name.lower(): int((worst == name).sum()) for name in Severity},
        "lesions_with_cells": sum(len(each.lesions) for each in known),
        "shrinkage": SHRINKAGE,
        "cross_validation": f"{FOLDS} folds, stratified by finding, grouped by woman; seeds {list(SEEDS)}",
        "auc": [_auc_facts([discrimination(known, each)[task] for each in scores]) for task in (0, 1)],
    }


def _auc_facts(by_seed: Sequence[Discrimination]) -> dict[str, Any]:
    """The first seed's estimates, and the spread over seeds."""
    return {
        "task": by_seed[0].task,
        "per_film": asdict(by_seed[0].per_film),
        "per_woman": asdict(by_seed[0].per_woman),
        "per_film_by_seed": [round(each.per_film.value, 3) for each in by_seed],
        "per_woman_by_seed": [round(each.per_woman.value, 3) for each in by_seed],
    }


def _told(facts: dict[str, Any]) -> Iterator[str]:
    yield f"{facts['films']} films of {facts['women']} women; worst film: {facts['women_by_worst_film']}"
    yield f"Cross-validation: {facts['cross_validation']}"
    for auc in facts["auc"]:
        for unit in ("film", "woman"):
            found = auc[f"per_{unit}"]
            yield (
                f"AUC {auc['task']}, per {unit}: {found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}], "
                f"n = {found['n']}; seeds {auc[f'per_{unit}_by_seed']}"
            )
    for severity, counts in facts["women_by_step"].items():
        yield f"Women at steps 1-10, {severity}: {counts}"


if __name__ == "__main__":
    main()
