"""OIOUBL documents: recognised from bytes by root element, CustomizationID and UBLVersionID."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from samdrift_platform.errors import InputError
from samdrift_rpa.ubl import Element, text

_MAINDOC = "urn:oasis:names:specification:ubl:schema:xsd:{name}-2"


class DocumentType(StrEnum):
    """The OIOUBL types that official rules are known for; the value is the root element's name."""

    INVOICE = "Invoice"
    CREDIT_NOTE = "CreditNote"
    REMINDER = "Reminder"
    APPLICATION_RESPONSE = "ApplicationResponse"

    @property
    def namespace(self) -> str:
        """Namespace of the root element."""
        return _MAINDOC.format(name=self.value)


#: What this process posts.
POSTED = (DocumentType.INVOICE, DocumentType.CREDIT_NOTE)


class UnreadableDocumentError(InputError):
    """The bytes are not an XML document that may be read. Send well-formed XML without a document type definition."""


class UnsupportedDocumentError(InputError):
    """The XML is not an OIOUBL document of a known type. Send an OIOUBL 2.01, 2.02 or 2.1 invoice or credit note."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """An OIOUBL document, recognised but not yet validated."""

    type: DocumentType
    #: "OIOUBL-2.02"
    customization_id: str
    #: "2.0" or "2.1": decides which schema applies.
    ubl_version_id: str
    root: Element


def read_document(content: bytes) -> Document:
    """Recognise `content`; UnreadableDocumentError or UnsupportedDocumentError says why it cannot be."""
    root = parse(content)
    kind = _type_of(root)
    customization_id = text(root, "cbc:CustomizationID")
    if not customization_id.startswith("OIOUBL-"):
        raise UnsupportedDocumentError(
            f"The CustomizationID is {customization_id[:60]!r}, which is not OIOUBL. "
            "This process reads OIOUBL-2.01, OIOUBL-2.02 and OIOUBL-2.1.",
            field="CustomizationID",
        )
    version = text(root, "cbc:UBLVersionID")
    if version not in ("2.0", "2.1"):
        raise UnsupportedDocumentError(
            f"The UBLVersionID is {version[:20]!r}; OIOUBL uses 2.0 or 2.1.", field="UBLVersionID"
        )
    return Document(type=kind, customization_id=customization_id, ubl_version_id=version, root=root)


def parse(content: bytes) -> Element:
    """The root element. Bytes go in, so a byte order mark and the declared encoding count; entities never do.

    A document type definition is refused, whatever it says: OIOUBL has none, and it is the way of entity bombs
    and of reading files (OWASP XML External Entity Prevention).
    """
    from lxml import etree  # heavy for a module that the control plane imports

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        where = f"line {error.position[0]}" if error.position[0] else "the beginning"
        raise UnreadableDocumentError(f"The document is not well-formed XML (at {where}). Send it again.") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableDocumentError("The document has a document type definition (DOCTYPE). Send it without.")
    return root


def _type_of(root: Element) -> DocumentType:
    for kind in DocumentType:
        if root.tag == f"{{{kind.namespace}}}{kind.value}":
            return kind
    local = str(root.tag).rpartition("}")[2]
    raise UnsupportedDocumentError(
        f"The root element is {local[:60]!r}. This process reads OIOUBL invoices and credit notes."
    )
