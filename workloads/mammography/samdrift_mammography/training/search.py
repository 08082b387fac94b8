"""Which variant of the closed-form recipe to take, and what choosing among them is worth: nested cross-validation.

`python -m samdrift_mammography.training.search --into FOLDER` compares all variants on mini-MIAS. Inside every outer
fold the choice is made by cross-validation over the other folds' women, so the outer figures are those of "choose,
then fit", by women who had no part in either. Variants score on different scales, so each fold's scores are told in
standard deviations from the mean of its reference population, as a deployed model's are by its deciles. Every variant
and every outer split becomes a run in MLflow.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samdrift_evaluation.auc import auc_with_interval
from samdrift_evaluation.paired import Comparison, compare_auc
from samdrift_mammography.lesion_head import CellReading, LesionHead, film_score
from samdrift_mammography.training.brought_along import RECIPES, Made
from samdrift_mammography.training.cross_validation import Scores, splits, worst_findings
from samdrift_mammography.training.examples import Example, women_of
from samdrift_mammography.training.fisher import Fisher
from samdrift_mammography.training.labels import Severity

#: Sets of taps (positions in `features.TAPS`): those of the first model, all, only full scale, only half scale.
TAPS = {"first": (2, 4, 5), "all": (0, 1, 2, 3, 4, 5), "full": (0, 1, 2), "half": (3, 4, 5)}
INNER_FOLDS = 4
#: Inner cross-validations whose scores are averaged: one alone makes the choice waver.
INNER_REPEATS = 2
#: Splits that no earlier comparison used.
OUTER_SEEDS = (300, 301, 302, 303)
TASKS = (("abnormal", Severity.BENIGN), ("malignant", Severity.MALIGNANT))


class Grid(StrEnum):
    """Which variants are tried."""

    #: 16: what earlier comparisons had shown to matter.
    NARROW = "narrow"
    #: 144: more taps, more regularisation, more smoothing, left-right asymmetry. Choosing among them is a lottery.
    WIDE = "wide"


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One combination of choices."""

    taps: str
    recipe: Fisher
    asymmetry: float

    def parameters(self) -> dict[str, Any]:
        """What distinguishes it, by name."""
        reading = asdict(self.recipe.reading)
        return {"taps": self.taps, "shrinkage": self.recipe.shrinkage, **reading, "asymmetry": self.asymmetry}

    def per_woman(self, scores: Scores, women: NDArray[Any]) -> Scores:
        """Her highest image's score, less a share of the other breast's (of her lowest image's)."""
        films = [scores[women == woman] for woman in np.unique(women)]
        return np.array([each.max() - self.asymmetry * each.min() * (len(each) > 1) for each in films])


#: The model that was shipped before: what any other choice is held against.
FIRST = Variant(taps="first", recipe=RECIPES[Made.FIRST_HEAD], asymmetry=0.0)


def variants(grid: Grid) -> list[Variant]:
    """All combinations of the grid's choices."""
    wide = grid is Grid.WIDE
    choices = itertools.product(
        TAPS if wide else ("first", "all"),
        (1.0, 3.0, 10.0) if wide else (1.0, 3.0),  # shrinkage
        (0.0, 0.8, 1.2) if wide else (0.0, 0.8),  # smoothing, in cells
        (False, True),  # by spread
        (0.0, 0.33) if wide else (0.0,),  # asymmetry
    )
    return [
        Variant(
            taps=taps,
            recipe=Fisher(
                shrinkage=shrinkage, taps=TAPS[taps], reading=CellReading(smoothing=sigma, by_spread=by_spread)
            ),
            asymmetry=asymmetry,
        )
        for taps, shrinkage, sigma, by_spread, asymmetry in choices
    ]


@dataclass(frozen=True, kw_only=True)
class Outer:
    """One outer split: every woman scored by a head and a choice that others made."""

    seed: int
    #: A score a woman, by her name: chosen in the inner folds, and the first model's.
    chosen: Scores
    first: Scores
    #: Variant chosen in each fold.
    choices: Sequence[Variant]


