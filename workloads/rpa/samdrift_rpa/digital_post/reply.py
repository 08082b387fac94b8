"""Writes the acknowledgement: a MeMo of the sender's own version."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from samdrift_rpa.digital_post.dossier import Correspondent, ReplyDossier
from samdrift_rpa.digital_post.memo import MEMO, MemoVersion

#: `memoSchVersion` that a MeMo 1.1 must have.
_SCHEMA_1_1 = "1.1.0"
_FILE_NAME = "kvittering.txt"


def reply_uuid(key: UUID) -> UUID:
    """The effect's key as a `messageUUID`: the same on every attempt.

    Keys are UUIDs of version 5, but memoUuidType admits version 4 only. So the digit of the version is changed, and
    nothing else: 122 bits stay the key's.
    """
    return UUID(int=key.int, version=4)


def reply_memo(dossier: ReplyDossier, message_uuid: UUID) -> bytes:
    """The MeMo in UTF-8; the same dossier and UUID give the same bytes."""
    from lxml import etree

    root = etree.Element(f"{{{MEMO}}}Message", nsmap={"memo": MEMO})
    root.set("memoVersion", dossier.memo_version)
    if dossier.memo_version == MemoVersion.V1_1.value:
        root.set("memoSchVersion", _SCHEMA_1_1)
    _header(_branch(root, "MessageHeader"), dossier, message_uuid)
    _body(_branch(root, "MessageBody"), dossier)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _header(header: Any, dossier: ReplyDossier, message_uuid: UUID) -> None:
    _leaf(header, "messageType", "DIGITALPOST")
    _leaf(header, "messageUUID", str(message_uuid))
    _leaf(header, "label", dossier.label)
    _leaf(header, "reply", "true")
    _leaf(header, "mandatory", "false")  # required in 1.1, optional in 1.2
    _leaf(header, "legalNotification", "false")
    _party(_branch(header, "Sender"), "senderID", dossier.sender)
    _party(_branch(header, "Recipient"), "recipientID", dossier.recipient)
    data = _branch(header, "ReplyData")
    _leaf(data, "messageID", dossier.message_id)
    _leaf(data, "messageUUID", dossier.message_uuid)
    _leaf(data, "replyUUID", dossier.reply_uuid)
    _leaf(data, "caseID", dossier.case_id)
    _leaf(data, "generatingSystemID", dossier.generating_system)


def _body(body: Any, dossier: ReplyDossier) -> None:
    _leaf(body, "createdDateTime", dossier.created)
    file = _branch(_branch(body, "MainDocument"), "File")
    _leaf(file, "encodingFormat", "text/plain")
    _leaf(file, "filename", _FILE_NAME)
    _leaf(file, "language", "da")
    _leaf(file, "content", base64.b64encode(dossier.text.encode()).decode("ascii"))


def _party(party: Any, identifier: str, one: Correspondent) -> None:
    _leaf(party, identifier, one.id)
    _leaf(party, "idType", one.id_type)
    _leaf(party, "label", one.label)
    if one.contact_point:
        _leaf(_branch(party, "ContactPoint"), "contactPointID", one.contact_point)


def _branch(parent: Any, name: str) -> Any:
    from lxml import etree

    return etree.SubElement(parent, f"{{{MEMO}}}{name}")


def _leaf(parent: Any, name: str, value: str) -> None:
    """An element with text; none at all where there is no text."""
    if value:
        _branch(parent, name).text = value
