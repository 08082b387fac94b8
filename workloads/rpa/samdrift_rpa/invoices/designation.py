"""What people call an invoice, without naming a private person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from samdrift_rpa.sentence import amount_by_language

_TYPES: Mapping[str, Mapping[str, str]] = {
    "Invoice": {"da": "Faktura", "en": "Invoice"},
    "CreditNote": {"da": "Kreditnota", "en": "Credit note"},
}
_FROM: Mapping[str, str] = {"da": "fra", "en": "from"}


def designation(result: Mapping[str, Any], received: datetime | None) -> Mapping[str, str]:
    """`Invoice A00095678 from Tavleleverandøren, 6,312.50 DKK`; empty where the document could not be read."""
    if not (seen := result.get("invoice")):
        return {}
    supplier = seen["supplier_name"] or seen["supplier"]
    amounts = amount_by_language(Decimal(seen["payable_amount"]), seen["currency"])
    return {
        language: f"{name} {seen['number']}{f' {_FROM[language]} {supplier}' if supplier else ''}, {amounts[language]}"
        for language, name in _TYPES.get(seen["type"], _TYPES["Invoice"]).items()
    }
