from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from samdrift_rpa.documents import (
    MEMO,
    MEMO_VERSIONS,
    PEPPOL_BILLING,
    Document,
    DocumentType,
    Standard,
    UnreadableDocumentError,
    UnsupportedDocumentError,
    parse,
    read_document,
)
from samdrift_rpa.invoices.generator import Sale, write
from samdrift_rpa.ubl import CBC

INVOICE = write(Sale(number="T-1"))


@pytest.mark.parametrize("kind", [DocumentType.INVOICE, DocumentType.CREDIT_NOTE])
def test_type_and_versions_are_recognised(kind: DocumentType) -> None:
    document = read_document(write(Sale(number="T-1", type=kind)))
    assert (document.type, document.customization_id, document.ubl_version_id) == (kind, "OIOUBL-2.1", "2.1")


def test_a_byte_order_mark_is_no_part_of_the_document() -> None:
    assert read_document(codecs.BOM_UTF8 + INVOICE).type is DocumentType.INVOICE


def test_the_declared_encoding_counts() -> None:
    latin = INVOICE.decode().replace("UTF-8", "ISO-8859-1").encode("iso-8859-1")
    assert _supplier(read_document(latin)) == _supplier(read_document(INVOICE)) == "Fiktiv leverandør 1"


def _supplier(document: Document) -> str:
    return str(document.root.findtext(".//{*}AccountingSupplierParty//{*}PartyName/{*}Name"))


@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"Kaere kollega", b"<Invoice>", INVOICE[:-30]])
def test_what_is_not_xml_is_unreadable(content: bytes) -> None:
    with pytest.raises(UnreadableDocumentError):
        read_document(content)


def _with_dtd(subset: str, reference: str = "") -> bytes:
    body = INVOICE.decode().replace("<cbc:ID>T-1</cbc:ID>", f"<cbc:ID>T-1{reference}</cbc:ID>")
    declaration, root = body.split("?>", 1)
    return f"{declaration}?><!DOCTYPE Invoice {subset}>{root}".encode()


def test_an_external_entity_is_not_fetched_and_the_document_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    content = _with_dtd(f'[<!ENTITY x SYSTEM "{secret.as_uri()}">]', "&x;")
    with pytest.raises(UnreadableDocumentError, match="DOCTYPE") as caught:
        read_document(content)
    assert "s3cret" not in str(caught.value)


def test_an_entity_bomb_is_refused() -> None:
    levels = ['<!ENTITY e0 "ha">'] + [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12)]
    with pytest.raises(UnreadableDocumentError):
        read_document(_with_dtd(f"[{''.join(levels)}]", "&e11;"))


def test_an_entity_bomb_in_an_attribute_is_refused() -> None:
    levels = ['<!ENTITY e0 "ha">'] + [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12)]
    with pytest.raises(UnreadableDocumentError):
        parse(f'<?xml version="1.0"?><!DOCTYPE a [{"".join(levels)}]><a b="&e11;"/>'.encode())


def test_even_an_empty_document_type_definition_is_refused() -> None:
    with pytest.raises(UnreadableDocumentError, match="DOCTYPE"):
        read_document(_with_dtd(""))


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ("OIOUBL-2.1", "urn:example:invoice", "CustomizationID"),
        ("OIOUBL-2.1", "", "CustomizationID"),
        ("xsd:Invoice-2", "xsd:Order-2", None),
    ],
)
def test_other_formats_are_named(before: str, after: str, field: str | None) -> None:
    with pytest.raises(UnsupportedDocumentError) as caught:
        read_document(INVOICE.replace(before.encode(), after.encode()))
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("customization_id", "standard"),
    [
        ("OIOUBL-2.02", Standard.OIOUBL),
        (PEPPOL_BILLING, Standard.PEPPOL),
        ("urn:cen.eu:en16931:2017", Standard.EN16931),
        ("urn:cen.eu:en16931:2017#conformant#urn:fdc:peppol.eu:2017:poacc:selfbilling:03", Standard.PEPPOL),
    ],
)
def test_whose_rules_it_follows_stands_in_the_customization(customization_id: str, standard: Standard) -> None:
    document = read_document(INVOICE.replace(b"OIOUBL-2.1", customization_id.encode()))
    assert (document.standard, document.profile) == (standard, customization_id)


def test_orders_and_other_types_are_recognised() -> None:
    for kind in set(DocumentType) - {DocumentType.MESSAGE}:
        content = f"""<{kind} xmlns="{kind.namespace}" xmlns:b="{CBC}">
            <b:UBLVersionID>2.0</b:UBLVersionID><b:CustomizationID>OIOUBL-2.02</b:CustomizationID></{kind}>"""
        assert read_document(content.encode()).type is kind


@pytest.mark.parametrize("version", MEMO_VERSIONS)
def test_digital_post_is_recognised_by_its_version(version: str) -> None:
    document = read_document(f'<m:Message xmlns:m="{MEMO}" memoVersion="{version}"/>'.encode())
    assert (document.type, document.profile) == (DocumentType.MESSAGE, f"MeMo {version}")
    assert document.ubl_version_id == ""


@pytest.mark.parametrize("version", ["", "1.3", "2.0", "1.10"])
def test_an_unknown_version_of_digital_post_is_named(version: str) -> None:
    with pytest.raises(UnsupportedDocumentError, match="memoVersion") as caught:
        read_document(f'<m:Message xmlns:m="{MEMO}" memoVersion="{version}"/>'.encode())
    assert caught.value.field == "memoVersion"


def test_a_namespace_that_is_not_digital_posts_is_no_message() -> None:
    with pytest.raises(UnsupportedDocumentError):
        read_document(b'<m:Message xmlns:m="urn:example" memoVersion="1.2"/>')
