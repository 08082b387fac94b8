"""The shipped processes hold to what every process must, whatever comes in and whatever people decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from samdrift_rpa.checks import CHECKS, Example, check_import_is_light
from samdrift_rpa.digital_post.generator import Written
from samdrift_rpa.digital_post.generator import write as letter
from samdrift_rpa.digital_post.process import process as digital_post
from samdrift_rpa.driving_licence.generator import Wanted, photo
from samdrift_rpa.driving_licence.generator import write as application
from samdrift_rpa.driving_licence.process import process as driving_licence
from samdrift_rpa.invoices.generator import Sale, Sold
from samdrift_rpa.invoices.generator import write as invoice
from samdrift_rpa.invoices.process import process as invoices
from samdrift_rpa.process import Process
from samdrift_rpa.processes import GROUP, installed
from samdrift_rpa.testing import MemoryStore

SALE = Sale(number="T-1", lines=(Sold(name="Stol", quantity=Decimal(4), price=Decimal("312.50")),))
DEAR = Sale(number="T-2", lines=(Sold(name="Minibus", quantity=Decimal(1), price=Decimal("310000.00")),))
PRIVATE = invoice(SALE).replace(b'"DK:CVR">DK99000007<', b'"DK:CPR">3002990000<')
LETTER = Written(number=1, title="Flytning 300299-0000", text="Jeg flytter. Skriv til mig@example.org.")
CASES: dict[str, tuple[Process[Any, Any], str, Callable[[MemoryStore], bytes]]] = {
    "invoice": (invoices, "document", lambda store: invoice(SALE)),
    "dear invoice": (invoices, "document", lambda store: invoice(DEAR)),
    "invoice of a private person": (invoices, "document", lambda store: PRIVATE),
    "invoice that breaks rules": (invoices, "document", lambda store: invoice(SALE).replace(b">1562.50<", b">1.00<")),
    "no invoice": (invoices, "document", lambda store: b"300299-0000"),
    "letter": (digital_post, "message", lambda store: letter(LETTER)),
    "old letter with a subject": (
        digital_post,
        "message",
        lambda store: letter(replace(LETTER, version="1.1", kle="23.05.00", about_cpr="3002990000")),
    ),
    "legal notification": (digital_post, "message", lambda store: letter(replace(LETTER, legal_notification=True))),
    "no letter": (digital_post, "message", lambda store: b"300299-0000"),
    "application": (driving_licence, "document", lambda store: application(Wanted(number="A-1"), store.put(photo()))),
    "no application": (driving_licence, "document", lambda store: b"300299-0000"),
}


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Pseudonyms take a key of the home folder; nothing official is installed in it."""
    folder: Path = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAMDRIFT_HOME", str(folder))
        patch.delenv("SAMDRIFT_DATA", raising=False)
        yield


@pytest.fixture(scope="module")
def engines(home: None) -> dict[str, Any]:
    return {process.name: process.load({}) for process in (invoices, digital_post, driving_licence)}


@pytest.mark.parametrize("called", CASES)
def test_it_holds_to_every_check(called: str, engines: dict[str, Any]) -> None:
    process, name, content = CASES[called]
    store = MemoryStore()
    example = Example(case={name: store.put(content(store))}, store=store, engine=engines[process.name])
    for check in CHECKS:
        if check is not check_import_is_light:  # below, once a process
            check(process, example)


@pytest.mark.parametrize("process", [invoices, digital_post], ids=lambda process: process.name)
def test_importing_it_is_light(process: Process[Any, Any]) -> None:
    check_import_is_light(process, Example(case={}))


def test_every_installed_process_is_tried_here() -> None:
    ours = {name for name, each in installed().items() if each.given.__module__.startswith("samdrift_rpa.")}
    assert ours == {process.name for process, _, _ in CASES.values()}, GROUP
