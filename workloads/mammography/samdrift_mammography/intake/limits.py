"""How much of this machine a sender may take, so that none of them can take it all."""

from __future__ import annotations

from dataclasses import dataclass

_MIB = 2**20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of the DICOM listener. Every wait has an end, and so has every amount."""

    #: Associations at a time; one more is rejected for now (PS3.8 table 9-21: local limit exceeded).
    associations: int = 16
    #: Open connections, associated or not; one more pushes out the oldest that has not asked for an association.
    connections: int = 64
    #: Length of a PDU that we say we take (PS3.8 annex D.1), bytes.
    pdu_bytes: int = 128 * 2**10
    #: Length of a PDU above which the connection is closed: a request for an association may be longer, bytes.
    longest_pdu_bytes: int = _MIB
    #: Longest command set (PS3.7 section 6.3), bytes.
    command_bytes: int = 64 * 2**10
    #: Largest data set of one message; a longer one is answered with "out of resources", bytes.
    message_bytes: int = 512 * _MIB
    #: All data sets that are on their way at a time, of all associations together, bytes.
    in_flight_bytes: int = 1024 * _MIB
    #: From a connection to its request for an association (ARTIM timer, PS3.8 section 9.1.5), seconds.
    association_s: float = 10.0
    #: From the first byte of a PDU to its last, seconds.
    pdu_s: float = 30.0
    #: Silence on an association after which it is aborted, seconds.
    idle_s: float = 60.0
    #: From the first PDU of a message to its last, seconds.
    message_s: float = 600.0
