"""A DICOM peer on a raw socket, which does what it is told and nothing else. Written from PS3.7 and PS3.8, by hand."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)
VERIFICATION = "1.2.840.10008.1.1"
MAMMOGRAM = "1.2.840.10008.5.1.4.1.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
C_STORE_RQ, C_ECHO_RQ = 0x0001, 0x0030
#: How long a peer waits for an answer, seconds.
PATIENCE_S = 120.0


class ClosedError(Exception):
    """The other side closed the connection."""


@dataclass(kw_only=True)
class Peer:
    """One connection. Use it in a `with`; it closes without a word."""

    port: int
    calling: str = "MODALITY1"
    called: str = "SAMDRIFT"
    #: Presentation contexts by their numbers 1, 3, 5...: abstract syntax and transfer syntaxes.
    contexts: Sequence[tuple[str, Sequence[str]]] = ((MAMMOGRAM, (EXPLICIT,)), (VERIFICATION, (EXPLICIT,)))
    _socket: socket.socket = field(init=False)

    def __enter__(self) -> Self:
        self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """These bytes, whatever they mean."""
        self._socket.sendall(data)

    def reset(self) -> None:
        """Close with RST, as a machine does whose cable was pulled and put back."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def answer(self) -> tuple[int, bytes]:
        """Type and body of the next PDU; ClosedError when there is none any more."""
        kind, _, length = struct.unpack(">BBI", self._exactly(6))
        return kind, self._exactly(length)

    def is_closed(self) -> bool:
        """Whether the other side closes the connection; what it says before is skipped."""
        try:
            while self._socket.recv(65536):
                pass
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True

    def associate(self) -> tuple[int, bytes]:
        """Ask for an association; the answer."""
        self.send(associate_rq(self.calling, self.called, self.contexts))
        return self.answer()

    def release(self) -> int:
        """Ask for the release; the type of the answer."""
        self.send(pdu(RELEASE_RQ, bytes(4)))
        return self.answer()[0]

    def status(self) -> int:
        """Status (0000,0900) of the next answer."""
        kind, body = self.answer()
        if kind != P_DATA:
            raise ClosedError(f"PDU type {kind}")
        return elements(body[6:])[0x0900]

    def echo(self) -> int:
        """C-ECHO on context 3."""
        command = command_set(VERIFICATION, C_ECHO_RQ, data_set=False)
        self.send(pdu(P_DATA, pdv(3, command, is_command=True)))
        return self.status()

    def store(self, instance: str, data_set: bytes, *, sop_class: str = MAMMOGRAM, fragment: int = 16_000) -> int:
        """C-STORE on context 1; the status."""
        for part in store_rq(instance, data_set, sop_class=sop_class, fragment=fragment):
            self.send(part)
        return self.status()

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            received = self._socket.recv(count - len(data))
            if not received:
                raise ClosedError
            data += received
        return data


@contextmanager
def associated(port: int, **options: str) -> Iterator[Peer]:
    """A peer whose association was accepted."""
    with Peer(port=port, **options) as peer:  # type: ignore[arg-type]  # AE titles
        kind, _ = peer.associate()
        assert kind == ASSOCIATE_AC
        yield peer


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=10).close()
    except OSError:
        return False
    return True


def pdu(kind: int, body: bytes) -> bytes:
    """PS3.8 section 9.3."""
    return struct.pack(">BBI", kind, 0, len(body)) + body


def pdv(context: int, fragment: bytes, *, is_command: bool, is_last: bool = True) -> bytes:
    """Presentation Data Value item with its Message Control Header (PS3.8 section 9.3.5.1 and annex E.2)."""
    return struct.pack(">IBB", len(fragment) + 2, context, is_command | is_last << 1) + fragment


def associate_rq(calling: str, called: str, contexts: Sequence[tuple[str, Sequence[str]]]) -> bytes:
    """PS3.8 section 9.3.2."""
    items = _item(0x10, b"1.2.840.10008.3.1.1.1")
    for number, (abstract, transfers) in enumerate(contexts):
        syntaxes = _item(0x30, abstract.encode()) + b"".join(_item(0x40, uid.encode()) for uid in transfers)
        items += _item(0x20, bytes([2 * number + 1, 0, 0, 0]) + syntaxes)
    items += _item(0x50, _item(0x51, struct.pack(">I", 65536)) + _item(0x52, b"1.2.826.0.1.3680043.8.498.9"))
    titles = called.ljust(16).encode() + calling.ljust(16).encode()
    return pdu(ASSOCIATE_RQ, struct.pack(">HH", 1, 0) + titles + bytes(32) + items)


def store_rq(
    instance: str, data_set: bytes, *, sop_class: str = MAMMOGRAM, fragment: int = 16_000, context: int = 1
) -> Iterator[bytes]:
    """The PDUs of a C-STORE request."""
    command = command_set(sop_class, C_STORE_RQ, data_set=True, instance=instance)
    yield pdu(P_DATA, pdv(context, command, is_command=True))
    for start in range(0, max(len(data_set), 1), fragment):
        part = data_set[start : start + fragment]
        is_last = start + fragment >= len(data_set)
        yield pdu(P_DATA, pdv(context, part, is_command=False, is_last=is_last))


def command_set(sop_class: str, field: int, *, data_set: bool, instance: str = "") -> bytes:
    """PS3.7 sections 6.3.1 and 9.3.1: Implicit VR Little Endian, its own length first."""
    rest = _element(0x0002, _padded(sop_class)) + _element(0x0100, struct.pack("<H", field))
    rest += _element(0x0110, struct.pack("<H", 7)) + (_element(0x0700, struct.pack("<H", 0)) if instance else b"")
    rest += _element(0x0800, struct.pack("<H", 0x0001 if data_set else 0x0101))
    rest += _element(0x1000, _padded(instance)) if instance else b""
    return _element(0x0000, struct.pack("<I", len(rest))) + rest


def elements(command: bytes) -> dict[int, int]:
    """Whole numbers of a command set by element number."""
    found, at = {}, 0
    while at < len(command):
        _, element, length = struct.unpack("<HHI", command[at : at + 8])
        value = command[at + 8 : at + 8 + length]
        if length in (2, 4):
            found[element] = int.from_bytes(value, "little")
        at += 8 + length
    return found


def data_set_of(part10: bytes) -> bytes:
    """What follows the File Meta Information (PS3.10 section 7.1): its group length says where."""
    assert part10[128:132] == b"DICM"
    assert part10[132:140] == b"\x02\x00\x00\x00UL\x04\x00"
    return part10[144 + int.from_bytes(part10[140:144], "little") :]


def _item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(body)) + body


def _element(number: int, value: bytes) -> bytes:
    return struct.pack("<HHI", 0, number, len(value)) + value


def _padded(uid: str) -> bytes:
    return uid.encode() + b"\0" * (len(uid) % 2)
