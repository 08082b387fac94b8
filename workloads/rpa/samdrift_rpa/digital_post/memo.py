"""What a MeMo (1.1, 1.2) says: the facts of a letter that sorting, the case system and the reply need.

Names are MeMo's own. A letter holds personal data: it stays in memory and in stored objects, never in the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

MEMO = "https://DigitalPost.dk/MeMo-1"
KLE = "http://kle-online.dk/"
FORM = "http://www.form-online.dk/"
GRD = "https://data.gov.dk/model/core/"
NAMESPACES = {"memo": MEMO, "kle": KLE, "form": FORM, "grd": GRD}


class MemoVersion(StrEnum):
    """The versions that are read; the value is the attribute `memoVersion`."""

    V1_1 = "1.1"
    V1_2 = "1.2"


class MessageType(StrEnum):
    """`messageType`."""

    #: A letter with documents.
    DIGITALPOST = "DIGITALPOST"
    #: A text message; it has no body.
    NEMSMS = "NEMSMS"


class DocumentKind(StrEnum):
    """Which of the body's elements holds a file."""

    MAIN = "MainDocument"
    ADDITIONAL = "AdditionalDocument"
    TECHNICAL = "TechnicalDocument"


@dataclass(frozen=True, kw_only=True)
class File:
    """A `File` of the body, its content stored."""

    kind: DocumentKind
    #: The document's own label; empty where it has none.
    label: str
    filename: str
    #: `encodingFormat`, such as `application/pdf`, as the sender says it.
    media_type: str
    #: `language`, two letters.
    language: str
    #: The decoded content (`sha256:…`).
    object: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Party:
    """A `Sender` or `Recipient`."""

    id: str
    #: `idType`: `CPR`, `CVR`, and what else the sender calls it.
    id_type: str
    label: str
    #: `contactPointID`; empty where there is none.
    contact_point: str = ""
    contact_group: str = ""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One `ReplyData`: what this letter answers, or what that answered."""

    message_uuid: str
    #: The message that it was itself a reply to.
    reply_uuid: str = ""
    message_id: str = ""
    case_id: str = ""
    generating_system_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A MeMo, read."""

    version: MemoVersion
    type: MessageType
    #: In lower case: the same message is written both ways.
    message_uuid: str
    message_id: str
    label: str
    #: Text of a NemSMS.
    notification: str
    sender: Party
    recipient: Party
    #: Whether the recipient may reply.
    reply: bool
    reply_by: datetime | None
    do_not_deliver_until: date | None
    mandatory: bool
    legal_notification: bool
    #: `KLEdata/subjectKey`, and its label; empty where the sender does not say.
    kle: str
    #: `FORMdata/taskKey`.
    task: str
    case_id: str
    case_system: str
    #: `CPRdata/cprNumber`: whom it is about, where that is not the sender.
    about_cpr: str
    replies: Sequence[Reply]
    created: datetime | None
    files: Sequence[File]

    @property
    def thread(self) -> str:
        """UUID of the message that began this correspondence: its own where it answers nothing.

        MeMo repeats `ReplyData` for the whole thread; the first message is the one that is no reply itself.
        """
        first = next((reply for reply in self.replies if not reply.reply_uuid), None)
        begun = first or (self.replies[0] if self.replies else None)
        return begun.message_uuid if begun else self.message_uuid
