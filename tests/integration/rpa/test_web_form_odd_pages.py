"""What a legacy application may do besides answering: each ends as a clear exception, in time, and nothing twice."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from uuid import UUID

import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastapi import Response
from fastapi.responses import PlainTextResponse, RedirectResponse, StreamingResponse

from samdrift_platform.contract import JsonObject
from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, TryAgainError
from samdrift_rpa.web.browser import Browser
from samdrift_rpa.web.deadline import Deadline
from samdrift_rpa.web.recording import Keep, Seen
from samdrift_rpa.web.screen import Screen
from samdrift_rpa.web.view import Markup
from samdrift_testing.legacy_form import browser, chromium_of, key
from samdrift_testing.permit_form import PermitForm, PermitRegister, html, permit_robot
from samdrift_testing.serving import Door, serving

pytestmark = [pytest.mark.integration, pytest.mark.browser]

REQUEST: JsonObject = {"cpr": "251248-9996", "kind": "Street", "from": "2026-12-01"}
NEW, CHECK, SAVE = "GET /permit/new", "POST /permit/new", "POST /permit/save"

Opened = Callable[[PermitRegister], str]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    started = browser()
    yield started
    started.close()


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, Door]]:
    door = Door()
    with serving(door) as url:
        yield url, door


@pytest.fixture
def opened(served: tuple[str, Door]) -> Iterator[Opened]:
    url, door = served
    with pytest.MonkeyPatch.context() as patch:

        def leading_to(register: PermitRegister) -> str:
            patch.setattr(door, "_behind", register.app())
            return url

        yield leading_to


class Drawer:
    """Keeps evidence for a test."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []

    def keep(self, effect_key: UUID, receiver: str, seen: Seen) -> None:
        self.seen.append(seen)


class Impatient(PermitForm):
    """One that waits half a second for the form, however long the pages before took."""

    def fill_in(self, screen: Screen, key: UUID, permit: JsonObject) -> None:
        screen._deadline = Deadline.after(0.5)
        super().fill_in(screen, key, permit)


class ImpatientLater(PermitForm):
    """The same for the page after it, so long that a window is open by then on a busy machine too."""

    def go_on(self, screen: Screen) -> None:
        screen._deadline = Deadline.after(3.0)
        super().go_on(screen)


class OutOfDate(PermitForm):
    """One whose author does not know of the question before saving."""

    def save(self, screen: Screen) -> JsonObject:
        screen.press("Save", heading="Receipt")
        return {"case_number": screen.fact("Case")}


class Mistaken(PermitForm):
    """One with a mistake after the case is saved."""

    def save(self, screen: Screen) -> JsonObject:
        super().save(screen)
        return {"case_number": screen.facts()["Case number"]}


class Elsewhere(PermitForm):
    """One that says wrongly where the application saves."""

    saves_at = "/permits/save"


def a_file() -> Response:
    return PlainTextResponse("x", headers={"content-disposition": "attachment; filename=permits.csv"})


def no_end() -> Response:
    async def parts() -> AsyncIterator[str]:
        yield "<div><h2>New permit</h2></div>"
        await asyncio.Event().wait()

    return StreamingResponse(parts(), media_type="text/html")


def elsewhere() -> Response:
    return RedirectResponse("http://login.example.org/", 303)


ZONE = "<table><tr><td class=caption>Zone:</td><td><input name=zone form=permit required></td></tr></table>"
ALERT = "<script>alert('From 1 December\\nzones count')</script>"
UNLOAD = "<script>addEventListener('beforeunload', event => event.preventDefault())</script>"
WINDOW = "<script>document.forms[0].target = '_blank'</script>"
RENAMED = "<script>document.querySelector('option:nth-child(2)').textContent = 'Road'</script>"
WITHOUT_BUTTON = "<script>document.querySelector('button').textContent = 'Store'</script>"


@pytest.mark.parametrize(
    ("register", "words"),
    [
        (PermitRegister(instead={NEW: a_file}), "sent a file, or nothing, where the page 'New permit'"),
        (PermitRegister(added={NEW: ZONE}), r"'New permit' wants 'Zone:'.*Not sent"),
        (PermitRegister(added={NEW: RENAMED}), "list 'Kind:' of the page 'New permit' does not offer 'Street'"),
        (PermitRegister(added={NEW: ALERT}), r"in a dialog: 'From 1 December zones count'.*accept="),
        (
            PermitRegister(instead={CHECK: lambda: html("Sorry", "")}),
            r"called 'Sorry' where 'Check' was expected \(200\)",
        ),
        (PermitRegister(added={CHECK: WITHOUT_BUTTON}), r"no button 'Save'.*buttons: 'Store'"),
    ],
    ids=["file", "required-field", "option", "dialog", "unknown-page", "button"],
)
def test_a_form_that_changed_goes_to_a_person_and_is_not_sent(
    chromium: Browser, opened: Opened, register: PermitRegister, words: str
) -> None:
    with pytest.raises(ReceiverRefusedError, match=f"has changed; nothing was (saved|sent to be saved): .*{words}"):
        permit_robot(opened(register), chromium).deliver(key(1), REQUEST)
    assert register.saved == []


