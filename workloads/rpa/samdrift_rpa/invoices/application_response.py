"""The answer in OIOUBL: an ApplicationResponse 2.1 (OIOUBL guideline 3 of Erhvervsstyrelsen)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from samdrift_rpa.documents import DocumentType
from samdrift_rpa.identifiers import Identifier
from samdrift_rpa.ubl import Element, branch, document, leaf, written

if TYPE_CHECKING:
    from samdrift_rpa.invoices.answer import Answer
    from samdrift_rpa.invoices.invoice import Party

_RESPONSE_CODES = "urn:oioubl:codelist:responsecode-1.1"
_DOCUMENT_TYPES = "urn:oioubl:codelist:responsedocumenttypecode-1.2"
#: Digitaliseringsstyrelsen's and GS1's numbers among the agencies that own code lists.
_OIOUBL_AGENCY, _GS1_AGENCY = "320", "9"
#: More of a description than a person reads; OIOUBL sets no limit.
_LONGEST_DESCRIPTION = 2_000


def application_response(answer: Answer, key: UUID) -> bytes:
    """The document as XML: the same answer and key give the same bytes."""
    kind = DocumentType.APPLICATION_RESPONSE
    root = document(kind, kind.namespace)
    leaf(root, "UBLVersionID", "2.1")
    leaf(root, "CustomizationID", "OIOUBL-2.1")
    leaf(root, "ProfileID", answer.profile, schemeAgencyID=_OIOUBL_AGENCY, schemeID=answer.profile_scheme)
    leaf(root, "ID", f"SVAR-{str(key)[:8].upper()}")
    leaf(root, "UUID", str(key))
    leaf(root, "IssueDate", answer.issue_date)
    _party(branch(root, "SenderParty"), answer.sender)
    _party(branch(root, "ReceiverParty"), answer.receiver)
    _response(branch(root, "DocumentResponse"), answer)
    return written(root)


def _response(parent: Element, answer: Answer) -> None:
    response = branch(parent, "Response")
    leaf(response, "ReferenceID", "1")
    leaf(response, "ResponseCode", answer.response_code, listAgencyID=_OIOUBL_AGENCY, listID=_RESPONSE_CODES)
    leaf(response, "Description", answer.description[:_LONGEST_DESCRIPTION])
    reference = branch(parent, "DocumentReference")
    leaf(reference, "ID", answer.document_number)
    leaf(reference, "UUID", answer.document_uuid)
    leaf(reference, "IssueDate", answer.document_issue_date)
    leaf(reference, "DocumentTypeCode", answer.document_type, listAgencyID=_OIOUBL_AGENCY, listID=_DOCUMENT_TYPES)


def _party(parent: Element, party: Party) -> None:
    _identifier(parent, "EndpointID", party.endpoint)
    _identifier(branch(parent, "PartyIdentification"), "ID", party.endpoint)
    leaf(branch(parent, "PartyName"), "Name", party.name)
    entity = branch(parent, "PartyLegalEntity")
    leaf(entity, "RegistrationName", party.name)
    _identifier(entity, "CompanyID", _company(party))


def _company(party: Party) -> Identifier:
    """The registered number; another number of the party goes under `ZZZ`, "mutually agreed" (rule F-LIB189)."""
    for number in party.identifiers:
        if number.scheme == "DK:CVR":
            return number
    return Identifier(scheme="ZZZ", value=party.identifiers[0].value)


def _identifier(parent: Element, name: str, identifier: Identifier) -> None:
    agency = _GS1_AGENCY if identifier.scheme in ("GLN", "EAN") else ""
    leaf(parent, name, identifier.value, schemeAgencyID=agency, schemeID=identifier.scheme)
