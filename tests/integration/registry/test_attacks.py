"""What MLflow accepts without a word, and Samdrift refuses aloud. Each test first shows MLflow at it."""

from __future__ import annotations

import json
import os
import pickle
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest

from samdrift_registry.deployments import Slot
from samdrift_registry.errors import ChangedFileError, ExpiredKeyError, VerificationError, WrongDigestError
from samdrift_registry.events import Change, Departure
from samdrift_registry.keys import end_key, signing_key
from samdrift_registry.loaders.lightgbm import load_lightgbm
from samdrift_registry.loaders.skops import load_skops
from samdrift_registry.mirror import Mirror
from samdrift_registry.reconciler import Reconciler
from samdrift_registry.rotation import rotate
from samdrift_registry.store import ManifestStore
from samdrift_registry.verified import VerifiedModel

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore"),  # MLflow, skops and torch warn about each other's versions
]

PINS = ["lightgbm==4.7.0"]
POINTS = np.random.default_rng(0).normal(size=(80, 3))
LABELS = (POINTS.sum(axis=1) > 0).astype(int)


@pytest.fixture(autouse=True)
def _plain_mlflow(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)  # given back afterwards, whatever MLflow makes of it
    mlflow.set_tracking_uri(uri)
    experiment = mlflow.create_experiment("mine", artifact_location=(tmp_path / "mine").as_uri())
    with mlflow.start_run(experiment_id=experiment):
        yield
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type] # MLflow's way back to what the environment says


def log_trees(rounds: int = 5) -> None:
    import lightgbm

    booster = lightgbm.train({"verbosity": -1, "num_threads": 1}, lightgbm.Dataset(POINTS, LABELS), rounds)
    mlflow.lightgbm.log_model(booster, name="net", registered_model_name="cow", pip_requirements=PINS)


class Served:
    """A home that serves version 1 of `cow`, as a replica sees it."""

    def __init__(self, uri: str, home: Path) -> None:
        self.uri, self.home, self.store = uri, home, ManifestStore(home)
        (found,) = Reconciler(uri, home).scan().found
        self.digest = found.digest
        self.mirror = Mirror(uri, home)
        self.reflect()

    def model(self) -> VerifiedModel:
        return self.store.verified("cow", 1, self.digest)

    def answer(self) -> Any:
        return load_lightgbm(self.model()).predict(POINTS)

    def scan(self) -> tuple[Departure, ...]:
        return Reconciler(self.uri, self.home).scan().departures

    def reflect(self) -> tuple[Departure, ...]:
        return self.mirror.reflect({("cow", Slot.CHAMPION): 1}, lambda _: None)

    def file(self) -> Path:
        (path,) = self.store.folder(self.digest).glob("*.lgb")
        return path


@pytest.fixture
def served(uri: str, tmp_path: Path) -> Served:
    log_trees()
    return Served(uri, tmp_path / "home")


def by_mlflow(which: str) -> Any:
    return mlflow.lightgbm.load_model(f"models:/{which}").predict(POINTS)


def tamper(path: Path) -> None:
    """One leaf says something else, in as many characters: LightGBM notices a changed length."""
    path.chmod(0o644)
    data = path.read_bytes()
    found = re.search(rb"leaf_value=-?\d\.(\d)", data)
    assert found
    place = found.start(1)
    path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])


def test_a_tampered_file(served: Served, tmp_path: Path) -> None:
    before = by_mlflow("cow/1")
    (artefact,) = (tmp_path / "mine").rglob("*.lgb")
    tamper(artefact)
    assert not np.allclose(by_mlflow("cow/1"), before)  # MLflow serves what somebody wrote there
    assert np.allclose(served.answer(), before)  # we serve our copy
    tamper(served.file())
    with pytest.raises(ChangedFileError, match=r"model\.lgb"):
        served.answer()


