"""DICOM associations that no peer can use to hold on to this process: pynetdicom's, with bounds.

The library keeps the protocol (PS3.7, PS3.8). What it leaves open is bounded here: how long a PDU and a message may be
and how long they may take, how many requests a peer may send before it has an answer, how many connections there are.
Importing this imports pynetdicom.
"""

from __future__ import annotations

import gc
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from socketserver import BaseServer
from typing import Any, cast
from weakref import WeakSet

import structlog
from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import DIMSEMessage
from pynetdicom.fsm import StateMachine
from pynetdicom.pdu_primitives import A_ASSOCIATE, P_DATA
from pynetdicom.transport import AssociationServer, AssociationSocket, RequestHandler

from samdrift_mammography.intake.data_set import DataSetBuffer, Room
from samdrift_mammography.intake.limits import Limits

log = structlog.get_logger(__name__)

#: How often what ended associations left is freed, seconds.
_TIDY_S = 30.0

Handlers = Sequence[tuple[evt.EventType, Any]]


class BoundedSocket(AssociationSocket):
    """Reads PDUs that are neither too long nor too slow (OSError, on which the library closes the connection)."""

    def __init__(self, plain: AssociationSocket, limits: Limits) -> None:
        """Take over the connection of `plain`, which told the library of it already."""
        self.__dict__.update(plain.__dict__)
        self._limits = limits

    def recv(self, nr_bytes: int) -> bytearray:
        """The next `nr_bytes`, fewer only if the peer has closed the connection."""
        if nr_bytes > self._limits.longest_pdu_bytes:
            raise OSError("the peer announced a PDU that is too long")
        connection = cast(socket.socket, self.socket)
        data, count = bytearray(nr_bytes), 0
        deadline_s = time.monotonic() + self._limits.pdu_s
        with memoryview(data) as view:
            while count < nr_bytes:
                if (left_s := deadline_s - time.monotonic()) <= 0:
                    raise TimeoutError("the peer sends too slowly")
                connection.settimeout(left_s)
                received = connection.recv_into(view[count:])
                if not received:
                    break
                count += received
        connection.settimeout(self._limits.pdu_s)  # for what we send: a peer that does not read is given up as well
        return data if count == nr_bytes else data[:count]

    def _shutdown_socket(self) -> None:
        """Close the connection, also when the peer was first (the library leaves the descriptor open then)."""
        if self.socket is not None:
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)
            self.socket.close()


class BoundedMessages(DIMSEServiceProvider):
    """Puts messages together from PDUs, as long as they are neither too long nor too slow nor too many."""

    def __init__(self, association: Association, limits: Limits, room: Room) -> None:
        """Of one association; `room` is shared by all."""
        super().__init__(association)
        self._limits, self._room = limits, room
        self._began_s = 0.0

    def receive_primitive(self, primitive: P_DATA) -> None:
        """Take a part of a message; one that must not be or cannot be understood ends the association."""
        if self.message is None:
            self._begin()
        message = cast(DIMSEMessage, self.message)
        if not primitive.presentation_data_value_list:
            self._refuse("a PDU without data")
        try:
            super().receive_primitive(primitive)
        except Exception as error:  # noqa: BLE001 - the library raises what its parsers happen to raise
            self._refuse(f"{type(error).__name__} in a message")
            return
        if message.encoded_command_set.tell() > self._limits.command_bytes:
            self._refuse("command set too long")
        elif time.monotonic() - self._began_s > self._limits.message_s:
            self._refuse("message too slow")

    def _begin(self) -> None:
        """PS3.7 section D.3.3.3: without an agreed window a peer waits for each answer before its next request."""
        if self.msg_queue.qsize():
            self._refuse("a request before the answer to the last one")
        self.message = DIMSEMessage()
        self.message.data_set = DataSetBuffer(self._room, largest_bytes=self._limits.message_bytes)
        self._began_s = time.monotonic()

    def give_up(self) -> None:
        """Make room: the message that was on its way will not come to its end."""
        if self.message is not None and isinstance(self.message.data_set, DataSetBuffer):
            self.message.data_set.release()

    def _refuse(self, why: str) -> None:
        log.warning("association aborted", calling=self.assoc.requestor.ae_title, why=why)
        self.dul.event_queue.put("Evt19")  # PS3.8 table 9-9: an invalid PDU


