"""`mlflow.models.evaluate(..., evaluators="samdrift")`: the report of this package for any MLflow model.

The only module here that imports MLflow, and only MLflow imports it (entry point `mlflow.model_evaluator`).
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.models.evaluation.artifacts import JsonEvaluationArtifact, TextEvaluationArtifact
from mlflow.models.evaluation.base import EvaluationResult, ModelEvaluator
from numpy.typing import NDArray

from samdrift_evaluation.bootstrap import Resampling
from samdrift_evaluation.checklist import checked
from samdrift_evaluation.classification import classification_curves, classification_lines
from samdrift_evaluation.content import content_digest
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.model_answers import Answers, ask, decisions
from samdrift_evaluation.predictions import Predictions
from samdrift_evaluation.regression import regression_curves, regression_lines
from samdrift_evaluation.rendering import LANGUAGES
from samdrift_evaluation.report import Curve, DataUsed, Line, Report
from samdrift_evaluation.report_page import report_page

SUITE = "mlflow-evaluate"
#: Where in the run the report lies.
FOLDER = "samdrift"
KINDS = ("classifier", "regressor")

#: What holds for every evaluation of this kind; `templates/report/sentences.html` has them for translation.
SEEN_BEFORE = "Whether the model has seen these cases in training is not known here: whoever called chose the cases."
INDEPENDENT = (
    "The cases were taken as independent. If several belong to one person, day or site, the intervals are too narrow: "
    "name the column that tells them apart with `groups`."
)
NO_SCORES = "The model gives decisions without scores: neither AUC nor calibration could be measured."
NO_FILES = "The figures are about stored predictions or a function, not about a model's files."


@dataclass(frozen=True, kw_only=True)
class Config:
    """What `evaluator_config` may say; nothing of it is needed."""

    #: A column of the data, or its values: the independent unit of each case (a woman, a day).
    groups: Any = None
    #: Columns of the data, or name -> values: the attributes by which to look at subgroups.
    subgroups: Any = ()
    #: Cases below which a subgroup gets no number.
    least: int = 20
    #: Of two classes, the one that is looked for; default: the greater one.
    positive: Any = None
    #: Score from which a case counts as positive; default: what the model itself decides.
    threshold: float | None = None
    #: Unit of what a regressor forecasts: "kWh".
    unit: str = ""
    #: Reporting checklists to go through: "tripod_ai".
    checklists: Sequence[str] = ()
    #: Sections of the model card that are filled in, for the checklists.
    card: Sequence[str] = ()
    #: What a reader must know before believing the figures, a sentence each.
    limits: Sequence[str] = ()
    #: Whatever else reproduces the figures: {"reference_standard": "biopsy, or two years without cancer"}.
    settings: Mapping[str, Any] = field(default_factory=dict)
    replicates: int = 2000
    seed: int = 0

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> Config:
        """EvaluationError names a key that does not exist, so that a slip of the pen does not pass unseen."""
        known = set(cls.__dataclass_fields__)
        if unknown := sorted(set(given or {}) - known):
            told = f"evaluator_config knows {', '.join(sorted(known))}; it does not know {', '.join(unknown)}."
            raise EvaluationError(told, field=unknown[0])
        return cls(**(given or {}))

    @property
    def subgroups_by_name(self) -> Mapping[str, Any]:
        """Attribute -> its column, or its values."""
        return self.subgroups if isinstance(self.subgroups, Mapping) else {name: name for name in self.subgroups}

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that tell cases apart; a model without a signature is not given them."""
        return tuple(each for each in (self.groups, *self.subgroups_by_name.values()) if isinstance(each, str))


