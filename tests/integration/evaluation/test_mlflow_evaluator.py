"""The evaluator as somebody meets it who knows only MLflow: found by its name, run on a model from a store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.models import infer_signature
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import brier_score_loss, r2_score, recall_score, roc_auc_score, root_mean_squared_error
from sklearn.svm import LinearSVC

from samdrift_evaluation.content import content_digest
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate, TooFew
from samdrift_evaluation.report import Report

#: What MLflow 3.17.2 says of itself when its models and evaluators are used for the first time.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType:UserWarning"),
    pytest.mark.filterwarnings("ignore:_ImportHookChainedLoader:ImportWarning"),
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),
]
#: Untyped in MLflow.
evaluate: Any = mlflow.models.evaluate
#: Given, so that MLflow does not start a process to find out what the model imports.
REQUIREMENTS = ["scikit-learn"]


@pytest.fixture(scope="module", autouse=True)
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One SQLite store for all: making one takes seconds."""
    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        patch.setenv("MLFLOW_TRACKING_URI", "")  # MLflow writes it, and it must not outlive the test
        mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
        experiment = mlflow.create_experiment("screening", artifact_location=(folder / "artefacts").as_uri())
        mlflow.set_experiment(experiment_id=experiment)
        yield
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type] # MLflow's way back to what the environment says


@pytest.fixture(autouse=True)
def run() -> Iterator[None]:
    """A run of each test's own, as a training script has one."""
    with mlflow.start_run():
        yield


@pytest.fixture
def women() -> pd.DataFrame:
    """150 women, two views each; the scores of one woman hang together."""
    rng = np.random.default_rng(5)
    abnormal = rng.random(150) < 0.4
    sign = rng.normal(abnormal * 1.2, 1.0)
    frame = pd.DataFrame(
        {
            "sign": np.repeat(sign, 2) + rng.normal(0, 0.3, 300),
            "noise": rng.normal(size=300),
            "woman": np.repeat(np.arange(150), 2),
            "density": np.repeat(np.where(np.arange(150) < 143, "fatty", "dense"), 2),
            "abnormal": np.repeat(abnormal, 2).astype(int),
        }
    )
    return frame.sample(frac=1, random_state=1, ignore_index=True)


def logged(model: Any, features: pd.DataFrame, *, signature: bool = True) -> str:
    described = infer_signature(features, model.predict(features)) if signature else None
    return str(
        mlflow.sklearn.log_model(
            model, name="model", signature=described, pip_requirements=REQUIREMENTS, serialization_format="skops"
        ).model_uri
    )


def report_of(result: Any) -> Report:
    folder = mlflow.artifacts.download_artifacts(run_id=result.run_id, artifact_path="samdrift")
    assert {path.name for path in Path(folder).iterdir()} == {"report.json", "report.da.html", "report.en.html"}
    assert '<html lang="da">' in Path(folder, "report.da.html").read_text()
    return Report.from_bytes(Path(folder, "report.json").read_bytes())


def test_without_any_configuration_a_classifier_gets_figures_with_intervals(women: pd.DataFrame) -> None:
    features = women[["sign", "noise"]]
    model = LogisticRegression().fit(features, women["abnormal"])
    uri = logged(model, features)
    data = features.assign(abnormal=women["abnormal"])
    result = evaluate(uri, data, targets="abnormal", model_type="classifier", evaluators="samdrift")

    probability = model.predict_proba(features)[:, 1]
    assert result.metrics["auc"] == pytest.approx(roc_auc_score(women["abnormal"], probability))
    assert result.metrics["brier"] == pytest.approx(brier_score_loss(women["abnormal"], probability))
    assert result.metrics["sensitivity"] == pytest.approx(recall_score(women["abnormal"], model.predict(features)))
    assert result.metrics["auc_low"] < result.metrics["auc"] < result.metrics["auc_high"]
    assert result.metrics["sensitivity_n"] == women["abnormal"].sum()
    assert mlflow.get_run(result.run_id).data.metrics == pytest.approx(result.metrics)

    report = report_of(result)
    assert report.subject == content_digest(Path(mlflow.artifacts.download_artifacts(uri)))
    assert {curve.name for curve in report.curves} == {"roc", "reliability"}
    assert (report.data[0].cases, report.data[0].units, report.data[0].unit) == (300, 300, "case")
    assert any("taken as independent" in limit for limit in report.limits)
    assert result.artifacts["samdrift_report"].content == json.loads(report.to_bytes())
    assert "Subgroups" in result.artifacts["samdrift_report_en"].content


