"""Writes MeMo letters of nobody's: for tests, demonstrations and whoever has none at hand.

`write(Written(number=1, title="Ansøgning om vejskilt", text="..."))` is a MeMo 1.2. The same `Written` gives the same
bytes. Sender and recipient are invented; a CPR number in it is one that nobody can have (day 00).
"""

from __future__ import annotations

import base64
import lzma
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from io import BytesIO
from uuid import NAMESPACE_OID, UUID, uuid5

from samdrift_rpa.digital_post.memo import FORM, GRD, KLE, MEMO

#: Nobody is born on day 00.
IMPOSSIBLE_CPR = "0001010000"
IMPOSSIBLE_CVR = "00000000"


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """One file beside the letter itself."""

    filename: str
    content: bytes
    media_type: str = "application/pdf"


@dataclass(frozen=True, kw_only=True)
class Written:
    """A letter to be written."""

    #: Another number, another messageUUID.
    number: int
    title: str
    text: str
    version: str = "1.2"
    sender: str = IMPOSSIBLE_CPR
    sender_type: str = "CPR"
    sender_name: str = "Opdigtet Afsender"
    contact_point: str = ""
    kle: str = ""
    task: str = ""
    case_id: str = ""
    case_system: str = ""
    about_cpr: str = ""
    reply: bool = True
    reply_by: str = ""
    do_not_deliver_until: str = ""
    legal_notification: bool = False
    #: (messageUUID, replyUUID, caseID, generatingSystemID) of each `ReplyData`.
    replies: Sequence[tuple[str, str, str, str]] = ()
    attachments: Sequence[Attachment] = ()
    #: The main document; None: `text`, as plain text.
    main: Attachment | None = None

    @property
    def message_uuid(self) -> str:
        """A UUID of version 4, by the number."""
        return str(UUID(int=uuid5(NAMESPACE_OID, f"samdrift letter {self.number}").int, version=4))


def write(letter: Written) -> bytes:
    """The MeMo in UTF-8."""
    schema = ' memoSchVersion="1.1.0"' if letter.version == "1.1" else ""
    spaces = f'xmlns:memo="{MEMO}" xmlns:kle="{KLE}" xmlns:form="{FORM}" xmlns:grd="{GRD}"'
    parts = [
        f'<?xml version="1.0" encoding="UTF-8"?>\n<memo:Message {spaces} memoVersion="{letter.version}"{schema}>',
        f"<memo:MessageHeader>{_header(letter)}</memo:MessageHeader>",
        f"<memo:MessageBody>{_body(letter)}</memo:MessageBody>",
        "</memo:Message>",
    ]
    return "".join(parts).encode()


def write_container(messages: Mapping[str, bytes]) -> bytes:
    """Messages by file name, as Digital Post's container: a tar in LZMA. The same ones give the same bytes."""
    made = BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, message in messages.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(message)
            archive.addfile(entry, BytesIO(message))
    return lzma.compress(made.getvalue(), format=lzma.FORMAT_ALONE)


def _header(letter: Written) -> str:
    return "".join(
        (
            _leaf("messageType", "DIGITALPOST"),
            _leaf("messageUUID", letter.message_uuid),
            _leaf("label", letter.title),
            _leaf("reply", "true" if letter.reply else "false"),
            _leaf("replyByDateTime", letter.reply_by),
            _leaf("doNotDeliverUntilDate", letter.do_not_deliver_until),
            _leaf("mandatory", "false"),
            _leaf("legalNotification", "true" if letter.legal_notification else "false"),
            _party("Sender", "senderID", letter.sender, letter.sender_type, letter.sender_name, ""),
            _party("Recipient", "recipientID", IMPOSSIBLE_CVR, "CVR", "Opdigtet Kommune", letter.contact_point),
            _content_data(letter),
            *(_reply(*reply) for reply in letter.replies),
        )
    )


def _content_data(letter: Written) -> str:
    number = _leaf("cprNumber", letter.about_cpr, "grd") + _leaf("name", "Opdigtet Barn", "grd")
    case = _leaf("caseID", letter.case_id) + _leaf("caseSystem", letter.case_system)
    subject = _leaf("subjectKey", letter.kle, "kle") + _leaf("version", "2026", "kle") + _leaf("label", "Emne", "kle")
    task = _leaf("taskKey", letter.task, "form") + _leaf("version", "2.12", "form") + _leaf("label", "Opgave", "form")
    content = (
        (f"<grd:CPRdata>{number}</grd:CPRdata>" if letter.about_cpr else "")
        + (f"<memo:CaseID>{case}</memo:CaseID>" if letter.case_id else "")
        + (f"<kle:KLEdata>{subject}</kle:KLEdata>" if letter.kle else "")
        + (f"<form:FORMdata>{task}</form:FORMdata>" if letter.task else "")
    )
    return f"<memo:ContentData>{content}</memo:ContentData>" if content else ""


def _body(letter: Written) -> str:
    plain = Attachment(filename="brev.txt", content=letter.text.encode(), media_type="text/plain")
    main = _document("MainDocument", letter.main or plain)
    more = "".join(_document("AdditionalDocument", attachment) for attachment in letter.attachments)
    return _leaf("createdDateTime", "2026-11-24T07:00:00Z") + main + more


def _document(kind: str, file: Attachment) -> str:
    content = base64.b64encode(file.content).decode("ascii")
    return (
        f"<memo:{kind}><memo:File>{_leaf('encodingFormat', file.media_type)}{_leaf('filename', file.filename)}"
        f"{_leaf('language', 'da')}<memo:content>{content}</memo:content></memo:File></memo:{kind}>"
    )


def _party(kind: str, identifier: str, number: str, id_type: str, label: str, contact_point: str) -> str:
    point = f"<memo:ContactPoint>{_leaf('contactPointID', contact_point)}</memo:ContactPoint>" if contact_point else ""
    facts = _leaf(identifier, number) + _leaf("idType", id_type) + _leaf("label", label)
    return f"<memo:{kind}>{facts}{point}</memo:{kind}>"


def _reply(message_uuid: str, reply_uuid: str, case_id: str, generating_system_id: str) -> str:
    facts = _leaf("messageUUID", message_uuid) + _leaf("replyUUID", reply_uuid) + _leaf("caseID", case_id)
    return f"<memo:ReplyData>{facts}{_leaf('generatingSystemID', generating_system_id)}</memo:ReplyData>"


def _leaf(name: str, value: str, prefix: str = "memo") -> str:
    return f"<{prefix}:{name}>{escape(value, quote=False)}</{prefix}:{name}>" if value else ""
