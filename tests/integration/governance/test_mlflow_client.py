"""Somebody with a plain MLflow client: what MLflow lets them do changes nothing that is served, and is told."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from samdrift_platform.ledger import migrations
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.registrar import Registrar
from samdrift_registry.deployments import Slot
from samdrift_registry.lifecycle import State
from samdrift_registry.log import log_model
from samdrift_registry.mirror import Mirror
from samdrift_registry.proof import verified
from samdrift_registry.reconciler import Reconciler
from samdrift_testing.governing import MODEL, Office, opened
from samdrift_testing.models import write_number

# MLflow 3.17.2 uses a loader that SQLAlchemy 2.1 deprecates: theirs to change, and not ours to fail for.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's tables, made once: copying the file saves seconds a test."""
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
def office(tmp_path: Path) -> Iterator[Office]:
    migrations.upgrade(url := f"sqlite:///{tmp_path / 'ledger.db'}")
    yield opened(ledger := Ledger(url), tmp_path / "home", now=datetime.now(UTC))
    ledger.close()


@pytest.fixture
def registrar(office: Office, uri: str) -> Registrar:
    mirror = Mirror(uri, office.home)
    return Registrar(office.ledger, Reconciler(uri, office.home), office.governance, mirror)


def log(uri: str, folder: Path, number: int) -> None:
    """A version whose weight is `number`, logged by dora."""
    write_number(folder, number)
    (folder / "model.json").write_text("{}")
    (folder / "card.md").write_text("# One number\n")
    assert log_model(folder, MODEL, uri, registered_by="dora") == number


@pytest.fixture
def served(office: Office, registrar: Registrar, uri: str, tmp_path: Path) -> Office:
    """Version 1 serves; version 2 is registered and nothing more."""
    for number in (1, 2):
        log(uri, tmp_path / f"model-{number}", number)
    registrar._turn()
    office.now = datetime.now(UTC)
    office.evaluate()
    office.declare()
    office.approve()
    office.governance.promote(MODEL, 1, "good enough", actor="operator", now=office.now)
    registrar._turn()
    return office


def serving(office: Office) -> int:
    """The champion that a replica would load now, with everything checked."""
    deployment = office.governance.deployments()[MODEL, Slot.CHAMPION]
    proof = office.governance.proof(deployment)
    return verified(office.home, deployment, proof, now=datetime.now(UTC)).version


def codes(office: Office) -> list[str]:
    return sorted(alarm.code for alarm in office.governance.alarms())


def test_who_registered_it_is_known(served: Office) -> None:
    standing = served.governance.standing(MODEL, 2)
    assert (standing.state, standing.registered_by) == (State.DRAFT, "dora")


def test_mlflow_shows_what_serves(served: Office, client: Any) -> None:
    assert client.get_model_version_by_alias(MODEL, "champion").version == 1
    assert codes(served) == []


def test_a_moved_alias_serves_nothing_is_told_and_is_put_back(
    served: Office, registrar: Registrar, client: Any
) -> None:
    client.set_registered_model_alias(MODEL, "champion", "2")
    # Plain MLflow now serves version 2 to whoever resolves the alias, and nobody is told.
    assert client.get_model_version_by_alias(MODEL, "champion").version == 2
    assert serving(served) == 1
    registrar._turn()
    assert codes(served) == ["alias moved"]
    assert client.get_model_version_by_alias(MODEL, "champion").version == 1
    registrar._turn()
    assert codes(served) == ["alias moved"]


def test_a_deleted_champion_serves_on_and_is_told(served: Office, registrar: Registrar, client: Any, uri: str) -> None:
    from mlflow.exceptions import MlflowException

    client.delete_model_version(MODEL, "1")
    # Plain MLflow can no longer serve it.
    with pytest.raises(MlflowException, match="not found"):
        client.get_model_version(MODEL, "1")
    registrar._turn()
    assert serving(served) == 1
    assert codes(served) == ["vanished"]


def test_artefacts_changed_in_mlflow_change_nothing(served: Office, client: Any, tmp_path: Path) -> None:
    for path in tmp_path.glob("artefacts/**/model.safetensors"):
        path.write_bytes(b"better")
    # Plain MLflow hands out the changed file without a word.
    run_id = client.get_model_version(MODEL, "1").run_id
    changed = Path(client.download_artifacts(run_id, "model/model.safetensors", str(tmp_path)))
    assert changed.read_bytes() == b"better"
    assert serving(served) == 1


def test_a_pickle_is_refused_with_the_reason(
    office: Office, registrar: Registrar, client: Any, uri: str, tmp_path: Path
) -> None:
    log(uri, tmp_path / "model-1", 1)
    shutil.copytree(tmp_path / "model-1", tmp_path / "bad")
    (tmp_path / "bad" / "weights.pkl").write_bytes(b"\x80\x04N.")
    run = client.create_run(client.create_experiment("theirs", artifact_location=(tmp_path / "theirs").as_uri()))
    client.log_artifacts(run.info.run_id, str(tmp_path / "bad"), "model")
    client.create_model_version(MODEL, f"{run.info.artifact_uri}/model", run.info.run_id)
    registrar._turn()
    standing = office.governance.standing(MODEL, 2)
    assert standing.state is State.REFUSED
    assert "weights.pkl" in standing.blocked[0]
