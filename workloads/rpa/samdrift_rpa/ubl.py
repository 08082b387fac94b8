"""UBL elements, read and written: namespaces, text, amounts and dates (OASIS UBL 2.0 and 2.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

#: An lxml element; lxml ships no types.
Element: TypeAlias = Any

CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
NAMESPACES = {"cac": CAC, "cbc": CBC}

#: XML Schema's decimal: no exponent, no NaN, and a length that no amount needs to exceed.
_DECIMAL = re.compile(r"[+-]?(\d{1,18}(\.\d{0,12})?|\.\d{1,12})")
#: XML Schema's date; a time zone may follow and says nothing about the day meant.
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(Z|[+-]\d{2}:\d{2})?")


def elements(parent: Element, path: str) -> list[Element]:
    """The elements at `path`, such as `cac:TaxTotal/cbc:TaxAmount`."""
    found: list[Element] = parent.findall(path, NAMESPACES)
    return found


def text(parent: Element, path: str) -> str:
    """The text of the first element at `path` without surrounding space; empty when there is none."""
    return (parent.findtext(path, default="", namespaces=NAMESPACES) or "").strip()


def attribute(parent: Element, path: str, name: str) -> str:
    """An attribute of the first element at `path`; empty when there is none."""
    element = parent.find(path, NAMESPACES)
    return "" if element is None else (element.get(name) or "").strip()


def amount(parent: Element, path: str, default: str | None = None) -> Decimal:
    """The number at `path`. ValueError when it is not a decimal; `default` stands in for an absent one."""
    return decimal_of(text(parent, path) or (default or ""))


def decimal_of(value: str) -> Decimal:
    """An XML Schema decimal as a Decimal; ValueError for anything else, exponents and NaN included."""
    if not _DECIMAL.fullmatch(value):
        raise ValueError(f"{value[:40]!r} is not a decimal number")
    return Decimal(value)


def date_of(value: str) -> date:
    """An XML Schema date; ValueError for anything else."""
    match = _DATE.fullmatch(value)
    if match is None:
        raise ValueError(f"{value[:40]!r} is not a date such as 2026-11-24")
    return date.fromisoformat(match.group(1))


def total(parents: Iterable[Element], path: str) -> Decimal:
    """The sum of the numbers at `path` in each of `parents`; 0 for none."""
    return sum((amount(parent, path) for parent in parents), Decimal(0))


def document(name: str, namespace: str) -> Element:
    """A new root element with UBL's usual prefixes."""
    from lxml import etree

    prefixes: dict[str | None, str] = {None: namespace, "cac": CAC, "cbc": CBC}
    return etree.Element(f"{{{namespace}}}{name}", nsmap=prefixes)


def branch(parent: Element, name: str) -> Element:
    """A new aggregate below `parent`."""
    from lxml import etree

    return etree.SubElement(parent, f"{{{CAC}}}{name}")


def leaf(parent: Element, name: str, value: str, **attributes: str) -> None:
    """A new element with text below `parent`; nothing at all where there is no text, and no empty attributes."""
    from lxml import etree

    if value:
        filled = {attribute: text for attribute, text in attributes.items() if text}
        etree.SubElement(parent, f"{{{CBC}}}{name}", filled).text = "".join(_printable(value))


def written(root: Element) -> bytes:
    """The document in UTF-8 with its declaration."""
    from lxml import etree

    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _printable(value: str) -> Iterator[str]:
    """Characters that XML 1.0 can hold (clause 2.2), the rest left out."""
    return (c for c in value if c in "\t\n\r" or " " <= c < "\ud800" or "\ue000" <= c <= "\ufffd" or c > "\uffff")
