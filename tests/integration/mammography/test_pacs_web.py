from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import pytest
from dicomweb_client.api import DICOMwebClient
from pydicom import dcmread
from requests.auth import HTTPBasicAuth
from requests.sessions import Session

from samdrift_mammography.results.instance import Instance
from samdrift_mammography.results.pacs import confirmed, open_pacs
from samdrift_mammography.results.pacs_address import WebAddress
from samdrift_mammography.results.web_credentials import WebAccess
from samdrift_mammography.results.web_pacs import WebPacs
from samdrift_platform.errors import ReceiverRefusedError, TryAgainError
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.orthanc import PASSWORD, USER, Orthanc
from samdrift_testing.pacs_delivery import PacsDelivery
from samdrift_testing.ports import free_ports
from samdrift_testing.reports import report, report_uid

REPORT = report(11)
INSTANCE = Instance.of_file(REPORT)


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with Orthanc(folder=tmp_path_factory.mktemp("orthanc")) as started:
        yield started


@pytest.fixture
def credentials(tmp_path: Path) -> str:
    path = tmp_path / "credentials"
    path.write_text(f"{USER}:{PASSWORD}\n")
    return str(path)


def test_orthanc_lists_what_was_stored_and_nothing_else(orthanc: Orthanc, credentials: str) -> None:
    pacs, own = open_pacs(orthanc.dicomweb, credentials=credentials), report(14)  # no other test's
    instance = Instance.of_file(own)
    assert not pacs.holds(instance)
    confirmed(pacs, own, instance)
    confirmed(pacs, own, instance)
    assert pacs.holds(instance)
    assert not pacs.holds(replace(instance, sop_instance_uid=report_uid(99)))
    assert orthanc.instances().count(instance.sop_instance_uid) == 1


def test_someone_elses_client_reads_what_we_stored(orthanc: Orthanc, credentials: str) -> None:
    confirmed(open_pacs(orthanc.dicomweb, credentials=credentials), REPORT, INSTANCE)
    with contextlib.closing(Session()) as session:
        session.auth = HTTPBasicAuth(USER, PASSWORD)
        theirs = DICOMwebClient(orthanc.dicomweb, session=session)
        uids = (INSTANCE.study_instance_uid, INSTANCE.series_instance_uid, INSTANCE.sop_instance_uid)
        found = theirs.retrieve_instance(*uids)
    assert (found.SOPInstanceUID, found.PatientID) == (INSTANCE.sop_instance_uid, "2512489996")


def test_a_delivery_ends_when_orthanc_lists_each_report(orthanc: Orthanc, credentials: str, sqlite_url: str) -> None:
    with contextlib.closing(Ledger(sqlite_url)) as ledger:
        post = PacsDelivery(ledger, open_pacs(orthanc.dicomweb, credentials=credentials))
        identifier = post.plan(12, 13)
        post.all_steps()
        assert post.ended(identifier) == ("done", ["delivered", "delivered"])
    assert {report_uid(12), report_uid(13)} <= set(orthanc.instances())


def test_without_credentials_the_operator_is_waited_for(orthanc: Orthanc) -> None:
    with pytest.raises(TryAgainError, match="401"):
        open_pacs(orthanc.dicomweb).store(REPORT, INSTANCE)


def test_what_orthanc_cannot_read_is_refused(orthanc: Orthanc, credentials: str) -> None:
    with pytest.raises(ReceiverRefusedError):
        confirmed(
            open_pacs(orthanc.dicomweb, credentials=credentials), b"not DICOM", replace(INSTANCE, sop_instance_uid="1")
        )


def test_both_ways_into_orthanc_store_the_same(orthanc: Orthanc, credentials: str) -> None:
    for number, pacs in ((21, open_pacs(orthanc.dicomweb, credentials=credentials)), (22, open_pacs(orthanc.dicom))):
        confirmed(pacs, report(number), Instance.of_file(report(number)))
    web, dimse = (dcmread(BytesIO(orthanc.file(report_uid(number)))) for number in (21, 22))
    for keyword in ("PatientName", "PatientID", "SpecificCharacterSet", "CompletionFlag"):
        assert web[keyword].value == dimse[keyword].value


SHORT_S = 1.0
#: Only what goes on without end takes so long, even on a busy machine.
ENDLESS_S = 20.0


@contextlib.contextmanager
def service(answer: Callable[[BaseHTTPRequestHandler, threading.Event], None]) -> Iterator[str]:
    """An HTTP server that answers every request with `answer`; its address."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with contextlib.suppress(OSError):
                answer(self, over)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/dicom-web"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def silent(_: BaseHTTPRequestHandler, over: threading.Event) -> None:
    over.wait()


def dripping(request: BaseHTTPRequestHandler, over: threading.Event) -> None:
    request.send_response(200)
    request.end_headers()
    while not over.wait(0.1):
        request.wfile.write(b" ")


def dripping_headers(request: BaseHTTPRequestHandler, over: threading.Event) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not over.wait(0.1):
        request.wfile.write(b"X-More: x\r\n")


@pytest.mark.parametrize("answer", [silent, dripping, dripping_headers])
def test_a_slow_service_ends_with_the_budget(answer: Callable[[BaseHTTPRequestHandler, threading.Event], None]) -> None:
    with service(answer) as url:
        pacs = WebPacs(WebAddress(url=url), WebAccess(), store_s=SHORT_S, ask_s=2 * SHORT_S)
        for act in (lambda: pacs.store(REPORT, INSTANCE), lambda: pacs.holds(INSTANCE)):
            began = time.monotonic()
            with pytest.raises(TryAgainError):
                act()
            assert time.monotonic() - began < ENDLESS_S


def test_a_service_that_hardly_reads_ends_with_the_budget() -> None:
    """It takes a kilobyte in a tenth of a second, so that every write of ours succeeds in the end."""
    over = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = server.accept()
        with connection, contextlib.suppress(OSError):
            while not over.wait(0.1):
                connection.recv(1024)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.getsockname()[1]}/dicom-web"
    began = time.monotonic()
    with pytest.raises(TryAgainError):
        WebPacs(WebAddress(url=url), WebAccess(), store_s=SHORT_S).store(bytes(30_000_000), INSTANCE)
    assert time.monotonic() - began < ENDLESS_S
    over.set()
    thread.join()
    server.close()


def test_nobody_there_is_tried_again() -> None:
    (port,) = free_ports(1)
    with pytest.raises(TryAgainError, match="ConnectError"):
        open_pacs(f"http://127.0.0.1:{port}/dicom-web").holds(INSTANCE)
