"""The evaluation suite `mammography-triage`: how a model tells women apart whom it has not learned from.

A model's recipe is deterministic, so the suite can hold the version to it: followed again on all the images that the
version has seen it must give the version's own weights. Then the recipe's out-of-fold scores are evidence for the
version, although each of them comes from a head that has seen four fifths of the women. A head that its recipe does
not give is refused: nobody could say which images it has seen, and figures on images that were learned from are worth
nothing. For the same reason the gate's suite refuses a version that says it has seen none of its images: whoever
registers a model could leave them out. Only a person who knows better may have it measured directly (`evaluate`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samdrift_evaluation.errors import EvaluationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from samdrift_evaluation.report import Curve, Report
    from samdrift_mammography.training.collection import Collection
    from samdrift_mammography.training.cross_validation import Recipe, Scores
    from samdrift_mammography.training.examples import Example

#: The split whose figures are reported; fixed before any was computed.
SEED = 0
#: Largest relative difference of weights that different processors may cause.
TOLERANCE = 1e-3
#: Reporting checklists that apply.
CHECKLISTS = ("tripod_ai", "claim_2024", "future_ai", "decide_ai")
#: Shares of the women to learn from at which the learning curve is measured.
LEARNING = (0.25, 0.5, 0.75, 1.0)
LIMITS_OF_MINI_MIAS = (
    "Digitised films of one collection from the 1990s, MLO views only; no CC views, no digital mammograms.",
    "Two thirds of these women have a finding, where screening has about six cancers in a thousand: no predictive "
    "value can be read from these figures.",
    "The same films served to choose the recipe (docs/decisions/0024), so the figures are somewhat optimistic.",
)
LIMITS = ("Each woman's score comes from a head that has seen four fifths of the others; the version has seen all.",)


class ForeignHeadError(EvaluationError):
    """Trained again on these images, the recipe gives another head, so this one's figures would be worth nothing."""


class SeenImagesError(EvaluationError):
    """The model has seen some of these images and not others. Evaluate it on all that it has seen, or on none."""


class MammographySuite:
    """Evaluates a model's folder on the mini-MIAS films in SAMDRIFT_DATA; about 80 s on two quiet cores."""

    name = "mammography-triage"

    def evaluate(self, folder: Path) -> Report:
        """The report of the model in `folder`.

        Raises:
            TrainingDataError: SAMDRIFT_DATA does not hold the films.
            ForeignHeadError: the head is not its recipe's.
            WrongWeightsError: it was made for other features, or has no recipe.
        """
        from samdrift_mammography.training.collection import mini_mias_collection

        return evaluate(folder, mini_mias_collection(), LIMITS_OF_MINI_MIAS)


def evaluate(
    folder: Path, collection: Collection, limits: Sequence[str] = (), *, believe_unseen: bool = False
) -> Report:
    """The report of the model in `folder` on any labelled images.

    `believe_unseen` says that somebody vouches for a model that lists none of these images among those it has seen; it
    is then measured directly, and the report says so.

    Raises:
        ForeignHeadError: the model has seen these images, and its recipe gives another head; or it lists none of them
            and nobody vouches for that.
        SeenImagesError: it has seen a part of them.
        WrongWeightsError: it was made for other features, or has no recipe.
    """
    import torch

    from samdrift_mammography.training import whole_image

    torch.set_num_threads(1)
    if whole_image.is_whole_image(folder):
        scores, curves = _whole_image_scores(folder, collection)
        return report_of(folder, collection, scores, limits=(*limits, *LIMITS), curves=curves)
    return _lesion_report(folder, collection, limits, believe_unseen=believe_unseen)


def check_recipe(weight: NDArray[np.float32], again: NDArray[np.float32]) -> None:
    """ForeignHeadError unless both heads have the same weights, within what processors differ."""
    import numpy as np

    difference = float(np.abs(weight - again).max() / np.abs(again).max())
    if not difference <= TOLERANCE:
        raise ForeignHeadError(
            f"{ForeignHeadError.__doc__} Its weights differ by up to {difference:.2g} of the largest weight, where "
            f"{TOLERANCE:g} is allowed. Train it with `samdrift mammography train`, or evaluate it on women whom it "
            "has not seen."
        )


