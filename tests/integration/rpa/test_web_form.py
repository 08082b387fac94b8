from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any

import psutil
import pytest
from playwright.sync_api import BrowserContext, Error

from samdrift_platform.checks import MemoryStore
from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, TryAgainError
from samdrift_rpa.driving_licence.form import LicenceForm
from samdrift_rpa.driving_licence.generator import BORN_1948, Wanted, photo
from samdrift_rpa.receivers import web_form
from samdrift_rpa.web.browser import Browser
from samdrift_rpa.web.deadline import Deadline
from samdrift_rpa.web.errors import ChangedFormError, FormRefusedError, OutOfTimeError
from samdrift_rpa.web.field import Field
from samdrift_rpa.web.screen import Screen
from samdrift_testing.legacy_form import (
    Impatient,
    Rack,
    Register,
    browser,
    chromium_of,
    key,
    rack,
    robot,
    stored,
)
from samdrift_testing.waiting import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.browser]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    started = browser()
    yield started
    started.close()


@pytest.fixture(scope="module")
def registers() -> Iterator[Rack]:
    with rack() as started:
        yield started


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_one_form_from_end_to_end(chromium: Browser, registers: Rack, store: MemoryStore, tmp_path: Path) -> None:
    wanted = Wanted(number="A-1", cpr=BORN_1948, name="Nancy Ann Test Berggren", category="C", remarks=True)
    request = stored(store, wanted, decision="forward")
    with registers.register(tmp_path) as register:
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


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("error-before-saving", "did not say whether it saved.*500"),
        ("error-after-saving", "did not say whether it saved.*500"),
        ("slow-after-saving", "did not say whether it saved.*in the time that a call may take"),
        ("session-lost-at-saving", "did not say whether it saved.*sign in again"),
    ],
)
def test_an_unclear_saving_is_asked_about_and_the_case_is_there_once(
    chromium: Browser, registers: Rack, store: MemoryStore, tmp_path: Path, fault: str, words: str
) -> None:
    request, released = stored(store, Wanted(number="A-2")), Event()
    with registers.register(tmp_path, f"{fault}:2", released=released) as register:
        register.log.begin()  # somebody else's, so that this one is the second
        receiver = robot(register, store, chromium, form=Impatient if "slow" in fault else LicenceForm)
        with pytest.raises(TryAgainError, match=words):
            receiver.deliver(key(1), request)
        released.set()
        if receiver.find(key(1), request) is None:
            receiver.deliver(key(1), request)
            assert receiver.find(key(1), request) is not None
    assert register.log.faults() == [fault]
    assert register.references == [str(key(1))]


def test_a_saving_that_goes_on_after_the_time_out_is_not_taken_for_none(
    chromium: Browser, registers: Rack, store: MemoryStore, tmp_path: Path
) -> None:
    request, released = stored(store, Wanted(number="A-3")), Event()
    with registers.register(tmp_path, "slow-before-saving:1", released=released) as register:
        receiver = robot(register, store, chromium, form=Impatient, quiet_s=300.0)
        with pytest.raises(TryAgainError, match="did not say whether it saved"):
            receiver.deliver(key(1), request)
        with pytest.raises(TryAgainError, match="may still be saving"):
            receiver.find(key(1), request)
        assert register.references == []
        released.set()
        wait_until("a case is saved", lambda: bool(register.references))
        assert receiver.find(key(1), request) == {"case_number": "KK-000001"}
    assert register.references == [str(key(1))]


def test_a_session_that_ends_in_mid_form_is_begun_again_and_nothing_is_left_half_done(
    chromium: Browser, registers: Rack, store: MemoryStore, tmp_path: Path
) -> None:
    request = stored(store, Wanted(number="A-4"))
    with registers.register(tmp_path, "session-lost:2") as register:
        receiver = robot(register, store, chromium)
        for number in (1, 2):
            receiver.deliver(key(number), request)
    assert register.log.faults() == ["session-lost"]
    assert register.references == [str(key(1)), str(key(2))]


def test_a_session_that_is_lost_every_time_is_tried_again_later(
    chromium: Browser, registers: Rack, store: MemoryStore, tmp_path: Path
) -> None:
    request = stored(store, Wanted(number="A-5"))
    with registers.register(tmp_path, "session-lost:1") as register:
        receiver = robot(register, store, chromium)
        with pytest.raises(TryAgainError, match=r"nothing was saved.*session ended"):
            receiver.deliver(key(1), request)
    assert register.references == []
    assert len(register.log.faults()) == 2


