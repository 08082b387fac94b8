from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from samdrift_platform.checks import MemoryStore
from samdrift_rpa.driving_licence.generator import BORN_1948, Wanted, photo
from samdrift_rpa.web.browser import Browser
from samdrift_testing.legacy_form import browser, key, robot, running_register, stored

pytestmark = [pytest.mark.integration, pytest.mark.browser]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    started = browser()
    yield started
    started.close()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_one_form_from_end_to_end(chromium: Browser, store: MemoryStore, tmp_path: Path) -> None:
    wanted = Wanted(number="A-1", cpr=BORN_1948, name="Nancy Ann Test Berggren", category="C", remarks=True)
    request = stored(store, wanted, decision="forward")
    with running_register(tmp_path) as register:
        receiver = robot(register, store, chromium)
        assert receiver.find(key(1), request) is None
        answer = receiver.deliver(key(1), request)
        assert answer == {"case_number": "KK-000001"}
        assert receiver.find(key(1), request) == answer
        assert receiver.find(key(2), request) is None
    (case,) = register.log.cases()
    assert case.reference == str(key(1))
    assert case.fields == {
        "ekstern_ref": str(key(1)),
        "cpr": "251248-9996",
        "navn": "Nancy Ann Test Berggren",
        "kategori": "C",
        "ansoegningstype": "Førstegangs",
        "attest_dato": "04-11-2026",
        "attest_bem": "Ja",
        "foto": f"A-1.png | image/png | sha256:{hashlib.sha256(photo()).hexdigest()}",
        "afgoerelse": "Videresendt til Færdselsstyrelsen",
        "begrundelse": "Ingen",
        "afgjort_af": "clerk",
    }
