from __future__ import annotations

import os
import re
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from samdrift_registry.catalogue import ListedVersion, MlflowCatalogue
from samdrift_registry.copying import Limits
from samdrift_registry.errors import (
    ForbiddenFormatError,
    ForeignSourceError,
    MlflowUnavailableError,
    ModelFolderError,
    NameNotAllowedError,
    WrongDigestError,
)
from samdrift_registry.events import Change
from samdrift_registry.inventory import digest_of, inventory
from samdrift_registry.log import log_model
from samdrift_registry.reconciler import Reconciler
from samdrift_registry.store import ManifestStore
from samdrift_testing.ports import free_ports

# MLflow 3.17.2 uses a loader that SQLAlchemy 2.1 deprecates: theirs to change, and not ours to fail for.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's tables, made once: copying the file saves two seconds a test."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    MlflowClient(tracking_uri=f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def uri(empty_database: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(empty_database, tmp_path / 'mlflow.db')}"


@pytest.fixture
def client(uri: str) -> Any:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    header = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<f", 1.5))
    (folder / "model.json").write_text("{}")
    (folder / "card.md").write_text("# One number\n")
    return folder


@pytest.fixture
def reconciler(uri: str, tmp_path: Path) -> Reconciler:
    return Reconciler(uri, tmp_path / "home")


@pytest.fixture
def store(tmp_path: Path) -> ManifestStore:
    return ManifestStore(tmp_path / "home")


def experiment(client: Any, tmp_path: Path) -> str:
    return str(client.create_experiment("mine", artifact_location=(tmp_path / "mine").as_uri()))


def test_what_log_model_logs_is_found_and_loads_as_numbers(
    uri: str, model: Path, reconciler: Reconciler, store: ManifestStore
) -> None:
    from safetensors.numpy import load_file

    assert log_model(model, "cow", uri) == 1
    (found,) = reconciler.scan().found
    assert found.digest == digest_of(inventory(model))
    verified = store.verified("cow", 1, found.digest)
    assert load_file(verified.folder / "model.safetensors")["w"].tolist() == [1.5]


def test_the_same_content_is_logged_once_and_new_content_is_a_new_version(uri: str, model: Path, client: Any) -> None:
    assert [log_model(model, "cow", uri), log_model(model, "cow", uri)] == [1, 1]
    (model / "card.md").write_text("# One number, told better\n")
    assert [log_model(model, "cow", uri), log_model(model, "calf", uri)] == [2, 1]
    (experiment,) = client.search_experiments(filter_string="name = 'samdrift models'")
    runs = client.search_runs([experiment.experiment_id])
    assert [run.info.status for run in runs] == ["FINISHED"] * 3


