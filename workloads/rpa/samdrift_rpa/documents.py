"""Documents that come in: recognised from bytes by root element, CustomizationID, UBLVersionID or memoVersion."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from samdrift_platform.errors import InputError
from samdrift_rpa.ubl import Element, text

_MAINDOC = "urn:oasis:names:specification:ubl:schema:xsd:{name}-2"
#: Namespace of MeMo, the message format of Digital Post; versions 1.1 and 1.2 share it.
MEMO = "https://DigitalPost.dk/MeMo-1"
#: CustomizationID of Peppol BIS Billing 3.0 (OpenPeppol, BIS Billing 3.0, clause 5).
PEPPOL_BILLING = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
_OIOUBL, _PEPPOL, _EN16931 = "OIOUBL-", "urn:fdc:peppol.eu:", "urn:cen.eu:en16931:2017"
#: Text between two tags, at most: a limit of libxml2 that holds for attachments too.
LARGEST_TEXT_BYTES = 10_000_000
#: A whole document, at most: an invoice of that size takes some 300 MiB of memory while rules are run on it.
LARGEST_DOCUMENT_BYTES = 20_000_000
#: `<` and `=` in a document, at most: each tag and attribute takes 100 bytes and more in memory, written as 4 or 5.
MOST_MARKUP = 1_500_000


class DocumentType(StrEnum):
    """Types that are known; the value is the root element's name."""

    INVOICE = "Invoice"
    CREDIT_NOTE = "CreditNote"
    REMINDER = "Reminder"
    #: The answer to a document, in OIOUBL; in Peppol the Invoice Response too.
    APPLICATION_RESPONSE = "ApplicationResponse"
    ORDER = "Order"
    ORDER_CHANGE = "OrderChange"
    ORDER_CANCELLATION = "OrderCancellation"
    ORDER_RESPONSE = "OrderResponse"
    ORDER_RESPONSE_SIMPLE = "OrderResponseSimple"
    CATALOGUE = "Catalogue"
    CATALOGUE_DELETION = "CatalogueDeletion"
    CATALOGUE_ITEM_SPECIFICATION_UPDATE = "CatalogueItemSpecificationUpdate"
    CATALOGUE_PRICING_UPDATE = "CataloguePricingUpdate"
    CATALOGUE_REQUEST = "CatalogueRequest"
    STATEMENT = "Statement"
    UTILITY_STATEMENT = "UtilityStatement"
    #: A Digital Post message (MeMo).
    MESSAGE = "Message"

    @property
    def namespace(self) -> str:
        """Namespace of the root element."""
        return MEMO if self is DocumentType.MESSAGE else _MAINDOC.format(name=self.value)


class Standard(StrEnum):
    """Whose rules a document says it follows."""

    #: Erhvervsstyrelsen's OIOUBL 2: CustomizationID `OIOUBL-2.01`, `OIOUBL-2.02`, `OIOUBL-2.1`.
    OIOUBL = "OIOUBL"
    #: Peppol BIS: Billing 3.0, and others for which no rules are installed.
    PEPPOL = "Peppol BIS"
    #: The European core invoice without Peppol's rules on top.
    EN16931 = "EN 16931"
    #: Digital Post's message format, told apart by `memoVersion`.
    MEMO = "MeMo"


#: What the invoice process posts.
POSTED = (DocumentType.INVOICE, DocumentType.CREDIT_NOTE)
#: Versions of MeMo that have a schema; they differ, so a message is held to its own.
MEMO_VERSIONS = ("1.1", "1.2")


TOO_LARGE = (
    f"The document has more than {LARGEST_DOCUMENT_BYTES // 1_000_000} MB, or more elements and attributes than an "
    "invoice of that size has. Send large attachments apart, or the document in parts."
)


class UnreadableDocumentError(InputError):
    """The bytes are not an XML document that may be read. Send well-formed XML without a document type definition."""