@pytest.mark.parametrize(
    ("form", "register", "words"),
    [
        (PermitForm, PermitRegister(instead={NEW: lambda: html("Closed for maintenance", "")}), "is closed for now"),
        (PermitForm, PermitRegister(instead={NEW: elsewhere}), "may not reach.*ERR_NAME_NOT_RESOLVED"),
        (Impatient, PermitRegister(silent={NEW}), "waiting for the page 'New permit'"),
        (Impatient, PermitRegister(instead={NEW: no_end}), "waiting for the page 'New permit'"),
        (ImpatientLater, PermitRegister(added={NEW: WINDOW}), "for the page 'Check', and another window was opened"),
    ],
    ids=["closed", "other-host", "silent", "no-end", "window"],
)
def test_a_form_that_is_not_to_be_had_is_tried_again_and_what_was_seen_is_kept(
    chromium: Browser, opened: Opened, form: type[PermitForm], register: PermitRegister, words: str
) -> None:
    drawer = Drawer()
    robot = permit_robot(opened(register), chromium, form=form, keep=Keep.FAILED, cabinet=lambda: drawer)
    with pytest.raises(TryAgainError, match=f"nothing was saved.*{words}"):
        robot.deliver(key(1), REQUEST)
    register.silent.clear()
    assert register.saved == []
    assert [bool(each.trace) for each in drawer.seen] == [True]


def test_a_page_of_another_origin_is_not_typed_into(chromium: Browser, opened: Opened) -> None:
    with serving(PermitRegister().app()) as other:
        register = PermitRegister(instead={NEW: lambda: RedirectResponse(f"{other}/permit/new", 303)})
        with pytest.raises(ReceiverRefusedError, match=f"led to {other} where the page 'New permit' was expected"):
            permit_robot(opened(register), chromium).deliver(key(1), REQUEST)


def test_a_question_before_saving_is_answered_by_who_knows_it_alone(chromium: Browser, opened: Opened) -> None:
    register = PermitRegister(added={NEW: UNLOAD})  # whether the page may be left is the robot's own affair
    url = opened(register)
    with pytest.raises(ReceiverRefusedError, match=r"nothing was sent to be saved.*dialog: 'Save the permit\?'"):
        permit_robot(url, chromium, form=OutOfDate).deliver(key(1), REQUEST)
    assert register.saved == []
    assert permit_robot(url, chromium).deliver(key(1), REQUEST) == {"case_number": "P-1"}
    assert register.references == [str(key(1))]


@pytest.mark.parametrize(
    ("form", "register", "error", "words"),
    [
        (PermitForm, PermitRegister(after={SAVE: a_file}), TryAgainError, "did not say whether it saved.*sent a file"),
        (Mistaken, PermitRegister(), CannotTellError, r"KeyError in test_web_form_odd_pages.py:\d+"),
        (Elsewhere, PermitRegister(), CannotTellError, "No POST went to '/permits/save'"),
    ],
    ids=["file", "mistake", "saves-at"],
)
def test_what_is_unclear_after_saving_is_asked_about(
    chromium: Browser,
    opened: Opened,
    form: type[PermitForm],
    register: PermitRegister,
    error: type[Exception],
    words: str,
) -> None:
    robot = permit_robot(opened(register), chromium, form=form)
    with pytest.raises(error, match=words):
        robot.deliver(key(1), REQUEST)
    assert robot.find(key(1), REQUEST) == {"case_number": "P-1"}
    assert register.references == [str(key(1))]


@pytest.mark.parametrize(("part", "words"), [("renderer", "The page crashed"), ("browser", "The browser ended")])
def test_killed_in_mid_form_it_is_asked_about_and_entered_once(
    chromium: Browser, opened: Opened, part: str, words: str
) -> None:
    class Killing(PermitForm):
        def save(self, screen: Screen) -> JsonObject:
            for process in the(part, of=chromium):
                process.kill()
            return super().save(screen)

    register = PermitRegister()
    url = opened(register)
    with pytest.raises(TryAgainError, match=f"did not say whether it saved: {words}"):
        permit_robot(url, chromium, form=Killing).deliver(key(1), REQUEST)
    robot = permit_robot(url, chromium)
    assert robot.find(key(1), REQUEST) is None
    robot.deliver(key(1), REQUEST)
    assert register.references == [str(key(1))]


def the(part: str, *, of: Browser) -> list[psutil.Process]:
    """The processes of a browser that are called so."""
    (main,) = chromium_of(of)
    children = main.children(recursive=True) if part == "renderer" else []
    return [each for each in children if "--type=renderer" in each.cmdline()] or [main]


def test_a_certificate_that_nobody_vouches_for_is_named(chromium: Browser, tmp_path: Path) -> None:
    with serving_safely(tmp_path) as url:
        robot = permit_robot(url, chromium)
        with pytest.raises(TryAgainError, match=r"certificate is not trusted.*ERR_CERT_AUTHORITY_INVALID"):
            robot.deliver(key(1), REQUEST)
        with pytest.raises(CannotTellError, match="certificate is not trusted"):
            robot.find(key(1), REQUEST)


@contextmanager
def serving_safely(folder: Path) -> Iterator[str]:
    """A server with a certificate of its own making."""
    private, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(private, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    both = certificate.public_bytes(pem) + private.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    (folder / "both.pem").write_bytes(both)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_words_beside_controls_that_are_no_labels_must_lead_to_their_names(chromium: Browser, opened: Opened) -> None:
    class WithoutCaptions(PermitForm):
        markup = Markup(heading="h2")

    register = PermitRegister()
    with pytest.raises(ReceiverRefusedError, match=r"'User:', 'Password:'.*has no labels at all, and.*markup"):
        permit_robot(opened(register), chromium, form=WithoutCaptions).deliver(key(1), REQUEST)