def report_of(
    folder: Path,
    collection: Collection,
    scores: Scores,
    *,
    limits: Sequence[str],
    curves: Sequence[Curve] = (),
    settings: Mapping[str, Any] | None = None,
) -> Report:
    """The report from scores, one an image, in the collection's order."""
    from samdrift_evaluation.checklist import checked
    from samdrift_evaluation.content import content_digest
    from samdrift_evaluation.report import Report
    from samdrift_mammography import figures

    women = figures.women(collection.images, scores, collection.names())
    report = Report(
        suite=MammographySuite.name,
        subject=content_digest(folder),
        made_at=datetime.now(UTC),
        made_by=f"samdrift {version('samdrift')}",
        data=(collection.data_used(),),
        lines=tuple(figures.lines(women)),
        curves=(*figures.curves(women), *curves),
        limits=tuple(limits),
        settings={
            "seed": SEED,
            "folds": 5,
            "least_women": figures.LEAST_WOMEN,
            "grouped_by": "woman",
            "cancers_read_once": figures.cancers_read_once(women),
            **(settings or {}),
        },
    )
    return replace(report, checklist=checked(report, CHECKLISTS))


def _lesion_report(folder: Path, collection: Collection, limits: Sequence[str], *, believe_unseen: bool) -> Report:
    from samdrift_mammography import lesion_head
    from samdrift_mammography.training.cross_validation import out_of_fold, scores_of
    from samdrift_mammography.training.examples import examples, extractor

    head, _ = lesion_head.load(folder)
    facts = json.loads((folder / lesion_head.FACTS_FILE).read_text(encoding="utf-8"))["training"]
    seen = _has_seen(facts.get("seen", []), collection)
    if not seen and not believe_unseen:
        raise ForeignHeadError(
            "The model does not list these images among those that it has seen, so nobody can tell whether it has "
            "learned from them. Train it with `samdrift mammography train`, or evaluate it by hand on women whom it "
            "has not seen (`samdrift mammography evaluate`)."
        )
    known = list(examples(collection.images, extractor()))
    if not seen:
        unseen = ("By its own list the model has seen none of these images; only whoever trained it knows.",)
        return report_of(folder, collection, scores_of(head, known), limits=(*limits, *unseen))
    recipe = _recipe(facts)
    check_recipe(head.weight, recipe.fit(known).weight)
    scores = out_of_fold(known, recipe, SEED)
    curve = _learning_curve(collection, known, recipe)
    return report_of(folder, collection, scores, limits=(*limits, *LIMITS), curves=(curve,))


def _has_seen(seen: Sequence[str], collection: Collection) -> bool:
    """Whether the model has learned from these images: from all of them, or from none."""
    given, learned = set(collection.digests()), set(seen)
    if given.isdisjoint(learned):
        return False
    if given != learned:
        raise SeenImagesError(
            f"The model has seen {len(given & learned)} of these {len(given)} images, and learned from {len(learned)}. "
            "Evaluate it on all that it has seen, or on none."
        )
    return True


def _recipe(facts: Mapping[str, Any]) -> Recipe:
    from samdrift_mammography.errors import WrongWeightsError
    from samdrift_mammography.training.recipes import recipe_of

    if "recipe" not in facts:
        raise WrongWeightsError("The model's folder has no recipe, so nobody can follow it. Train the model again.")
    return recipe_of(facts["recipe"])


def _whole_image_scores(folder: Path, collection: Collection) -> tuple[Scores, tuple[Curve, ...]]:
    """Out-of-fold scores of the whole-image recipe, after the same check."""
    from samdrift_mammography.network import pretrained
    from samdrift_mammography.training import whole_image

    found = whole_image.features(collection.images, pretrained())
    again = whole_image.fit(found, [image.severity for image in collection.images])
    check_recipe(whole_image.load(folder).weight, again.weight)
    return whole_image.out_of_fold(collection.images, found, SEED), ()


def _learning_curve(collection: Collection, known: Sequence[Example], recipe: Recipe) -> Curve:
    """What heads that learned from fewer women reach: where it is flat, more of the same images will not help."""
    from samdrift_evaluation.report import Curve
    from samdrift_mammography import figures
    from samdrift_mammography.training.learning_curve import scores_by_share

    points = []
    for learned, scores in scores_by_share(known, recipe, LEARNING, SEED):
        found = figures.auc(figures.women(collection.images, scores, collection.names()), least=2)
        points.append((float(learned), found.value, found.low, found.high))
    return Curve(
        name="learning curve",
        x="women learned from",
        y="AUC per woman, malignant against normal",
        points=tuple(points),
    )


suite = MammographySuite()
