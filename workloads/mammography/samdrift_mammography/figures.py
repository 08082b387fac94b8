"""The figures of an evaluation report on labelled mammograms: discrimination, and what single reading would cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from samdrift_evaluation.auc import auc_with_interval
from samdrift_evaluation.estimate import Estimate, Figure, when_enough
from samdrift_evaluation.report import Curve, Line
from samdrift_evaluation.shares import share
from samdrift_evaluation.subgroups import by_subgroup
from samdrift_mammography.training.labels import SUBGROUPS, LabelledImage

#: Women below which a subgroup says "too few".
LEAST_WOMEN = 20
#: Shares of the women, from the lowest score up, that one radiologist alone would read.
SINGLE_READING = (0.3, 0.5, 0.6, 0.67)
#: Name of the figure, and the least finding that it counts as ill.
TASKS = (("auc_abnormal", 1), ("auc_malignant", 2))


@dataclass(frozen=True, kw_only=True)
class Women:
    """One row a woman: what she has, what the model says, and her subgroups."""

    #: 0 normal, 1 benign, 2 malignant: her worst image's.
    worst: NDArray[np.int64]
    #: Score of her highest image.
    score: NDArray[np.float64]
    #: What her worst image is called in the report.
    name: NDArray[np.str_]
    #: "density" -> each woman's value, "" where nobody told it.
    subgroups: Mapping[str, NDArray[np.str_]]
    #: Kinds of findings of each woman.
    findings: Sequence[frozenset[str]]
    #: Images: worst finding, score, and whose each is.
    image_worst: NDArray[np.int64]
    image_score: NDArray[np.float64]
    image_woman: NDArray[np.str_]


def women(images: Sequence[LabelledImage], scores: NDArray[np.float64], names: Sequence[str]) -> Women:
    """Put the images of each woman together; a woman is what her worst image is, and as suspicious as her highest."""
    of_woman = np.array([image.woman for image in images])
    severities = np.array([int(image.severity) for image in images])
    groups = [np.flatnonzero(of_woman == woman) for woman in np.unique(of_woman)]
    worst: list[int] = [int(group[int(severities[group].argmax())]) for group in groups]
    return Women(
        worst=severities[worst],
        score=np.array([scores[group].max() for group in groups]),
        name=np.array([names[index] for index in worst]),
        subgroups={name: np.array([images[index].subgroups.get(name, "") for index in worst]) for name in SUBGROUPS},
        findings=[frozenset(kind for index in group for kind in images[int(index)].findings) for group in groups],
        image_worst=severities,
        image_score=np.asarray(scores, dtype=np.float64),
        image_woman=of_woman,
    )


def lines(women: Women) -> Iterator[Line]:
    """All figures; nobody's subgroup is left out, and what too few women have says so."""
    for name, least in TASKS:
        enough = int(((women.worst == 0) | (women.worst >= least)).sum())
        yield Line(name=name, figure=when_enough(enough, LEAST_WOMEN, partial(auc, women, least=least)))
        yield from _by_subgroup(women, name, least)
        yield from _by_finding(women, name, least)
        yield Line(name=f"{name}_image", figure=when_enough(enough, LEAST_WOMEN, partial(_auc_image, women, least)))
    for part in SINGLE_READING:
        cancers = int((women.worst == 2).sum())
        figure = when_enough(cancers, LEAST_WOMEN, partial(_read_twice, women, part))
        yield Line(name=f"cancers_read_twice_at_{round(100 * part)}", figure=figure)


def auc(women: Women, chosen: NDArray[np.bool_] | None = None, *, least: int) -> Estimate:
    """AUC per woman, those with at least such a finding against those without any.

    Raises:
        TooFewCasesError: a class has fewer than two women.
    """
    among = ((women.worst == 0) | (women.worst >= least)) & (True if chosen is None else chosen)
    return auc_with_interval(women.worst[among] >= least, women.score[among])


def curves(women: Women) -> Iterator[Curve]:
    """The ROC curve, cancer against no finding."""
    chosen = women.worst != 1
    if {0, 2} <= set(women.worst[chosen].tolist()):
        fpr, tpr, _ = roc_curve(women.worst[chosen] == 2, women.score[chosen])
        yield Curve(
            name="roc",
            x="1 - specificity, women without a finding",
            y="sensitivity, women with cancer",
            points=tuple((float(x), float(y)) for x, y in zip(fpr, tpr, strict=True)),
            reference=((0.0, 0.0), (1.0, 1.0)),
        )


def cancers_read_once(women: Women) -> dict[str, list[str]]:
    """Share of women read once, in per cent -> the images of the women with cancer among them: whom to look at."""
    return {
        str(round(100 * part)): sorted(women.name[(women.worst == 2) & _read_once(women, part)].tolist())
        for part in SINGLE_READING
    }


def _read_once(women: Women, part: float) -> NDArray[np.bool_]:
    """Those at or below the quantile; nobody is left unread."""
    low: NDArray[np.bool_] = women.score <= np.quantile(women.score, part)
    return low


def _read_twice(women: Women, part: float) -> Estimate:
    return share(~_read_once(women, part)[women.worst == 2])


def _auc_image(women: Women, least: int) -> Estimate:
    among = (women.image_worst == 0) | (women.image_worst >= least)
    return auc_with_interval(women.image_worst[among] >= least, women.image_score[among], women.image_woman[among])


def _by_subgroup(women: Women, name: str, least: int) -> Iterator[Line]:
    among = (women.worst == 0) | (women.worst >= least)
    for subgroup, values in women.subgroups.items():
        if (values != "").any():
            of_task = np.where(values == "", "not told", values)[among]
            positions = np.flatnonzero(among)
            found = by_subgroup(of_task, partial(_auc_at, women, positions, least), least=LEAST_WOMEN)
            yield from (Line(name=name, subgroup=f"{subgroup}={group}", figure=each) for group, each in found.items())


def _auc_at(women: Women, positions: NDArray[np.int64], least: int, mask: NDArray[np.bool_]) -> Estimate:
    chosen = np.zeros(len(women.worst), dtype=bool)
    chosen[positions[mask]] = True
    return auc(women, chosen, least=least)


def _by_finding(women: Women, name: str, least: int) -> Iterator[Line]:
    """Women with such a finding against all women without any."""
    for kind in sorted(frozenset().union(*women.findings)):
        having = np.array([kind in kinds for kinds in women.findings]) & (women.worst >= least)
        chosen = having | (women.worst == 0)
        figure: Figure = when_enough(int(chosen.sum()), LEAST_WOMEN, partial(auc, women, chosen, least=least))
        yield Line(name=name, subgroup=f"finding={kind}", figure=figure)
