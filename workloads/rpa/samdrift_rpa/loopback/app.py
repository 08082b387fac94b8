"""The loopback's HTTP interface: what an ERP system and an access point must offer, with faults."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from fastapi import FastAPI, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from samdrift_rpa.documents import (
    DocumentType,
    Standard,
    UnreadableDocumentError,
    UnsupportedDocumentError,
    read_document,
)
from samdrift_rpa.loopback.faults import Fault, Faults
from samdrift_rpa.loopback.log import Entry, Kind, Log
from samdrift_rpa.ubl import text

Key = Annotated[str, Header(alias="Idempotency-Key")]
_NAMES = {Kind.VOUCHER: "voucher_id", Kind.DOCUMENT: "transmission_id"}


class RefusedError(Exception):
    """What was sent cannot be taken, now or later."""


class DroppedResponse(Response):
    """Begins an answer and ends the connection before it is complete."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promise more bytes than come."""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})


def create_app(log: Log, faults: Faults, *, slow_s: float = 1.5, notices_repeats: bool = False) -> FastAPI:
    """The two parties over one log; `slow_s` is how long a slow answer takes."""
    app = FastAPI(title="Loopback ERP and access point", docs_url=None, redoc_url=None, openapi_url=None)
    peer = _Peer(log, faults, slow_s, notices_repeats)

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/vouchers")
    async def post_voucher(request: Request, key: Key) -> Response:
        return await peer.create(Kind.VOUCHER, key, await request.body())

    @app.post("/documents")
    async def send_document(request: Request, key: Key) -> Response:
        return await peer.create(Kind.DOCUMENT, key, await request.body())

    @app.get("/vouchers/{key}")
    def find_voucher(key: str) -> Response:
        return peer.find(Kind.VOUCHER, key)

    @app.get("/documents/{key}")
    def find_document(key: str) -> Response:
        return peer.find(Kind.DOCUMENT, key)

    @app.get("/vouchers")
    def vouchers() -> list[dict[str, Any]]:
        return [_answer(entry) for entry in log.entries(Kind.VOUCHER)]

    @app.get("/documents")
    def documents() -> list[dict[str, Any]]:
        return [_answer(entry) for entry in log.entries(Kind.DOCUMENT)]

    return app


class _Peer:
    """Does the work and then, or instead, what the faults say."""

    def __init__(self, log: Log, faults: Faults, slow_s: float, notices_repeats: bool) -> None:
        self._log, self._faults, self._slow_s, self._notices = log, faults, slow_s, notices_repeats

    async def create(self, kind: Kind, key: str, body: bytes) -> Response:
        try:
            checked = _CHECKS[kind](body, key)
        except RefusedError as error:
            return JSONResponse({"key": key, "error": str(error)}, status_code=422)
        number = await run_in_threadpool(self._log.count_request, kind, "create")
        fault = self._faults.on_create(number)
        if fault is not None:
            await run_in_threadpool(self._log.note_fault, kind, fault)
        if fault is Fault.ERROR_BEFORE:
            return _error(key, "The database is locked.")
        entry = await run_in_threadpool(self._add, kind, key, checked)
        if fault is Fault.ERROR_AFTER:
            return _error(key, "Something went wrong after the work was done.")
        if fault is Fault.DROP_AFTER:
            return DroppedResponse()
        if fault is Fault.SLOW_AFTER:
            await asyncio.sleep(self._slow_s)
        return JSONResponse(_answer(entry), status_code=201)

    def find(self, kind: Kind, key: str) -> Response:
        if fault := self._faults.on_find(self._log.count_request(kind, "find")):
            self._log.note_fault(kind, fault)
            return _error(key, "The search index is being rebuilt.")
        entry = self._log.find(kind, key)
        if entry is None:
            return JSONResponse({"key": key, "found": False}, status_code=404)
        return JSONResponse(_answer(entry))

    def _add(self, kind: Kind, key: str, body: str) -> Entry:
        known = self._log.find(kind, key) if self._notices else None
        return known or self._log.add(kind, key, body)


def _error(key: str, words: str) -> JSONResponse:
    return JSONResponse({"key": key, "error": words}, status_code=500)


def _answer(entry: Entry) -> dict[str, Any]:
    return {"key": entry.key, "found": True, _NAMES[entry.kind]: entry.identifier, "at": entry.at}


def _check_voucher(body: bytes, key: str) -> str:
    """An ERP system refuses what does not balance."""
    try:
        voucher = json.loads(body)
        balance = sum(Decimal(line["debit"]) - Decimal(line["credit"]) for line in voucher["lines"])
    except (ValueError, TypeError, KeyError, InvalidOperation) as error:
        raise RefusedError("This is not a voucher.") from error
    if balance or not voucher["lines"]:
        raise RefusedError(f"The voucher does not balance: {balance} is left over.")
    return json.dumps(voucher, ensure_ascii=False, sort_keys=True)


def _check_document(body: bytes, key: str) -> str:
    """An access point sends application responses, known by their UUID, or in Peppol by their ID."""
    try:
        document = read_document(body)
    except (UnreadableDocumentError, UnsupportedDocumentError) as error:
        raise RefusedError(error.message) from error
    name = "cbc:UUID" if document.standard is Standard.OIOUBL else "cbc:ID"
    if document.type is not DocumentType.APPLICATION_RESPONSE or text(document.root, name) != key:
        raise RefusedError("This is not an application response whose UUID or ID is the key.")
    return body.decode()


_CHECKS = {Kind.VOUCHER: _check_voucher, Kind.DOCUMENT: _check_document}
