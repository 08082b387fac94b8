"""What a user sends: invoices that came in through one channel."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints, field_validator

from samdrift_platform.contract import Item, Store
from samdrift_rpa.documents import UnreadableDocumentError, UnsupportedDocumentError, read_document

#: An invoice that is not answered within this time is late; the deadline of every item.
ANSWER_WITHIN = timedelta(days=1)
#: Where "the day of receipt" is told from the moment of receipt.
COPENHAGEN = ZoneInfo("Europe/Copenhagen")
_LONGEST_REFERENCE = 150

ObjectReference = Annotated[str, StringConstraints(pattern="^sha256:[0-9a-f]{64}$")]


class IncomingInvoices(BaseModel):
    """OIOUBL invoices and credit notes that were received, as references to stored objects."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "documents": ["sha256:" + "0123456789abcdef" * 4],
                    "received_at": "2026-11-24T08:15:00+01:00",
                    "channel": "nemhandel",
                }
            ]
        },
    )

    documents: list[ObjectReference] = Field(
        min_length=1, max_length=10_000, description="The XML documents, stored before."
    )
    received_at: AwareDatetime = Field(description="When they came in, with its time zone.")
    channel: Literal["nemhandel", "e-mail", "upload"] = Field(default="nemhandel", description="How they came in.")

    @field_validator("received_at")
    @classmethod
    def _to_utc(cls, value: datetime) -> datetime:
        return value.astimezone(UTC)


def split(submission: IncomingInvoices, store: Store) -> Iterator[Item]:
    """One item per document; the same document twice in a submission is one item.

    A second document with the same supplier, type and number but other content gets a reference of its own and
    names the first in its payload, so that a person sees both. (Across submissions the platform does this.)
    Only what the document itself says goes into the payload: the same document received again is the same item.
    """
    deadline = submission.received_at + ANSWER_WITHIN
    first: dict[str, str] = {}
    for document in dict.fromkeys(submission.documents):
        reference = reference_of(store.get(document))
        payload: dict[str, JsonValue] = {"document": document}
        if first.setdefault(reference, document) != document:
            payload["same_number_as"] = first[reference]
            reference = f"{reference} ({document[7:19]})"
        yield Item(reference=reference, payload=payload, deadline=deadline)


def reference_of(content: bytes) -> str:
    """`DK16356706 Invoice A00095678`; the content's digest where that cannot be read or would name a person."""
    from samdrift_rpa.invoice import IncompleteInvoiceError, read_invoice

    by_content = "document sha256:" + hashlib.sha256(content).hexdigest()
    try:
        invoice = read_invoice(read_document(content))
    except (UnreadableDocumentError, UnsupportedDocumentError, IncompleteInvoiceError):
        return by_content
    reference = f"{invoice.supplier.number} {invoice.type} {' '.join(invoice.number.split())}"
    return by_content if invoice.supplier.is_private or len(reference) > _LONGEST_REFERENCE else reference


def received_on(item: Item) -> date | None:
    """The Danish day on which an item's document was received, told from its deadline."""
    if item.deadline is None:
        return None
    return (item.deadline - ANSWER_WITHIN).astimezone(COPENHAGEN).date()
