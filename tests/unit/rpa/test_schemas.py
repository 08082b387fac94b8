from __future__ import annotations

from pathlib import Path

import pytest

from samdrift_rpa.documents import MEMO, PEPPOL_BILLING, read_document
from samdrift_rpa.invoices.generator import Sale, write
from samdrift_rpa.rules.schemas import XSD, Schemas
from samdrift_rpa.ubl import CBC

INVOICE = write(Sale(number="T-1")).decode()
UBL_20, UBL_21 = "ubl-xsd/ubl20/maindoc/UBL-{}-2.0.xsd", "ubl-xsd/ubl21/driver-{}-2.1.xsd"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Places of schemas, empty: which one is looked for is all that is asked."""
    names = [
        *(UBL_20.format(kind) for kind in ("Invoice", "CreditNote", "Reminder", "ApplicationResponse")),
        *(UBL_21.format(kind) for kind in ("Invoice", "CreditNote")),
        "memo/xsd-1.1/MeMo_core.xsd",
        "memo/xsd-1.2/MeMo_core.xsd",
        "memo/xsd-1.2/Version1.2/MeMo_core.xsd",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def ubl(kind: str, version: str, customization_id: str) -> str:
    return (
        f'<{kind} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{kind}-2" xmlns:b="{CBC}">'
        f"<b:UBLVersionID>{version}</b:UBLVersionID><b:CustomizationID>{customization_id}</b:CustomizationID></{kind}>"
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (ubl("Invoice", "2.0", "OIOUBL-2.02"), UBL_20.format("Invoice")),
        (ubl("Invoice", "2.1", "OIOUBL-2.1"), UBL_21.format("Invoice")),
        (ubl("CreditNote", "2.1", "OIOUBL-2.02"), UBL_21.format("CreditNote")),  # UBLVersionID decides
        (ubl("CreditNote", "2.0", "OIOUBL-2.1"), UBL_20.format("CreditNote")),
        (ubl("Invoice", "", "OIOUBL-2.1"), UBL_21.format("Invoice")),
        (ubl("Invoice", "", "OIOUBL-2.02"), UBL_20.format("Invoice")),
        (ubl("Reminder", "2.1", "OIOUBL-2.1"), UBL_20.format("Reminder")),
        (ubl("ApplicationResponse", "2.1", "OIOUBL-2.1"), UBL_20.format("ApplicationResponse")),
        (ubl("Invoice", "", PEPPOL_BILLING), UBL_21.format("Invoice")),
        (ubl("Invoice", "2.0", PEPPOL_BILLING), UBL_21.format("Invoice")),
        (ubl("CreditNote", "", "urn:cen.eu:en16931:2017"), UBL_21.format("CreditNote")),
        (ubl("Order", "2.1", "OIOUBL-2.1"), None),
        (f'<m:Message xmlns:m="{MEMO}" memoVersion="1.1"/>', "memo/xsd-1.1/MeMo_core.xsd"),
        (f'<m:Message xmlns:m="{MEMO}" memoVersion="1.2"/>', "memo/xsd-1.2/Version1.2/MeMo_core.xsd"),
    ],
)
def test_each_document_has_its_own_versions_schema(folder: Path, content: str, expected: str | None) -> None:
    path = Schemas(folder).path_for(read_document(content.encode()))
    assert path == (folder / expected if expected else None)


def test_a_schema_that_is_not_there_is_no_verdict(tmp_path: Path) -> None:
    assert Schemas(tmp_path).verdict(read_document(INVOICE.encode())) == (None, ())


@pytest.mark.parametrize(
    "restriction",
    [
        '<xs:restriction base="xs:decimal"/>',
        '<xs:restriction base="xs:string"><xs:pattern value="A+"/></xs:restriction>',
    ],
    ids=["type", "facet"],
)
def test_an_error_says_where_and_quotes_nothing(tmp_path: Path, restriction: str) -> None:
    path = tmp_path / UBL_21.format("Invoice")
    path.parent.mkdir(parents=True)
    path.write_text(
        f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
        targetNamespace="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2">
        <xs:element name="Invoice"><xs:complexType><xs:sequence><xs:any maxOccurs="unbounded" processContents="skip"
        namespace="##other"/></xs:sequence><xs:attribute name="who"><xs:simpleType>{restriction}</xs:simpleType>
        </xs:attribute></xs:complexType></xs:element></xs:schema>"""
    )
    content = INVOICE.replace("<Invoice ", "<Invoice who=\"Jens 'Ole' Hansen\" ", 1)
    valid, (error,) = Schemas(tmp_path).verdict(read_document(content.encode()))
    assert (valid, error.code) == (False, XSD)
    assert error.say().startswith("Line 2: Element")
    assert "who" in error.say()
    assert "Hansen" not in error.say()