@pytest.mark.parametrize(
    ("fault", "field"),
    [("changed-label", "'Lægeattest udstedt'"), ("swapped-labels", "'Kategori', 'Ansøgningstype'")],
)
def test_a_changed_label_stops_the_robot_before_it_fills_in_the_page(
    chromium: Browser, registers: Rack, store: MemoryStore, tmp_path: Path, fault: str, field: str
) -> None:
    request = stored(store, Wanted(number="A-6"))
    with registers.register(tmp_path, f"{fault}:1") as register:
        receiver = robot(register, store, chromium)
        with pytest.raises(ReceiverRefusedError, match=f"nothing was saved.*no field labelled {field}"):
            receiver.deliver(key(1), request)
    assert register.references == []
    assert register.log.requests() == ["POST /ansoegning/ny"]  # the changed page was never sent


def test_what_the_form_does_not_take_goes_to_a_person(
    chromium: Browser, registers: Rack, store: MemoryStore, tmp_path: Path
) -> None:
    request = dict(stored(store, Wanted(number="A-7")), decided_by=[])
    with registers.register(tmp_path) as register:
        receiver = robot(register, store, chromium)
        with pytest.raises(ReceiverRefusedError, match=r"does not take it: Afgjort af mangler\."):
            receiver.deliver(key(1), request)
    assert register.references == []


def test_what_a_page_says_is_masked_before_it_goes_anywhere(chromium: Browser) -> None:
    name = Field(label="Navn", name="navn", is_personal=True)
    said = "<h1>Fejl</h1><p role=alert>Kim Prøve (251248-9996) findes allerede</p>"
    asked = "<h1>Ny</h1><form action=/x><label>Navn <input name=navn></label><button>Næste</button></form>"

    def job(context: BrowserContext, folder: Path) -> Any:
        page = context.new_page()
        page.route(
            "**/*",
            lambda r: r.fulfill(body=said if "/x" in r.request.url else asked, content_type="text/html; charset=utf-8"),
        )

        def work(screen: Screen) -> None:
            screen.open("/", heading="Ny")
            screen.fill({name: "Kim Prøve"})
            screen.press("Næste", heading="Kvittering")

        return web_form._attempt(work, Screen(page, "http://127.0.0.1:1", Deadline.after(120.0)))

    error = chromium.run(job, Deadline.after(120.0))
    assert isinstance(error, FormRefusedError)
    assert error.message == "••• (251248-xxxx) findes allerede"


def test_a_register_that_is_not_there_cannot_tell(
    chromium: Browser, registers: Rack, store: MemoryStore, tmp_path: Path
) -> None:
    request = stored(store, Wanted(number="A-8"))
    receiver = robot(Register(tmp_path), store, chromium)
    with pytest.raises(CannotTellError, match="could not be asked"):
        receiver.find(key(1), request)
    with pytest.raises(TryAgainError, match="nothing was saved"):
        receiver.deliver(key(1), request)


def test_a_browser_that_was_killed_is_started_again(
    chromium: Browser, registers: Rack, store: MemoryStore, tmp_path: Path
) -> None:
    request = stored(store, Wanted(number="A-9"))
    with registers.register(tmp_path) as register:
        receiver = robot(register, store, chromium)
        receiver.deliver(key(1), request)
        running = chromium_of(chromium)
        assert running
        for process in running:
            with suppress(psutil.NoSuchProcess):  # it was one that was just ending
                process.kill()
        receiver.deliver(key(2), request)
    assert register.references == [str(key(1)), str(key(2))]


