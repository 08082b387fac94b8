"""What the parties outside have in common: each does its work and then, or instead, what the faults say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection
from typing import Annotated, Any

from fastapi import Header, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from samdrift_rpa.loopback.faults import Fault, Faults
from samdrift_rpa.loopback.log import Entry, Kind, Log

Key = Annotated[str, Header(alias="Idempotency-Key")]
_NAMES = {
    Kind.VOUCHER: "voucher_id",
    Kind.DOCUMENT: "transmission_id",
    Kind.CASE: "case_number",
    Kind.ENTRY: "entry_id",
    Kind.ASSIGNMENT: "assignment_id",
    Kind.MESSAGE: "transmission_id",
}


class RefusedError(Exception):
    """What was sent cannot be taken, now or later."""


class DroppedResponse(Response):
    """Begins an answer and ends the connection before it is complete."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promise more bytes than come."""
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})


class Peer:
    """A party over a log. A repeated key is worked on again, unless the party notices repeats of its kind."""

    def __init__(self, log: Log, faults: Faults, *, slow_s: float, notices: Collection[Kind]) -> None:
        """`slow_s` is how long a slow answer takes; `notices`: kinds of which a repeated key is answered once more."""
        self._log, self._faults, self._slow_s, self._notices = log, faults, slow_s, notices

    async def create(self, kind: Kind, key: str, checked: Awaitable[str]) -> Response:
        """Write down what `checked` makes of the request; 422 where it raises RefusedError."""
        try:
            body = await checked
        except RefusedError as error:
            return JSONResponse({"key": key, "error": str(error)}, status_code=422)
        fault = self._faults.on_create(await run_in_threadpool(self._log.count_request, kind, "create"))
        if fault is not None:
            await run_in_threadpool(self._log.note_fault, kind, fault)
        if fault is Fault.ERROR_BEFORE:
            return _error(key, "The database is locked.")
        entry = await run_in_threadpool(self._add, kind, key, body)
        if fault is Fault.ERROR_AFTER:
            return _error(key, "Something went wrong after the work was done.")
        if fault is Fault.DROP_AFTER:
            return DroppedResponse()
        if fault is Fault.SLOW_AFTER:
            await asyncio.sleep(self._slow_s)
        return JSONResponse(_answer(entry), status_code=201)

    def find(self, kind: Kind, key: str) -> Response:
        """What is known under `key`: its answer, or 404 that repeats the key."""
        if fault := self._faults.on_find(self._log.count_request(kind, "find")):
            self._log.note_fault(kind, fault)
            return _error(key, "The search index is being rebuilt.")
        entry = self._log.find(kind, key)
        if entry is None:
            return JSONResponse({"key": key, "found": False}, status_code=404)
        return JSONResponse(_answer(entry))

    def listed(self, kind: Kind) -> list[dict[str, Any]]:
        """The answers to all that was done, in order."""
        return [_answer(entry) for entry in self._log.entries(kind)]

    def _add(self, kind: Kind, key: str, body: str) -> Entry:
        if kind in self._notices:
            return self._log.add_once(kind, key, body)[0]
        return self._log.add(kind, key, body)


def _answer(entry: Entry) -> dict[str, Any]:
    return {"key": entry.key, "found": True, _NAMES[entry.kind]: entry.identifier, "at": entry.at}


def _error(key: str, words: str) -> JSONResponse:
    return JSONResponse({"key": key, "error": words}, status_code=500)
