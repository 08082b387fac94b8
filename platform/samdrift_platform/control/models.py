"""Models: the versions that the registry vouches for, and which of them the replicas load."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from samdrift_platform.control.access import SignedIn
from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import Body, TheLedger, TheSettings
from samdrift_platform.control.json_body import JsonBody
from samdrift_platform.errors import ConflictError
from samdrift_platform.ledger import pins
from samdrift_platform.settings import Settings

if TYPE_CHECKING:
    from samdrift_registry.manifest import SignedManifest
    from samdrift_registry.store import ManifestStore

router = APIRouter(tags=["models"])

Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
_DIGEST = "sha256:" + "0" * 64
_PIN: dict[str, Any] = {
    "model": "heat-forecast",
    "version": 3,
    "digest": _DIGEST,
    "pinned_by": "operator",
    "pinned_at": "2026-11-24T06:00:00Z",
}
_VERSION: dict[str, Any] = {
    "model": "heat-forecast",
    "version": 3,
    "digest": _DIGEST,
    "run_id": "9f0c3b",
    "signed_at": "2026-11-24T05:59:00Z",
    "key_id": "4be1",
    "pinned": True,
}


class ModelVersion(Answer):
    """A version with a signed manifest."""

    model_config = example(**_VERSION)

    #: Registered name.
    model: str
    #: MLflow's version number.
    version: int
    #: Of the files, as the manifest lists them.
    digest: str
    run_id: str | None = None
    signed_at: datetime
    #: Of the key that signed.
    key_id: str
    #: This is the version that is served.
    pinned: bool


class PinAnswer(Answer):
    """The version of a model that is served."""

    model_config = example(**_PIN)

    model: str
    version: int
    #: Of the signed manifest.
    digest: str
    pinned_by: str
    pinned_at: datetime


class ModelList(Answer):
    """What could be served, and what is."""

    model_config = example(versions=[_VERSION], pins=[_PIN])

    versions: list[ModelVersion]
    pins: list[PinAnswer]


class PinBody(JsonBody):
    """The version to serve. The digest says that it is the one that was looked at."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    digest: Digest


@router.get("/models")
def list_models(settings: TheSettings, ledger: TheLedger) -> ModelList:
    """All versions with a signed manifest, and those that are served."""
    with ledger.read() as connection:
        pinned = pins.current(connection)
    return ModelList(
        versions=[_version(signed, pinned) for signed in _manifests(settings).list()],
        pins=[PinAnswer.model_validate(pin) for pin in pinned.values()],
    )


@router.post("/models/{name}/pin", openapi_extra=PinBody.described({"version": 3, "digest": _DIGEST}))
def pin_model(name: str, body: Body, user: SignedIn, settings: TheSettings, ledger: TheLedger) -> PinAnswer:
    """Serve exactly this version from now on. Its files are verified against the manifest first."""
    wanted = PinBody.read(body)
    _verify(_manifests(settings), name, wanted)
    with ledger.write() as connection:
        pins.pin(connection, name, wanted.version, wanted.digest, actor=user.subject, now=datetime.now(UTC))
        return PinAnswer.model_validate(pins.current(connection)[name])


def _verify(manifests: ManifestStore, name: str, wanted: PinBody) -> None:
    from samdrift_registry.errors import VerificationError, WrongDigestError

    try:
        manifests.verified(name, wanted.version, wanted.digest)
    except VerificationError as error:
        field = "/digest" if isinstance(error, WrongDigestError) else None
        raise ConflictError(error.message, field=field) from error


def _manifests(settings: Settings) -> ManifestStore:
    from samdrift_registry.store import ManifestStore

    return ManifestStore(settings.home)


def _version(signed: SignedManifest, pinned: dict[str, pins.Pin]) -> ModelVersion:
    manifest = signed.manifest
    pin = pinned.get(manifest.name)
    return ModelVersion(
        model=manifest.name,
        version=manifest.version,
        digest=manifest.digest,
        run_id=manifest.run_id,
        signed_at=manifest.created_at,
        key_id=signed.key_id,
        pinned=pin is not None and (pin.version, pin.digest) == (manifest.version, manifest.digest),
    )
