"""Incoming invoices: held to their rules and their order, posted once as a voucher, and answered once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from samdrift_platform.contract import Store
from samdrift_rpa.documents import UnreadableDocumentError, UnsupportedDocumentError
from samdrift_rpa.invoices import steps
from samdrift_rpa.invoices.answering import SEND_ANSWER
from samdrift_rpa.invoices.bundle import bundle
from samdrift_rpa.invoices.designation import designation
from samdrift_rpa.invoices.engine import Engine
from samdrift_rpa.invoices.invoice import IncompleteInvoiceError, read_invoice
from samdrift_rpa.invoices.invoice_run import ANSWER_WITHIN, IncomingInvoice, InvoiceRun
from samdrift_rpa.invoices.steps import POST_VOUCHER
from samdrift_rpa.invoices.summary import glance, read_posted
from samdrift_rpa.process import EffectSpec, LegalBasis, Process, TimeSaved

_LONGEST_REFERENCE = 120


def reference_of(given: IncomingInvoice, store: Store) -> str:
    """`DK16356706 Invoice A00095678`; the content's digest where that cannot be read or would name a person."""
    content = store.get(given.document)
    by_content = "document sha256:" + hashlib.sha256(content).hexdigest()
    try:
        invoice = read_invoice(read_posted(content))
    except (UnreadableDocumentError, UnsupportedDocumentError, IncompleteInvoiceError):
        return by_content
    supplier = invoice.supplier.number
    reference = f"{supplier} {invoice.type} {' '.join(invoice.number.split())}"
    return reference if supplier and len(reference) <= _LONGEST_REFERENCE else by_content


def _load(models: Mapping[str, Any]) -> Engine:
    from samdrift_rpa.invoices.policy import read_policy
    from samdrift_rpa.rules import choose

    return Engine(rules=choose(), policy=read_policy())


process = Process(
    name="invoices",
    title={"da": "Indgående fakturaer", "en": "Incoming invoices"},
    purpose={
        "da": "Holder fakturaer op mod reglerne og ordren, bogfører dem én gang og svarer leverandøren én gang.",
        "en": "Holds invoices to the rules and their order, posts them once and answers their suppliers once.",
    },
    given=IncomingInvoice,
    reference=reference_of,
    run=InvoiceRun,
    steps=(steps.read, steps.hold_to_rules, steps.match_order, steps.approve, steps.post, steps.answer),
    effects=(
        EffectSpec(step=POST_VOUCHER, receiver="erp", title={"da": "Bilag bogført", "en": "Voucher posted"}),
        EffectSpec(step=SEND_ANSWER, receiver="access_point", title={"da": "Svar sendt", "en": "Answer sent"}),
    ),
    load=_load,
    glance=glance,
    designation=designation,
    asks_about_second=True,
    bundle=bundle,
    answer_within=ANSWER_WITHIN,
    legal_basis=LegalBasis(
        clause="GDPR art. 6(1)(c), 6(1)(e); bogføringsloven",
        purpose={"da": "Betaling af leverandører", "en": "Paying suppliers"},
    ),
    kle=("00.32.02",),
    time_saved=TimeSaved(time_spend_per_occurance_min=6.0, decision_min=3.0),
    example={"document": "sha256:" + "0123456789abcdef" * 4},
)