def scored(known: Sequence[Example], tried: Sequence[Variant], train: Sequence[int], test: Sequence[int]) -> Scores:
    """Scores (variants, test images): heads fitted on `train`. Variants that differ in reading share their fit."""
    scores = np.zeros((len(tried), len(test)))
    heads: dict[tuple[str, float], LesionHead] = {}
    for variant in tried:
        if _fit_key(variant) not in heads:
            heads[_fit_key(variant)] = variant.recipe.fit([known[index] for index in train])
    weights = np.stack([head.weight for head in heads.values()], axis=1)
    place = {key: number for number, key in enumerate(heads)}
    for column, index in enumerate(test):
        cells = known[index].cells
        raw = cells.features.astype(np.float32) @ weights
        found: dict[tuple[str, float, CellReading], float] = {}
        for row, variant in enumerate(tried):
            reading = variant.recipe.reading
            key = (*_fit_key(variant), reading)
            if key not in found:
                found[key] = film_score(reading.read(raw[:, place[_fit_key(variant)]], cells), cells)
            scores[row, column] = found[key]
    return scores


def repeated(known: Sequence[Example], tried: Sequence[Variant], seed: int) -> Scores:
    """Out-of-fold scores (variants, images), means over `INNER_REPEATS` cross-validations."""
    seeds = [seed + 1000 * turn for turn in range(INNER_REPEATS)]
    mean: Scores = np.mean([cross_validated(known, tried, each, INNER_FOLDS) for each in seeds], axis=0)
    return mean


def cross_validated(known: Sequence[Example], tried: Sequence[Variant], seed: int, folds: int) -> Scores:
    """Out-of-fold scores (variants, images)."""
    scores = np.zeros((len(tried), len(known)))
    for train, test in splits(known, seed, folds):
        scores[:, test] = scored(known, tried, train, test)
    return scores


def choose(known: Sequence[Example], tried: Sequence[Variant], scores: Scores) -> int:
    """The variant with the highest mean of both tasks' AUC per woman, by `repeated`; of equals the first."""
    women, worst = women_of(known), worst_findings(known)
    merits = [
        np.mean([_auc(variant.per_woman(each, women), worst, least) for _, least in TASKS])
        for variant, each in zip(tried, scores, strict=True)
    ]
    return int(np.argmax(merits))


def nested(known: Sequence[Example], tried: Sequence[Variant], seed: int) -> Outer:
    """One outer cross-validation; the choice is made anew in each of its folds."""
    women = women_of(known)
    names = np.unique(women)
    chosen, first, choices = np.zeros(len(names)), np.zeros(len(names)), []
    for train, test in splits(known, seed):
        learned = [known[index] for index in train]
        inner = repeated(learned, tried, seed)
        best, old = choose(learned, tried, inner), tried.index(FIRST)
        choices.append(tried[best])
        both = scored(known, [tried[best], FIRST], train, test)
        theirs = np.isin(names, women[test])
        for told, row, position in ((chosen, 0, best), (first, 1, old)):
            scale = _Scale.of(learned, tried[position], inner[position])
            told[theirs] = scale.told(tried[position].per_woman(both[row], women[test]))
    return Outer(seed=seed, chosen=chosen, first=first, choices=choices)


