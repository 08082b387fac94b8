"""The answer to a supplier, as a value; it is written in the format in which the document came."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from uuid import UUID

from pydantic import JsonValue, TypeAdapter

from samdrift_rpa.documents import DocumentType, Standard
from samdrift_rpa.invoices.application_response import application_response
from samdrift_rpa.invoices.invoice import Party
from samdrift_rpa.invoices.invoice_response import invoice_response
from samdrift_rpa.invoices.refusal import RefusalReason


class ResponseCode(StrEnum):
    """What the supplier is told (OIOUBL's code list `responsecode-1.1`; Peppol's status is AP or RE)."""

    #: The invoice is accepted and will be posted.
    BUSINESS_ACCEPT = "BusinessAccept"
    #: A person refused it.
    BUSINESS_REJECT = "BusinessReject"
    #: The document breaks rules and was not posted.
    TECHNICAL_REJECT = "TechnicalReject"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer before it has its UUID: that is the effect's key, which only delivery knows."""

    #: Peppol, and EN 16931 without it, are answered by an Invoice Response; OIOUBL by an ApplicationResponse.
    standard: Standard
    response_code: ResponseCode
    #: For a person at the supplier's; empty for an acceptance.
    description: str
    #: None for an acceptance.
    reason: RefusalReason | None = None
    #: ISO date on which the document was received: the answer is dated so, on every attempt.
    issue_date: str
    profile: str
    profile_scheme: str
    #: Who answers: the customer of the invoice.
    sender: Party
    #: Who is answered: its supplier.
    receiver: Party
    document_type: DocumentType
    #: UNCL1001, as the document states it.
    document_type_code: str
    document_number: str
    document_uuid: str
    document_issue_date: str

    def to_json(self) -> dict[str, JsonValue]:
        """As it lies in the object store, where the receiver reads it."""
        return {name: str(value) if isinstance(value, StrEnum) else value for name, value in asdict(self).items()}

    def written(self, key: UUID) -> bytes:
        """The document as XML: the same answer and key give the same bytes."""
        write = application_response if self.standard is Standard.OIOUBL else invoice_response
        return write(self, key)


_ADAPTER = TypeAdapter(Answer)


def read_answer(value: object) -> Answer:
    """The reverse of `to_json`; pydantic's ValidationError when it is not one."""
    return _ADAPTER.validate_python(value)