class SamdriftEvaluator(ModelEvaluator):
    """Logs `samdrift/report.json`, the same as pages, and every figure with its bounds and n as metrics."""

    @classmethod
    def can_evaluate(cls, *, model_type: str, evaluator_config: Mapping[str, Any], **_: Any) -> bool:
        """Classifiers and regressors."""
        return model_type in KINDS

    def evaluate(
        self,
        *,
        model_type: str,
        dataset: Any,
        run_id: str,
        evaluator_config: Mapping[str, Any] | None,
        model: Any = None,
        predictions: str | None = None,
        model_id: str | None = None,
        **_: Any,
    ) -> EvaluationResult:
        """Make the report, log it to the run and return its figures.

        Raises:
            EvaluationError: a setting that does not exist, a column that is not there, a missing value, one class only.
        """
        config = Config.of(evaluator_config)
        answers = _answers(model, dataset, config, predictions)
        cases = _cases(dataset, answers, config)
        measured = _classified(cases, answers, config) if model_type == "classifier" else _forecast(cases, config)
        report = Report(
            suite=SUITE,
            subject=_subject(model_id, answers),
            made_at=datetime.now(UTC),
            made_by=f"samdrift {version('samdrift')}",
            data=(_data_used(dataset, cases, config),),
            lines=measured.lines,
            curves=measured.curves,
            limits=(*_limits(config, model_id, without_scores=measured.without_scores), *config.limits),
            settings={"model_type": model_type, **_settings(config), **measured.facts, **config.settings},
        )
        report = replace(report, checklist=checked(report, config.checklists, config.card))
        metrics = metrics_of(report)
        mlflow.log_metrics(metrics, run_id=run_id, model_id=model_id)
        artifacts = _logged(report, run_id)
        return EvaluationResult(metrics, artifacts, run_id)  # type: ignore[no-untyped-call]  # MLflow annotates little


def metrics_of(report: Report) -> dict[str, float]:
    """Every figure as MLflow keeps numbers: `auc`, `auc_low`, `auc_high`, `auc_n`; in a subgroup `auc/density/dense`.

    A figure with too few cases has its n and nothing else.
    """
    metrics: dict[str, float] = {}
    for line in report.lines:
        name = _metric_name(line)
        metrics[f"{name}_n"] = float(line.figure.n)
        if isinstance(line.figure, Estimate):
            metrics |= {name: line.figure.value, f"{name}_low": line.figure.low, f"{name}_high": line.figure.high}
    return metrics