@pytest.mark.parametrize("signature", [True, False], ids=["signature", "no signature"])
def test_groups_widen_the_intervals_and_small_subgroups_get_no_number(women: pd.DataFrame, signature: bool) -> None:
    features = women[["sign", "noise"]]
    uri = logged(LogisticRegression().fit(features, women["abnormal"]), features, signature=signature)
    alone = evaluate(
        uri, features.assign(y=women["abnormal"]), targets="y", model_type="classifier", evaluators="samdrift"
    )
    grouped = evaluate(
        uri,
        women,
        targets="abnormal",
        model_type="classifier",
        evaluators="samdrift",
        evaluator_config={
            "groups": "woman",
            "subgroups": ["density"],
            "replicates": 300,
            "checklists": ["tripod_ai"],
            "limits": ["The women are invented."],
            "settings": {"reference_standard": "made by a random generator"},
        },
    )
    assert grouped.metrics["auc"] == pytest.approx(alone.metrics["auc"])
    assert width_of_auc(grouped) > 1.15 * width_of_auc(alone)

    report = report_of(grouped)
    assert isinstance(report.figure("auc", "density=fatty"), Estimate)
    assert report.figure("auc", "density=dense") == TooFew(n=14, reason="at least 20 are needed")
    assert grouped.metrics["auc/density/dense_n"] == 14
    assert "auc/density/dense" not in grouped.metrics
    assert (report.data[0].units, report.data[0].unit) == (150, "woman")
    assert report.limits[-1] == "The women are invented."
    evidenced = {item.item: item.evidence for item in report.checklist}
    assert evidenced["8a"] == "setting: reference_standard"
    assert evidenced["27b"] is None


def width_of_auc(result: Any) -> float:
    return float(result.metrics["auc_high"] - result.metrics["auc_low"])


