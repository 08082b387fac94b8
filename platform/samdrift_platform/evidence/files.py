"""Gathers what registry and ledger hold about a version, for its card, its technical file and the catalogue."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from samdrift_platform.contract import Workload
from samdrift_platform.evidence import kept_files
from samdrift_platform.evidence.in_use import in_use
from samdrift_platform.governance.journal import GOVERNING, load
from samdrift_registry import dcat
from samdrift_registry.annex_iv import TechnicalDocumentation
from samdrift_registry.card import ModelCard
from samdrift_registry.dcat import ListedModel, ListedService
from samdrift_registry.deployments import Slot, current, subject_of
from samdrift_registry.lifecycle import Standing, standing
from samdrift_registry.manifest import SignedManifest
from samdrift_registry.organisation import read_duties, read_organisation
from samdrift_registry.statements import Statement
from samdrift_registry.store import ManifestStore
from samdrift_registry.use import Offer


def model_card(connection: sa.Connection, home: Path, name: str, version: int, *, now: datetime) -> ModelCard:
    """The card of a version; show it with `ModelCard.to_bytes`, `card.to_html` and `card.to_markdown`.

    Raises:
        VersionUnknownError: nothing was stated about it (404).
        VerificationError: the journal, the report or a file of the model was tampered with.
    """
    return _card(home, standing(_statements(connection, home), name, version, now), now)


def technical_documentation(
    connection: sa.Connection,
    home: Path,
    name: str,
    version: int,
    *,
    workloads: Mapping[str, Workload],
    now: datetime,
) -> TechnicalDocumentation:
    """The file of Annex IV for a version; show it with `annex_iv.to_html` and `annex_iv.to_markdown`.

    Raises as `model_card` does; ConfigurationError when `<home>/organisation.yaml` or `<home>/ai_act.yaml` is wrong.
    """
    statements = _statements(connection, home)
    using = {each: workload for each, workload in workloads.items() if name in workload.models}
    card = _card(home, standing(statements, name, version, now), now)
    return TechnicalDocumentation(
        card=card,
        versions=[each for each in _standings(statements, now) if each.name == name],
        organisation=read_organisation(home),
        duties=read_duties(home),
        offers=[_offer(each, workload) for each, workload in using.items()],
        use=in_use(connection, statements, card.standing, list(using)),
        architecture=_described(home, card.manifest),
    )


def catalogue(
    connection: sa.Connection,
    home: Path,
    *,
    workloads: Mapping[str, Workload],
    address: str,
    now: datetime,
) -> bytes:
    """Models, the data sets they were evaluated on, and workloads, as DCAT-AP-DK 2.0.2 in Turtle (`text/turtle`).

    Args:
        connection: one consistent view (`Ledger.read`).
        home: with manifests, reports and `organisation.yaml`.
        workloads: by name.
        address: where this installation answers (`https://samdrift.example.org`): the things' URIs begin with it.
        now: aware, UTC.

    Raises:
        VerificationError: the journal or a report was tampered with.
        ConfigurationError: `<home>/organisation.yaml` is wrong.
    """
    statements = _statements(connection, home)
    models = [_listed(home, each) for each in _standings(statements, now)]
    serving = {model: each.version for (model, slot), each in current(statements).items() if slot is Slot.CHAMPION}
    services = [_service(name, workload, serving) for name, workload in workloads.items()]
    return dcat.catalogue(read_organisation(home), models, services, address=address, now=now)


def _statements(connection: sa.Connection, home: Path) -> list[Statement]:
    return [signed.statement for signed in load(connection, home / "keys", GOVERNING)]


def _standings(statements: Sequence[Statement], now: datetime) -> Iterator[Standing]:
    """All versions of all models, by name and number."""
    subjects = {each.subject for each in statements if each.subject.startswith("model:") and each.made_at <= now}
    return (standing(statements, name, version, now) for name, version in sorted(map(subject_of, subjects)))


def _card(home: Path, stood: Standing, now: datetime) -> ModelCard:
    manifest = ManifestStore(home).find(stood.name, stood.version)
    supplied = kept_files.of_model(home, manifest.manifest, "card.md") if manifest else None
    notice = _described(home, manifest).get("notice")
    return ModelCard(
        standing=stood,
        manifest=manifest,
        report=kept_files.report(home, stood.evaluated.facts["report"]) if stood.evaluated else None,
        supplied=supplied.decode(errors="replace") if supplied else None,
        notice=str(notice) if notice else None,
        made_at=now,
    )


def _described(home: Path, manifest: SignedManifest | None) -> dict[str, Any]:
    """The top of the model's `model.json`; empty: it has none."""
    data = kept_files.of_model(home, manifest.manifest, "model.json") if manifest else None
    try:
        found = json.loads(data or b"{}")
    except ValueError:
        return {}  # another framework's file of that name
    return found if isinstance(found, dict) else {}


def _offer(name: str, workload: Workload) -> Offer:
    needs = workload.resources
    return Offer(workload=name, title=workload.title, cpus=needs.cpus, gpus=needs.gpus, memory_mib=needs.memory_mib)


def _service(name: str, workload: Workload, serving: Mapping[str, int]) -> ListedService:
    models = [(model, serving[model]) for model in workload.models if model in serving]
    return ListedService(name=name, title=workload.title, models=models)


def _listed(home: Path, stood: Standing) -> ListedModel:
    manifest = ManifestStore(home).find(stood.name, stood.version)
    report = kept_files.report(home, stood.evaluated.facts["report"]) if stood.evaluated else None
    return ListedModel(
        name=stood.name,
        version=stood.version,
        digest=stood.digest,
        size_bytes=sum(file.size_bytes for file in manifest.manifest.files) if manifest else 0,
        state=stood.state,
        since=stood.since,
        purpose=stood.declaration.facts.get("purpose") if stood.declaration else None,
        data=report.data if report else (),
    )