@dataclass(frozen=True, kw_only=True)
class _Scale:
    """Mean and standard deviation of a variant's reference population."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, known: Sequence[Example], variant: Variant, scores: Scores) -> _Scale:
        normal = variant.per_woman(scores, women_of(known))[worst_findings(known) == Severity.NORMAL]
        return cls(mean=float(normal.mean()), deviation=float(normal.std()))

    def told(self, scores: Scores) -> Scores:
        return (scores - self.mean) / self.deviation


def compared(chosen: Scores, first: Scores, worst: NDArray[Any], least: Severity) -> Comparison:
    """Choosing against the first model, on the same women."""
    among = (worst == Severity.NORMAL) | (worst >= least)
    return compare_auc(worst[among] >= least, chosen[among], first[among])


def search(known: Sequence[Example], grid: Grid, tracking_uri: str) -> list[str]:
    """Log everything to MLflow below one parent run; what there is to say, a line each."""
    import mlflow

    mlflow.set_tracking_uri(tracking_uri)
    mlflow.set_experiment("mammography-triage search")
    tried, worst = variants(grid), worst_findings(known)
    told = [f"{len(known)} images of {len(worst)} women, {len(tried)} variants"]
    with mlflow.start_run(run_name=f"nested cross-validation, {grid}"):
        mlflow.log_params({"variants": len(tried), "women": len(worst), "outer_seeds": str(OUTER_SEEDS)})
        told += _log_variants(mlflow, known, tried)
        outers = [nested(known, tried, seed) for seed in OUTER_SEEDS]
        for outer in outers:
            told += _log_outer(mlflow, outer, worst)
        told += _log_mean(mlflow, outers, worst)
    return told


def main() -> None:
    """Command line."""
    import torch

    from samdrift_mammography.training import mini_mias
    from samdrift_mammography.training.examples import examples, extractor

    parser = argparse.ArgumentParser(prog="python -m samdrift_mammography.training.search", description=__doc__)
    parser.add_argument("--into", type=Path, required=True, help="folder for MLflow's database")
    parser.add_argument("--grid", type=Grid, choices=list(Grid), default=Grid.NARROW)
    asked = parser.parse_args()
    folder = asked.into
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    known = list(examples(mini_mias.images(mini_mias.folder()), extractor()))
    sys.stdout.writelines(f"{line}\n" for line in search(known, asked.grid, f"sqlite:///{folder / 'mlflow.db'}"))


def _log_variants(mlflow: Any, known: Sequence[Example], tried: Sequence[Variant]) -> Iterator[str]:
    """Each variant by ordinary cross-validation on the outer splits: what the choice was made among."""
    women, worst = women_of(known), worst_findings(known)
    by_seed = [cross_validated(known, tried, seed, 5) for seed in OUTER_SEEDS]
    merits = []
    for row, variant in enumerate(tried):
        metrics = _metrics([variant.per_woman(scores[row], women) for scores in by_seed], worst)
        merits.append(np.mean([metrics[f"auc_{task}"] for task, _ in TASKS]))
        with mlflow.start_run(run_name=f"variant {row}", nested=True):
            mlflow.log_params(variant.parameters())
            mlflow.log_metrics(metrics)
    for row in np.argsort(merits)[::-1][:5]:
        yield f"{merits[row]:.3f} mean AUC per woman: {tried[row].parameters()}"
    yield f"{merits[tried.index(FIRST)]:.3f} the first model"


def _log_outer(mlflow: Any, outer: Outer, worst: NDArray[Any]) -> Iterator[str]:
    with mlflow.start_run(run_name=f"outer split {outer.seed}", nested=True):
        mlflow.log_params({f"fold_{n}": str(choice.parameters()) for n, choice in enumerate(outer.choices)})
        mlflow.log_metrics(_metrics([outer.chosen], worst))
        yield from _log_gain(mlflow, f"split {outer.seed}", outer.chosen, outer.first, worst)


def _log_mean(mlflow: Any, outers: Sequence[Outer], worst: NDArray[Any]) -> Iterator[str]:
    """Each woman's mean over the outer splits, in the parent run: the figures to quote."""
    chosen, first = (np.mean([getattr(each, name) for each in outers], axis=0) for name in ("chosen", "first"))
    mlflow.log_metrics(_metrics([chosen], worst))
    yield from _log_gain(mlflow, "mean of the splits", chosen, first, worst)


def _log_gain(mlflow: Any, of: str, chosen: Scores, first: Scores, worst: NDArray[Any]) -> Iterator[str]:
    for task, least in TASKS:
        among = (worst == Severity.NORMAL) | (worst >= least)
        found = auc_with_interval(worst[among] >= least, chosen[among])
        gain = compared(chosen, first, worst, least)
        mlflow.log_metrics({f"gain_{task}": gain.difference.value, f"gain_{task}_p": gain.p_value})
        yield f"{of}, {task}: {found.value:.3f} {found}; against the first model {gain.difference.value:.3f} {gain}"


def _metrics(by_seed: Sequence[Scores], worst: NDArray[Any]) -> Mapping[str, float]:
    """AUC per woman with its interval, means over the splits."""
    found = {}
    for task, least in TASKS:
        among = (worst == Severity.NORMAL) | (worst >= least)
        each = [auc_with_interval(worst[among] >= least, scores[among]) for scores in by_seed]
        found[f"auc_{task}"] = float(np.mean([one.value for one in each]))
        found[f"auc_{task}_low"] = float(np.mean([one.low for one in each]))
        found[f"auc_{task}_high"] = float(np.mean([one.high for one in each]))
    return found


def _fit_key(variant: Variant) -> tuple[str, float]:
    return variant.taps, variant.recipe.shrinkage


def _auc(scores: Scores, worst: NDArray[Any], least: Severity) -> float:
    from sklearn.metrics import roc_auc_score

    among = (worst == Severity.NORMAL) | (worst >= least)
    return float(roc_auc_score(worst[among] >= least, scores[among]))


if __name__ == "__main__":
    main()
