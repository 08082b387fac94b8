"""The loopback's HTTP interface: what an ERP system and an access point must offer, with faults."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from fastapi import FastAPI, Request, Response

from samdrift_rpa.documents import (
    DocumentType,
    Standard,
    UnreadableDocumentError,
    UnsupportedDocumentError,
    read_document,
)
from samdrift_rpa.loopback.faults import Faults
from samdrift_rpa.loopback.log import Kind, Log
from samdrift_rpa.loopback.peer import Key, Peer, RefusedError
from samdrift_rpa.ubl import text

Collection = Literal["vouchers", "documents"]
_COLLECTIONS: dict[Collection, Kind] = {"vouchers": Kind.VOUCHER, "documents": Kind.DOCUMENT}


def create_app(log: Log, faults: Faults, *, slow_s: float = 1.5, notices_repeats: bool = False) -> FastAPI:
    """The two parties over one log; `slow_s` is how long a slow answer takes."""
    app = FastAPI(title="Loopback ERP and access point", docs_url=None, redoc_url=None, openapi_url=None)
    peer = Peer(log, faults, slow_s=slow_s, notices=_COLLECTIONS.values() if notices_repeats else ())

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/{collection}")
    async def create(collection: Collection, request: Request, key: Key) -> Response:
        kind = _COLLECTIONS[collection]
        return await peer.create(kind, key, _checked(kind, request, key))

    @app.get("/{collection}/{key}")
    def find(collection: Collection, key: str) -> Response:
        return peer.find(_COLLECTIONS[collection], key)

    @app.get("/{collection}")
    def listed(collection: Collection) -> list[dict[str, Any]]:
        return peer.listed(_COLLECTIONS[collection])

    return app


async def _checked(kind: Kind, request: Request, key: str) -> str:
    body = await request.body()
    return _voucher(body) if kind is Kind.VOUCHER else _document(body, key)


def _voucher(body: bytes) -> str:
    """An ERP system refuses what does not balance."""
    try:
        voucher = json.loads(body)
        balance = sum(Decimal(line["debit"]) - Decimal(line["credit"]) for line in voucher["lines"])
    except (ValueError, TypeError, KeyError, InvalidOperation) as error:
        raise RefusedError("This is not a voucher.") from error
    if balance or not voucher["lines"]:
        raise RefusedError(f"The voucher does not balance: {balance} is left over.")
    return json.dumps(voucher, ensure_ascii=False, sort_keys=True)


def _document(body: bytes, key: str) -> str:
    """An access point sends application responses, known by their UUID, or in Peppol by their ID."""
    try:
        document = read_document(body)
    except (UnreadableDocumentError, UnsupportedDocumentError) as error:
        raise RefusedError(error.message) from error
    name = "cbc:UUID" if document.standard is Standard.OIOUBL else "cbc:ID"
    if document.type is not DocumentType.APPLICATION_RESPONSE or text(document.root, name) != key:
        raise RefusedError("This is not an application response whose UUID or ID is the key.")
    return body.decode()
