"""An exam's result as FHIR, for whoever may see the exam."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from fastapi.responses import Response

from samdrift_mammography.pages.asking import Now, SignedIn, ledger_of, reader_of, worklist_of
from samdrift_mammography.pages.row import Row, row
from samdrift_mammography.worklist import listing
from samdrift_platform.contract import Item
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger import audit
from samdrift_platform.portal.shell import Shell

if TYPE_CHECKING:
    from samdrift_mammography.results.fhir.audit_event import Access
    from samdrift_mammography.results.report import Report

#: What a result has beside what its documents say.
_NOT_SAID = frozenset({"documents", "document_problems"})


def fhir(shell: SignedIn, at: Now, item_id: UUID) -> Response:
    """The exam's bundle, as this reader may see it; that it was given is put into the audit chain.

    Raises:
        NotFoundError: there is no such exam, it has no result yet, or no model may process it.
        DocumentError: the header of an image lacks an identifier that a resource needs.
    """
    from samdrift_mammography.results.fhir.bundle import MEDIA_TYPE, bundle  # the models take a third of a second

    shown = _shown(shell, at, item_id)
    item = shown.item
    body = bundle(
        _report(shell, shown),
        item_id=item_id,
        issued_at=item.finished_at or item.started_at or item.queued_at,
        hidden=shown.listed.hidden,
        access=_access(shell, at),
    )
    _record(shell, item_id, at)
    return Response(body, media_type=MEDIA_TYPE)


def _shown(shell: Shell, at: datetime, item_id: UUID) -> Row:
    item = shell.item(item_id)
    with worklist_of(shell) as connection:
        listed = listing.one(connection, item_id, reader_of(shell))
    if listed is None or "reading" not in item.result:
        raise NotFoundError("This exam has no result yet, or was refused. See the worklist.")
    if item.result.get("objected"):
        raise NotFoundError("No model may process this exam, so it has no result to give. See its page.")
    return row(item, listed, at)


def _report(shell: Shell, shown: Row) -> Report:
    from samdrift_mammography.results.report import report_of
    from samdrift_mammography.results.wording import language_of_setting

    item = shown.item
    # An exam whose results do not go back says nothing of its arrival; the ledger knows when it was submitted.
    payload = {"received_at": item.queued_at.isoformat(), **item.payload}
    files = [shell.object(image["object"]) for image in item.payload["images"]]
    return report_of(
        Item(reference=item.reference, payload=payload),
        {name: value for name, value in item.result.items() if name not in _NOT_SAID},
        files=files,
        pictures=[None] * len(files),
        language=language_of_setting(),
    )


def _access(shell: Shell, at: datetime) -> Access:
    from samdrift_mammography.results.fhir.audit_event import Access

    client = shell.request.client
    return Access(
        person=reader_of(shell),
        client=client.host if client else "unknown",
        server=shell.request.url.hostname or "unknown",
        at=at,
    )


def _record(shell: Shell, item_id: UUID, at: datetime) -> None:
    event = audit.Event(
        actor=reader_of(shell), action="exam.given", subject=f"item:{item_id}", details={"format": "FHIR R4B"}
    )
    with ledger_of(shell).write() as connection:
        audit.append(connection, [event], now=at)
