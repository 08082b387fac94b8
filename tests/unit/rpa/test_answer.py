from __future__ import annotations

import json
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from samdrift_rpa.documents import DocumentType, Standard, read_document
from samdrift_rpa.identifiers import Identifier
from samdrift_rpa.invoices.answer import Answer, ResponseCode, read_answer
from samdrift_rpa.invoices.invoice import Party
from samdrift_rpa.invoices.refusal import RefusalReason
from samdrift_rpa.ubl import text

KEY = UUID("12345678-1234-5678-1234-567812345678")
SUPPLIER = Party(name="Fiktiv leverandør 1", endpoint=Identifier(scheme="DK:CVR", value="DK99000007"))
CUSTOMER = Party(name="Fiktiv kommune 1", endpoint=Identifier(scheme="GLN", value="9520000000004"))


def answer(description: str = "", standard: Standard = Standard.OIOUBL) -> Answer:
    return Answer(
        standard=standard,
        response_code=ResponseCode.TECHNICAL_REJECT,
        reason=RefusalReason.OTHER,
        description=description,
        issue_date="2026-11-24",
        profile="Procurement-BilSim-1.0",
        profile_scheme="urn:oioubl:id:profileid-1.2",
        sender=CUSTOMER,
        receiver=SUPPLIER,
        document_type=DocumentType.INVOICE,
        document_type_code="380",
        document_number="T-1",
        document_uuid="",
        document_issue_date="2026-11-20",
    )


def test_the_key_is_the_documents_uuid_and_everything_repeats() -> None:
    content = answer("Because").written(KEY)
    document = read_document(content)
    assert document.type is DocumentType.APPLICATION_RESPONSE
    assert text(document.root, "cbc:UUID") == str(KEY)
    assert text(document.root, "cac:DocumentResponse/cac:Response/cbc:ResponseCode") == "TechnicalReject"
    assert text(document.root, "cac:DocumentResponse/cac:DocumentReference/cbc:ID") == "T-1"
    assert content == answer("Because").written(KEY)


def test_it_survives_the_ledger() -> None:
    for standard in (Standard.OIOUBL, Standard.PEPPOL):
        assert read_answer(json.loads(json.dumps(answer("Fordi", standard).to_json()))) == answer("Fordi", standard)


def test_a_number_that_is_no_cvr_number_is_a_mutually_agreed_one() -> None:
    root = read_document(answer().written(KEY)).root
    sender = root.find("{*}SenderParty/{*}PartyLegalEntity/{*}CompanyID")
    assert (sender.get("schemeID"), sender.text) == ("ZZZ", "9520000000004")


@settings(deadline=None)
@given(st.text(max_size=200), st.sampled_from([Standard.OIOUBL, Standard.PEPPOL]))
def test_any_description_gives_well_formed_xml(description: str, standard: Standard) -> None:
    root = read_document(answer(description, standard).written(KEY)).root
    path = "cbc:Description" if standard is Standard.OIOUBL else "cac:Status/cbc:StatusReason"
    said = text(root, f"cac:DocumentResponse/cac:Response/{path}")
    assert "".join(said.split()) in "".join(description.replace("\r\n", "\n").split()) or said
