"""What a person is asked about an invoice, with the evidence that the decision rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from samdrift_platform.question import Choice, DecisionField, Fact, FieldKind, Question
from samdrift_rpa.invoices.ground import Ground
from samdrift_rpa.invoices.invoice import Invoice
from samdrift_rpa.invoices.refusal import LABELS
from samdrift_rpa.sentence import amount_by_language, day_by_language

#: The code of the one question that is asked about an invoice, and the choices.
APPROVAL, APPROVE, BY_HAND, REJECT = "approval", "approve", "by_hand", "reject"
_XML = "application/xml"

_REASON_CODE = DecisionField(
    name="reason_code", label={"da": "Årsag", "en": "Reason"}, kind=FieldKind.ONE_OF, options=dict(LABELS)
)
_TO_SUPPLIER = DecisionField(
    name="reason", label={"da": "Begrundelse til leverandøren", "en": "Reason for the supplier"}, kind=FieldKind.TEXT
)
_FOR_THE_RECORD = DecisionField(
    name="reason",
    label={"da": "Begrundelse, som robotten ikke sender", "en": "Reason, which the robot does not send"},
    kind=FieldKind.TEXT,
)
_REJECT = Choice(
    code=REJECT,
    label={"da": "Afvis, og giv leverandøren besked", "en": "Reject, and tell the supplier"},
    fields=(_REASON_CODE, _TO_SUPPLIER),
)
_REJECT_ALONE = Choice(
    code=REJECT,
    label={"da": "Afvis; giv selv leverandøren besked", "en": "Reject; tell the supplier yourself"},
    fields=(_REASON_CODE, _FOR_THE_RECORD),
)
_APPROVE = Choice(code=APPROVE, label={"da": "Godkend og bogfør", "en": "Approve and post"})
_BY_HAND = Choice(code=BY_HAND, label={"da": "Er bogført manuelt", "en": "It was posted by hand"})


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the person who decides can open and look up."""

    #: The stored document.
    document: str
    #: Stored orders that came with it.
    orders: Sequence[str]
    #: The reference of another case with its supplier and number; empty where there is none.
    first: str


def approval(invoice: Invoice | None, grounds: Sequence[Ground], evidence: Evidence, *, within_days: float) -> Question:
    """The question about a document with `grounds`.

    As many people decide as the strictest ground asks for. A document that cannot be posted as it is offers no
    approval: it is posted by hand, or refused. Whom the robot cannot answer, a person tells.
    """
    postable = all(ground.postable for ground in grounds)
    answered = invoice is not None and not invoice.supplier.is_private
    return Question(
        code=APPROVAL,
        title={"da": "Skal fakturaen bogføres?", "en": "Shall this invoice be posted?"},
        reasons=tuple(ground.by_language() for ground in grounds),
        choices=(_APPROVE if postable else _BY_HAND, _REJECT if answered else _REJECT_ALONE),
        facts=(*_facts(invoice, evidence.first), *_documents(evidence)),
        people=max(ground.people for ground in grounds),
        answer_within=timedelta(days=within_days),
    )


def _facts(invoice: Invoice | None, first: str) -> Iterator[Fact]:
    if invoice is None:
        return
    supplier = invoice.supplier
    shown: Sequence[tuple[Mapping[str, str], str | Mapping[str, str]]] = (
        ({"da": "Nummer", "en": "Number"}, invoice.number),
        ({"da": "Leverandør", "en": "Supplier"}, supplier.public_name),
        ({"da": "Leverandørens nummer", "en": "Supplier's number"}, supplier.number),
        ({"da": "Beløb", "en": "Amount"}, amount_by_language(invoice.signed_amount, invoice.currency)),
        ({"da": "Udstedt", "en": "Issued"}, day_by_language(invoice.issue_date)),
        ({"da": "Forfalder", "en": "Due"}, day_by_language(invoice.due_date) if invoice.due_date else ""),
        ({"da": "Ordre", "en": "Order"}, ", ".join(invoice.order_numbers)),
        ({"da": "Den første med nummeret", "en": "The first with its number"}, first),
    )
    yield from (Fact(label=label, value=value) for label, value in shown if value)


def _documents(evidence: Evidence) -> Iterator[Fact]:
    label = {"da": "Dokumentet", "en": "The document"}
    yield Fact(label=label, value="XML", object=evidence.document, media_type=_XML)
    for order in evidence.orders:
        yield Fact(label={"da": "Ordredokument", "en": "Order document"}, value="XML", object=order, media_type=_XML)
