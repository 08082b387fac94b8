"""Evidence of what a robot did: listed for everybody who is signed in, looked at by an operator, and recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from samdrift_platform.control.dependencies import TheLedger, TheSettings, TheStore
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger import audit, effects
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.portal.shell import Shell
from samdrift_registry.errors import NotAllowedError
from samdrift_registry.people import Role
from samdrift_rpa.evidence import piece
from samdrift_rpa.evidence.keys import EvidenceKeys
from samdrift_rpa.evidence.piece import Kind, Piece
from samdrift_rpa.pages.asking import SignedIn, ledger_of

_MEDIA_TYPES = {Kind.PICTURE: "image/png", Kind.TRACE: "application/zip"}
_FILES = {Kind.PICTURE: "picture.png", Kind.TRACE: "trace.zip"}


def router() -> APIRouter:
    """The addresses below `/rpa/evidence`."""
    pages = APIRouter(include_in_schema=False)
    pages.add_api_route("/evidence/{item_id}.json", as_json)
    pages.add_api_route("/evidence/{item_id}/{kind}", look, methods=["POST"])
    return pages


def pieces_of(shell: Shell, item_id: UUID) -> Sequence[Piece]:
    """What is kept of an item's effects, newest first."""
    with ledger_of(shell).read() as connection:
        keys = [effect.key for effect in effects.of_item(connection, item_id)]
        return list(reversed(piece.of_effects(connection, keys)))


def shown_of(shell: Shell, item_id: UUID) -> dict[str, Any]:
    """The same for `rpa/robot_evidence.html`: the newest of each kind can be looked at."""
    pieces = pieces_of(shell, item_id)
    newest = {each.kind: each.id for each in reversed(pieces)}
    return {"pieces": pieces, "newest": {*newest.values()}, "may_look": may_look(shell)}


def as_json(shell: SignedIn, item_id: UUID) -> JSONResponse:
    """What is kept, and until when; not the pieces themselves."""
    shell.item(item_id)
    return JSONResponse(
        [
            {
                "kind": each.kind,
                "receiver": each.receiver,
                "failed": each.failed,
                "made_at": each.made_at.isoformat(),
                "expires_at": each.expires_at.isoformat(),
            }
            for each in pieces_of(shell, item_id)
        ]
    )


def look(
    shell: SignedIn, item_id: UUID, kind: Kind, ledger: TheLedger, store: TheStore, settings: TheSettings
) -> Response:
    """The newest piece of a kind, decrypted. Who looked stands in the audit chain before anything is shown.

    Raises:
        NotAllowedError: only an operator may look.
        NotFoundError: nothing is kept, or its time is over.
    """
    _check_operator(shell)
    shell.item(item_id)
    found = next((each for each in pieces_of(shell, item_id) if each.kind is kind), None)
    if found is None:
        raise NotFoundError(f"No {kind} is kept of item {item_id}. None was made, or its time is over.")
    content = EvidenceKeys(settings.home).decrypt(store.get(found.object))
    _record(ledger, shell, item_id, found)
    headers = {
        "Content-Disposition": f'attachment; filename="{_FILES[kind]}"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=_MEDIA_TYPES[kind], headers=headers)


def may_look(shell: Shell) -> bool:
    """Whether who is signed in is an operator."""
    appointments = getattr(shell.request.app.state, "appointments", None)
    return bool(appointments is not None and shell.user and Role.OPERATOR in appointments.person(shell.user).roles)


def _check_operator(shell: Shell) -> None:
    if not may_look(shell):
        raise NotAllowedError(f"{shell.user} may not look at evidence: it takes the role operator.")


def _record(ledger: Ledger, shell: Shell, item_id: UUID, found: Piece) -> None:
    details = {"kind": str(found.kind), "evidence": str(found.id), "key": str(found.effect_key)}
    event = audit.Event(actor=str(shell.user), action="evidence.seen", subject=f"item:{item_id}", details=details)
    with ledger.write() as connection:
        audit.append(connection, [event], now=datetime.now(UTC))
