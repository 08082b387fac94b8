"""The evaluation suite `digital-post-subject`: a subject model on letters that we wrote and it has not seen.

It needs no data of anybody's. Where OS2KLE is installed it also judges model and tagger together, and the model on
KLE's own keywords. How a municipality's letters are sorted is not measured here, and the report says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samdrift_evaluation.estimate import Figure
    from samdrift_evaluation.report import Curve, DataUsed, Line, Report
    from samdrift_rpa.digital_post.classifier import SubjectModel
    from samdrift_rpa.digital_post.kle import KleSubject
    from samdrift_rpa.training.judging import Judged
    from samdrift_rpa.training.letters import MadeLetter

#: The confidence of the shipped routing policy, at which figures are stated.
THRESHOLD = 0.6
CHECKLISTS = ("future_ai",)
LIMITS = (
    "Letters that the authors wrote; no real letter to a municipality was read, so how it does on them is not done.",
    "The sentences to judge by were written by the same people as those to learn from: real letters differ more.",
    "Keywords of KLE are words and not letters: accuracy on them says what subjects are known, not how letters fare.",
    "Text in Danish only. Attachments are not read.",
)
_THRESHOLDS = tuple(step / 20 for step in range(4, 20))


class SubjectSuite:
    """Evaluates a folder with a subject model."""

    name = "digital-post-subject"

    def evaluate(self, folder: Path) -> Report:
        """The report of the model in `folder`; errors of skops' loader where it is none."""
        from samdrift_rpa.digital_post.classifier import MODEL_FILE, SubjectModel
        from samdrift_rpa.digital_post.kle import installed_kle, read_kle
        from samdrift_rpa.training.letters import made_letters

        path = installed_kle()
        subjects = read_kle(path.read_bytes()) if path else ()
        return report_of(folder, SubjectModel(_estimator(folder / MODEL_FILE)), made_letters("held_out"), subjects)


def report_of(folder: Path, model: SubjectModel, letters: Sequence[MadeLetter], kle: Sequence[KleSubject]) -> Report:
    """The report of `model` on `letters`; `kle` is empty where OS2KLE is not installed."""
    from samdrift_evaluation.checklist import checked
    from samdrift_evaluation.content import content_digest
    from samdrift_evaluation.report import Report
    from samdrift_rpa.digital_post.tagger import Tagger
    from samdrift_rpa.training.judging import judge

    judged = judge(model, letters, Tagger(kle) if kle else None)
    report = Report(
        suite=SubjectSuite.name,
        subject=content_digest(folder),
        made_at=datetime.now(UTC),
        made_by=f"samdrift {version('samdrift')}",
        data=(_data(letters),),
        lines=tuple(_lines(judged, model, kle)),
        curves=(_curve(judged),),
        limits=LIMITS,
        settings={"threshold": THRESHOLD, "resampled": "sentences", "kle": "OS2KLE" if kle else "not installed"},
    )
    return replace(report, checklist=checked(report, CHECKLISTS))


def _estimator(path: Path) -> object:
    """The evaluator's folder was looked into by the registry before: types are on the platform's list."""
    from skops.io import load

    from samdrift_registry.formats import TRUSTED_TYPES, check_file

    check_file(path.parent, path)
    return load(path, trusted=sorted(TRUSTED_TYPES))


def _lines(judged: Judged, model: SubjectModel, kle: Sequence[KleSubject]) -> Iterator[Line]:
    from samdrift_evaluation.report import Line

    for name, figure in judged.figures(THRESHOLD, with_tagger=bool(kle)).items():
        yield Line(name=name, figure=figure)
    for subject in sorted(set(judged.subject.tolist())):
        yield Line(
            name="accuracy",
            figure=judged.of(subject).figures(THRESHOLD, with_tagger=False)["accuracy"],
            subgroup=f"subject={subject}",
        )
    yield Line(name="accuracy_kle_keywords", figure=_on_keywords(model, kle))


def _on_keywords(model: SubjectModel, kle: Sequence[KleSubject]) -> Figure:
    """KLE's own keywords of the subjects that the model knows, each as a text: which it finds among those subjects.

    Keywords of one subject hang together, so whole subjects are resampled.
    """
    from samdrift_evaluation.estimate import TooFew
    from samdrift_evaluation.shares import share

    known = {subject.number for subject in kle} & set(model.subjects)
    cases = [(word, each.number) for each in kle if each.number in known for word, _ in each.keywords]
    if not cases:
        return TooFew(n=0, reason="OS2KLE is not installed")
    found = [next(guess.subject for guess in model.guesses(word) if guess.subject in known) for word, _ in cases]
    numbers = [number for _, number in cases]
    return share([said == number for said, number in zip(found, numbers, strict=True)], numbers)


def _curve(judged: Judged) -> Curve:
    from samdrift_evaluation.estimate import Estimate
    from samdrift_evaluation.report import Curve

    points = []
    for threshold in _THRESHOLDS:
        figure: Mapping[str, Figure] = judged.figures(threshold, with_tagger=False)
        precision, handed = figure["precision_alone"], figure["handed_over"]
        if isinstance(precision, Estimate) and isinstance(handed, Estimate):
            points.append((1 - handed.value, precision.value))
    return Curve(
        name="sorted without a person", x="share of letters", y="share of those that are right", points=tuple(points)
    )


def _data(letters: Sequence[MadeLetter]) -> DataUsed:
    from samdrift_evaluation.report import DataUsed

    digest = hashlib.sha256("\x1e".join(f"{each.subject}\x1f{each.text}" for each in letters).encode())
    return DataUsed(
        name="Letters that the authors wrote, from sentences that were not learnt from",
        digest="sha256:" + digest.hexdigest(),
        cases=len(letters),
        units=len({each.sentence for each in letters}),
        unit="sentence",
        source="samdrift_rpa/training/phrases.json",
    )


suite = SubjectSuite()
