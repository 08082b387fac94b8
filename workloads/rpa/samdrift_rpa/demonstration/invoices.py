"""Invoices that came in, to an ERP system and an access point that fail after doing the work."""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samdrift_platform.demonstration import Finding, Service
from samdrift_platform.free_port import free_port
from samdrift_rpa import settings
from samdrift_rpa.demonstration.arrival import first_run
from samdrift_rpa.demonstration.each_once import logged_once
from samdrift_rpa.loopback.log import Kind, Log, read_log
from samdrift_rpa.policy_file import shipped

if TYPE_CHECKING:
    from samdrift_platform.client import Client

PROCESS = "invoices"


@dataclass(frozen=True)
class Incoming:
    """A document, and the orders that came with it."""

    document: bytes
    orders: tuple[bytes, ...] = ()


#: Official examples below `$SAMDRIFT_DATA/rpa/oioubl`, with the order that came before. `InvoiceStor` and `COMORG_02`
#: break official rules; the invoice in euro, the one above the limit, the one of a private person and the one whose
#: second line is for another item than was ordered wait for a person.
OFFICIAL_EXAMPLES: Mapping[str, str] = {
    "test-files/2.0.2/BASPRO_01_01_00_Invoice_v2p2.xml": "test-files/2.0.2/BASPRO_01_01_00_Order_v2p2.xml",
    "test-files/2.0.2/BASPRO_03_01_06_CreditNote_v2p2.xml": "",
    "test-files/2.0.2/BASPRO_03_01_06_Invoice_B_v2p2.xml": "",
    "test-files/2.0.2/COMPAY_04_04_00_Invoice_v2p2.xml": "",
    "gobl/parse/nemkonto.xml": "",
    "gobl/convert/out/dk-bank.xml": "",
    "gobl/convert/out/happy-path_real.xml": "",
    "gobl/convert/out/credit-note_real.xml": "",
    "gobl/convert/out/invoice-minimal.xml": "",
    "gobl/convert/out/cpr-supplier.xml": "",
    "test-files/2.0.2/InvoiceStor_v2p2.xml": "",
    "test-files/2.0.2/COMORG_02_02_00_Invoice_v2p2.xml": "",
    "test-files/2.0.2/COMORG_03_03_00_Invoice_v2p2.xml": "test-files/2.0.2/COMORG_03_03_00_Order_v2p2.xml",
}
#: Of those, and of the documents that we write: how many break a rule, and how many are for a person.
OFFICIAL_EXCEPTIONS, FICTITIOUS_EXCEPTIONS = (2, 4), (2, 3)
#: Both parties misbehave at every n-th request, each counted by itself.
FAULTS = "error-after:3,drop-after:4,slow-after:5,error-before:7"
#: The platform waits this long for an answer, and a slow one takes longer, in seconds.
TIMEOUT_S, SLOW_S = 1.0, 1.5


def services(folder: Path) -> Iterator[Service]:
    """The loopback, whose log lies in `folder`."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    argv = [sys.executable, "-m", "samdrift_rpa.loopback", "--folder", str(folder / "loopback")]
    argv += ["--port", str(port), "--faults", FAULTS, "--slow-s", str(SLOW_S)]
    yield Service(
        name="loopback-erp",
        argv=argv,
        ready_url=f"{url}/health",
        environment={
            settings.ERP_URL.name: url,
            settings.ACCESS_POINT_URL.name: url,
            settings.TIMEOUT_S.name: str(TIMEOUT_S),
            settings.POLICY.name: str(_policy(folder)),
        },
    )


def submit(client: Client, folder: Path) -> list[str]:
    """Send all documents, and then the first of them once more."""
    cases = [
        {"document": client.put_object(one.document), "orders": [client.put_object(order) for order in one.orders]}
        for one in documents()
    ]
    received_at = first_run(folder).isoformat()
    return [
        _submit(client, name, chosen, received_at)
        for name, chosen in (("invoices", cases), ("invoice-again", cases[:1]))
    ]


def findings(client: Client, folder: Path) -> Iterator[Finding]:
    """What the platform says, held against what the parties' own log says."""
    log = read_log(folder / "loopback")
    items = [item for item in client.items(workload="rpa") if item["reference"].startswith(f"{PROCESS}/")]
    done = [item for item in items if item["state"] == "done" and "by_hand" not in item["result"]]
    answered = [item for item in items if item["state"] in ("done", "rejected") and "answer" in item["result"]]
    yield logged_once("Vouchers, each once by the ERP system's own log", log, Kind.VOUCHER, len(done))
    yield _same_invoices(log, done)
    yield logged_once("Answers, each once by the access point's own log", log, Kind.DOCUMENT, len(answered))
    yield from _exceptions(items)
    yield _orders(items)
    yield _sent_twice(client)
    yield _rule_set(items)


