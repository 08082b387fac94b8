"""From labelled images to a model's folder: fit, measure, write `model.safetensors`, `model.json` and `card.md`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from samdrift_mammography import lesion_head
from samdrift_mammography.lesion_head import ReferencePopulation
from samdrift_mammography.reasons import BANNER
from samdrift_mammography.training.collection import Collection
from samdrift_mammography.training.cross_validation import (
    FOLDS,
    SEEDS,
    Discrimination,
    Recipe,
    Scores,
    discrimination,
    out_of_fold,
    reference_population,
    women_by_step,
    worst_findings,
)
from samdrift_mammography.training.examples import Example
from samdrift_mammography.training.labels import Severity
from samdrift_mammography.training.recipes import document_of


def make(
    folder: Path,
    collection: Collection,
    known: Sequence[Example],
    recipe: Recipe,
    *,
    command: str,
    seeds: Sequence[int] = SEEDS,
) -> list[str]:
    """Write the model that `recipe` makes of `known`, the collection's images; what there is to say, a line each.

    A card that is there already is left as it is: people write cards.

    Raises:
        TrainingDataError: the labels do not suffice for the recipe or for the cross-validation.
    """
    scores = [out_of_fold(known, recipe, seed) for seed in seeds]
    reference = reference_population(known, scores, collection.name.split(",")[0])
    facts = {"command": command, **_facts(collection, known, recipe, scores, seeds, reference)}
    lesion_head.save(folder, recipe.fit(known), reference, facts)
    if not (folder / "card.md").exists():
        (folder / "card.md").write_text("\n".join(_card(facts)) + "\n", encoding="utf-8")
    return [*_told(facts), f"Written to {folder}"]


def _facts(
    collection: Collection,
    known: Sequence[Example],
    recipe: Recipe,
    scores: Sequence[Scores],
    seeds: Sequence[int],
    reference: ReferencePopulation,
) -> dict[str, Any]:
    worst = worst_findings(known)
    return {
        "data": collection.name,
        "data_source": collection.source,
        "images": len(known),
        "women": len(worst),
        "women_by_worst_finding": {each.name.lower(): int((worst == each).sum()) for each in Severity},
        "findings_with_cells": sum(len(each.lesions) for each in known),
        "recipe": document_of(recipe),
        "cross_validation": f"{FOLDS} folds, stratified by finding, grouped by woman; seeds {list(seeds)}",
        "auc": [_auc_facts([discrimination(known, each)[task] for each in scores]) for task in (0, 1)],
        "women_by_step": women_by_step(known, scores[0], reference),
        "seen": sorted(collection.digests()),
    }


def _auc_facts(by_seed: Sequence[Discrimination]) -> dict[str, Any]:
    """The first seed's estimates, and the spread over seeds."""
    return {
        "task": by_seed[0].task,
        "per_film": asdict(by_seed[0].per_film),
        "per_woman": asdict(by_seed[0].per_woman),
        "per_film_by_seed": [round(each.per_film.value, 3) for each in by_seed],
        "per_woman_by_seed": [round(each.per_woman.value, 3) for each in by_seed],
        "per_woman_mean": round(float(np.mean([each.per_woman.value for each in by_seed])), 3),
    }


def _told(facts: dict[str, Any]) -> Iterator[str]:
    yield f"{facts['images']} images of {facts['women']} women; worst finding: {facts['women_by_worst_finding']}"
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


def _card(facts: dict[str, Any]) -> Iterator[str]:
    """A first card: what is known, and the places where people have to say what is not."""
    yield from ("# A lesion head trained on a labelled folder", "", f"**{BANNER}**", "")
    yield from ("## Intended use", "", "[More information needed]", "")
    yield from (
        "## What it learned from",
        "",
        f"{facts['data']}. {facts['data_source'] or 'Source: [more needed]'}",
        "",
    )
    yield from (f"- {line}" for line in _told(facts))
    yield from ("", "## Limits", "", "- Cross-validated on the images it was trained on; not measured elsewhere.")
    yield "- Before anyone may rely on it: a reader study in the population it is for, and a conformity assessment."