class UnsupportedDocumentError(InputError):
    """The XML is no document of a known type. Send OIOUBL 2, Peppol BIS Billing 3.0 or MeMo 1.1 or 1.2."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """A document, recognised but not yet validated."""

    type: DocumentType
    standard: Standard
    #: "OIOUBL-2.02", `PEPPOL_BILLING`; empty for MeMo.
    customization_id: str
    #: UBLVersionID ("2.0" or "2.1" in OIOUBL; Peppol may leave it out), or memoVersion: decides which schema applies.
    version: str
    root: Element
    #: The bytes that it was read from; empty where it was read in another way.
    source: bytes = field(default=b"", repr=False)

    @property
    def ubl_version_id(self) -> str:
        """The UBLVersionID; empty for MeMo, and where it is left out."""
        return "" if self.standard is Standard.MEMO else self.version

    @property
    def profile(self) -> str:
        """What the document says it follows, in its own words; MeMo says no more than its version."""
        return self.customization_id or f"MeMo {self.version}"


def read_document(content: bytes) -> Document:
    """Recognise `content`; UnreadableDocumentError or UnsupportedDocumentError says why it cannot be."""
    return recognise(parse(content), content)


def recognise(root: Element, source: bytes = b"") -> Document:
    """What a parsed document is; `source` is what it was parsed from, where that is at hand.

    Raises:
        UnsupportedDocumentError: no known type, standard or version of MeMo; `field` names what told.
    """
    kind = _type_of(root)
    if kind is DocumentType.MESSAGE:
        return _message(root, source)
    customization_id = text(root, "cbc:CustomizationID")
    return Document(
        type=kind,
        standard=_standard(customization_id, kind),
        customization_id=customization_id,
        version=text(root, "cbc:UBLVersionID"),
        root=root,
        source=source,
    )


def parse(content: bytes) -> Element:
    """The root element. Bytes go in, so a byte order mark and the declared encoding count; entities never do.

    A document type definition is refused, whatever it says: none of the formats has one, and it is the way of entity
    bombs and of reading files (OWASP XML External Entity Prevention).

    Raises:
        UnreadableDocumentError: above `LARGEST_DOCUMENT_BYTES`, not well-formed, in another encoding than it says, with
            a DOCTYPE, nested deeper than 256 elements, or with a text above `LARGEST_TEXT_BYTES`.
    """
    from lxml import etree  # heavy for a module that the control plane imports

    if len(content) > LARGEST_DOCUMENT_BYTES or content.count(b"<") + content.count(b"=") > MOST_MARKUP:
        raise UnreadableDocumentError(TOO_LARGE)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableDocumentError(_why_unreadable(error)) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableDocumentError("The document has a document type definition (DOCTYPE). Send it without.")
    return root


def local_name(root: Element) -> str:
    """Name of an element without its namespace."""
    return str(root.tag).rpartition("}")[2]


def _why_unreadable(error: Exception) -> str:
    """In our words: libxml2's may quote the document."""
    line = (getattr(error, "position", None) or (0, 0))[0]
    where = f"line {line}" if line else "the beginning"
    said = str(error)
    if "huge" in said.lower() or "too long" in said.lower() or "XML_PARSE_HUGE" in said:
        limit = LARGEST_TEXT_BYTES // 1_000_000
        return (
            f"The document is too large or nested too deeply (at {where}): a text or an attachment may have {limit} MB "
            "and elements may lie 256 deep. Send large attachments apart."
        )
    return f"The document is not well-formed XML (at {where}). Send it again."


def _type_of(root: Element) -> DocumentType:
    local = local_name(root)
    kind = DocumentType._value2member_map_.get(local)
    if isinstance(kind, DocumentType) and root.tag == f"{{{kind.namespace}}}{kind.value}":
        return kind
    raise UnsupportedDocumentError(
        f"The root element is {local[:60]!r}, which is no known document type. {UnsupportedDocumentError.__doc__}"
    )


def _standard(customization_id: str, kind: DocumentType) -> Standard:
    if customization_id.startswith(_OIOUBL):
        return Standard.OIOUBL
    if _PEPPOL in customization_id:
        return Standard.PEPPOL
    if customization_id.startswith(_EN16931) and kind in POSTED:
        return Standard.EN16931
    raise UnsupportedDocumentError(
        f"The CustomizationID is {customization_id[:60]!r}, which is neither OIOUBL 2 nor Peppol BIS nor EN 16931. "
        "Send OIOUBL-2.01, OIOUBL-2.02, OIOUBL-2.1 or Peppol BIS Billing 3.0.",
        field="CustomizationID",
    )


def _message(root: Element, source: bytes) -> Document:
    version = (root.get("memoVersion") or "").strip()
    if version not in MEMO_VERSIONS:
        raise UnsupportedDocumentError(
            f"The memoVersion is {version[:20]!r}; {' and '.join(MEMO_VERSIONS)} are read.", field="memoVersion"
        )
    return Document(
        type=DocumentType.MESSAGE,
        standard=Standard.MEMO,
        customization_id="",
        version=version,
        root=root,
        source=source,
    )
