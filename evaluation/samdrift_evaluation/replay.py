"""The suite `reader-study`: a model that is known by its scores alone, put into a screening protocol.

A score-replay model stands for a vendor's model whose weights nobody hands out: its scores on a public reader study are
what it can be judged by. It is a folder with two files beside its card:

- `model.json`: `kind` ("score-replay"), `study` ("nyu_reader_study") and `cases`, the exam of each score;
- `model.safetensors`: one tensor `scores`, higher is more suspicious; one score an exam, or one a breast, of which the
  highest counts.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from samdrift_evaluation.auc import auc_with_interval
from samdrift_evaluation.checklist import checked
from samdrift_evaluation.content import content_digest
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate, TooFew
from samdrift_evaluation.proportions import exact_bounds
from samdrift_evaluation.reader_study import Study, highest, study_of
from samdrift_evaluation.reading_curves import SHARES, reads_saved, roc
from samdrift_evaluation.reading_protocol import Comparison, ReadingProtocol, compare, sweep
from samdrift_evaluation.report import DataUsed, Line, Report

KIND, STUDY = "score-replay", "nyu_reader_study"
FACTS_FILE, SCORES_FILE, SCORES = "model.json", "model.safetensors", "scores"
#: The study inside SAMDRIFT_DATA.
RESULTS = Path("mammography") / STUDY / "results.csv"
#: Reporting checklists that apply.
CHECKLISTS = ("tripod_ai", "claim_2024", "future_ai", "decide_ai")
#: Exams with cancer below which figures that rest on them say "too few".
LEAST_CANCERS = 20
#: Of the bootstrap behind figures. So many that another seed moves a bound by less than 0.001: no verdict by luck.
REPLICATES = 20_000
#: Behind the curve, which no gate looks at.
CURVE_REPLICATES = 2_000


class StudyMissingError(EvaluationError):
    """SAMDRIFT_DATA does not hold the reader study. Point it at a folder with `mammography/nyu_reader_study`."""


class NotScoreReplayError(EvaluationError):
    """This is not a score-replay model: `model.json` with kind, study and cases, `model.safetensors` with scores."""


class ReaderStudySuite:
    """Evaluates a folder with recorded scores on the reader study in SAMDRIFT_DATA; about two seconds."""

    name = "reader-study"

    def __init__(self, protocol: ReadingProtocol | None = None) -> None:
        self.protocol = protocol or ReadingProtocol(replicates=REPLICATES)

    def evaluate(self, folder: Path) -> Report:
        """The report of the scores in `folder`.

        Raises:
            StudyMissingError: the study is not there.
            NotScoreReplayError: the folder is not a score-replay model.
            StudyUnreadableError: an exam of the study has no score.
        """
        path = study_path()
        study = study_of(path, recorded_scores(folder))
        report = Report(
            suite=self.name,
            subject=content_digest(folder),
            made_at=datetime.now(UTC),
            made_by=f"samdrift {version('samdrift')}",
            data=(_data_used(path, study),),
            lines=tuple(_lines(study, compare(study, self.protocol))),
            curves=(roc(study), reads_saved(sweep(study, _of_curve(self.protocol), SHARES))),
            limits=_limits(study),
            settings=_settings(self.protocol),
        )
        return replace(report, checklist=checked(report, CHECKLISTS))


def study_path() -> Path:
    """Where the study is; StudyMissingError names the missing file."""
    path = Path(os.environ.get("SAMDRIFT_DATA", "")) / RESULTS
    if "SAMDRIFT_DATA" not in os.environ or not path.is_file():
        raise StudyMissingError(
            f"The reader study is not there: {RESULTS} below the folder that SAMDRIFT_DATA names. Point it at the data."
        )
    return path


def recorded_scores(folder: Path) -> dict[str, float]:
    """Exam -> score, from a score-replay model; NotScoreReplayError when it is none."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        facts = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
        scores = load_file(folder / SCORES_FILE)[SCORES]
        kind, study, cases = facts["kind"], facts["study"], [str(case) for case in facts["cases"]]
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise _not_replay(folder, f"{type(error).__name__}: {error}") from error
    if (kind, study) != (KIND, STUDY):
        raise _not_replay(folder, f"it is of kind {kind!r} for study {study!r}, not {KIND!r} for {STUDY!r}")
    if scores.shape != (len(cases),) or not np.isfinite(scores).all():
        raise _not_replay(folder, f"{len(cases)} cases need as many finite scores")
    return highest(cases, scores)


