"""Peers that do what no peer should: none of them brings the intake down, and none takes the place of those that do."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from samdrift_mammography.views import View
from samdrift_testing import dicom_peer as peers
from samdrift_testing.dicom_peer import Peer, associated, command_set, data_set_of, pdu, pdv
from samdrift_testing.intake_desk import QUICK, ListeningDesk, generous, listening_desk
from samdrift_testing.screening_study import mammogram, part10
from samdrift_testing.waiting import wait_until

UID = "1.2.826.0.1.3680043.8.498.1.{}"
SUCCESS, OUT_OF_RESOURCES, MISMATCH, CLASS_NOT_SUPPORTED, NOT_UNDERSTOOD = 0, 0xA700, 0xA900, 0x0122, 0xC000
ASIDE = 0xB007  # a warning: it is kept


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[ListeningDesk]:
    with listening_desk(sqlite_url, tmp_path) as listening:
        yield listening


def image(number: int, **tags: Any) -> bytes:
    """A small mammogram's data set."""
    small: dict[str, Any] = {"Rows": 8, "Columns": 8, "PixelData": bytes([number % 256]) * 128}
    return data_set_of(part10(mammogram(View.RCC, SOPInstanceUID=UID.format(number), **{**small, **tags})))


def still_works(desk: ListeningDesk) -> None:
    """A good peer is served, and whoever was there before is gone."""
    with associated(desk.port) as peer:
        assert peer.store(UID.format(9999), image(9999)) == SUCCESS
        assert peer.echo() == SUCCESS
        assert peer.release() == peers.RELEASE_RP
    wait_until("all connections are gone", lambda: desk.listener.associations == 0)


def test_what_a_good_peer_sends_is_kept_to_the_byte(desk: ListeningDesk) -> None:
    data = image(1)
    with associated(desk.port) as peer:
        assert peer.store(UID.format(1), data) == SUCCESS
    assert data_set_of(desk.held()[UID.format(1)]) == data
    assert desk.sources() == {"dimse:MODALITY1"}


@pytest.mark.parametrize(("calling", "called", "reason"), [("STRANGER", "SAMDRIFT", 3), ("MODALITY1", "PACS", 7)])
def test_a_wrong_title_is_rejected_for_good_with_the_reason(
    desk: ListeningDesk, calling: str, called: str, reason: int
) -> None:
    with Peer(port=desk.port, calling=calling, called=called) as peer:
        kind, body = peer.associate()
    assert (kind, tuple(body)) == (peers.ASSOCIATE_RJ, (0, 1, 1, reason))  # PS3.8 table 9-21
    still_works(desk)


def test_an_association_without_any_context_that_we_take_is_left_without_one(desk: ListeningDesk) -> None:
    with Peer(port=desk.port, contexts=[("1.2.840.10008.5.1.4.1.1.2", (peers.EXPLICIT,))]) as peer:  # CT
        kind, body = peer.associate()
        assert kind == peers.ASSOCIATE_AC
        assert (
            body[68 + 4 + 21 :][:8] == b"\x21\x00" + body[95:97] + b"\x01\x00\x03\x00"
        )  # abstract syntax not supported
        assert peer.release() == peers.RELEASE_RP
    still_works(desk)


