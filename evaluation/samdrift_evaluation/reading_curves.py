"""The curves of a reader study."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from samdrift_evaluation.reader_study import Study
from samdrift_evaluation.reading_protocol import Comparison
from samdrift_evaluation.report import Curve

#: Shares of exams that one reader reads: 0, 0.05, … 1.
SHARES = tuple(share / 20 for share in range(21))


def roc(study: Study) -> Curve:
    """The AI's exam scores alone, without any reader."""
    thresholds = np.unique(study.ai)[::-1]
    recalled = study.ai >= thresholds[:, np.newaxis]
    sensitivity, fpr = recalled[:, study.cancer].mean(axis=1), recalled[:, ~study.cancer].mean(axis=1)
    return Curve(
        name="roc",
        x="1 - specificity",
        y="sensitivity",
        points=((0.0, 0.0), *zip(fpr.tolist(), sensitivity.tolist(), strict=True)),
        reference=((0.0, 0.0), (1.0, 1.0)),
    )


def reads_saved(swept: Sequence[Comparison]) -> Curve:
    """What triage costs in sensitivity for every share of readings that it saves; the margin for comparison.

    `swept` are the comparisons of `reading_protocol.sweep`, at least one.
    """
    saved, cost = [one.reads_saved.value for one in swept], [one.difference for one in swept]
    margin = swept[0].protocol.margin
    return Curve(
        name="reads saved",
        x="share of readings saved",
        y="sensitivity, triage minus double reading",
        points=tuple((x, y.value, y.low, y.high) for x, y in zip(saved, cost, strict=True)),
        reference=((min(saved), -margin), (max(saved), -margin)),
    )
