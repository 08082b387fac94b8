"""Objects: bytes that submissions refer to, by their SHA-256."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Response

from samdrift_platform.control.access import SignedIn
from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import Body, TheLedger, TheStore
from samdrift_platform.ledger import looking

router = APIRouter(tags=["objects"])

_REFERENCE = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


class StoredObject(Answer):
    """What to write into a document to refer to the object."""

    model_config = example(reference=_REFERENCE, size_bytes=4)

    reference: str
    size_bytes: int


@router.post("/objects", status_code=201, openapi_extra={"requestBody": {"required": True, "content": _BYTES}})
def store_object(body: Body, store: TheStore, response: Response) -> StoredObject:
    """Store the body, whatever it is. The same bytes twice are the same object."""
    reference = store.put(body)
    response.headers["Location"] = f"/v1/objects/{reference}"
    return StoredObject(reference=reference, size_bytes=len(body))


@router.get("/objects/{reference}", response_class=Response, responses={200: {"content": _BYTES}})
def get_object(reference: str, store: TheStore, ledger: TheLedger, user: SignedIn) -> Response:
    """The object's bytes, checked against its reference. Who reads it is recorded before."""
    content = store.get(reference)
    with ledger.write() as connection:
        looking.read(connection, reference, actor=user.subject, now=datetime.now(UTC))
    headers = {"ETag": f'"{reference}"', "Content-Disposition": "attachment"}  # never shown as a page of ours
    return Response(content, media_type="application/octet-stream", headers=headers)
