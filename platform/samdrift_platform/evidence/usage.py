"""Records of use, one a decision: what Article 12 of Regulation (EU) 2024/1689 has a system log by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from samdrift_platform.ledger.database import Ledger


@dataclass(frozen=True, kw_only=True)
class Use:
    """One decision of the system (Article 12(3) asks for these of remote biometric identification; we give all)."""

    item: UUID
    workload: str
    #: When the system began to work on it, and when it recorded what it found; aware, UTC.
    began_at: datetime
    ended_at: datetime
    #: Reference of the input: its digest, keyed with the item's salt. Says nothing to who has not the input.
    input: str | None
    #: "done", "waiting_for_person", "rejected"
    verdict: str
    #: Digest of the result, keyed as the input's.
    result: str | None
    #: Registered name -> "version@sha256:…"; empty: no model decided.
    models: Mapping[str, str]
    #: The workload was in its safe state.
    safe: bool
    #: Sign-in subjects of people who acted on the item after that; empty: nobody has (yet).
    verified_by: tuple[str, ...]
    #: Event in the audit chain that says so.
    event: int


def uses(
    ledger: Ledger, *, workload: str | None = None, since: datetime | None = None, until: datetime | None = None
) -> Iterator[Use]:
    """The decisions recorded from `since` on and before `until`, in order; read page by page, so memory stays flat."""
    raise NotImplementedError
    yield


def as_csv(found: Iterable[Use]) -> Iterator[bytes]:
    """UTF-8 CSV with a header (RFC 4180), piece by piece. MIME type: `text/csv; charset=utf-8; header=present`."""
    raise NotImplementedError
    yield b""


def as_json_lines(found: Iterable[Use]) -> Iterator[bytes]:
    """One JSON object a line, piece by piece. MIME type: `application/x-ndjson`."""
    raise NotImplementedError
    yield b""