def test_log_model_writes_beside_the_database_and_not_where_it_runs(
    uri: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    log_model(model, "cow", uri)
    assert list((tmp_path / "here").iterdir()) == []
    assert len(list((tmp_path / "artefacts").glob("*/artifacts/model/model.safetensors"))) == 1


def test_log_model_refuses_before_anything_is_logged(uri: str, model: Path, client: Any) -> None:
    with pytest.raises(NameNotAllowedError):
        log_model(model, "cow' OR name != '", uri)
    (model / "model.pkl").write_bytes(b"")
    with pytest.raises(ForbiddenFormatError):
        log_model(model, "cow", uri)
    (model / "model.pkl").unlink()
    (model / "card.md").unlink()
    with pytest.raises(ModelFolderError, match=r"lacks card\.md"):
        log_model(model, "cow", uri)
    assert client.search_registered_models() == []


def as_run_uri(client: Any, model: Path, experiment_id: str) -> tuple[str, str]:
    run = client.create_run(experiment_id)
    client.log_artifacts(run.info.run_id, str(model), "net")
    return f"runs:/{run.info.run_id}/net", run.info.run_id


def as_artefact_uri(client: Any, model: Path, experiment_id: str) -> tuple[str, str]:
    run = client.create_run(experiment_id)
    client.log_artifacts(run.info.run_id, str(model), "net")
    return f"{run.info.artifact_uri}/net", run.info.run_id


def as_folder(client: Any, model: Path, experiment_id: str) -> tuple[str, None]:
    return str(model), None


def as_logged_model(client: Any, model: Path, experiment_id: str) -> tuple[str, None]:
    logged = client.create_logged_model(experiment_id, name="net")
    client.log_model_artifacts(logged.model_id, str(model))
    client.finalize_logged_model(logged.model_id, "READY")
    return f"models:/{logged.model_id}", None


def as_run_uri_of_logged_model(client: Any, model: Path, experiment_id: str) -> tuple[str, str]:
    from mlflow.entities import LoggedModelOutput

    run = client.create_run(experiment_id)
    logged = client.create_logged_model(experiment_id, name="net", source_run_id=run.info.run_id)
    client.log_model_artifacts(logged.model_id, str(model))
    client.finalize_logged_model(logged.model_id, "READY")
    client.log_outputs(run.info.run_id, [LoggedModelOutput(logged.model_id, 0)])
    return f"runs:/{run.info.run_id}/net", run.info.run_id


@pytest.mark.parametrize(
    "logged", [as_run_uri, as_artefact_uri, as_folder, as_logged_model, as_run_uri_of_logged_model]
)
def test_a_version_that_a_data_scientist_made_in_any_way_is_found(
    uri: str,
    client: Any,
    model: Path,
    tmp_path: Path,
    reconciler: Reconciler,
    store: ManifestStore,
    monkeypatch: pytest.MonkeyPatch,
    logged: Callable[[Any, Path, str], tuple[str, str | None]],
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)  # MLflow's client resolves models:/m-… by it, whatever its own is
    source, run_id = logged(client, model, experiment(client, tmp_path))
    client.create_registered_model("cow")
    client.create_model_version("cow", source, run_id)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    (found,) = reconciler.scan().found
    assert (found.digest, found.run_id) == (digest_of(inventory(model)), run_id)
    assert store.get("cow", 1).manifest.source == source


def test_a_pickled_model_is_refused_with_the_remedy(
    uri: str, tmp_path: Path, client: Any, reconciler: Reconciler
) -> None:
    import pickle

    (tmp_path / "pickled").mkdir()
    (tmp_path / "pickled" / "MLmodel").write_text("flavors: {python_function: {loader_module: mlflow.sklearn}}\n")
    (tmp_path / "pickled" / "model.pkl").write_bytes(pickle.dumps({"w": 1.5}))
    client.create_registered_model("cow")
    client.create_model_version("cow", str(tmp_path / "pickled"))
    (refused,) = reconciler.scan().refused
    assert refused.final
    assert refused.reason.startswith("model.pkl: ")
    assert "safetensors" in refused.reason
    assert Reconciler(uri, tmp_path / "home").scan().refused == ()


@pytest.mark.parametrize("source", ["runs:/0123456789abcdef0123456789abcdef/net", "/nowhere/at/all", "s3:/odd"])
def test_a_source_that_cannot_be_read_is_put_off(client: Any, reconciler: Reconciler, source: str) -> None:
    client.create_registered_model("cow")
    client.create_model_version("cow", source)
    (refused,) = reconciler.scan().refused
    assert not refused.final
    assert source in refused.reason


def test_what_happens_behind_the_registrys_back_is_told_and_changes_nothing(
    uri: str, model: Path, client: Any, reconciler: Reconciler, store: ManifestStore
) -> None:
    log_model(model, "cow", uri)
    (model / "model.json").write_text('{"version": 2}')
    log_model(model, "cow", uri)
    client.set_registered_model_alias("cow", "champion", "1")
    first, second = reconciler.scan().found
    client.set_registered_model_alias("cow", "champion", "2")
    client.delete_model_version("cow", "1")
    gone, moved = reconciler.scan().departures
    assert (gone.change, gone.version) == (Change.VANISHED, 1)
    assert (moved.change, moved.alias, moved.was, moved.now) == (Change.ALIAS_MOVED, "champion", "1", "2")
    store.verified("cow", 1, first.digest)
    manifest = store.get("cow", 1).manifest
    assert manifest.run_id == first.run_id
    assert manifest.source.endswith(f"{first.run_id}/artifacts/model")
    with pytest.raises(WrongDigestError):
        store.verified("cow", 1, second.digest)


def test_a_file_edited_in_mlflows_store_does_not_reach_what_is_served(
    uri: str, model: Path, tmp_path: Path, reconciler: Reconciler, store: ManifestStore
) -> None:
    log_model(model, "cow", uri)
    (found,) = reconciler.scan().found
    (edited,) = (tmp_path / "artefacts").glob("*/artifacts/model/model.json")
    edited.write_text('{"tampered": true}')
    assert (store.verified("cow", 1, found.digest).folder / "model.json").read_text() == "{}"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A tracking server of MLflow's own on a free port of this machine; it and its workers end with the test."""
    (port,) = free_ports(1)
    url, folder = f"http://127.0.0.1:{port}", tmp_path / "server"
    folder.mkdir()
    options = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    stores = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "kept")]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", *options, *stores],
        cwd=folder,
        env={**os.environ, **quiet},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    try:
        told = []
        while "Application startup complete" not in (line := process.stdout.readline()):
            told.append(line)
            assert line, f"MLflow's server ended: {''.join(told)}"
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=120)