def documents() -> list[Incoming]:
    """Official examples where the data are, otherwise documents that we write; the first one is sent twice."""
    folder = _official_folder()
    if folder is None:
        return list(_fictitious_documents())
    return [
        Incoming((folder / name).read_bytes(), ((folder / order).read_bytes(),) if order else ())
        for name, order in OFFICIAL_EXAMPLES.items()
    ]


def _policy(folder: Path) -> Path:
    """The shipped policy without check digits: the numbers in the official examples are invented and hold none."""
    policy = json.loads(shipped("invoices").read_bytes())
    policy |= {"version": f"{policy['version']}, demonstration", "check_digits": False}
    file = folder / "policy.json"
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(policy, indent=2))
    return file


def _official_folder() -> Path | None:
    data = settings.DATA.value()
    folder = Path(data) / "rpa" / "oioubl"
    return folder if data and folder.is_dir() else None


def _fictitious_documents() -> Iterator[Incoming]:
    """Eight that are posted, two of them Peppol's and one with its order; three for a person; two that break a rule."""
    from decimal import Decimal

    from samdrift_rpa.documents import DocumentType
    from samdrift_rpa.invoices.generator import Sale, Sold, write
    from samdrift_rpa.invoices.order_generator import write_order
    from samdrift_rpa.invoices.peppol_generator import write_peppol

    chairs = Sold(name="Stol (opdigtet)", quantity=Decimal(4), price=Decimal("312.50"))
    whiteboard = Sold(name="Tavle (opdigtet)", quantity=Decimal(1), price=Decimal("4950.00"))
    ordered = Sale(number="DEMO-1", lines=(chairs, whiteboard), order="O-1")
    yield Incoming(write(ordered), (write_order(ordered),))
    for index in range(1, 6):
        yield Incoming(write(Sale(number=f"DEMO-{index + 1}", supplier=index, lines=(chairs, whiteboard))))
    yield Incoming(write_peppol(Sale(number="DEMO-7", supplier=6, lines=(chairs, whiteboard))))
    yield Incoming(write_peppol(Sale(number="DEMO-8", type=DocumentType.CREDIT_NOTE, lines=(chairs,))))
    bus = Sold(name="Minibus (opdigtet)", quantity=Decimal(1), price=Decimal("310000.00"))
    yield Incoming(write(Sale(number="DEMO-9", supplier=1, lines=(bus,))))
    yield Incoming(write(Sale(number="DEMO-10", supplier=2, lines=(chairs,), currency="EUR")))
    wrong = write(Sale(number="DEMO-11", supplier=3, lines=(chairs, whiteboard)))
    yield Incoming(wrong.replace(b">7750.00</cbc:PayableAmount>", b">7775.00</cbc:PayableAmount>"))
    rate = write(Sale(number="DEMO-12", supplier=4, lines=(whiteboard,)))
    yield Incoming(rate.replace(b">25</cbc:Percent>", b">2</cbc:Percent>"))
    more = Sale(number="DEMO-13", supplier=5, lines=(whiteboard,), order="O-2")
    few = Sold(name=whiteboard.name, quantity=whiteboard.quantity, price=Decimal("4500.00"))
    yield Incoming(write(more), (write_order(Sale(number="O-2", supplier=5, lines=(few,), order="O-2")),))