@pytest.mark.parametrize("ending", ["abort", "close", "reset"])
def test_a_file_that_breaks_off_is_not_there(desk: ListeningDesk, ending: str) -> None:
    parts = list(peers.store_rq(UID.format(1), image(1), fragment=100))
    with associated(desk.port) as peer:
        for part in parts[: len(parts) // 2]:
            peer.send(part)
        if ending == "abort":
            peer.send(pdu(peers.ABORT, bytes(4)))
        elif ending == "reset":
            peer.reset()
    wait_until("its room is free", lambda: desk.listener.in_flight_bytes == 0)
    still_works(desk)
    assert set(desk.held()) == {UID.format(9999)}
    assert desk.set_aside() == []


def test_a_file_that_breaks_off_within_a_pdu_is_not_there(desk: ListeningDesk) -> None:
    with associated(desk.port) as peer:
        command, data = peers.store_rq(UID.format(1), image(1))
        peer.send(command)
        peer.send(data[:-10])
    still_works(desk)
    assert set(desk.held()) == {UID.format(9999)}


@pytest.mark.parametrize("said", [b"", b"\x01", b"\x01\x00\x00\x00\x01\x00", b"\x01\x00\x00\x00\x01\x00" + bytes(100)])
def test_who_connects_and_says_too_little_is_shown_out(desk: ListeningDesk, said: bytes) -> None:
    with Peer(port=desk.port) as peer:
        peer.send(said)
        assert peer.is_closed()
    still_works(desk)


def test_who_stops_in_the_middle_of_a_pdu_is_shown_out(desk: ListeningDesk) -> None:
    with associated(desk.port) as peer:
        command, data = peers.store_rq(UID.format(1), image(1))
        peer.send(command + data[:50])
        assert peer.is_closed()
    still_works(desk)


def test_who_drips_a_message_is_shown_out(desk: ListeningDesk) -> None:
    """Every PDU is quick, so only the time of the whole message tells."""
    parts = peers.store_rq(UID.format(1), bytes(2**20), fragment=16)
    stopping = threading.Event()
    with associated(desk.port) as peer:
        try:
            for part in parts:
                peer.send(part)
                stopping.wait(0.02)
        except OSError:
            pass
        else:
            pytest.fail("it was let go on")
        assert peer.is_closed()
    still_works(desk)


def test_who_is_silent_is_shown_out(sqlite_url: str, tmp_path: Path) -> None:
    with listening_desk(sqlite_url, tmp_path, limits=replace(QUICK, idle_s=1.0)) as desk:
        with associated(desk.port) as peer:
            assert peer.is_closed()
        still_works(desk)


def test_who_never_reads_an_answer_is_shown_out(desk: ListeningDesk) -> None:
    """Requests before the answers are a fault (PS3.7 D.3.3.3), and so they do not pile up here."""
    echo = pdu(peers.P_DATA, pdv(3, command_set(peers.VERIFICATION, peers.C_ECHO_RQ, data_set=False), is_command=True))
    # A TimeoutError would mean that the connection is kept.
    with associated(desk.port) as peer, pytest.raises(ConnectionError):
        _send_on(peer, echo)
    still_works(desk)


def _send_on(peer: Peer, data: bytes) -> None:
    for _ in range(100_000):
        peer.send(data)


def _command(command: bytes, *, is_last: bool = True) -> bytes:
    return pdu(peers.P_DATA, pdv(1, command, is_command=True, is_last=is_last))


NONSENSE: dict[str, bytes] = {
    "PDU of no known type": pdu(0x77, b"what"),
    "PDU of 4 GB": struct.pack(">BBI", peers.P_DATA, 0, 0xFFFFFFFF),
    "association once more": peers.associate_rq("MODALITY1", "SAMDRIFT", [(peers.MAMMOGRAM, (peers.EXPLICIT,))]),
    "rejection by the requestor": pdu(peers.ASSOCIATE_RJ, bytes([0, 1, 1, 1])),
    "release answered before it was asked": pdu(peers.RELEASE_RP, bytes(4)),
    "item longer than its PDU": pdu(peers.P_DATA, struct.pack(">IBB", 1000, 1, 3)),
    "item of length 0": pdu(peers.P_DATA, struct.pack(">IBB", 0, 1, 3)),
    "item without a control header": pdu(peers.P_DATA, struct.pack(">IB", 1, 1)),
    "no item": pdu(peers.P_DATA, b""),
    "command set of zeros": _command(bytes(40)),
    "command set of noise": _command(random.Random(1).randbytes(200)),
    "command set without a command": _command(b"\0\0\0\0\x04\0\0\0\0\0\0\0"),
    "command that nobody knows": _command(command_set(peers.MAMMOGRAM, 0x7777, data_set=False)),
    "command set without an end": 3 * _command(bytes(60_000), is_last=False),
    "data set before the command": pdu(peers.P_DATA, pdv(1, b"data", is_command=False)),
    "context that was not accepted": b"".join(peers.store_rq(UID.format(1), image(1), context=99)),
    "instance that is no UID": b"".join(peers.store_rq("Berggren", image(1))),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_on_an_association_ends_it(desk: ListeningDesk, what: str) -> None:
    with associated(desk.port) as peer:
        peer.send(NONSENSE[what])
        assert peer.is_closed()
    still_works(desk)
    assert set(desk.held()) == {UID.format(9999)}


@pytest.mark.parametrize("what", [name for name in NONSENSE if name != "association once more"])
def test_nonsense_before_an_association_ends_the_connection(desk: ListeningDesk, what: str) -> None:
    with Peer(port=desk.port) as peer:
        peer.send(NONSENSE[what])
        assert peer.is_closed()
    still_works(desk)


@pytest.mark.parametrize("seed", range(3))
def test_noise_ends_the_connection(desk: ListeningDesk, seed: int) -> None:
    noise = random.Random(seed)
    for _ in range(100):
        with Peer(port=desk.port) as peer:
            good = peers.associate_rq("MODALITY1", "SAMDRIFT", peer.contexts)
            at, size = noise.randrange(len(good)), noise.randrange(1, 20)
            try:
                peer.send(good[:at] + noise.randbytes(size) + good[at + size :])
                peer.send(noise.randbytes(200))
            except OSError:
                pass  # it was quick to close
    still_works(desk)
    assert set(desk.held()) == {UID.format(9999)}
    assert desk.set_aside() == []


def test_a_request_for_another_instance_than_its_data_set_is_refused(desk: ListeningDesk) -> None:
    with associated(desk.port) as peer:
        assert peer.store(UID.format(2), image(1)) == MISMATCH
    still_works(desk)
    assert set(desk.held()) == {UID.format(9999)}


def test_a_request_of_another_class_than_its_context_is_refused(desk: ListeningDesk) -> None:
    with associated(desk.port) as peer:
        assert peer.store(UID.format(1), image(1), sop_class="1.2.840.10008.5.1.4.1.1.7") == CLASS_NOT_SUPPORTED
    still_works(desk)


def test_an_empty_data_set_is_not_understood(desk: ListeningDesk) -> None:
    with associated(desk.port) as peer:
        assert peer.store(UID.format(1), b"") == NOT_UNDERSTOOD
    still_works(desk)


def test_a_data_set_that_cannot_be_read_is_kept_aside(desk: ListeningDesk) -> None:
    noise = random.Random(1).randbytes(1000)
    with associated(desk.port) as peer:
        assert peer.store(UID.format(1), noise) == ASIDE
    ((code, kept),) = desk.set_aside()
    assert code in {"damaged", "truncated", "no-identifier"}
    assert data_set_of(kept) == noise
    still_works(desk)


def test_another_image_under_a_known_identifier_is_kept_aside(desk: ListeningDesk) -> None:
    other = image(1, PixelData=bytes(reversed(range(128))))
    with associated(desk.port) as peer:
        assert [peer.store(UID.format(1), data) for data in (image(1), other, image(1))] == [SUCCESS, ASIDE, SUCCESS]
    assert data_set_of(desk.held()[UID.format(1)]) == image(1)
    ((code, kept),) = desk.set_aside()
    assert (code, data_set_of(kept)) == ("conflicting-copies", other)


def test_a_data_set_that_is_too_long_is_answered_and_forgotten(desk: ListeningDesk) -> None:
    with associated(desk.port) as peer:
        assert peer.store(UID.format(1), bytes(QUICK.message_bytes + 1)) == OUT_OF_RESOURCES
        assert peer.store(UID.format(2), image(2)) == SUCCESS  # the association goes on
    still_works(desk)
    assert set(desk.held()) == {UID.format(2), UID.format(9999)}


def test_data_sets_of_all_associations_together_have_an_end(sqlite_url: str, tmp_path: Path) -> None:
    """Each of three may send so much, but not all at once: one is told to come again, and then it fits."""
    large = image(1, PixelData=bytes(300_000), Rows=500, Columns=300)
    limits = replace(generous(), in_flight_bytes=2 * len(large) + 1000)
    with listening_desk(sqlite_url, tmp_path, limits=limits) as desk:
        first, second = list(peers.store_rq(UID.format(1), large)), list(peers.store_rq(UID.format(1), large))
        with associated(desk.port) as one, associated(desk.port) as two, associated(desk.port) as three:
            for peer, parts in ((one, first), (two, second)):
                for part in parts[:-1]:
                    peer.send(part)
            wait_until("both have come", lambda: desk.listener.in_flight_bytes > 2 * (len(large) - 16_000))
            assert three.store(UID.format(1), large) == OUT_OF_RESOURCES
            one.send(first[-1])
            assert one.status() == SUCCESS
            assert three.store(UID.format(1), large) == SUCCESS
            two.send(second[-1])
            assert two.status() == SUCCESS
        assert desk.listener.in_flight_bytes == 0


def test_one_association_too_many_is_rejected_for_now(sqlite_url: str, tmp_path: Path) -> None:
    with listening_desk(sqlite_url, tmp_path, limits=replace(generous(), associations=2)) as desk:
        with associated(desk.port), associated(desk.port), Peer(port=desk.port) as third:
            kind, body = third.associate()
            assert (kind, tuple(body)) == (peers.ASSOCIATE_RJ, (0, 2, 3, 2))  # PS3.8 table 9-21: local limit exceeded
        wait_until("they are gone", lambda: desk.listener.associations == 0)
        still_works(desk)


def gets_in(desk: ListeningDesk) -> bool:
    try:
        with associated(desk.port) as peer:
            return peer.store(UID.format(1), image(1)) == SUCCESS
    except (OSError, peers.ClosedError):
        return False


def test_a_flood_of_connections_does_not_keep_a_good_peer_out(sqlite_url: str, tmp_path: Path) -> None:
    limits = replace(generous(), connections=20)  # nobody of the flood is shown out because of its silence
    with listening_desk(sqlite_url, tmp_path, limits=limits) as desk:
        flood = [socket.create_connection(("127.0.0.1", desk.port), timeout=60) for _ in range(200)]
        try:
            wait_until("a good peer that tries again gets in", lambda: gets_in(desk))
            assert desk.listener.associations <= 2 * limits.connections
        finally:
            for connection in flood:
                connection.close()
        still_works(desk)


def test_of_many_that_send_one_image_at_once_one_brings_it(sqlite_url: str, tmp_path: Path) -> None:
    with listening_desk(sqlite_url, tmp_path, limits=generous()) as desk:
        _all_at_once(desk)
        assert list(desk.held()) == [UID.format(1)]
        assert desk.listener.tally.counts == {"taken": 1, "known": 17}
        assert desk.set_aside() == []


def _all_at_once(desk: ListeningDesk) -> None:
    """Six send the same image, each of them three times."""
    data, start, told = image(1), threading.Barrier(6), []

    def send() -> None:
        with associated(desk.port) as peer:
            start.wait(timeout=60)
            told.append([peer.store(UID.format(1), data) for _ in range(3)])

    senders = [threading.Thread(target=send) for _ in range(6)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(timeout=120)
    assert told == [[SUCCESS] * 3] * 6


def test_a_peer_that_has_stopped_in_the_middle_does_not_hold_up_the_end(sqlite_url: str, tmp_path: Path) -> None:
    with listening_desk(sqlite_url, tmp_path, limits=generous()) as desk, associated(desk.port) as peer:
        command, data = peers.store_rq(UID.format(1), image(1))
        peer.send(command + data[:50])
        began_s = time.monotonic()
        desk.listener.stop()
        assert time.monotonic() - began_s < generous().pdu_s / 2
        assert peer.is_closed()
        assert not desk.listener.listening
