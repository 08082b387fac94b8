"""Receiving one image, whichever way it came: durable before it is acknowledged, and never twice.

The bytes go to the object store as they came, then a row says so, in one transaction; only then does the sender hear
"success". No pixel is decoded here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from samdrift_platform.ledger.database import Ledger
from samdrift_platform.objects import Store


class Receipt(StrEnum):
    """What became of a received file. Each of them is an acknowledgement: the bytes are kept."""

    #: It is new, and belongs to an exam now.
    TAKEN = "taken"
    #: The same bytes under the same identifier were here before.
    KNOWN = "known"
    #: Kept aside with a code: other bytes under a known identifier, or nothing that an exam can be made of.
    QUARANTINED = "quarantined"


@dataclass(frozen=True, kw_only=True)
class Received:
    """The answer about one file."""

    receipt: Receipt
    #: Reference of the bytes in the object store.
    object: str
    #: Empty when the file does not say.
    sop_instance_uid: str = ""
    #: Why it is in quarantine, as a code of `reasons`; empty otherwise.
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where images arrive: one for each process that receives any."""

    ledger: Ledger
    store: Store

    def receive(self, data: bytes, *, source: str, now: datetime) -> Received:
        """Keep `data`, a DICOM Part 10 file as it came, and say what became of it.

        Raises:
            UnavailableError: it could not be made durable, so nothing is acknowledged; the sender tries again.
        """
        raise NotImplementedError
