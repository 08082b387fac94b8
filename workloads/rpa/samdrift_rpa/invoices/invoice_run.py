"""An invoice on its way through the steps, and the case that it came in as."""

from __future__ import annotations

from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict, Field

from samdrift_rpa.documents import Document
from samdrift_rpa.hours import COPENHAGEN
from samdrift_rpa.invoices.engine import Engine
from samdrift_rpa.invoices.ground import Ground
from samdrift_rpa.invoices.invoice import Invoice
from samdrift_rpa.object_reference import ObjectReference
from samdrift_rpa.run import Run

#: An invoice that is not answered within this time is late.
ANSWER_WITHIN = timedelta(days=1)
#: Orders that one case may name.
MOST_ORDERS = 50


class IncomingInvoice(BaseModel):
    """One invoice or credit note that was received, as a reference to the stored document."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document: ObjectReference = Field(description="The XML document, stored before.")
    orders: tuple[ObjectReference, ...] = Field(
        default=(),
        max_length=MOST_ORDERS,
        description="Orders, changes and cancellations that it may be for, stored before: it is held against those "
        "that it names.",
    )


class InvoiceRun(Run):
    """What the steps know so far."""

    given: IncomingInvoice
    engine: Engine
    document: Document
    #: None: a fact that posting needs cannot be read.
    invoice: Invoice | None = None
    #: Why a person must decide.
    grounds: tuple[Ground, ...] = ()
    #: A person posted it: nothing is left to do.
    by_hand: bool = False

    @property
    def received_on(self) -> date | None:
        """The Danish day on which the document was received, told from the item's deadline."""
        deadline = self.item.deadline
        return (deadline - ANSWER_WITHIN).astimezone(COPENHAGEN).date() if deadline else None
