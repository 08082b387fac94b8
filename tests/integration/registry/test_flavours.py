"""What the plain MLflow client logs is taken in and loads as it was; what runs code is refused, with the reason."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest

from samdrift_registry.errors import UntrustedTypeError
from samdrift_registry.events import Found, Refused
from samdrift_registry.loaders.lightgbm import load_lightgbm
from samdrift_registry.loaders.safetensors import load_safetensors
from samdrift_registry.loaders.skops import load_skops
from samdrift_registry.loaders.torch_export import load_torch_export
from samdrift_registry.log import log_model
from samdrift_registry.reconciler import Reconciler
from samdrift_registry.store import ManifestStore
from samdrift_registry.verified import VerifiedModel
from samdrift_testing.models import write_number

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore"),  # MLflow, skops and torch warn about each other's versions
]

PINS = ["scikit-learn==1.9.1"]
TREES = ["sklearn.tree._tree.Tree"]


@pytest.fixture
def logging(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """MLflow's fluent interface, as a data scientist uses it."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)  # given back afterwards, whatever MLflow makes of it
    mlflow.set_tracking_uri(uri)
    experiment = mlflow.create_experiment("mine", artifact_location=(tmp_path / "mine").as_uri())
    with mlflow.start_run(experiment_id=experiment):
        yield
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type] # MLflow's way back to what the environment says


@pytest.fixture
def data() -> tuple[Any, Any]:
    points = np.random.default_rng(0).normal(size=(80, 3))
    return points, (points.sum(axis=1) > 0).astype(int)


class Registry:
    """What a scan makes of the one version that was logged."""

    def __init__(self, uri: str, home: Path) -> None:
        self.home, self._reconciler = home, Reconciler(uri, home)

    def outcome(self) -> Found | Refused:
        scan = self._reconciler.scan()
        outcomes: list[Found | Refused] = [*scan.found, *scan.refused]
        (outcome,) = outcomes
        return outcome

    def model(self) -> VerifiedModel:
        found = self.outcome()
        assert isinstance(found, Found), found
        return ManifestStore(self.home).verified(found.name, found.version, found.digest)

    def reason(self) -> str:
        refused = self.outcome()
        assert isinstance(refused, Refused), refused
        assert refused.final
        return refused.reason


@pytest.fixture
def registry(uri: str, tmp_path: Path) -> Registry:
    return Registry(uri, tmp_path / "home")


def logistic() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression())


def forest() -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(5, random_state=0)


def boosting() -> Any:
    from sklearn.ensemble import GradientBoostingClassifier

    return GradientBoostingClassifier(n_estimators=5, random_state=0)


def histograms() -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=5, random_state=0)


def isolation() -> Any:
    from sklearn.ensemble import IsolationForest

    return IsolationForest(n_estimators=5, random_state=0)


def calibrated() -> Any:
    from sklearn.calibration import CalibratedClassifierCV

    return CalibratedClassifierCV(logistic(), method="sigmoid")


def lightgbms() -> Any:
    from lightgbm import LGBMClassifier

    return LGBMClassifier(n_estimators=3, verbosity=-1, n_jobs=1)


@pytest.mark.usefixtures("logging")
@pytest.mark.parametrize("made", [logistic, forest, boosting, histograms, isolation, calibrated, lightgbms])
def test_scikit_learn(registry: Registry, data: tuple[Any, Any], made: Callable[[], Any]) -> None:
    from skops.io import dumps, get_untrusted_types

    points, labels = data
    estimator = made().fit(points, labels)
    own = get_untrusted_types(data=dumps(estimator))  # what MLflow's error message tells people to pass on
    mlflow.sklearn.log_model(
        estimator, name="net", registered_model_name="cow", pip_requirements=PINS, skops_trusted_types=own
    )
    loaded = load_skops(registry.model())
    assert np.array_equal(loaded.predict(points), estimator.predict(points))
    assert ManifestStore(registry.home).get("cow", 1).manifest.description.kind == "skops"


@pytest.mark.usefixtures("logging")
def test_lightgbm(registry: Registry, data: tuple[Any, Any]) -> None:
    import lightgbm

    points, labels = data
    booster = lightgbm.train({"verbosity": -1, "num_threads": 1}, lightgbm.Dataset(points, labels), 5)
    mlflow.lightgbm.log_model(booster, name="net", registered_model_name="cow", pip_requirements=["lightgbm==4.7.0"])
    assert np.allclose(load_lightgbm(registry.model()).predict(points), booster.predict(points))


@pytest.mark.usefixtures("logging")
def test_torch(registry: Registry, data: tuple[Any, Any]) -> None:
    import torch

    points = data[0].astype("float32")
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.GELU(), torch.nn.Dropout(), torch.nn.Linear(4, 1)).eval()
    outputs = net(torch.from_numpy(points)).detach().numpy()
    signature = mlflow.models.infer_signature(points, outputs)
    mlflow.pytorch.log_model(
        net,
        name="net",
        registered_model_name="cow",
        pip_requirements=["torch==2.13.0"],
        signature=signature,
        input_example=points[:2],
    )
    program = load_torch_export(registry.model())
    assert program.example_inputs is None
    assert np.allclose(program.module()(torch.from_numpy(points)).detach().numpy(), outputs, atol=1e-6)


