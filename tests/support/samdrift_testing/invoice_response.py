"""What OpenPeppol asks of an Invoice Response, written anew from its specification: an oracle for our writer.

BIS Invoice Response 3, transaction T111: the elements of its data model (everything else is forbidden), its code lists,
and rules PEPPOL-T111-R001 and R002. OASIS' content model of ApplicationResponse 2.1 is here too, because the schema of
that main document is not in the open data; the components it is made of are.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

AR = "urn:oasis:names:specification:ubl:schema:xsd:ApplicationResponse-2"

#: Element -> its children in the data model, mandatory ones with an exclamation mark.
MODEL = {
    "ApplicationResponse": "CustomizationID! ProfileID! ID! IssueDate! IssueTime Note SenderParty! ReceiverParty! "
    "DocumentResponse!",
    "SenderParty": "EndpointID! PartyIdentification PartyLegalEntity! Contact",
    "ReceiverParty": "EndpointID! PartyIdentification PartyLegalEntity!",
    "PartyIdentification": "ID!",
    "PartyLegalEntity": "RegistrationName!",
    "Contact": "Name Telephone ElectronicMail",
    "DocumentResponse": "Response! DocumentReference! IssuerParty RecipientParty",
    "Response": "ResponseCode! EffectiveDate Status",
    "Status": "StatusReasonCode StatusReason Condition",
    "Condition": "AttributeID! Description",
    "DocumentReference": "ID! IssueDate DocumentTypeCode!",
}
FIXED = {
    "CustomizationID": "urn:fdc:peppol.eu:poacc:trns:invoice_response:3",
    "ProfileID": "urn:fdc:peppol.eu:poacc:bis:invoice_response:3",
}
STATUSES = {"AB", "AP", "RE", "IP", "UQ", "CA", "PD"}
CLARIFICATIONS = {
    "OPStatusReason": frozenset(
        ("NON", "REF", "LEG", "REC", "QUA", "DEL", "PRI", "QTY", "ITM", "PAY", "UNR", "FIN", "PPD", "OTH")
    ),
    "OPStatusAction": frozenset(("NOA", "PIN", "NIN", "CNF", "CNP", "CNA", "OTH")),
}
CONTENT_21 = (
    "UBLVersionID? CustomizationID? ProfileID? ProfileExecutionID? ID UUID? IssueDate IssueTime? ResponseDate? "
    "ResponseTime? Note* VersionID? @Signature* @SenderParty @ReceiverParty @DocumentResponse*"
)
_COUNTS = {"?": 'minOccurs="0"', "*": 'minOccurs="0" maxOccurs="unbounded"'}


def broken(root: Any) -> list[str]:
    """What is wrong with an Invoice Response, in words; empty: nothing."""
    return [*_elements(root), *_codes(root), *_rules(root)]


def _elements(element: Any) -> Iterator[str]:
    name = _name(element)
    model = MODEL.get(name, "").split()
    children = [_name(child) for child in element]
    if name in MODEL:
        yield from (f"{name} lacks {each}" for each in model if each.endswith("!") and each[:-1] not in children)
        yield from (f"{name} has {each}" for each in children if each not in {one.rstrip("!") for one in model})
    elif not (element.text or "").strip():
        yield f"{name} is empty"
    if name in FIXED and element.text != FIXED[name]:
        yield f"{name} is {element.text}"
    for child in element:
        yield from _elements(child)


def _codes(root: Any) -> Iterator[str]:
    for element in root.iter("{*}ResponseCode"):
        if element.text not in STATUSES:
            yield f"status {element.text}"
    for element in root.iter("{*}StatusReasonCode"):
        if element.text not in CLARIFICATIONS.get(element.get("listID"), ()):
            yield f"clarification {element.get('listID')} {element.text}"
    for element in root.iter("{*}EndpointID"):
        if not (element.get("schemeID") or "").isdigit() or len(element.get("schemeID")) != 4:
            yield f"endpoint scheme {element.get('schemeID')}"
    for element in root.iter("{*}DocumentTypeCode"):
        if not (element.text or "").isdigit():
            yield f"document type {element.text}"


def _rules(root: Any) -> Iterator[str]:
    for response in root.iter("{*}Response"):
        codes = [each.text for each in response.iter("{*}StatusReasonCode")]
        if response.findtext("{*}ResponseCode") in {"CA", "UQ", "RE"} and not codes:
            yield "PEPPOL-T111-R001"
    for status in root.iter("{*}Status"):
        if status.findtext("{*}StatusReasonCode") == "OTH" and not status.findtext("{*}StatusReason"):
            yield "PEPPOL-T111-R002"


def schema_21(ubl21: Path, folder: Path) -> Any:
    """OASIS' schema of ApplicationResponse 2.1, over the components in `ubl21`; written into `folder`."""
    from lxml import etree

    xsd = 'xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    prefix = "urn:oasis:names:specification:ubl:schema:xsd:Common"
    imports = "".join(
        f'<xsd:import namespace="{namespace}" schemaLocation="{(ubl21 / "common" / file).as_uri()}"/>'
        for namespace, file in (
            (
                "urn:un:unece:uncefact:data:specification:CoreComponentTypeSchemaModule:2",
                "CCTS_CCT_SchemaModule-2.1.xsd",
            ),
            ("http://www.w3.org/2000/09/xmldsig#", "UBL-xmldsig-core-schema-2.1.xsd"),
            (f"{prefix}AggregateComponents-2", "UBL-CommonAggregateComponents-2.1.xsd"),
            (f"{prefix}BasicComponents-2", "UBL-CommonBasicComponents-2.1.xsd"),
        )
    )
    content = "".join(_particle(word) for word in CONTENT_21.split())
    text = (
        f'<xsd:schema {xsd} xmlns:cac="{prefix}AggregateComponents-2" xmlns:cbc="{prefix}BasicComponents-2" '
        f'targetNamespace="{AR}" elementFormDefault="qualified">{imports}'
        f'<xsd:element name="ApplicationResponse"><xsd:complexType><xsd:sequence>{content}</xsd:sequence>'
        "</xsd:complexType></xsd:element></xsd:schema>"
    )
    path = folder / "application-response-2.1.xsd"
    path.write_text(text)
    return etree.XMLSchema(etree.parse(path))


def _particle(word: str) -> str:
    name = word.strip("@?*")
    reference = f"cac:{name}" if word.startswith("@") else f"cbc:{name}"
    return f'<xsd:element ref="{reference}" {_COUNTS.get(word[-1], "")}/>'


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]