@dataclass(frozen=True, kw_only=True)
class _Measured:
    lines: tuple[Line, ...]
    curves: tuple[Curve, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    without_scores: bool = False


def _answers(model: Any, dataset: Any, config: Config, predictions: str | None) -> Answers:
    if model is not None:
        return ask(model, dataset.features_data, config.columns, predictions)
    if dataset.predictions_data is None:
        raise EvaluationError("There is neither a model nor a column of predictions to evaluate.", field="model")
    return Answers(given=np.asarray(dataset.predictions_data))


def _cases(dataset: Any, answers: Answers, config: Config) -> Predictions:
    def column(setting: str, given: Any) -> NDArray[Any]:
        return _column(dataset.features_data, setting, given)

    return Predictions(
        actual=np.asarray(dataset.labels_data),
        predicted=answers.given,
        groups=None if config.groups is None else column("groups", config.groups),
        subgroups={name: column("subgroups", given) for name, given in config.subgroups_by_name.items()},
        least=config.least,
        resampling=Resampling(replicates=config.replicates, seed=config.seed),
    )


def _column(features: Any, setting: str, given: Any) -> NDArray[Any]:
    """`given` is a column's name, or its values."""
    if not isinstance(given, str):
        return np.asarray(given)
    there = list(features.columns) if isinstance(features, pd.DataFrame) else []
    if given not in there:
        told = f"`{setting}` names the column {given!r}; the data have {', '.join(map(str, there)) or 'no named ones'}."
        raise EvaluationError(told, field=setting)
    return np.asarray(features[given])


def _classified(cases: Predictions, answers: Answers, config: Config) -> _Measured:
    said = decisions(answers, cases.actual, positive=config.positive, threshold=config.threshold)
    cases = replace(cases, predicted=said.decided, scores=said.scores)
    facts: dict[str, Any] = {"classes": [str(label) for label in said.classes.labels]}
    if said.classes.positive is not None:
        facts["positive"] = str(said.classes.positive)
    lines, curves = classification_lines(cases, said.classes), classification_curves(cases, said.classes)
    return _Measured(lines=lines, curves=curves, facts=facts, without_scores=said.scores is None)


def _forecast(cases: Predictions, config: Config) -> _Measured:
    cases = replace(cases, predicted=cases.predicted.reshape(len(cases)))
    return _Measured(lines=regression_lines(cases, config.unit), curves=regression_curves(cases))


def _limits(config: Config, model_id: str | None, *, without_scores: bool) -> list[str]:
    found = [SEEN_BEFORE]
    if config.groups is None:
        found.append(INDEPENDENT)
    if without_scores:
        found.append(NO_SCORES)
    if model_id is None:
        found.append(NO_FILES)
    return found


def _settings(config: Config) -> dict[str, Any]:
    """What was asked for, by name: values themselves stay out of the report, they may be about people."""
    kept = {name: getattr(config, name) for name in ("least", "replicates", "seed")}
    if config.threshold is not None:
        kept["threshold"] = config.threshold
    if config.groups is not None:
        kept["groups"] = config.groups if isinstance(config.groups, str) else "given as values"
    return {**kept, "subgroups": sorted(config.subgroups_by_name), "mlflow": mlflow.__version__}


def _subject(model_id: str | None, answers: Answers) -> str:
    """The digest of the model's files; of the answers where there are no files."""
    if model_id is None:
        return _digest(pd.Series(answers.given.reshape(len(answers.given), -1).tolist()))
    with tempfile.TemporaryDirectory() as folder:
        return content_digest(Path(mlflow.artifacts.download_artifacts(f"models:/{model_id}", dst_path=folder)))


def _data_used(dataset: Any, cases: Predictions, config: Config) -> DataUsed:
    features, units = dataset.features_data, cases.units.count
    table = features if isinstance(features, pd.DataFrame) else pd.Series(np.asarray(features).tolist())
    unit = "case" if config.groups is None else config.groups if isinstance(config.groups, str) else "group"
    return DataUsed(
        name=str(dataset.name),
        digest=_digest(table, pd.Series(cases.actual)),
        cases=len(cases),
        units=units,
        unit=unit,
        source=str(dataset.path or ""),
    )


def _digest(*tables: pd.DataFrame | pd.Series[Any]) -> str:
    """SHA-256 over the tables as CSV without an index, one after the other: anyone can compute it again."""
    text = "".join(table.to_csv(index=False) for table in tables)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _metric_name(line: Line) -> str:
    """MLflow allows letters, digits, and _ - . : / and spaces."""
    full = line.name if line.subgroup is None else f"{line.name}/{line.subgroup.replace('=', '/', 1)}"
    return re.sub(r"[^\w\-.:/ ]", "_", full, flags=re.ASCII)


def _logged(report: Report, run_id: str) -> dict[str, Any]:
    """Write the files, log them below `samdrift/`, and name them as MLflow names artefacts."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "report.json").write_bytes(report.to_bytes())
        pages = {language: report_page(report, None, language) for language in LANGUAGES}
        for language, page in pages.items():
            Path(folder, f"report.{language}.html").write_text(page, encoding="utf-8")
        mlflow.MlflowClient().log_artifacts(run_id, folder, FOLDER)
    at = f"{mlflow.get_run(run_id).info.artifact_uri}/{FOLDER}"
    document = json.loads(report.to_bytes())
    found: dict[str, Any] = {}
    found["samdrift_report"] = JsonEvaluationArtifact(f"{at}/report.json", document)  # type: ignore[no-untyped-call]  # as above
    for language, page in pages.items():
        artifact = TextEvaluationArtifact(f"{at}/report.{language}.html", page)  # type: ignore[no-untyped-call]  # as above
        found[f"samdrift_report_{language}"] = artifact
    return found
