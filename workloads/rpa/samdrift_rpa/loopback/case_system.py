"""A tiny case system and sender of Digital Post on 127.0.0.1: `python -m samdrift_rpa.loopback.case_system`.

A bad peer like the loopback ERP system: it fails after it has done the work, and does not notice repeated keys of
journal entries, assignments and messages unless told to. Cases it finds or creates by their external id, as every
case system must. Its log holds keys, digests and sizes, and nothing that a letter says.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from samdrift_rpa.loopback.faults import Faults
from samdrift_rpa.loopback.log import Kind, Log
from samdrift_rpa.loopback.peer import Key, Peer, RefusedError

Collection = Literal["cases", "entries", "assignments", "messages"]
_COLLECTIONS: dict[Collection, Kind] = {
    "cases": Kind.CASE,
    "entries": Kind.ENTRY,
    "assignments": Kind.ASSIGNMENT,
    "messages": Kind.MESSAGE,
}
_MEMO = "{https://DigitalPost.dk/MeMo-1}"
_PIECE_BYTES = 1 << 16


def create_case_system(log: Log, faults: Faults, *, slow_s: float = 1.5, notices_repeats: bool = False) -> FastAPI:
    """Both parties over one log; `slow_s` is how long a slow answer takes."""
    app = FastAPI(title="Loopback case system and Digital Post", docs_url=None, redoc_url=None, openapi_url=None)
    peer = Peer(log, faults, slow_s=slow_s, notices=_COLLECTIONS.values() if notices_repeats else {Kind.CASE})

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/{collection}")
    async def create(collection: Collection, request: Request, key: Key) -> Response:
        kind = _COLLECTIONS[collection]
        return await peer.create(kind, key, _checked(log, kind, key, request))

    @app.get("/{collection}/{key}")
    def find(collection: Collection, key: str) -> Response:
        return peer.find(_COLLECTIONS[collection], key)

    @app.get("/{collection}")
    def listed(collection: Collection) -> list[dict[str, Any]]:
        return peer.listed(_COLLECTIONS[collection])

    return app


async def _checked(log: Log, kind: Kind, key: str, request: Request) -> str:
    """What is written down of a request; RefusedError when it cannot be taken."""
    if kind is Kind.MESSAGE:
        return _message(await request.body(), key)
    if kind is Kind.ENTRY:
        return await _entry(log, request)
    try:
        said = json.loads(await request.body())
    except ValueError as error:
        raise RefusedError("This is not JSON.") from error
    if kind is Kind.CASE:
        return _case(said, key)
    await run_in_threadpool(_known, log, said)
    return _written(said, "external_id", "message_uuid", "unit", "due_on", "legal_notification")


def _case(said: dict[str, Any], key: str) -> str:
    if said.get("external_id") != key or not said.get("title"):
        raise RefusedError("A case has a title, and its external id is the key.")
    named = {"names_number": bool(said.get("number")), "title_digest": _digest(str(said["title"]).encode())}
    return json.dumps({**named, "external_id": key, "subject": said.get("subject", "")}, sort_keys=True)


async def _entry(log: Log, request: Request) -> str:
    """A journal entry with all its files, or none at all."""
    async with request.form(max_files=1000) as form:
        said = json.loads(str(form["entry"]))
        await run_in_threadpool(_known, log, said)
        files = [await _file(each) for each in form.getlist("files") if isinstance(each, UploadFile)]
    if [file["digest"] for file in files] != [each["object"] for each in said["files"]]:
        raise RefusedError("The files that came are not those that the entry names.")
    kept = {name: said.get(name) for name in ("external_id", "message_uuid", "legal_notification")}
    return json.dumps({**kept, "files": files}, sort_keys=True)


async def _file(upload: UploadFile) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    while piece := await upload.read(_PIECE_BYTES):
        digest.update(piece)
        size += len(piece)
    return {"digest": f"sha256:{digest.hexdigest()}", "bytes": size}


def _known(log: Log, said: dict[str, Any]) -> None:
    if log.find(Kind.CASE, str(said.get("external_id"))) is None:
        raise RefusedError("There is no case with this external id.")


def _message(body: bytes, key: str) -> str:
    """A MeMo whose messageUUID is the key, of version 4 as its schema asks."""
    from lxml import etree

    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError as error:
        raise RefusedError("This is not XML.") from error
    said = root.findtext(f"{_MEMO}MessageHeader/{_MEMO}messageUUID")
    if said != key or UUID(key).version != 4:
        raise RefusedError("This is not a MeMo whose messageUUID is the key.")
    answered = root.findtext(f"{_MEMO}MessageHeader/{_MEMO}ReplyData/{_MEMO}messageUUID")
    facts = {"memo_version": root.get("memoVersion"), "answers": answered, "digest": _digest(body)}
    return json.dumps(facts, sort_keys=True)


def _written(said: dict[str, Any], *names: str) -> str:
    return json.dumps({name: said.get(name) for name in names}, sort_keys=True)


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def main(argv: Sequence[str] | None = None) -> None:
    """Serve on 127.0.0.1 until it is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m samdrift_rpa.loopback.case_system")
    parser.add_argument("--folder", type=Path, required=True, help="where the log is kept")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--faults", default="", help="fault:n, separated by commas; n: at every n-th request")
    parser.add_argument("--slow-s", type=float, default=1.5, help="how long a slow answer takes, in seconds")
    parser.add_argument("--notice-repeats", action="store_true", help="answer a repeated key from the log")
    options = parser.parse_args(argv)
    faults, repeats = Faults.parse(options.faults), options.notice_repeats
    app = create_case_system(Log(options.folder), faults, slow_s=options.slow_s, notices_repeats=repeats)
    uvicorn.run(app, host="127.0.0.1", port=options.port, log_level="critical")  # its faults are meant


if __name__ == "__main__":
    main()
