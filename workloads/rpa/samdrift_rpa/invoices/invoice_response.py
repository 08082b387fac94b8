"""The answer in Peppol: an Invoice Response (BIS Invoice Response 3, transaction T111), UBL ApplicationResponse 2.1.

By Peppol's own division of labour a document that breaks its rules is told by a Message Level Response, which the
sender's access point would have caught; the robot answers both with an Invoice Response and names the rules in words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from samdrift_rpa.documents import DocumentType
from samdrift_rpa.ubl import Element, branch, document, leaf, written

if TYPE_CHECKING:
    from samdrift_rpa.invoices.answer import Answer
    from samdrift_rpa.invoices.invoice import Party

CUSTOMIZATION = "urn:fdc:peppol.eu:poacc:trns:invoice_response:3"
PROFILE = "urn:fdc:peppol.eu:poacc:bis:invoice_response:3"
#: Statuses (UNCL4343, Peppol's subset): accepted, and the next step is payment; rejected for good.
_ACCEPTED, _REJECTED = "AP", "RE"
_REASONS, _ACTIONS = "OPStatusReason", "OPStatusAction"
#: What the supplier should do: issue a new invoice.
_NEW_INVOICE = "NIN"
#: ISO 6523 codes of OIOUBL's identifier schemes, for a document that names its parties in OIOUBL's way.
_SCHEMES = {"GLN": "0088", "EAN": "0088", "DK:CVR": "0184", "DK:SE": "0198", "DK:P": "0096"}
_LONGEST_REASON = 2_000


def invoice_response(answer: Answer, key: UUID) -> bytes:
    """The document as XML; its ID is `key`, because Peppol's answers have no UUID element."""
    kind = DocumentType.APPLICATION_RESPONSE
    root = document(kind, kind.namespace)
    leaf(root, "CustomizationID", CUSTOMIZATION)
    leaf(root, "ProfileID", PROFILE)
    leaf(root, "ID", str(key))
    leaf(root, "IssueDate", answer.issue_date)
    _party(branch(root, "SenderParty"), answer.sender)
    _party(branch(root, "ReceiverParty"), answer.receiver)
    response = branch(root, "DocumentResponse")
    _response(branch(response, "Response"), answer)
    _reference(branch(response, "DocumentReference"), answer)
    return written(root)


def _response(parent: Element, answer: Answer) -> None:
    """A rejection says why and what to do (rule PEPPOL-T111-R001)."""
    if answer.reason is None:
        leaf(parent, "ResponseCode", _ACCEPTED)
        return
    leaf(parent, "ResponseCode", _REJECTED)
    reason = branch(parent, "Status")
    leaf(reason, "StatusReasonCode", answer.reason, listID=_REASONS)
    leaf(reason, "StatusReason", answer.description[:_LONGEST_REASON])
    leaf(branch(parent, "Status"), "StatusReasonCode", _NEW_INVOICE, listID=_ACTIONS)


def _reference(parent: Element, answer: Answer) -> None:
    leaf(parent, "ID", answer.document_number)
    leaf(parent, "IssueDate", answer.document_issue_date)
    leaf(parent, "DocumentTypeCode", answer.document_type_code)


def _party(parent: Element, party: Party) -> None:
    scheme = _SCHEMES.get(party.endpoint.scheme, party.endpoint.scheme)
    leaf(parent, "EndpointID", party.endpoint.value, schemeID=scheme)
    leaf(branch(parent, "PartyLegalEntity"), "RegistrationName", party.name)
