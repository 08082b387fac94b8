from __future__ import annotations

import contextlib
import gc
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from samdrift_mammography.results.dimse_pacs import ASK_S, STORE_S, DimsePacs
from samdrift_mammography.results.instance import Instance
from samdrift_mammography.results.pacs import confirmed, open_pacs
from samdrift_mammography.results.pacs_address import DimseAddress
from samdrift_platform.delivery import MOST_ATTEMPTS
from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, TryAgainError
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.orthanc import Orthanc
from samdrift_testing.pacs_delivery import PacsDelivery
from samdrift_testing.ports import free_ports
from samdrift_testing.reports import report, report_uid
from samdrift_testing.scripted_pacs import COMPREHENSIVE_SR, STUDY_ROOT_FIND, Act, ScriptedPacs
from samdrift_testing.work import look

# pynetdicom 3.0.4 leaves a socket that is not connected, or not any more, to the garbage collector, which complains
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

REPORT = report()
INSTANCE = Instance.of_file(REPORT)


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What is left over is collected in the test that left it."""
    yield
    for thread in threading.enumerate():
        if type(thread).__module__.startswith("pynetdicom"):
            thread.join(5)
    gc.collect()


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[Ledger]:
    with contextlib.closing(Ledger(sqlite_url)) as opened:
        yield opened


def post_to(pacs: ScriptedPacs, ledger: Ledger) -> PacsDelivery:
    return PacsDelivery(ledger, client(pacs))


def client(pacs: ScriptedPacs, *, store_s: float = STORE_S, ask_s: float = ASK_S) -> DimsePacs:
    address = DimseAddress(ae_title=pacs.ae_title, host="127.0.0.1", port=pacs.port)
    return DimsePacs(address, calling="SAMDRIFT", store_s=store_s, ask_s=ask_s)


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    with Orthanc(folder=tmp_path_factory.mktemp("orthanc")) as started:
        yield started


def test_orthanc_lists_what_was_stored_and_nothing_else(orthanc: Orthanc) -> None:
    pacs = open_pacs(orthanc.dicom)
    assert not pacs.holds(INSTANCE)
    confirmed(pacs, REPORT, INSTANCE)
    confirmed(pacs, REPORT, INSTANCE)
    assert pacs.holds(INSTANCE)
    assert not pacs.holds(replace(INSTANCE, sop_instance_uid=report_uid(99)))
    assert orthanc.instances() == [INSTANCE.sop_instance_uid]


@pytest.mark.parametrize("act", [Act.STORE, Act.STORE_WITH_WARNING])
def test_what_is_stored_counts_at_once(act: Act, ledger: Ledger) -> None:
    with ScriptedPacs(script=[act, act]) as pacs:
        post = post_to(pacs, ledger)
        identifier = post.plan(1, 2)
        post.all_steps()
        assert pacs.stored == {report_uid(1): 1, report_uid(2): 1}
        assert pacs.proposed == [[COMPREHENSIVE_SR], [STUDY_ROOT_FIND]] * 2
    assert look(ledger, identifier).state == "done"
    assert [effect.answer for effect in post.effects(identifier)] == [
        {"sop_instance_uid": report_uid(number), "listed": True} for number in (1, 2)
    ]


def test_success_without_storing_never_counts_and_is_left_to_a_person(ledger: Ledger) -> None:
    with ScriptedPacs(script=[Act.SAY_SUCCESS_ONLY] * MOST_ATTEMPTS) as pacs:
        post = post_to(pacs, ledger)
        identifier = post.plan(1, 2)
        post.all_steps()
        assert not pacs.stored
    found = look(ledger, identifier)
    assert (found.state, [effect.state for effect in post.effects(identifier)]) == (
        "waiting_for_person",
        ["unknown", "planned"],
    )
    assert "does not list it" in (found.reason or "")


def test_success_without_storing_is_made_good_by_the_next_attempt(ledger: Ledger) -> None:
    with ScriptedPacs(script=[Act.SAY_SUCCESS_ONLY]) as pacs:
        post = post_to(pacs, ledger)
        identifier = post.plan(1)
        post.all_steps()
        assert pacs.stored == {report_uid(1): 1}
    assert look(ledger, identifier).state == "done"


@pytest.mark.parametrize("act", [Act.STORE_BUT_SAY_FULL, Act.STORE_BUT_REFUSE, Act.STORE_AND_ABORT])
def test_stored_though_it_said_otherwise_is_not_stored_again(act: Act, ledger: Ledger) -> None:
    with ScriptedPacs(script=[act]) as pacs:
        post = post_to(pacs, ledger)
        identifier = post.plan(1)
        post.all_steps()
        assert pacs.stored == {report_uid(1): 1}
    assert look(ledger, identifier).state == "done"


@pytest.mark.parametrize("act", [Act.OUT_OF_RESOURCES, Act.ABORT, Act.INVENT_A_STATUS])
def test_what_may_pass_is_tried_again(act: Act, ledger: Ledger) -> None:
    with ScriptedPacs(script=[act, act]) as pacs:
        post = post_to(pacs, ledger)
        identifier = post.plan(1)
        post.all_steps()
        assert pacs.stored == {report_uid(1): 1}
    assert look(ledger, identifier).state == "done"


def test_a_refusal_is_left_to_a_person_with_its_status(ledger: Ledger) -> None:
    with ScriptedPacs(script=[Act.REFUSE]) as pacs:
        post = post_to(pacs, ledger)
        identifier = post.plan(1, 2)
        post.all_steps()
        assert not pacs.stored
    found = look(ledger, identifier)
    assert found.state == "waiting_for_person"
    assert "A900" in (found.reason or "")


@pytest.mark.parametrize("accepts", [(), (STUDY_ROOT_FIND,), ("1.2.840.10008.1.1",)])
def test_a_pacs_that_takes_no_such_object_is_asked_once(accepts: tuple[str, ...], ledger: Ledger) -> None:
    with ScriptedPacs(accepts=accepts or ("1.2.840.10008.1.1",)) as pacs:
        post = post_to(pacs, ledger)
        identifier = post.plan(1)
        post.all_steps()
        assert pacs.associations <= 2
    assert look(ledger, identifier).state == "waiting_for_person"
    assert [effect.state for effect in post.effects(identifier)] == ["refused"]


def test_a_pacs_that_cannot_be_asked_is_left_to_a_person_and_gets_it_once(ledger: Ledger) -> None:
    with ScriptedPacs(accepts=(COMPREHENSIVE_SR,)) as pacs:
        post = post_to(pacs, ledger)
        identifier = post.plan(1)
        post.all_steps()
        assert pacs.stored == {report_uid(1): 1}
    assert [effect.state for effect in post.effects(identifier)] == ["unknown"]


def test_without_single_instances_the_size_of_the_series_tells(ledger: Ledger) -> None:
    with ScriptedPacs(image_level=False, script=[Act.STORE, Act.SAY_SUCCESS_ONLY]) as pacs:
        post = post_to(pacs, ledger)
        identifier = post.plan(1, 2)
        post.all_steps()
        assert pacs.stored == {report_uid(1): 1, report_uid(2): 1}
    assert look(ledger, identifier).state == "done"


def test_a_pacs_that_tells_neither_instances_nor_numbers_cannot_confirm() -> None:
    with ScriptedPacs(image_level=False, counts_instances=False) as pacs:
        assert not client(pacs).holds(INSTANCE)
        client(pacs).store(REPORT, INSTANCE)
        with pytest.raises(CannotTellError, match="neither for an instance nor for the size"):
            client(pacs).holds(replace(INSTANCE, place_in_series=1))


def test_other_peoples_answers_are_not_taken_for_ours() -> None:
    with ScriptedPacs(answers_with_everything=True) as pacs:
        client(pacs).store(report(2), Instance.of_file(report(2)))
        assert not client(pacs).holds(INSTANCE)


def test_a_title_that_may_not_call_is_told_and_tried_again() -> None:
    with ScriptedPacs(callers=["OTHER"]) as pacs, pytest.raises(TryAgainError, match=r"[Cc]alling AE title"):
        client(pacs).store(REPORT, INSTANCE)


def test_a_name_that_nobody_knows_is_tried_again() -> None:
    with pytest.raises(TryAgainError, match="cannot be found"):
        open_pacs("dicom://NOBODY@pacs.invalid:104").holds(INSTANCE)


def test_nobody_there_is_tried_again() -> None:
    (port,) = free_ports(1)
    with pytest.raises(TryAgainError, match="does not answer"):
        open_pacs(f"dicom://NOBODY@127.0.0.1:{port}").holds(INSTANCE)


SHORT_S = 1.0
#: Only what goes on without end takes so long, even on a busy machine; pynetdicom's own limits are longer.
ENDLESS_S = 20.0


def test_a_pacs_that_never_answers_ends_with_the_budget() -> None:
    began = time.monotonic()
    with ScriptedPacs(script=[Act.SLEEP], sleeps_when_asked=True) as pacs:
        with pytest.raises(TryAgainError):
            client(pacs, store_s=SHORT_S).store(REPORT, INSTANCE)
        with pytest.raises(TryAgainError):
            client(pacs, ask_s=SHORT_S).holds(INSTANCE)
        took_s = time.monotonic() - began
    assert 2 * SHORT_S <= took_s < ENDLESS_S


@contextlib.contextmanager
def dripping(*, pause_s: float) -> Iterator[int]:
    """A port at which an A-ASSOCIATE-AC of 64 KiB comes a byte at a time, without end."""
    over = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = server.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(b"\x02\x00\x00\x01\x00\x00")  # PDU type 02H, 65,536 bytes to come
            while not over.wait(pause_s):
                connection.sendall(b"\0")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        over.set()
        thread.join(5)
        server.close()


def test_an_answer_that_drips_ends_with_the_budget() -> None:
    with dripping(pause_s=0.1) as port:
        began = time.monotonic()
        slow = DimsePacs(DimseAddress(ae_title="SLOW", host="127.0.0.1", port=port), calling="SAMDRIFT", ask_s=SHORT_S)
        with pytest.raises(TryAgainError):
            slow.holds(INSTANCE)
        assert time.monotonic() - began < ENDLESS_S


def test_no_message_repeats_who_the_report_is_about(ledger: Ledger) -> None:
    said: list[str] = []
    for act in (Act.REFUSE, Act.OUT_OF_RESOURCES, Act.ABORT, Act.INVENT_A_STATUS, Act.SAY_SUCCESS_ONLY):
        with (
            ScriptedPacs(script=[act]) as pacs,
            pytest.raises((TryAgainError, CannotTellError, ReceiverRefusedError)) as failed,
        ):
            confirmed(client(pacs), REPORT, INSTANCE)
        said.append(str(failed.value))
    assert not any(word in text for text in said for word in ("2512489996", "Berggren", "Nancy"))


@contextlib.contextmanager
def hardly_reading(port: int) -> Iterator[int]:
    """A way to `port` that takes four kilobytes in a tenth of a second, and brings answers back at once."""
    over = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket, pause_s: float) -> None:
        with contextlib.suppress(OSError):
            while (data := source.recv(4096)) and not over.wait(pause_s):
                sink.sendall(data)

    def serve() -> None:
        near, _ = server.accept()
        with near, socket.create_connection(("127.0.0.1", port)) as far:
            back = threading.Thread(target=pump, args=(far, near, 0.0), daemon=True)
            back.start()
            pump(near, far, 0.1)
            far.shutdown(socket.SHUT_RDWR)
            back.join(5)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        over.set()
        thread.join(5)
        server.close()


def test_a_pacs_that_hardly_reads_ends_with_the_budget() -> None:
    large = report(EncapsulatedDocument=bytes(30_000_000))
    with ScriptedPacs() as pacs, hardly_reading(pacs.port) as port:
        slow = DimsePacs(
            DimseAddress(ae_title=pacs.ae_title, host="127.0.0.1", port=port), calling="SAMDRIFT", store_s=2
        )
        began = time.monotonic()
        with pytest.raises(TryAgainError):
            slow.store(large, INSTANCE)
        assert time.monotonic() - began < ENDLESS_S
