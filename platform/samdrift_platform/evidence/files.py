"""Gathers what registry and ledger hold about a version, for its card, its technical file and the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from samdrift_platform.contract import Workload
from samdrift_registry.annex_iv import TechnicalDocumentation
from samdrift_registry.card import ModelCard


def model_card(connection: sa.Connection, home: Path, name: str, version: int, *, now: datetime) -> ModelCard:
    """The card of a version; show it with `ModelCard.to_bytes`, `card.to_html` and `card.to_markdown`.

    Raises:
        VersionUnknownError: nothing was stated about it (404).
        VerificationError: the journal was tampered with.
    """
    raise NotImplementedError


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
    raise NotImplementedError


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
    """
    raise NotImplementedError