def _submit(client: Client, name: str, cases: Sequence[Mapping[str, Any]], received_at: str) -> str:
    """Submit under a reference that goes with the content, so that other data do not contradict an earlier run."""
    digest = hashlib.sha256(json.dumps(cases, sort_keys=True).encode()).hexdigest()
    document = {"process": PROCESS, "received_at": received_at, "cases": cases}
    return str(client.submit("rpa", document, reference=f"demonstration-{name}-{digest[:12]}")["id"])


def _same_invoices(log: Log, done: Sequence[Mapping[str, Any]]) -> Finding:
    """The keys are the platform's; the invoices' own numbers must agree too."""
    posted = Counter(_identity(json.loads(entry.body), "document_") for entry in log.entries(Kind.VOUCHER))
    wanted = Counter(_identity(item["result"]["invoice"], "") for item in done)
    lost, unexpected = (wanted - posted).total(), (posted - wanted).total()
    return Finding(
        what="Invoices lost, or posted unexpectedly",
        value=f"{lost}, {unexpected}",
        ok=not lost and not unexpected,
        note="by supplier, type and number in the ERP system's log",
    )


def _identity(facts: Mapping[str, Any], prefix: str) -> tuple[str, str, str]:
    return str(facts["supplier"]), str(facts[f"{prefix}type"]), str(facts[f"{prefix}number"])


def _exceptions(items: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """At least as many as were sent: other documents may have come in too, and a person may have decided since."""
    broken, unusual = OFFICIAL_EXCEPTIONS if _official_folder() else FICTITIOUS_EXCEPTIONS
    rejected = [item for item in items if item["state"] == "rejected"]
    codes = sorted({rule["code"] for item in rejected for rule in item["result"].get("failed_rules", ())})
    explained = len(rejected) >= broken and all(item["reason"] for item in rejected)
    yield Finding(what="Rejected, with reasons", value=str(len(rejected)), ok=explained, note=" ".join(codes))
    waiting = [item for item in items if item["state"] == "waiting_for_person"]
    grounds = sorted({ground["code"] for item in waiting for ground in item["result"].get("grounds", ())})
    held = [item for item in items if item["result"].get("grounds")]
    explained = len(held) >= unusual and all(item["reason"] for item in waiting)
    yield Finding(what="Waiting for a person", value=str(len(waiting)), ok=explained, note=", ".join(grounds))


def _orders(items: Sequence[Mapping[str, Any]]) -> Finding:
    """One fits its order, and one does not, which a person sees."""
    fits = Counter(item["result"].get("order_match", {}).get("fits") for item in items)
    value = f"{fits[True]} fit, {fits[False]} do not"
    return Finding(what="Held against their orders", value=value, ok=bool(fits[True] and fits[False]))


def _sent_twice(client: Client) -> Finding:
    """The second sending must have found the first one's item."""
    found: dict[str, set[str]] = {}
    for submission in client.submissions(workload="rpa"):
        kind = submission["reference"].removeprefix("demonstration-").rpartition("-")[0]
        found.setdefault(kind, set()).update(str(i["id"]) for i in client.items(submission_id=submission["id"]))
    again, first = found.get("invoice-again", set()), found.get("invoices", set())
    same = len(again & first)
    return Finding(what="Sent twice, handled once", value=f"{same} of {len(again)}", ok=bool(again) and again <= first)


def _rule_set(items: Sequence[Mapping[str, Any]]) -> Finding:
    """What came in while the workload was stopped went to a person, held to no rule."""
    held = [item["result"]["rule_set"] for item in items if "rule_set" in item["result"]]
    used = {rules["name"]: rules for rules in held}
    official = all(rules["official"] for rules in used.values())
    note = "" if official else f"the official rules are not installed ({settings.RULES.name})"
    return Finding(what="Rules", value="; ".join(sorted(used)), ok=bool(used), note=note)
