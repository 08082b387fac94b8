"""The suite `reader-study`: a model that is known by its scores alone, put into a screening protocol.

A score-replay model is a folder with `model.safetensors` (tensor `scores`, one probability of malignancy an exam) and
`model.json` (`kind`, `study`, `cases`: the exam of each score). It stands for a vendor's model whose weights nobody
hands out: its scores on a public reader study are evidence enough to judge it by.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from samdrift_evaluation import reader_study
from samdrift_evaluation.content import content_digest
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.reader_study import Comparison, Protocol, Study
from samdrift_evaluation.report import Curve, DataUsed, Line, Report

KIND, STUDY = "score-replay", "nyu_reader_study"
#: The study inside SAMDRIFT_DATA.
RESULTS = Path("mammography") / STUDY / "results.csv"
#: Shares of exams read by one reader, for the curve.
SHARES = tuple(share / 20 for share in range(20))
LIMITS = (
    "One study at one site: 480 exams chosen so that one in twelve has cancer, read without prior exams.",
    "Readers did not see the AI; how they read when they know its score is not measured here.",
    "Pairs of readers are averaged as if they read independently; real double reading ends in arbitration.",
)


class StudyMissingError(EvaluationError):
    """SAMDRIFT_DATA does not hold the reader study. Point it at a folder with `mammography/nyu_reader_study`."""


class NoReplayError(EvaluationError):
    """This is not a score-replay model: `model.json` with kind, study and cases, `model.safetensors` with scores."""


class ReaderStudySuite:
    """Evaluates a folder with recorded scores on the reader study in SAMDRIFT_DATA; about a second."""

    name = "reader-study"

    def __init__(self, protocol: Protocol | None = None) -> None:
        self.protocol = protocol or Protocol()

    def evaluate(self, folder: Path) -> Report:
        """The report of the scores in `folder`.

        Raises:
            StudyMissingError: the study is not there.
            NoReplayError: the folder is not a score-replay model.
            StudyUnreadableError: an exam of the study has no score.
        """
        path = study_path()
        study = reader_study.study_of(path, recorded_scores(folder))
        found = reader_study.compare(study, self.protocol)
        return Report(
            suite=self.name,
            subject=content_digest(folder),
            made_at=datetime.now(UTC),
            made_by=f"samdrift {version('samdrift')}",
            data=(_data_used(path, study),),
            lines=tuple(_lines(found, self.protocol)),
            curves=tuple(_curves(study, self.protocol)),
            limits=LIMITS,
            settings=dict(vars(self.protocol)),
        )


def study_path() -> Path:
    """Where the study is; StudyMissingError when it is not there."""
    path = Path(os.environ.get("SAMDRIFT_DATA", "")) / RESULTS
    if "SAMDRIFT_DATA" not in os.environ or not path.is_file():
        raise StudyMissingError(f"SAMDRIFT_DATA holds no {RESULTS}. Point it at the data.")
    return path


def recorded_scores(folder: Path) -> Mapping[str, float]:
    """Exam -> score, from a score-replay model; NoReplayError when it is none."""
    from safetensors.numpy import load_file

    try:
        facts = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        scores = load_file(folder / "model.safetensors")["scores"]
        kind, study, cases = facts["kind"], facts["study"], [str(case) for case in facts["cases"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoReplayError(f"{folder.name}: {NoReplayError.__doc__} ({type(error).__name__})") from error
    if (kind, study) != (KIND, STUDY) or len(scores) != len(cases) or len(set(cases)) != len(cases):
        raise NoReplayError(f"{folder.name}: {NoReplayError.__doc__} Each case must have one score of {STUDY}.")
    return dict(zip(cases, scores.tolist(), strict=True))


def write_replay(folder: Path, scores: Mapping[str, float], card: str) -> None:
    """Write a score-replay model: what a vendor would hand out instead of weights."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    cases = sorted(scores)
    save_file({"scores": np.array([scores[case] for case in cases])}, folder / "model.safetensors")
    facts = {"kind": KIND, "study": STUDY, "cases": cases}
    (folder / "model.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    (folder / "card.md").write_text(card, encoding="utf-8")


def _lines(found: Comparison, protocol: Protocol) -> Iterator[Line]:
    """The figures that policies name. Sensitivities of single and double reading have no interval of their own here."""
    method = f"percentile bootstrap over {found.n_exams} exams, {protocol.replicates} replicates, seed {protocol.seed}"
    for name, value, (low, high), n in (
        ("auc_exam", found.auc_exam, found.auc_ci, found.n_exams),
        ("sensitivity_difference", found.difference, found.difference_ci, found.n_cancers),
        (
            "fpr_difference",
            found.fpr_triage - found.fpr_double,
            found.fpr_difference_ci,
            found.n_exams - found.n_cancers,
        ),
    ):
        figure = Estimate(value=value, low=low, high=high, n=n, method=method, confidence=protocol.confidence)
        yield Line(name=name, figure=figure)


def _curves(study: Study, protocol: Protocol) -> Iterator[Curve]:
    """What triage costs in sensitivity for every share of readings that it saves; and the ROC curve."""
    swept = list(reader_study.sweep(study, protocol, SHARES))
    yield Curve(
        name="reads saved",
        x="share of readings saved",
        y="sensitivity, triage less double reading",
        points=tuple((one.reads_saved, one.difference, *one.difference_ci) for one in swept),
        reference=((0.0, -protocol.margin), (0.5, -protocol.margin)),
    )
    yield Curve(name="roc", x="1 - specificity", y="sensitivity", points=roc(study), reference=((0.0, 0.0), (1.0, 1.0)))


def roc(study: Study) -> tuple[tuple[float, float], ...]:
    """(false positive rate, sensitivity) at every distinct score, from (0, 0) to (1, 1)."""
    thresholds = np.unique(study.ai)[::-1]
    called = study.ai[np.newaxis, :] >= thresholds[:, np.newaxis]
    sensitivity = called[:, study.cancer].mean(axis=1)
    fpr = called[:, ~study.cancer].mean(axis=1)
    points: Sequence[tuple[float, float]] = [(float(x), float(y)) for x, y in zip(fpr, sensitivity, strict=True)]
    return ((0.0, 0.0), *points)


def _data_used(path: Path, study: Study) -> DataUsed:
    return DataUsed(
        name="NYU reader study",
        digest="sha256:" + hashlib.sha256(path.read_bytes()).hexdigest(),
        cases=len(study.case),
        units=len(study.case),
        unit="exam",
        source="nyukat/mammography_metarepository, arXiv:2108.04800; BSD-2-Clause",
    )


suite = ReaderStudySuite()
