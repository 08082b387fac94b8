"""From a stored message to a `Letter`: version, schema, and the facts that the process goes by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from samdrift_platform.contract import Store
from samdrift_rpa.digital_post import refusal, schema
from samdrift_rpa.digital_post.container import check, is_container
from samdrift_rpa.digital_post.memo import (
    MEMO,
    NAMESPACES,
    DocumentKind,
    File,
    Letter,
    MemoVersion,
    MessageType,
    Party,
    Reply,
)
from samdrift_rpa.digital_post.refusal import MessageRefusedError
from samdrift_rpa.digital_post.stored import kept, opened
from samdrift_rpa.digital_post.stream import Streamed, read_stream

#: `memoUuidType` of MeMo_dataTypes.xsd: a UUID of version 4.
UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
#: What a file name cannot hold on any system, and what would lead out of a folder.
_NO_FILE_NAME = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_LONGEST_FILE_NAME = 255
#: A header is refused that has not ended by then.
HEADER_BYTES = 8_000_000
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][\w.+-]{0,126}/[A-Za-z0-9][\w.+-]{0,126}", re.ASCII)
#: Elements that every MeMo must have, also where no schema is installed.
_REQUIRED = (
    "MessageHeader/memo:messageType",
    "MessageHeader/memo:messageUUID",
    "MessageHeader/memo:label",
    *(f"MessageHeader/memo:Sender/memo:{name}" for name in ("senderID", "idType", "label")),
    *(f"MessageHeader/memo:Recipient/memo:{name}" for name in ("recipientID", "idType")),
)


def read_letter(store: Store, reference: str, *, most_bytes: int, schemas: schema.Schemas | None) -> Letter:
    """The letter that is stored under `reference`; the contents of its files are stored too.

    The message is read twice: nothing of it is stored before all of it was found good, so that what is refused leaves
    no object behind that nobody would ever remove.

    Raises:
        MessageRefusedError: it cannot be taken in; its code and sentence say why, and quote nothing of the letter.
        NotFoundError: there is no such object.
    """
    _refuse_container(store, reference)
    with opened(store, reference) as file:
        streamed = read_stream(file, keep=None, most_bytes=most_bytes)
    version = _version(streamed.root)
    if schemas is not None:
        schemas.check(version, streamed.root)
    _check_required(version, streamed.root)
    letter = _letter(version, streamed)
    if not letter.files:
        return letter
    with opened(store, reference) as file:
        found = read_stream(file, keep=lambda content: kept(store, content), most_bytes=most_bytes).contents
    files = [replace(file, object=content) for file, (content, _) in zip(letter.files, found, strict=True)]
    return replace(letter, files=tuple(files))


def _refuse_container(store: Store, reference: str) -> None:
    """One that came this far was not unpacked: it cannot be, or it lay in another one."""
    if is_container(store, reference):
        check(store, reference)
        raise MessageRefusedError("container", refusal.CONTAINER_NESTED)


def read_header(store: Store, reference: str) -> Any:
    """The root with its `MessageHeader` alone: as little as a reference and a pseudonym need.

    Raises:
        MessageRefusedError, NotFoundError: as `read_letter`.
    """
    with opened(store, reference) as file:
        root = read_stream(file, keep=None, most_bytes=HEADER_BYTES, header_only=True).root
    _version(root)
    return root


def text(parent: Any, path: str) -> str:
    """Text of the first element at `memo:…` path without surrounding space; empty when there is none."""
    return (parent.findtext(f"memo:{path}", default="", namespaces=NAMESPACES) or "").strip()


def message_uuid(root: Any) -> str:
    """`messageUUID` in lower case.

    Raises:
        MessageRefusedError: it is not a UUID of version 4, as memoUuidType asks.
    """
    found = text(root, "MessageHeader/memo:messageUUID").lower()
    if not UUID4.fullmatch(found):
        raise MessageRefusedError("value", refusal.NOT_A, element="messageUUID")
    return found


def _version(root: Any) -> MemoVersion:
    if root.tag != f"{{{MEMO}}}Message":
        raise MessageRefusedError("not_memo", refusal.NOT_MEMO)
    said = (root.get("memoVersion") or "").strip()
    if said not in tuple(MemoVersion):
        raise MessageRefusedError("unknown_version", refusal.UNKNOWN_VERSION, version=repr(said[:12]))
    return MemoVersion(said)


def _check_required(version: MemoVersion, root: Any) -> None:
    for path in _REQUIRED:
        if not text(root, path):
            _lacks(version, path)
    body = text(root, "MessageHeader/memo:messageType") == MessageType.DIGITALPOST
    if body and root.find(f"memo:MessageBody/memo:{DocumentKind.MAIN}/memo:File", NAMESPACES) is None:
        _lacks(version, f"MessageBody/{DocumentKind.MAIN}/File")


def _lacks(version: MemoVersion, path: str) -> None:
    raise MessageRefusedError("lacks", refusal.LACKS, element=path.replace("memo:", ""), version=version)


def _letter(version: MemoVersion, streamed: Streamed) -> Letter:
    root = streamed.root
    header = root.find("memo:MessageHeader", NAMESPACES)
    return Letter(
        version=version,
        type=_type(text(header, "messageType")),
        message_uuid=message_uuid(root),
        message_id=text(header, "messageID"),
        label=text(header, "label"),
        notification=text(header, "notification"),
        sender=_party(header, "Sender", "senderID"),
        recipient=_party(header, "Recipient", "recipientID"),
        reply=_true(header, "reply"),
        reply_by=_time(header, "replyByDateTime"),
        do_not_deliver_until=_date(header, "doNotDeliverUntilDate"),
        mandatory=_true(header, "mandatory"),
        legal_notification=_true(header, "legalNotification"),
        kle=text(header, "ContentData/kle:KLEdata/kle:subjectKey"),
        task=text(header, "ContentData/form:FORMdata/form:taskKey"),
        case_id=text(header, "ContentData/memo:CaseID/memo:caseID"),
        case_system=text(header, "ContentData/memo:CaseID/memo:caseSystem"),
        about_cpr=about_cpr(header),
        replies=tuple(_replies(header)),
        created=_time(root, "MessageBody/memo:createdDateTime"),
        files=tuple(_files(root, streamed.contents)),
    )


def about_cpr(header: Any) -> str:
    """`ContentData/CPRdata/cprNumber`; empty where there is none."""
    return text(header, "ContentData/grd:CPRdata/grd:cprNumber")


def concerned_cpr(root: Any) -> str:
    """CPR number of the person whom the letter concerns: `CPRdata`, otherwise a sender that has one; empty: nobody."""
    header = root.find("memo:MessageHeader", NAMESPACES)
    sender = _party(header, "Sender", "senderID")
    return about_cpr(header) or (sender.id if sender.id_type == "CPR" else "")


def _type(said: str) -> MessageType:
    if said not in tuple(MessageType):
        raise MessageRefusedError("value", refusal.NOT_A, element="messageType")
    return MessageType(said)


def _party(header: Any, name: str, identifier: str) -> Party:
    return Party(
        id=text(header, f"{name}/memo:{identifier}"),
        id_type=text(header, f"{name}/memo:idType").upper(),
        label=text(header, f"{name}/memo:label"),
        contact_point=text(header, f"{name}/memo:ContactPoint/memo:contactPointID").lower(),
        contact_group=text(header, f"{name}/memo:ContactPoint/memo:contactGroup"),
    )


def _replies(header: Any) -> Iterator[Reply]:
    for data in header.findall("memo:ReplyData", NAMESPACES):
        yield Reply(
            message_uuid=text(data, "messageUUID").lower(),
            reply_uuid=text(data, "replyUUID").lower(),
            message_id=text(data, "messageID"),
            case_id=text(data, "caseID"),
            generating_system_id=text(data, "generatingSystemID"),
        )


def _files(root: Any, contents: Sequence[tuple[str, int]]) -> Iterator[File]:
    """The files in the order of the message, each with its stored content."""
    found = [(kind, document, file) for kind, document in _documents(root) for file in _of(document)]
    for number, ((kind, document, file), (reference, size)) in enumerate(zip(found, contents, strict=True), start=1):
        yield File(
            kind=kind,
            label=text(document, "label"),
            filename=_filename(text(file, "filename"), number),
            media_type=_media_type(text(file, "encodingFormat")),
            language=text(file, "language"),
            object=reference,
            size_bytes=size,
        )


def _documents(root: Any) -> Iterator[tuple[DocumentKind, Any]]:
    body = root.find("memo:MessageBody", NAMESPACES)
    for document in () if body is None else body:
        local = str(document.tag).rpartition("}")[2]
        if local in tuple(DocumentKind):
            yield DocumentKind(local), document


def _of(document: Any) -> Iterator[Any]:
    for file in document.findall("memo:File", NAMESPACES):
        if len(file.findall("memo:content", NAMESPACES)) != 1:
            raise MessageRefusedError("missing_attachment", refusal.LACKS, element="File/content", version="")
        yield file


def _filename(name: str, number: int) -> str:
    """A name that is one everywhere; MessageRefusedError otherwise: nobody guesses what was meant."""
    plain = name and name not in (".", "..") and len(name.encode()) <= _LONGEST_FILE_NAME
    if not plain or _NO_FILE_NAME.search(name):
        raise MessageRefusedError("file_name", refusal.FILE_NAME, number=str(number))
    return name


def _media_type(said: str) -> str:
    """As the sender says it, where that is a media type (RFC 6838); bytes of no known kind otherwise."""
    return said.lower() if _MEDIA_TYPE.fullmatch(said) else "application/octet-stream"


def _true(header: Any, name: str) -> bool:
    """xs:boolean, with the schema's default `false`."""
    said = text(header, name) or "false"
    if said not in ("true", "false", "1", "0"):
        raise MessageRefusedError("value", refusal.NOT_A, element=name)
    return said in ("true", "1")


def _time(parent: Any, path: str) -> datetime | None:
    """xs:dateTime in UTC (memoDateTimeType ends in Z)."""
    said = text(parent, path)
    if not said:
        return None
    with suppress(ValueError):
        time = datetime.fromisoformat(said)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    raise MessageRefusedError("value", refusal.NOT_A, element=path.rpartition(":")[2])


def _date(parent: Any, path: str) -> date | None:
    """xs:date; a time zone behind it says nothing about the day meant."""
    said = re.sub(r"(Z|[+-]\d{2}:\d{2})$", "", text(parent, path))
    try:
        return date.fromisoformat(said) if said else None
    except ValueError as error:
        raise MessageRefusedError("value", refusal.NOT_A, element=path) from error