def write_replay(folder: Path, scores: Mapping[str, float], card: str) -> None:
    """Write a score-replay model: what a vendor would hand out instead of weights.

    Args:
        folder: is made if it is not there.
        scores: exam -> score.
        card: Markdown for people; written as `card.md`.
    """
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    facts = {"kind": KIND, "study": STUDY, "cases": list(scores)}
    save_file({SCORES: np.array(list(scores.values()), dtype=np.float64)}, folder / SCORES_FILE)
    (folder / FACTS_FILE).write_text(json.dumps(facts) + "\n", encoding="utf-8")
    (folder / "card.md").write_text(card, encoding="utf-8")


def _lines(study: Study, found: Comparison) -> Iterator[Line]:
    """The figures that policies name."""
    figures = {
        "reads_saved": found.reads_saved,
        "fpr_double": found.fpr_double,
        "fpr_triage": found.fpr_triage,
        "fpr_difference": found.fpr_difference,
    }
    resting_on_cancers = {
        "sensitivity_double": found.sensitivity_double,
        "sensitivity_triage": found.sensitivity_triage,
        "sensitivity_difference": _not_certain(study, found.difference),
        "cancers_read_once": found.cancers_read_once,
        "auc_exam": auc_with_interval(study.cancer, study.ai) if _separated(found.auc_exam) else found.auc_exam,
    }
    few = TooFew(n=found.n_cancers, reason=f"at least {LEAST_CANCERS} exams with cancer are needed")
    enough = found.n_cancers >= LEAST_CANCERS
    yield from (Line(name=name, figure=figure if enough else few) for name, figure in resting_on_cancers.items())
    yield from (Line(name=name, figure=figure) for name, figure in figures.items())


def _separated(auc: Estimate) -> bool:
    """Whether the classes separate completely; then every replicate says so, and the bootstrap knows no doubt."""
    return auc.value in (0.0, 1.0)


def _not_certain(study: Study, difference: Estimate) -> Estimate:
    """Where no cancer loses anything, every replicate says 0, and the bootstrap would call that certain.

    Then 0 of n cancers lose, which is bounded exactly; and where r of m readers recall, one reader falls short of a
    pair by r (m - r) / (m (m - 1)), which is largest for r = m / 2.
    """
    if (difference.low, difference.value) != (0.0, 0.0):
        return difference
    readers, n = study.reader_pom.shape[1], difference.n
    half = readers // 2
    _, lose = exact_bounds(0, n, difference.confidence)
    low = -lose * half * (readers - half) / (readers * (readers - 1))
    method = f"Clopper-Pearson exact: 0 of {n} cancers lose, times the most that one can"
    return replace(difference, low=low, method=method)


def _limits(study: Study) -> tuple[str, ...]:
    """What a reader must know before believing the figures."""
    exams, cancers = len(study.cancer), int(study.cancer.sum())
    return (
        f"One study at one site, {exams} exams chosen so that {cancers} have cancer; screening has about six in a "
        "thousand. The false-positive rate and predictive values of a screening programme cannot be read from it.",
        f"{cancers} exams with cancer: one cancer read otherwise moves sensitivity by {1 / cancers:.3f}.",
        "Readers did not see the AI; how they read when they know what it says is not measured here.",
        "Readers of a pair are combined as if they read independently, and any recall counts: real double reading ends "
        "in arbitration.",
        "Scores are replayed: nothing here shows that the model gives them on the images.",
        "The cut between one reader and two is a quantile of these exams' scores; on other exams another share goes "
        "to one reader.",
        "Whether the model was trained at the site that made the study is not known here: its supplier must say so.",
        "Subgroups are not done: the study tells neither age nor density, nor vendor of the device.",
    )


def _of_curve(protocol: ReadingProtocol) -> ReadingProtocol:
    return replace(protocol, replicates=min(protocol.replicates, CURVE_REPLICATES))


def _settings(protocol: ReadingProtocol) -> dict[str, Any]:
    """What reproduces the figures. The margin is the policy's and stands there, beside the rule that uses it."""
    stated = {name: value for name, value in asdict(protocol).items() if name != "margin"}
    return {**stated, "curve_replicates": _of_curve(protocol).replicates}


def _data_used(path: Path, study: Study) -> DataUsed:
    return DataUsed(
        name="NYU reader study",
        digest="sha256:" + hashlib.sha256(path.read_bytes()).hexdigest(),
        cases=len(study.case),
        units=len(study.case),
        unit="exam",
        source="nyukat/mammography_metarepository, arXiv:2108.04800; BSD-2-Clause",
    )


def _not_replay(folder: Path, why: str) -> NotScoreReplayError:
    return NotScoreReplayError(f"{folder.name} is not a score-replay model ({why}). {NotScoreReplayError.__doc__}")


suite = ReaderStudySuite()
