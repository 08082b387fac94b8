from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from samdrift_rpa.documents import (
    Document,
    DocumentType,
    UnreadableDocumentError,
    UnsupportedDocumentError,
    parse,
    read_document,
)
from samdrift_rpa.invoices.generator import Sale, write

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
        ("OIOUBL-2.1", "urn:cen.eu:en16931:2017", "CustomizationID"),
        (">2.1</cbc:UBLVersionID>", ">3.0</cbc:UBLVersionID>", "UBLVersionID"),
        ("xsd:Invoice-2", "xsd:Order-2", None),
    ],
)
def test_other_formats_are_named(before: str, after: str, field: str | None) -> None:
    with pytest.raises(UnsupportedDocumentError) as caught:
        read_document(INVOICE.replace(before.encode(), after.encode()))
    assert caught.value.field == field
