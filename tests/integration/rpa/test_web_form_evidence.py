from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from samdrift_platform.checks import MemoryStore
from samdrift_platform.errors import ReceiverRefusedError
from samdrift_platform.ledger import migrations
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.objects import ObjectStore
from samdrift_rpa.driving_licence.generator import BORN_1948, Wanted
from samdrift_rpa.evidence import piece
from samdrift_rpa.evidence.cabinet import EvidenceCabinet
from samdrift_rpa.evidence.keys import EvidenceKeyError, EvidenceKeys
from samdrift_rpa.evidence.piece import Kind, Piece
from samdrift_rpa.web.browser import Browser
from samdrift_rpa.web.deadline import Deadline
from samdrift_rpa.web.masking import Masker
from samdrift_rpa.web.recording import Keep
from samdrift_testing.legacy_form import PASSWORD, Rack, browser, key, rack, robot, stored

pytestmark = [pytest.mark.integration, pytest.mark.browser]

#: Written here and not taken from the platform: ten digits in any of the ways in which a page or a program writes them,
#: outside of digests and fractions (the machine has run for 1234567890.123 ms), that begin like a date.
TEN_DIGITS = re.compile(
    rb"(?<![0-9A-Za-z.])[0-9]{2}(?:0[1-9]|1[0-2])[0-9]{2}(?:[-+ ]|%2D|%20|\\u002d)?[0-9]{4}(?![0-9A-Za-z]|\.[0-9])"
)
NAME = "Nancy Ann Test Berggren"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    started = browser()
    yield started
    started.close()


@pytest.fixture(scope="module")
def registers() -> Iterator[Rack]:
    with rack() as started:
        yield started


class Home:
    """A cabinet with its ledger, objects and keys."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder / 'ledger.db'}"
        migrations.upgrade(url)
        self.folder, self.ledger = folder, Ledger(url)
        self.objects, self.keys = ObjectStore(f"file://{folder / 'objects'}"), EvidenceKeys(folder)
        self.cabinet = EvidenceCabinet(self.ledger, self.objects, self.keys, kept_for=timedelta(days=30))

    def pieces(self, number: int) -> dict[Kind, Piece]:
        with self.ledger.read() as connection:
            return {each.kind: each for each in piece.of_effects(connection, [key(number)])}

    def content(self, number: int, kind: Kind) -> bytes:
        return self.keys.decrypt(self.objects.get(self.pieces(number)[kind].object))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    made.ledger.close()


def test_a_failed_entry_leaves_a_masked_picture_and_trace_that_are_encrypted_and_expire(
    chromium: Browser, registers: Rack, home: Home, tmp_path: Path
) -> None:
    store = MemoryStore()
    request = stored(store, Wanted(number="A-1", cpr=BORN_1948, name=NAME))
    with registers.register(tmp_path / "register", "changed-label:2") as register:
        receiver = robot(register, store, chromium, keep=Keep.FAILED, cabinet=lambda: home.cabinet)
        receiver.deliver(key(1), request)
        assert home.pieces(1) == {}
        with pytest.raises(ReceiverRefusedError):
            receiver.deliver(key(2), request)
    pieces = home.pieces(2)
    assert set(pieces) == {Kind.PICTURE, Kind.TRACE}
    assert all(each.failed and each.expires_at - each.made_at == timedelta(days=30) for each in pieces.values())
    assert abs(pieces[Kind.TRACE].made_at - datetime.now(UTC)) < timedelta(minutes=5)
    assert home.content(2, Kind.PICTURE).startswith(b"\x89PNG")
    check_trace(home.content(2, Kind.TRACE), typed=[NAME, BORN_1948, "2512489996", PASSWORD])
    for path in (tmp_path / "objects").rglob("*"):
        # bytes that no base64 holds by chance
        assert not path.is_file() or not {b"\x89PNG", b"PK\x03\x04"} & {path.read_bytes()[:4]}
    assert (tmp_path / "keys" / "evidence.keys").stat().st_mode & 0o777 == 0o600


def check_trace(content: bytes, *, typed: list[str]) -> None:
    """Every text of it, by an expression of this test's own; and it is still a trace that says what was done."""
    with zipfile.ZipFile(io.BytesIO(content)) as trace:
        texts = {name: trace.read(name) for name in trace.namelist()}
    for name, text in texts.items():
        assert not TEN_DIGITS.search(text), name
        assert not any(value.encode() in text for value in typed), name
        assert b"\x89PNG" not in text
        assert b"\xff\xd8\xff" not in text
    events = [json.loads(line) for line in texts["trace.trace"].splitlines() if line]
    assert {"Frame.fill", "Frame.click"} <= {f"{e.get('class')}.{e.get('method')}" for e in events}
    assert "•••" in texts["trace.trace"].decode()


def test_every_entry_by_setting(chromium: Browser, registers: Rack, home: Home, tmp_path: Path) -> None:
    store = MemoryStore()
    request = stored(store, Wanted(number="A-2", cpr=BORN_1948, name=NAME))
    with registers.register(tmp_path / "register") as register:
        receiver = robot(register, store, chromium, keep=Keep.EVERY, cabinet=lambda: home.cabinet)
        receiver.deliver(key(1), request)
    assert set(home.pieces(1)) == {Kind.PICTURE, Kind.TRACE}
    assert not any(each.failed for each in home.pieces(1).values())
    check_trace(home.content(1, Kind.TRACE), typed=[NAME, BORN_1948, PASSWORD])


PAGE = f"""<h1>Sag for {NAME}</h1><p>CPR <b>251248</b>-9996 og 251248 9996, tlf. 33 92 33 92</p>
<p>2512489996</p><input name=a value="251248-9996"><input name=b type=password value="{PASSWORD}">
<textarea>{NAME}, 251248-9996</textarea><img alt="" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">"""


def test_the_page_is_masked_before_its_picture_is_taken(chromium: Browser) -> None:
    def job(context: BrowserContext, folder: Path) -> tuple[str, list[str], str]:
        page = context.new_page()
        page.set_content(PAGE)
        Masker([NAME, PASSWORD, "251248-9996"]).page(page)
        values = page.evaluate("[...document.querySelectorAll('input, textarea')].map(part => part.value)")
        return page.inner_text("body"), values, page.evaluate("getComputedStyle(document.images[0]).visibility")

    text, values, picture = chromium.run(job, Deadline.after(120.0))
    assert "33 92 33 92" in text
    assert NAME not in text
    assert not TEN_DIGITS.search(text.encode())
    assert values == ["•••", "•••", "•••, •••"]
    assert picture == "hidden"


def test_what_was_masked_can_be_seen_again_with_the_keys_of_its_time_alone(tmp_path: Path) -> None:
    keys = EvidenceKeys(tmp_path)
    first, token = keys.newest, keys.encrypt(b"seen")
    assert keys.rotate(in_use=set()) == keys.newest != first
    assert keys.decrypt(token) == b"seen"  # it may have been encrypted a moment ago
    keys.rotate(in_use={first})
    assert keys.decrypt(token) == b"seen"
    keys.rotate(in_use=set())
    with pytest.raises(EvidenceKeyError):
        keys.decrypt(token)
