"""Where a version comes from, as MLflow tells it when it is found: MLflow forgets it once the version is deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samdrift_registry.errors import DisguisedFileError, ForbiddenFormatError

#: Tags of a version or a registered model that declare what people must know: `samdrift.legal_basis` and so on.
DECLARED = (
    "legal_basis",
    "purpose",
    "data_protection_assessment",
    "mdr_class",
    "ai_act_class",
    "intended_use",
)
_PREFIX = "samdrift."
#: Tag of a version that names who registered it, where the run does not say.
REGISTERED_BY = _PREFIX + "registered_by"
#: Modules of MLflow's that load numbers; None: the files were not logged as an MLflow model.
_LOADERS = frozenset({None, "mlflow.sklearn", "mlflow.lightgbm", "mlflow.pytorch"})
#: Tag of a run by which MLflow says who made it.
USER_TAG = "mlflow.user"
_COMMIT = "mlflow.source.git.commit"
#: What MLflow writes for a user whom it does not know.
_NOBODY = frozenset({"", "unknown"})


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Who made a version, from which code and data, and what its tags declare.

    Anybody can write tags: what counts is stated again in the ledger, by people who sign in.
    """

    registered_by: str | None = None
    #: Git commit of the code that logged the model.
    code_revision: str | None = None
    #: Data set's name -> MLflow's digest of it.
    datasets: Mapping[str, str] = field(default_factory=dict)
    #: Fact -> text, of DECLARED.
    declared: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Description:
    """What the model's own files say: read from MLflow's `MLmodel` and `requirements.txt`, never trusted to be true."""

    #: "skops", "lightgbm", "torch.export", "safetensors"
    kind: str
    #: MLflow's signature: JSON texts by `inputs`, `outputs`, `params`.
    signature: Mapping[str, str] = field(default_factory=dict)
    #: Pinned requirements, as written.
    requirements: tuple[str, ...] = ()


def origin_of(
    run: Any | None, version_tags: Mapping[str, str], model_tags: Mapping[str, str], user_id: str | None = None
) -> Origin:
    """The origin from an MLflow run (None: the version has none) and the tags of version and model."""
    tags = run.data.tags if run is not None else {}
    inputs = run.inputs.dataset_inputs if run is not None and run.inputs is not None else []
    return Origin(
        registered_by=_first(version_tags.get(REGISTERED_BY), tags.get(USER_TAG), user_id),
        code_revision=tags.get(_COMMIT),
        datasets=_digests((entry.dataset.name, entry.dataset.digest) for entry in inputs),
        declared=declared_in({**model_tags, **version_tags}),
    )


def declared_in(tags: Mapping[str, str]) -> dict[str, str]:
    """The declared facts among `tags`, empty ones left out."""
    found = {name: tags.get(_PREFIX + name, "").strip() for name in DECLARED}
    return {name: text for name, text in found.items() if text}


def tags_of(registered_by: str | None, declared: Mapping[str, str]) -> dict[str, str]:
    """The tags from which `origin_of` reads the same again."""
    tags = {_PREFIX + name: text for name, text in declared.items()}
    return tags | ({REGISTERED_BY: registered_by} if registered_by else {})


def describe(folder: Path, kind: str) -> Description:
    """What the files in `folder` say of themselves.

    Raises:
        DisguisedFileError: `MLmodel` is not YAML.
        ForbiddenFormatError: `MLmodel` says that the model is Python code.
    """
    told, requirements = _mlmodel(folder / "MLmodel"), folder / "requirements.txt"
    if kind == "files" and (loader := _loader(told)) not in _LOADERS:
        raise ForbiddenFormatError.about(f"MLmodel (the model is Python code, run by {loader!r})")
    lines = requirements.read_text(encoding="utf-8").splitlines() if requirements.is_file() else []
    return Description(
        kind=kind,
        signature=_texts(told.get("signature")),
        requirements=tuple(line.strip() for line in lines if line.strip()),
    )


def _mlmodel(path: Path) -> Mapping[str, Any]:
    """Without MLflow's own reader, which would go on to read what the file names."""
    import yaml

    if not path.is_file():
        return {}
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DisguisedFileError.about("MLmodel is not YAML") from error
    return told if isinstance(told, dict) else {}


def _loader(told: Mapping[str, Any]) -> str | None:
    """The Python module that MLflow would have load the model."""
    flavors = told.get("flavors")
    flavor = flavors.get("python_function") if isinstance(flavors, dict) else None
    return str(flavor.get("loader_module"))[:80] if isinstance(flavor, dict) else None


def _texts(told: object) -> dict[str, str]:
    """Texts by name; what else a stranger may have put there is left out."""
    pairs = told.items() if isinstance(told, dict) else ()
    return {name: text for name, text in pairs if isinstance(name, str) and isinstance(text, str)}


def _digests(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Digest by name; of several with one name (MLflow calls every unnamed one `dataset`), the later ones by both."""
    digests: dict[str, str] = {}
    for name, digest in pairs:
        digests[name if digests.get(name, digest) == digest else f"{name} {digest}"] = digest
    return digests


def _first(*names: str | None) -> str | None:
    return next((name for name in names if name is not None and name not in _NOBODY), None)