def test_a_flipped_byte_anywhere(served: Served) -> None:
    path = served.file()
    good = path.read_bytes()
    path.chmod(0o644)
    for place in range(0, len(good), max(1, len(good) // 40)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        with pytest.raises(ChangedFileError):
            served.model()
    path.write_bytes(good)
    manifest = served.home / "manifests" / "cow" / "1.json"
    signed = manifest.read_bytes()
    manifest.chmod(0o644)
    for place in range(0, len(signed), max(1, len(signed) // 60)):
        manifest.write_bytes(signed[:place] + bytes([signed[place] ^ 1]) + signed[place + 1 :])
        with pytest.raises(VerificationError):
            served.model()
    manifest.write_bytes(signed)
    served.answer()


def test_an_alias_moved_with_a_plain_client(served: Served, client: Any) -> None:
    first = by_mlflow("cow@champion")
    assert np.allclose(first, served.answer())
    log_trees(rounds=30)
    served.scan()
    client.set_registered_model_alias("cow", "champion", "2")
    assert not np.allclose(by_mlflow("cow@champion"), first)  # whoever follows the alias has another model now
    assert served.scan() == ()
    (told,) = served.reflect()
    assert str(told) == "cow alias 'champion' moved in MLflow: 1 -> 2"
    assert client.get_model_version_by_alias("cow", "champion").version in (1, "1")
    assert served.scan() == ()
    assert served.reflect() == ()
    assert np.allclose(served.answer(), first)


def test_a_champion_deleted_with_a_plain_client(served: Served, client: Any) -> None:
    before = served.answer()
    run_id = client.get_model_version("cow", "1").run_id
    client.delete_model_version("cow", "1")
    with pytest.raises(mlflow.exceptions.MlflowException):
        by_mlflow("cow@champion")  # the alias went with it, in silence
    (told,) = served.scan()
    assert (told.change, told.version) == (Change.VANISHED, 1)
    assert served.reflect() == ()
    assert np.allclose(served.answer(), before)
    assert served.store.get("cow", 1).manifest.run_id == run_id


def test_another_versions_content_under_the_pinned_number(served: Served) -> None:
    log_trees(rounds=30)
    (found,) = Reconciler(served.uri, served.home).scan().found
    with pytest.raises(WrongDigestError):
        served.store.verified("cow", 1, found.digest)


def test_an_expired_key(served: Served) -> None:
    by_mlflow("cow/1")  # MLflow knows no keys: whatever lies there is loaded
    end_key(served.store.keys_folder, signing_key(served.store.keys_folder).key_id, datetime.now(UTC) - timedelta(1))
    with pytest.raises(ExpiredKeyError, match="samdrift keys rotate"):
        served.answer()
    rotate(served.home, lambda key, trusted: 0)
    served.answer()


class Marking:
    """Unpickled, it leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


def reasons(uri: str, home: Path) -> list[str]:
    scan = Reconciler(uri, home).scan()
    assert scan.found == ()
    return [refused.reason for refused in scan.refused]


def test_a_pickle_uploaded(uri: str, tmp_path: Path) -> None:
    from sklearn.linear_model import LogisticRegression

    mlflow.sklearn.log_model(
        LogisticRegression().fit(POINTS, LABELS),
        name="net",
        registered_model_name="cow",
        pip_requirements=PINS,
        serialization_format="cloudpickle",
    )
    (uploaded,) = (tmp_path / "mine").rglob("model.pkl")
    uploaded.write_bytes(pickle.dumps(Marking(tmp_path / "mark")))
    mlflow.sklearn.load_model("models:/cow/1")
    assert (tmp_path / "mark").exists()  # loading it ran it
    (tmp_path / "mark").rmdir()
    (reason,) = reasons(uri, tmp_path / "home")
    assert "model.pkl: Files of this kind can run code" in reason
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("name", ["model.lgb", "model.txt", "model.json", "model.safetensors", "model.skops"])
def test_a_pickle_under_a_harmless_name(uri: str, tmp_path: Path, client: Any, name: str) -> None:
    folder = tmp_path / "uploaded"
    folder.mkdir()
    (folder / name).write_bytes(pickle.dumps(Marking(tmp_path / "mark")))
    (folder / "MLmodel").write_text(
        f"flavors:\n  sklearn: {{pickled_model: {name}, serialization_format: pickle, sklearn_version: 1.9.1}}\n"
    )
    client.create_registered_model("cow")
    client.create_model_version("cow", str(folder))
    mlflow.sklearn.load_model("models:/cow/1")
    assert (tmp_path / "mark").exists()
    (tmp_path / "mark").rmdir()
    (reason,) = reasons(uri, tmp_path / "home")
    assert f"{name} is a pickle" in reason
    assert not (tmp_path / "mark").exists()


def test_a_hostile_list_of_types(uri: str, tmp_path: Path) -> None:
    """The list of what may be loaded stands in the model's own MLmodel, and MLflow obeys it."""
    from sklearn.preprocessing import FunctionTransformer

    mlflow.sklearn.log_model(
        FunctionTransformer(os.mkdir),
        name="net",
        registered_model_name="cow",
        pip_requirements=PINS,
        skops_trusted_types=["posix.mkdir"],
    )
    mlflow.sklearn.load_model("models:/cow/1").transform(str(tmp_path / "mark"))
    assert (tmp_path / "mark").exists()
    (reason,) = reasons(uri, tmp_path / "home")
    assert "model.skops names posix.mkdir" in reason
    (uploaded,) = (tmp_path / "mine").rglob("model.skops")
    with pytest.raises(VerificationError, match=r"posix\.mkdir"):
        load_skops(VerifiedModel(name="cow", version=1, digest="sha256:0", folder=uploaded.parent))


def guard(told: dict[str, Any], mark: str) -> None:
    told["guards_code"] = [f"__import__('os').mkdir('{mark}') == None"]


def shape(told: dict[str, Any], mark: str) -> None:
    sizes = next(iter(told["graph_module"]["graph"]["tensor_values"].values()))["sizes"]
    sizes[0] = {"as_expr": {"expr_str": f"__import__('os').mkdir('{mark}')", "hint": {"as_int": 2}}}


@pytest.mark.parametrize("hide", [guard, shape])
def test_code_in_an_exported_program(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hide: Callable[[dict[str, Any], str], None]
) -> None:
    """Even where MLflow is told to allow no pickle: this is none."""
    import torch

    points = POINTS.astype("float32")
    net = torch.nn.Linear(3, 1)
    signature = mlflow.models.infer_signature(points, net(torch.from_numpy(points)).detach().numpy())
    asked: dict[str, Any] = {"pip_requirements": PINS, "signature": signature, "input_example": points[:2]}
    mlflow.pytorch.log_model(net, name="net", registered_model_name="cow", **asked)
    (uploaded,) = (tmp_path / "mine").rglob("model.pt2")
    rewrite(uploaded, lambda told: hide(told, str(tmp_path / "mark")))
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    with suppress(Exception):  # what comes after the code has run does not matter
        mlflow.pyfunc.load_model("models:/cow/1").predict(points)
    assert (tmp_path / "mark").exists()
    (tmp_path / "mark").rmdir()
    (reason,) = reasons(uri, tmp_path / "home")
    assert "does not just compute" in reason
    assert not (tmp_path / "mark").exists()


def rewrite(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    made = BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("models/model.json"):
                told = json.loads(content)
                change(told)
                content = json.dumps(told).encode()
            new.writestr(name, content)
    path.write_bytes(made.getvalue())
