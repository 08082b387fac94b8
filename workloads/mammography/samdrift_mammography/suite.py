"""The evaluation suite `mammography-triage`: how a lesion head tells women apart whom it has not learned from.

The head's recipe is deterministic, so the suite can hold the version to it: fitted again on all films it must give the
version's own weights. Then the recipe's out-of-fold scores are evidence for the version, although each of them comes
from a head that has seen four fifths of the women. A head that the recipe does not give is refused: nobody could say
which films it has seen, and figures on films that were learned from are worth nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from samdrift_evaluation.errors import EvaluationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from samdrift_evaluation.report import Curve, DataUsed, Line, Report
    from samdrift_mammography.lesion_head import LesionHead
    from samdrift_mammography.training import Example

#: The split whose figures are reported; fixed before any was computed.
SEED = 0
#: Largest relative difference of weights that different processors may cause.
TOLERANCE = 1e-3
#: Women below which a subgroup says "too few".
LEAST_WOMEN = 20
#: Reporting checklists that apply.
CHECKLISTS = ("tripod_ai", "claim_2024", "future_ai", "decide_ai")
TISSUES = {"F": "fatty", "G": "glandular", "D": "dense"}
LIMITS = (
    "Digitised films of one collection from the 1990s, MLO views only; no CC views, no digital mammograms.",
    "Two thirds of these women have a finding, where screening has about six cancers in a thousand: no predictive "
    "value can be read from these figures.",
    "The same films served to choose among about 60 variants, so the figures are somewhat optimistic.",
    "Each woman's score comes from a head that has seen four fifths of the others; the version has seen all.",
)


class ForeignHeadError(EvaluationError):
    """Fitted again on these films, the recipe gives another head, so this one's figures would be worth nothing."""


@dataclass(frozen=True, kw_only=True)
class Women:
    """One row a woman: what she has, what the model says, her tissue."""

    #: 0 normal, 1 benign, 2 malignant: her worst film's.
    worst: NDArray[np.int64]
    #: Out-of-fold score of her highest film.
    score: NDArray[np.float64]
    #: "fatty", "glandular" or "dense".
    tissue: NDArray[np.str_]


class MammographySuite:
    """Evaluates a folder with a lesion head on the mini-MIAS films in SAMDRIFT_DATA; about 80 s on two cores."""

    name = "mammography-triage"

    def evaluate(self, folder: Path) -> Report:
        """The report of the head in `folder`.

        Raises:
            TrainingDataError: SAMDRIFT_DATA does not hold the films.
            ForeignHeadError: the head is not the recipe's.
            WrongWeightsError: it was made for other features.
        """
        import torch

        from samdrift_mammography import lesion_head, mini_mias, training
        from samdrift_mammography.features import FeatureExtractor
        from samdrift_mammography.network import pretrained

        head, _ = lesion_head.load(folder)
        films = mini_mias.folder()
        torch.set_num_threads(1)
        known = list(training.examples(list(mini_mias.films(films)), FeatureExtractor(pretrained())))
        check_recipe(head, training.fit(known))
        return report_of(folder, known, training.out_of_fold(known, SEED), _data_used(films, known))


def check_recipe(head: LesionHead, again: LesionHead) -> None:
    """ForeignHeadError unless both heads have the same weights, within what processors differ."""
    import numpy as np

    difference = float(np.abs(head.weight - again.weight).max() / np.abs(again.weight).max())
    if difference > TOLERANCE:
        raise ForeignHeadError(
            f"{ForeignHeadError.__doc__} Its weights differ by up to {difference:.2g} of the largest weight, where "
            f"{TOLERANCE:g} is allowed. Train it with `python -m samdrift_mammography.training`, or evaluate it on "
            "women whom it has not seen."
        )


def report_of(folder: Path, known: Sequence[Example], scores: NDArray[np.float64], data: DataUsed) -> Report:
    """The report from out-of-fold scores, one a film, in the order of `known`."""
    from samdrift_evaluation.checklist import checked
    from samdrift_evaluation.content import content_digest
    from samdrift_evaluation.report import Report

    women = _women(known, scores)
    lines, curves = tuple(_lines(women)), tuple(_curves(women))
    report = Report(
        suite=MammographySuite.name,
        subject=content_digest(folder),
        made_at=datetime.now(UTC),
        made_by=f"samdrift {version('samdrift')}",
        data=(data,),
        lines=lines,
        curves=curves,
        limits=LIMITS,
        settings={"seed": SEED, "folds": 5, "least_women": LEAST_WOMEN, "grouped_by": "woman"},
    )
    return replace(report, checklist=checked(report, CHECKLISTS))


def _women(known: Sequence[Example], scores: NDArray[np.float64]) -> Women:
    import numpy as np

    from samdrift_mammography.training import per_woman

    numbers = np.array([each.film.woman for each in known])
    tissue = {each.film.woman: TISSUES[each.film.tissue] for each in known}
    return Women(
        worst=per_woman(np.array([int(each.film.severity) for each in known]), numbers),
        score=per_woman(scores, numbers),
        tissue=np.array([tissue[woman] for woman in np.unique(numbers)]),
    )


def _lines(women: Women) -> Iterator[Line]:
    from samdrift_evaluation.auc import auc_with_interval
    from samdrift_evaluation.estimate import Estimate, when_enough
    from samdrift_evaluation.report import Line
    from samdrift_evaluation.subgroups import by_subgroup

    for name, least in (("auc_abnormal", 1), ("auc_malignant", 2)):
        chosen = (women.worst == 0) | (women.worst >= least)
        ill, score, tissue = women.worst[chosen] >= least, women.score[chosen], women.tissue[chosen]

        def auc(mask: NDArray[np.bool_], ill: NDArray[np.bool_], score: NDArray[np.float64]) -> Estimate:
            return auc_with_interval(ill[mask], score[mask])

        everyone = partial(auc_with_interval, ill, score)
        yield Line(name=name, figure=when_enough(len(ill), LEAST_WOMEN, everyone))
        found = by_subgroup(tissue, partial(auc, ill=ill, score=score), least=LEAST_WOMEN)
        yield from (Line(name=name, subgroup=f"tissue={group}", figure=figure) for group, figure in found.items())


def _curves(women: Women) -> Iterator[Curve]:
    from sklearn.metrics import roc_curve

    from samdrift_evaluation.report import Curve

    chosen = women.worst != 1
    fpr, tpr, _ = roc_curve(women.worst[chosen] == 2, women.score[chosen])
    yield Curve(
        name="roc",
        x="1 - specificity, women without a finding",
        y="sensitivity, women with cancer",
        points=tuple((float(x), float(y)) for x, y in zip(fpr, tpr, strict=True)),
        reference=((0.0, 0.0), (1.0, 1.0)),
    )


def _data_used(folder: Path, known: Sequence[Example]) -> DataUsed:
    from samdrift_evaluation.report import DataUsed

    digest = hashlib.sha256((folder / "labels.csv").read_bytes())
    for each in known:
        digest.update(each.film.path.read_bytes())
    return DataUsed(
        name="mini-MIAS, the part with lesion positions",
        digest="sha256:" + digest.hexdigest(),
        cases=len(known),
        units=len({each.film.woman for each in known}),
        unit="woman",
        source="Suckling et al. 1994; research purposes only",
    )


suite = MammographySuite()