def test_a_page_that_sends_its_form_twice_at_one_click_saves_once(
    chromium: Browser, registers: Rack, store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = stored(store, Wanted(number="A-10"))
    with registers.register(tmp_path, "double-submit:1") as register:
        receiver = robot(register, store, chromium)
        with suppress(TryAgainError):  # where the script's request was let out, and not the form's own
            receiver.deliver(key(1), request)
        assert receiver.find(key(1), request) == {"case_number": "KK-000001"}
        assert register.references == [str(key(1))]
        monkeypatch.setattr(web_form, "_save_once", lambda context, path, sent: sent.append(path))
        with suppress(TryAgainError):
            receiver.deliver(key(2), request)
        assert register.references[1:] == [str(key(2))] * 2  # what the guard is for


def test_two_cases_with_one_reference_are_for_a_person(
    chromium: Browser, registers: Rack, store: MemoryStore, tmp_path: Path
) -> None:
    request = stored(store, Wanted(number="A-11"))
    with registers.register(tmp_path) as register:
        for _ in range(2):  # as somebody might by hand
            register.log.save(str(key(1)), {})
        with pytest.raises(CannotTellError, match="2 cases with this reference"):
            robot(register, store, chromium).find(key(1), request)


def test_without_a_browser_nothing_is_done_and_the_package_is_named(store: MemoryStore, tmp_path: Path) -> None:
    receiver = robot(Register(tmp_path), store, Browser(hosts=["127.0.0.1"], executable=tmp_path / "chromium"))
    request = stored(store, Wanted(number="A-12"))
    with pytest.raises(TryAgainError, match=r"nothing was saved.*Install Debian's package chromium"):
        receiver.deliver(key(1), request)


def test_an_application_that_is_gone_is_for_a_person(store: MemoryStore, tmp_path: Path) -> None:
    receiver = robot(Register(tmp_path), store, Browser(hosts=["127.0.0.1"]))
    request = dict(stored(store, Wanted(number="A-13")), document="sha256:" + "0" * 64)
    with pytest.raises(ReceiverRefusedError, match="cannot be entered"):
        receiver.deliver(key(1), request)


def test_the_browser_reaches_no_other_host(chromium: Browser, tmp_path: Path) -> None:
    def job(context: BrowserContext, folder: Path) -> str:
        page = context.new_page()
        for host in ("register.example.org", "localhost", "127.0.0.2", "[::1]"):
            with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
                page.goto(f"http://{host}:8081/")
        return "came back"

    assert chromium.run(job, Deadline.after(120.0)) == "came back"


def test_a_page_that_hangs_is_ended_with_its_browser_and_the_next_form_has_a_new_one(chromium: Browser) -> None:
    def hang(context: BrowserContext, folder: Path) -> None:
        context.new_page().evaluate("() => { while (true) {} }")

    with pytest.raises(OutOfTimeError, match="was ended"):
        chromium.run(hang, Deadline.after(0.1))
    assert chromium.run(lambda context, folder: context.new_page().evaluate("6 * 7"), Deadline.after(120.0)) == 42


BOXES = """<h1>Valg</h1><form><label>Samtykke <input type=checkbox name=samtykke></label>
<label for=j>Ja</label><input type=radio id=j name=valg value=1 checked>
<label for=n>Nej</label><input type=radio id=n name=valg value=2><label>Andet <input name=andet></label></form>"""


def test_boxes_and_buttons_are_ticked_by_their_labels(chromium: Browser) -> None:
    def job(context: BrowserContext, folder: Path) -> dict[str, bool]:
        page = context.new_page()
        page.route("**/*", lambda route: route.fulfill(body=BOXES, content_type="text/html"))
        screen = Screen(page, "http://127.0.0.1:1", Deadline.after(120.0))
        screen.open("/", heading="Valg")
        screen.fill({Field(label="Samtykke", name="samtykke"): True, Field(label="Nej", name="valg"): True})
        with pytest.raises(ChangedFormError, match="no field labelled 'Andet'"):
            screen.fill({Field(label="Samtykke", name="samtykke"): False, Field(label="Andet", name="fritekst"): "x"})
        boxes = page.locator("[type=checkbox], [type=radio]").all()
        return {str(box.get_attribute("id") or ""): box.is_checked() for box in boxes}

    assert chromium.run(job, Deadline.after(120.0)) == {"": True, "j": False, "n": True}


def test_one_form_at_a_time(chromium: Browser, store: MemoryStore, tmp_path: Path) -> None:
    request = stored(store, Wanted(number="A-14"))
    begun, go_on = Event(), Event()

    def slow(context: BrowserContext, folder: Path) -> bool:
        begun.set()
        return go_on.wait(120.0)

    with ThreadPoolExecutor(1) as other:
        first = other.submit(chromium.run, slow, Deadline.after(120.0))
        assert begun.wait(120.0)
        with pytest.raises(TryAgainError, match=r"nothing was saved.*its turn did not come"):
            robot(Register(tmp_path), store, chromium, timeout_s=0.1).deliver(key(1), request)
        go_on.set()
        assert first.result(120.0)