def test_a_regressor_gets_errors_in_its_unit() -> None:
    rng = np.random.default_rng(2)
    features = pd.DataFrame({"outdoor_c": rng.normal(5, 6, 480)})
    demand = 80 - 2.5 * features["outdoor_c"] + rng.normal(0, 8, 480)
    model = LinearRegression().fit(features, demand)
    result = evaluate(
        logged(model, features),
        features.assign(demand_kwh=demand, day=np.arange(480) // 24),
        targets="demand_kwh",
        model_type="regressor",
        evaluators="samdrift",
        evaluator_config={"groups": "day", "unit": "kWh", "replicates": 300},
    )
    predicted = model.predict(features)
    assert result.metrics["rmse"] == pytest.approx(root_mean_squared_error(demand, predicted))
    assert result.metrics["r2"] == pytest.approx(r2_score(demand, predicted))
    assert result.metrics["bias"] == pytest.approx(float((predicted - demand).mean()), abs=1e-9)
    report = report_of(result)
    assert {line.unit for line in report.lines if line.name in ("rmse", "mae", "bias")} == {"kWh"}
    assert "20 groups" in report.lines[0].figure.method  # type: ignore[union-attr]  # there are enough days
    assert report.curve("calibration") is not None


def test_three_classes_are_each_judged_by_themselves() -> None:
    rng = np.random.default_rng(4)
    kind = np.array(["letter", "invoice", "form"])[rng.integers(0, 3, 300)]
    features = pd.DataFrame({"words": rng.normal(0, 1, 300) + (kind == "letter"), "sums": (kind == "invoice") * 1.0})
    model = LogisticRegression().fit(features, kind)
    result = evaluate(
        logged(model, features),
        features.assign(kind=kind),
        targets="kind",
        model_type="classifier",
        evaluators="samdrift",
    )
    found = recall_score(kind, model.predict(features), average=None, labels=["form", "invoice", "letter"])
    assert [result.metrics[f"sensitivity_{name}"] for name in ("form", "invoice", "letter")] == pytest.approx(found)
    one_against_rest = roc_auc_score(kind == "invoice", model.predict_proba(features)[:, 1])
    assert result.metrics["auc_invoice"] == pytest.approx(one_against_rest)


def test_decisions_without_scores_are_judged_and_said_to_be_without(women: pd.DataFrame) -> None:
    features = women[["sign", "noise"]]
    result = evaluate(
        logged(LinearSVC().fit(features, women["abnormal"]), features),
        features.assign(y=women["abnormal"]),
        targets="y",
        model_type="classifier",
        evaluators="samdrift",
    )
    assert "auc" not in result.metrics
    assert "sensitivity" in result.metrics
    assert any("without scores" in limit for limit in report_of(result).limits)


def test_stored_scores_and_plain_functions_are_judged_too(women: pd.DataFrame) -> None:
    scores = 1 / (1 + np.exp(-women["sign"]))
    asked = {"targets": "abnormal", "model_type": "classifier", "evaluators": "samdrift"}
    stored = evaluate(
        data=women[["abnormal"]].assign(score=scores), predictions="score", evaluator_config={"threshold": 0.7}, **asked
    )
    function = evaluate(lambda frame: 1 / (1 + np.exp(-frame["sign"])), women[["sign", "abnormal"]], **asked)
    assert stored.metrics["auc"] == function.metrics["auc"] == pytest.approx(roc_auc_score(women["abnormal"], scores))
    assert stored.metrics["sensitivity"] == pytest.approx(recall_score(women["abnormal"], scores >= 0.7))
    assert function.metrics["sensitivity"] == pytest.approx(recall_score(women["abnormal"], scores >= 0.5))
    assert any("not about a model's files" in limit for limit in report_of(stored).limits)


def test_beside_mlflows_own_evaluator_and_by_values_instead_of_columns(women: pd.DataFrame) -> None:
    features = women[["sign", "noise"]]
    result = evaluate(
        data=features.assign(y=women["abnormal"], guess=(women["sign"] > 0.5).astype(int)),
        predictions="guess",
        targets="y",
        model_type="classifier",
        evaluators=["default", "samdrift"],
        evaluator_config={
            "samdrift": {"groups": women["woman"], "subgroups": {"density": women["density"]}, "replicates": 200}
        },
    )
    assert result.metrics["accuracy"] == pytest.approx(result.metrics["accuracy_score"])
    assert "sensitivity/density/fatty" in result.metrics


def test_what_is_misspelt_or_missing_is_named(women: pd.DataFrame) -> None:
    def evaluated(data: pd.DataFrame, **config: Any) -> None:
        evaluate(
            data=data,
            predictions="sign",
            targets="abnormal",
            model_type="classifier",
            evaluators="samdrift",
            evaluator_config=config,
        )

    with pytest.raises(EvaluationError, match="does not know subgroup"):
        evaluated(women, subgroup=["density"])
    with pytest.raises(EvaluationError, match="'vendor'"):
        evaluated(women, subgroups=["vendor"])
    with pytest.raises(EvaluationError, match="missing"):
        evaluated(women.assign(sign=np.nan))


def test_one_class_only_is_no_evaluation(women: pd.DataFrame) -> None:
    features = women[["sign"]]
    model = DummyClassifier(strategy="constant", constant=0).fit(features, women["abnormal"] * 0)
    with pytest.raises(EvaluationError, match="two classes"):
        evaluate(
            logged(model, features),
            features.assign(y=0),
            targets="y",
            model_type="classifier",
            evaluators="samdrift",
        )
