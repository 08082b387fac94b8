"""What MLflow says there is, and its artefacts: read with MLflow's plain client, never loaded as a model."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit

from samdrift_registry.copying import Limits, copy_folder
from samdrift_registry.errors import (
    ForeignSourceError,
    MlflowUnavailableError,
    OutOfSpaceError,
    UnreadableArtefactError,
)
from samdrift_registry.origin import Origin, origin_of

if TYPE_CHECKING:
    from mlflow import MlflowClient

_PAGE = 1000
#: Our own disk's fault, not the version's.
_OUT_OF_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


@dataclass(frozen=True, kw_only=True)
class ListedVersion:
    """A model version as MLflow lists it."""

    name: str
    version: int
    source: str
    run_id: str | None


@dataclass(frozen=True, kw_only=True)
class Listing:
    """All that MLflow lists at one time."""

    versions: tuple[ListedVersion, ...]
    #: (name, alias) -> version.
    aliases: Mapping[tuple[str, str], int]


class Catalogue(Protocol):
    """Where model versions are found."""

    def listing(self) -> Listing:
        """All versions and aliases; MlflowUnavailableError when it cannot be told."""

    def fetch(self, listed: ListedVersion, folder: Path, limits: Limits) -> None:
        """Copy the artefacts of `listed` into the empty `folder`; NotAcceptedError or VerificationError if not."""

    def origin(self, listed: ListedVersion) -> Origin:
        """Who made `listed`, from what, and what its tags declare; UnreadableArtefactError when it cannot be told."""


class MlflowCatalogue:
    """The model versions of an MLflow tracking server, or of its database without a server."""

    def __init__(self, tracking_uri: str) -> None:
        self._uri = tracking_uri

    def listing(self) -> Listing:
        """All versions that are ready, and all aliases.

        Raises:
            MlflowUnavailableError: MLflow does not answer.
        """
        try:
            versions = list(_pages(partial(self._client.search_model_versions, max_results=_PAGE)))
            models = list(_pages(partial(self._client.search_registered_models, max_results=_PAGE)))
        except _faults() as error:
            raise MlflowUnavailableError.about(str(error)) from error
        return Listing(
            versions=tuple(_listed(version) for version in versions if version.status == "READY"),
            aliases={(model.name, alias): int(v) for model in models for alias, v in model.aliases.items()},
        )

    def fetch(self, listed: ListedVersion, folder: Path, limits: Limits) -> None:
        """Copy the artefacts of `listed` into the empty `folder`, following no link.

        Raises:
            UnreadableArtefactError: they are not there, or may not be read.
            OutOfSpaceError: there is no room for them.
            ForeignSourceError: the source is a relative folder, or a remote MLflow points at this machine's files.
            VerificationError, TooLargeError: as `copy_folder` does.
        """
        try:
            self._copy(self._location(listed), folder, limits)
        except _faults() as error:
            if isinstance(error, OSError) and error.errno in _OUT_OF_SPACE:
                raise OutOfSpaceError.about(str(error)) from error
            raise UnreadableArtefactError.about(f"{listed.source} ({error})") from error

    def origin(self, listed: ListedVersion) -> Origin:
        """From the run, the version's tags and the registered model's.

        Raises:
            UnreadableArtefactError: MLflow does not say.
        """
        try:
            version = self._client.get_model_version(listed.name, str(listed.version))
            model = self._client.get_registered_model(listed.name)
            run = self._client.get_run(listed.run_id) if listed.run_id else None
        except _faults() as error:
            raise UnreadableArtefactError.about(f"{listed.name} version {listed.version} ({error})") from error
        return origin_of(run, version.tags, model.tags, version.user_id)

    def _copy(self, uri: str, folder: Path, limits: Limits) -> None:
        local = _local_path(uri)
        if local is None:
            self._download(uri, folder, limits)
        elif self._uri.startswith(("http:", "https:")) or not local.is_absolute():
            raise ForeignSourceError.about(uri or "no source")
        else:
            copy_folder(local, folder, limits)

    @cached_property
    def _client(self) -> MlflowClient:
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self._uri, registry_uri=self._uri)

    def _location(self, listed: ListedVersion) -> str:
        """The artefacts' own URI, without MLflow's indirections."""
        uri = str(self._client.get_model_version_download_uri(listed.name, str(listed.version)))
        if not uri.startswith("runs:/"):
            return uri
        run_id, _, path = uri.removeprefix("runs:/").partition("/")
        run = self._client.get_run(run_id)
        of_run = f"{run.info.artifact_uri}/{path}"
        local = _local_path(of_run)
        if local is None or local.is_dir():
            return of_run
        return self._logged_model_location(run, path) or of_run

    def _logged_model_location(self, run: Any, name: str) -> str | None:
        """`mlflow.*.log_model` keeps the files beside the run, as a logged model that the run put out."""
        outputs = run.outputs.model_outputs if run.outputs else []
        models = [self._client.get_logged_model(output.model_id) for output in outputs]
        return next((str(model.artifact_location) for model in models if model.name == name), None)

    def _download(self, uri: str, folder: Path, limits: Limits) -> None:
        from mlflow.artifacts import download_artifacts

        with TemporaryDirectory(dir=folder.parent) as download:
            try:
                path = download_artifacts(artifact_uri=uri, dst_path=download, tracking_uri=self._uri)
            except OSError:
                raise
            except Exception as error:  # each object store has errors of its own, without a common base
                raise UnreadableArtefactError.about(f"{uri} ({error})") from error
            copy_folder(Path(path), folder, limits)


def _faults() -> tuple[type[Exception], ...]:
    """What MLflow lets through, with and without a server."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    return MlflowException, SQLAlchemyError, OSError


def _pages(search: Callable[..., Any]) -> Iterable[Any]:
    page = search()
    yield from page
    while page.token:
        page = search(page_token=page.token)
        yield from page


def _listed(version: Any) -> ListedVersion:
    return ListedVersion(
        name=version.name, version=int(version.version), source=version.source or "", run_id=version.run_id or None
    )


def _local_path(uri: str) -> Path | None:
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None if parts.scheme else Path(uri)
