"""Why a document is refused, in Peppol's codes: the same codes are what people choose from, in both formats."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class RefusalReason(StrEnum):
    """Status clarification reasons of OpenPeppol (code list `OPStatusReason`, BIS Invoice Response 3)."""

    #: The order, the contract or the person it refers to is wrong or missing.
    REFERENCES_INCORRECT = "REF"
    #: A fact that the law asks for is wrong or missing.
    LEGAL_INFORMATION_INCORRECT = "LEG"
    #: It is addressed to somebody else.
    RECEIVER_UNKNOWN = "REC"
    #: The goods or the service are not good enough.
    ITEM_QUALITY_INSUFFICIENT = "QUA"
    #: It did not come, or not as agreed.
    DELIVERY_ISSUES = "DEL"
    #: Prices differ from what was agreed.
    PRICES_INCORRECT = "PRI"
    #: Quantities differ from what was ordered or came.
    QUANTITY_INCORRECT = "QTY"
    #: Other items than were ordered.
    ITEMS_INCORRECT = "ITM"
    #: Terms of payment differ from what was agreed.
    PAYMENT_TERMS_INCORRECT = "PAY"
    #: Nobody knows of such a purchase.
    NOT_RECOGNIZED = "UNR"
    #: Amounts, tax or accounts are wrong.
    FINANCE_INCORRECT = "FIN"
    #: Anything else; the text says what.
    OTHER = "OTH"


#: What people choose from.
LABELS: Mapping[str, Mapping[str, str]] = {
    RefusalReason.REFERENCES_INCORRECT: {"da": "Forkert eller manglende reference", "en": "References incorrect"},
    RefusalReason.LEGAL_INFORMATION_INCORRECT: {
        "da": "Lovpligtige oplysninger er forkerte",
        "en": "Legal information incorrect",
    },
    RefusalReason.RECEIVER_UNKNOWN: {"da": "Forkert modtager", "en": "Receiver unknown"},
    RefusalReason.ITEM_QUALITY_INSUFFICIENT: {
        "da": "Varens kvalitet er utilstrækkelig",
        "en": "Item quality insufficient",
    },
    RefusalReason.DELIVERY_ISSUES: {"da": "Problemer med leveringen", "en": "Delivery issues"},
    RefusalReason.PRICES_INCORRECT: {"da": "Priserne er forkerte", "en": "Prices incorrect"},
    RefusalReason.QUANTITY_INCORRECT: {"da": "Mængden er forkert", "en": "Quantity incorrect"},
    RefusalReason.ITEMS_INCORRECT: {"da": "Varerne er forkerte", "en": "Items incorrect"},
    RefusalReason.PAYMENT_TERMS_INCORRECT: {
        "da": "Betalingsbetingelserne er forkerte",
        "en": "Payment terms incorrect",
    },
    RefusalReason.NOT_RECOGNIZED: {"da": "Købet er ikke kendt", "en": "Not recognized"},
    RefusalReason.FINANCE_INCORRECT: {"da": "Beløb eller moms er forkert", "en": "Finance incorrect"},
    RefusalReason.OTHER: {"da": "Andet", "en": "Other"},
}