def test_over_http_the_artefacts_are_fetched_from_the_server(
    server: str, model: Path, tmp_path: Path, store: ManifestStore
) -> None:
    assert [log_model(model, "cow", server), log_model(model, "cow", server)] == [1, 1]
    (found,) = Reconciler(server, tmp_path / "home").scan().found
    assert found.digest == digest_of(inventory(model))
    store.verified("cow", 1, found.digest)


def test_a_remote_mlflow_may_not_name_files_of_this_machine(model: Path, tmp_path: Path) -> None:
    """A server that was talked into such a source; MLflow's own server refuses to store one."""
    catalogue = MlflowCatalogue("http://127.0.0.1:1")
    catalogue.__dict__["_client"] = Pointing(str(model))
    listed = ListedVersion(name="cow", version=1, source=str(model), run_id=None)
    (tmp_path / "copy").mkdir()
    with pytest.raises(ForeignSourceError):
        catalogue.fetch(listed, tmp_path / "copy", Limits())
    assert list((tmp_path / "copy").iterdir()) == []


class Pointing:
    """A client whose every version lies in one place."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def get_model_version_download_uri(self, name: str, version: str) -> str:
        return self.uri


def test_a_server_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(MlflowUnavailableError, match="SAMDRIFT_MLFLOW_URL"):
        Reconciler("http://127.0.0.1:1", tmp_path / "home").scan()


def test_a_database_that_breaks_is_named(uri: str, tmp_path: Path, reconciler: Reconciler) -> None:
    import sqlite3

    reconciler.scan()
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        database.execute("DROP TABLE model_versions")
    database.close()
    with pytest.raises(MlflowUnavailableError, match="SAMDRIFT_MLFLOW_URL"):
        reconciler.scan()


def test_importing_the_registry_imports_neither_mlflow_nor_cryptography(tmp_path: Path) -> None:
    modules = ["keys", "manifest", "store", "log", "catalogue", "reconciler", "memory"]
    imports = "; ".join(f"import samdrift_registry.{module}" for module in modules)
    code = f"import sys; {imports}; print({{'mlflow', 'cryptography', 'numpy', 'torch'}} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert told.stdout.strip() == "set()"


def test_the_readmes_example_prints_what_it_says(
    uri: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = Path(__file__).parents[3] / "registry" / "README.md"
    example, output = re.findall(r"```(?:python|text)\n(.*?)```", readme.read_text(), flags=re.DOTALL)[:2]
    monkeypatch.chdir(tmp_path)
    exec(compile(example, readme, "exec"), {})  # noqa: S102 (our own README)
    assert capsys.readouterr().out == output