class SteadyStates(StateMachine):
    """The state machine of PS3.8 section 9.2, with an end of the connection where the library would end the thread."""

    def do_action(self, event: str) -> None:
        """Act on `event`; what it cannot be acted on closes the connection."""
        try:
            super().do_action(event)
        except Exception:  # noqa: BLE001 - what a peer sent is at fault; it must not end in a traceback, which quotes it
            self.dul.kill_dul()
            cast(AssociationSocket, self.dul.socket).close()
            _let_go(self.dul.assoc)


def _let_go(association: Association) -> None:
    """Free what a closed connection holds: room, and the thread of one that closed before it asked for anything."""
    cast(BoundedMessages, association.dimse).give_up()
    if association.requestor.primitive is None:
        association.dul.to_user_queue.put(cast(Any, None))


class BoundedHandler(RequestHandler):
    """Makes an association of a connection."""

    server: BoundedServer

    def _create_association(self) -> Association:
        association = super()._create_association()
        limits = self.server.limits
        association.dul.socket = BoundedSocket(cast(AssociationSocket, association.dul.socket), limits)
        association.dul.state_machine = SteadyStates(association.dul)
        association.dimse = BoundedMessages(association, limits, self.server.room)
        return association


class BoundedServer(AssociationServer):
    """Accepts connections one after the other, each of which gets threads of its own, up to a number."""

    request_queue_size = 128

    def __init__(
        self, ae: ApplicationEntity, address: tuple[str, int], *, contexts: Any, handlers: Handlers, limits: Limits
    ) -> None:
        """Listen at `address` for whatever `contexts` and `handlers` say.

        Raises:
            OSError: the address cannot be listened on.
        """
        self.limits, self.room = limits, Room(size_bytes=limits.in_flight_bytes)
        self._shown_out: WeakSet[Association] = WeakSet()
        self._admitted: set[Association] = set()
        self._admitting = threading.Lock()
        self._tidied_s = time.monotonic()
        ours = [(evt.EVT_REQUESTED, self._admit), (evt.EVT_CONN_CLOSE, lambda event: _let_go(event.assoc))]
        super().__init__(
            ae, address, ae.ae_title, contexts, evt_handlers=[*handlers, *ours], request_handler=BoundedHandler
        )

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether there is a place for one more connection."""
        active = self.active_associations  # in the order in which they came
        staying = [association for association in active if association not in self._shown_out]
        if len(staying) < self.limits.connections:
            return True
        idle = next((association for association in staying if not association.is_established), None)
        if idle is None or len(active) >= 2 * self.limits.connections:  # many are leaving, and have not left yet
            return False
        self._shown_out.add(idle)
        cast(AssociationSocket, idle.dul.socket)._shutdown_socket()
        return True

    def _admit(self, event: evt.Event) -> None:
        """Reject one association too many. Wrong titles take no place: the library rejects them next."""
        association = event.assoc
        asked = cast(A_ASSOCIATE, association.requestor.primitive)
        if asked.calling_ae_title not in self.ae.require_calling_aet or asked.called_ae_title != self.ae_title:
            return
        with self._admitting:
            self._admitted = {other for other in self._admitted if other.is_alive()}
            if len(self._admitted) < self.limits.associations:
                self._admitted.add(association)
                return
        log.warning("association rejected", calling=asked.calling_ae_title, why="there are too many")
        association.acse.send_reject(0x02, 0x03, 0x02)  # PS3.8 table 9-21: transient, local limit exceeded
        association.kill()

    def service_actions(self) -> None:
        """Free ended associations now and then: each is a circle of objects that holds its last buffers."""
        if time.monotonic() - self._tidied_s > _TIDY_S:
            gc.collect()
            self._tidied_s = time.monotonic()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say that a connection could not be handled, without a traceback, which could quote what was sent."""
        log.warning("connection could not be handled")

    def shutdown(self) -> None:
        """Accept no more connections and close those that are there, whatever their peers still mean to send."""
        BaseServer.shutdown(self)  # the library's own asks for an entry in a list that only its `start_server` makes
        self.server_close()
        for association in self.active_associations:
            cast(AssociationSocket, association.dul.socket)._shutdown_socket()
