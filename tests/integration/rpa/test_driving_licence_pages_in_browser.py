"""The pages of applications in a real Chromium: accessible, also on 320 pixels, empty and full."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser

from samdrift_platform.control.permissions import Appointments
from samdrift_platform.governance import Governance
from samdrift_platform.ledger import effects
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.objects import ObjectStore
from samdrift_platform.portal.reading import LedgerReading
from samdrift_platform.portal.testing import portal_of
from samdrift_rpa.driving_licence.generator import BORN_2016, Wanted, photo, write
from samdrift_rpa.driving_licence.process import process
from samdrift_rpa.evidence.cabinet import EvidenceCabinet
from samdrift_rpa.evidence.keys import EvidenceKeys
from samdrift_rpa.web.recording import Seen
from samdrift_testing.browsing import visiting
from samdrift_testing.pages import check_page
from samdrift_testing.robots import Robots, robots
from samdrift_testing.serving import serving

pytestmark = pytest.mark.browser

#: Of the picture and of the trace.
BUTTONS = {"da": re.compile("^Hent (billedet|sporet)$"), "en": re.compile("^Download the (picture|trace)$")}


@pytest.fixture
def desk(sqlite_ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Robots:
    """One application that was entered, with evidence, one that waits, one that went back."""
    monkeypatch.setenv("SAMDRIFT_HOME", str(tmp_path))
    desk = robots(sqlite_ledger, process, enter={"case_number": "KK-000001"})
    wanted = [
        Wanted(number="A-1"),
        Wanted(number="A-2", cpr=BORN_2016, remarks=True),
        Wanted(number="A-3", without=frozenset({"photo", "doctors_certificate"})),
    ]
    picture = desk.store.put(photo())
    desk.submit("all", "driving_licence", [{"document": desk.store.put(write(each, picture))} for each in wanted])
    desk.work()
    desk.decide(item(desk, "A-1"), "decision", "issue")
    desk.work()
    desk.deliver()
    with sqlite_ledger.read() as connection:
        (effect,) = effects.of_item(connection, item(desk, "A-1"))
    objects = ObjectStore(f"file://{tmp_path / 'objects'}")
    cabinet = EvidenceCabinet(sqlite_ledger, objects, EvidenceKeys(tmp_path), kept_for=timedelta(days=30))
    cabinet.keep(effect.key, "The register", Seen(failed=True, picture=b"png", trace=b"zip"))
    return desk


def item(desk: Robots, number: str) -> UUID:
    return next(each.id for each in desk.items() if each.reference.endswith(number))


@pytest.fixture
def site(desk: Robots, tmp_path: Path) -> Iterator[str]:
    governance = Governance(desk.ledger, tmp_path)
    governance.prepare([], now=datetime.now(UTC))  # an operator, who may look at evidence
    app = portal_of(desk.workload, reading=LedgerReading(desk.ledger, governance), user="operator")
    app.state.appointments = Appointments(desk.ledger, governance)
    app.state.ledger = desk.ledger
    with serving(app) as address:
        yield address


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("kind", ["list", "entered", "incomplete", "case"])
def test_a_page(browser: Browser, site: str, desk: Robots, language: str, kind: str, tmp_path: Path) -> None:
    paths = {
        "list": "/rpa/driving_licence?",
        "entered": f"/rpa/driving_licence/{item(desk, 'A-1')}?",
        "case": f"/rpa/cases/{item(desk, 'A-1')}?",
        "incomplete": f"/rpa/driving_licence/{item(desk, 'A-3')}?",
    }
    with visiting(browser, site) as visit:
        visited = visit(f"{paths[kind]}lang={language}")
        assert visited.page.get_by_role("button", name=BUTTONS[language]).count() == 2 * (kind in ("entered", "case"))
        check_page(visited, language, tmp_path / f"{kind}-{language}")
