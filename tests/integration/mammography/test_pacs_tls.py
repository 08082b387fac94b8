"""A PACS over TLS: believed when the named authority signed it, and told who we are when it asks."""

from __future__ import annotations

import gc
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from samdrift_mammography.results.instance import Instance
from samdrift_mammography.results.pacs import confirmed, open_pacs
from samdrift_platform.errors import TryAgainError
from samdrift_testing.certificates import Authority
from samdrift_testing.reports import report, report_uid
from samdrift_testing.scripted_pacs import ScriptedPacs

# pynetdicom 3.0.4 leaves a socket that is not connected, or not any more, to the garbage collector, which complains
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

REPORT = report()
INSTANCE = Instance.of_file(REPORT)


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    for thread in threading.enumerate():
        if type(thread).__module__.startswith("pynetdicom"):
            thread.join(5)
    gc.collect()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def trusting(monkeypatch: pytest.MonkeyPatch, ca_file: str, certificate: str = "") -> None:
    monkeypatch.setenv("SAMDRIFT_MAMMOGRAPHY_PACS_CA", ca_file)
    monkeypatch.setenv("SAMDRIFT_MAMMOGRAPHY_PACS_CERTIFICATE", certificate)


def test_a_pacs_that_the_hospital_signed_is_believed(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    trusting(monkeypatch, authority.file)
    with ScriptedPacs(tls=authority.server()) as pacs:
        assert pacs.address.startswith("dicom-tls://")
        confirmed(open_pacs(pacs.address), REPORT, INSTANCE)
        assert pacs.stored == {report_uid(1): 1}


def test_a_pacs_that_asks_is_told_who_we_are(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedPacs(tls=authority.server(asks_for_a_certificate=True)) as pacs:
        trusting(monkeypatch, authority.file)
        with pytest.raises(TryAgainError):
            confirmed(open_pacs(pacs.address), REPORT, INSTANCE)
        trusting(monkeypatch, authority.file, authority.signed("samdrift"))
        confirmed(open_pacs(pacs.address), REPORT, INSTANCE)
        assert pacs.stored == {report_uid(1): 1}


def test_somebody_else_is_not_taken_for_the_pacs(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting(monkeypatch, Authority(tmp_path, name="another").file)
    with ScriptedPacs(tls=authority.server()) as pacs, pytest.raises(TryAgainError):
        confirmed(open_pacs(pacs.address), REPORT, INSTANCE)
    assert not pacs.stored


def test_nothing_older_than_tls_1_2_is_spoken(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    trusting(monkeypatch, authority.file)
    old = authority.server()
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with ScriptedPacs(tls=old) as pacs, pytest.raises(TryAgainError):
        confirmed(open_pacs(pacs.address), REPORT, INSTANCE)


class Empty(BaseHTTPRequestHandler):
    """A DICOMweb service that holds nothing."""

    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        pass


@pytest.fixture
def web(authority: Authority) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Empty)
    context = authority.server(asks_for_a_certificate=True)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_dicomweb_is_held_to_the_same(web: str, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    trusting(monkeypatch, authority.file)
    with pytest.raises(TryAgainError):
        open_pacs(web).holds(INSTANCE)
    trusting(monkeypatch, "", authority.signed("samdrift"))
    with pytest.raises(TryAgainError):
        open_pacs(web).holds(INSTANCE)
    trusting(monkeypatch, authority.file, authority.signed("samdrift"))
    assert open_pacs(web).holds(INSTANCE) is False
