"""One report that has everything a report can have."""

from __future__ import annotations

from datetime import UTC, datetime

from samdrift_evaluation.estimate import Estimate, TooFew
from samdrift_evaluation.report import CheckedItem, Curve, DataUsed, Line, Report


def estimate(value: float, half: float, n: int = 480, method: str = "Wilson score") -> Estimate:
    return Estimate(value=value, low=value - half, high=value + half, n=n, method=method)


REPORT = Report(
    suite="reader-study",
    subject="sha256:" + "ab" * 32,
    made_at=datetime(2026, 11, 24, 12, 30, tzinfo=UTC),
    made_by="samdrift 0.1.0",
    data=(
        DataUsed(
            name="screening films",
            digest="sha256:" + "cd" * 32,
            cases=480,
            units=240,
            unit="woman",
            source="A fictitious archive, described in no paper",
        ),
    ),
    lines=(
        Line(name="auc", figure=estimate(0.8234, 0.04, method="cluster bootstrap over 240 groups, 2000 replicates")),
        Line(name="sensitivity", figure=estimate(0.75, 0.1, 62)),
        Line(name="readings_saved", figure=estimate(1234.5, 60), unit="readings"),
        Line(name="auc", figure=estimate(0.7, 0.1, 140, "DeLong"), subgroup="density=dense"),
        Line(name="auc", figure=estimate(0.85, 0.05, 326, "DeLong"), subgroup="density=fatty"),
        Line(name="auc", figure=TooFew(n=14, reason="at least 20 are needed"), subgroup="density=<unknown>"),
        Line(name="sensitivity", figure=TooFew(n=9, reason="at least 20 are needed"), subgroup="density=dense"),
    ),
    curves=(
        Curve(
            name="roc",
            x="1 - specificity",
            y="sensitivity",
            points=tuple((i / 40, (i / 40) ** 0.4) for i in range(41)),
            reference=((0.0, 0.0), (1.0, 1.0)),
        ),
        Curve(
            name="reliability",
            x="predicted probability",
            y="observed share",
            points=tuple((i / 10, i / 11, i / 11 - 0.05, i / 11 + 0.05) for i in range(1, 10)),
            reference=((0.0, 0.0), (1.0, 1.0)),
        ),
        Curve(
            name="reads saved",
            x="share read once",
            y="readings saved",
            points=tuple((i / 30, 500.0 * i, 480.0 * i, 520.0 * i) for i in range(31)),
        ),
    ),
    checklist=(
        CheckedItem(checklist="TRIPOD+AI 2024", item="12e", asks="Say how it was judged.", evidence="figure: auc"),
        CheckedItem(
            checklist="TRIPOD+AI 2024", item="14", asks="How fairness was looked at.", comment="card: fairness"
        ),
    ),
    limits=("All films come from one site.", "Scores <b>below 0.1</b> & ties were kept."),
    settings={"margin": 0.05, "seed": 0, "policy": {"name": "reader-study", "levels": [1, 2]}},
)