def test_our_own_folders(uri: str, tmp_path: Path, registry: Registry) -> None:
    folder = write_number(tmp_path / "model", 1.5)
    (folder / "model.json").write_text("{}")
    (folder / "card.md").write_text("# One number\n")
    log_model(folder, "cow", uri, registered_by="dora", declared={"purpose": "tests", "mdr_class": "none"})
    scan = Reconciler(uri, registry.home).scan()
    (found,) = scan.found
    assert (found.registered_by, found.declared) == ("dora", {"purpose": "tests", "mdr_class": "none"})
    model = ManifestStore(registry.home).verified("cow", 1, found.digest)
    assert load_safetensors(model)["w"].tolist() == [1.5]


def test_our_own_folders_say_who_logged_them(uri: str, tmp_path: Path, registry: Registry) -> None:
    """As every run that MLflow starts does; a version of which nobody knows who registered it cannot be approved."""
    folder = write_number(tmp_path / "model", 1.5)
    (folder / "model.json").write_text("{}")
    (folder / "card.md").write_text("# One number\n")
    log_model(folder, "cow", uri)
    assert Reconciler(uri, registry.home).scan().found[0].registered_by == getpass.getuser()


@pytest.mark.usefixtures("logging")
def test_the_manifest_keeps_what_mlflow_forgets(uri: str, registry: Registry, data: tuple[Any, Any]) -> None:
    from mlflow.data.numpy_dataset import from_numpy

    points, labels = data
    estimator = logistic().fit(points, labels)
    mlflow.set_tag("mlflow.source.git.commit", "4c3d6aa")
    mlflow.set_tag("mlflow.user", "dora")
    for rows in (40, 80):
        winters = from_numpy(points[:rows], targets=labels[:rows], name="winters")
        mlflow.log_input(winters, context="training")
    mlflow.sklearn.log_model(
        estimator,
        name="net",
        registered_model_name="cow",
        pip_requirements=PINS,
        signature=mlflow.models.infer_signature(points, labels),
    )
    client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
    client.set_registered_model_tag("cow", "samdrift.purpose", "tells numbers")
    client.set_registered_model_tag("cow", "samdrift.legal_basis", "none is needed")
    client.set_model_version_tag("cow", "1", "samdrift.legal_basis", "the version's own")
    found = registry.outcome()
    assert isinstance(found, Found)
    manifest = ManifestStore(registry.home).get("cow", 1).manifest
    assert (found.registered_by, manifest.origin.registered_by) == ("dora", "dora")
    assert manifest.origin.code_revision == "4c3d6aa"
    assert found.declared == {"purpose": "tells numbers", "legal_basis": "the version's own"}
    assert {name.split()[0] for name in manifest.origin.datasets} == {"winters"}
    assert len(set(manifest.origin.datasets.values())) == 2
    assert set(manifest.description.signature) == {"inputs", "outputs"}
    assert "float64" in manifest.description.signature["inputs"]
    assert set(PINS) < set(manifest.description.requirements)
    client.delete_model_version("cow", "1")
    assert ManifestStore(registry.home).get("cow", 1).manifest == manifest


@pytest.mark.usefixtures("logging")
def test_a_pickled_estimator_is_refused(registry: Registry, data: tuple[Any, Any]) -> None:
    mlflow.sklearn.log_model(
        logistic().fit(*data),
        name="net",
        registered_model_name="cow",
        pip_requirements=PINS,
        serialization_format="cloudpickle",
    )
    assert "model.pkl: Files of this kind can run code" in registry.reason()


@pytest.mark.usefixtures("logging")
def test_a_pickled_network_is_refused(registry: Registry) -> None:
    import torch

    mlflow.pytorch.log_model(
        torch.nn.Linear(3, 1),
        name="net",
        registered_model_name="cow",
        pip_requirements=["torch==2.13.0"],
        serialization_format="pickle",
    )
    assert "Files of this kind can run code" in registry.reason()


@pytest.mark.usefixtures("logging")
def test_a_pyfunc_is_refused(registry: Registry) -> None:
    from mlflow.pyfunc.model import PythonModel

    class Anything(PythonModel):
        def predict(self, context: Any, model_input: list[str], params: Any = None) -> list[str]:
            return model_input

    mlflow.pyfunc.log_model(
        name="net", python_model=Anything(), registered_model_name="cow", pip_requirements=["mlflow"]
    )
    assert "python_model.pkl: Files of this kind can run code" in registry.reason()


@pytest.mark.usefixtures("logging")
def test_a_model_from_code_is_refused(registry: Registry, tmp_path: Path) -> None:
    code = tmp_path / "model.py"
    code.write_text("from mlflow.models import set_model\nset_model(lambda model_input: model_input)\n")
    mlflow.pyfunc.log_model(
        name="net", python_model=str(code), registered_model_name="cow", pip_requirements=["mlflow"]
    )
    assert "model.py: Files of this kind can run code" in registry.reason()


@pytest.mark.usefixtures("logging")
def test_an_estimator_with_a_function_of_its_own_is_refused(registry: Registry) -> None:
    import os

    from sklearn.preprocessing import FunctionTransformer

    mlflow.sklearn.log_model(
        FunctionTransformer(os.system),
        name="net",
        registered_model_name="cow",
        pip_requirements=PINS,
        skops_trusted_types=["posix.system"],
    )
    assert "model.skops names posix.system" in registry.reason()


def test_what_was_taken_in_under_weaker_rules_is_looked_into_again(tmp_path: Path) -> None:
    import os

    from sklearn.preprocessing import FunctionTransformer
    from skops.io import dump

    dump(FunctionTransformer(os.system), tmp_path / "model.skops")
    with pytest.raises(UntrustedTypeError):
        load_skops(VerifiedModel(name="cow", version=1, digest="sha256:0", folder=tmp_path))
