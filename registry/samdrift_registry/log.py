"""Logs a model's folder the way any data scientist may: a run, its artefacts, a version. Nothing of ours is needed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samdrift_registry.errors import ModelFolderError, NameNotAllowedError
from samdrift_registry.inventory import FileEntry, digest_of, inventory
from samdrift_registry.origin import USER_TAG, tags_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

REQUIRED = frozenset({"model.json", "card.md"})
#: The model itself, in one of the forms that are loaded without running anybody's code.
ONE_OF = frozenset({"model.safetensors", "model.skops"})
EXPERIMENT = "samdrift models"
#: Tells `log_model` that this content is there already. Anyone may change a tag, so nothing else relies on it.
DIGEST_TAG = "samdrift.digest"
_SQLITE = "sqlite:///"


def log_model(
    folder: Path,
    name: str,
    tracking_uri: str,
    *,
    artefacts: str | None = None,
    registered_by: str | None = None,
    declared: Mapping[str, str] | None = None,
) -> int:
    """Log `folder` as a version of the registered model `name`; the same content again gives the same version.

    Args:
        folder: holds `model.safetensors` or `model.skops`, `model.json` and `card.md`, and nothing that could run code.
        name: letters, digits, `.`, `_` and `-`.
        tracking_uri: an MLflow server, or a database without a server (`sqlite:///…/mlflow.db`).
        artefacts: URI below which the experiment keeps its artefacts, when it is made now; otherwise the
            folder `artefacts` beside an SQLite database, or what the server says.
        registered_by: who registers it, as MLflow knows them; they cannot approve it. By default the run says it,
            as every run of MLflow's does: the user of the tracking server or of the operating system.
        declared: legal basis and so on (`origin.DECLARED`), as tags of the version.

    Returns:
        The version number.

    Raises:
        ModelFolderError: one of the files is missing.
        NameNotAllowedError: the name has other characters.
        ForbiddenFormatError, EscapingPathError: as `inventory` does.
    """
    files = inventory(folder)
    _complete(folder, files)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise NameNotAllowedError.about(repr(name))
    client, digest = _client(tracking_uri), digest_of(files)
    there = [v for v in client.search_model_versions(f"name='{name}'") if v.tags.get(DIGEST_TAG) == digest]
    if there:
        return max(int(version.version) for version in there)
    run = _run_with(client, folder, name, _experiment(client, artefacts or _beside(tracking_uri)))
    _registered(client, name)
    source, tags = f"{run.info.artifact_uri}/model", {DIGEST_TAG: digest, **tags_of(registered_by, declared or {})}
    return int(client.create_model_version(name, source, run.info.run_id, tags=tags).version)


def _complete(folder: Path, files: tuple[FileEntry, ...]) -> None:
    found = {file.path for file in files}
    missing = sorted(REQUIRED - found) + ([] if ONE_OF & found else [" or ".join(sorted(ONE_OF))])
    if missing:
        raise ModelFolderError.about(f"{folder} lacks {', '.join(missing)}")


def _client(tracking_uri: str) -> MlflowClient:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


def _run_with(client: MlflowClient, folder: Path, name: str, experiment_id: str) -> Any:
    run = client.create_run(experiment_id, run_name=name, tags=_user())
    status = "FAILED"
    try:
        client.log_artifacts(run.info.run_id, str(folder), "model")
        status = "FINISHED"
    finally:
        client.set_terminated(run.info.run_id, status)
    return run


def _user() -> dict[str, str]:
    """The tag by which MLflow says who made a run; its own client sets it only in `mlflow.start_run`."""
    from mlflow.tracking.context.default_context import DefaultRunContext

    context: Any = DefaultRunContext()  # untyped
    return {USER_TAG: str(context.tags()[USER_TAG])}


def _experiment(client: MlflowClient, artefacts: str | None) -> str:
    there = client.get_experiment_by_name(EXPERIMENT)
    return str(there.experiment_id if there else client.create_experiment(EXPERIMENT, artifact_location=artefacts))


def _beside(tracking_uri: str) -> str | None:
    """Without a server MLflow would put artefacts below the folder in which the process happens to run."""
    if not tracking_uri.startswith(_SQLITE):
        return None
    return (Path(tracking_uri.removeprefix(_SQLITE)).resolve().parent / "artefacts").as_uri()


def _registered(client: MlflowClient, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
