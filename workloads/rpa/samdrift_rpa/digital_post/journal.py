"""What is asked of the case system and of Digital Post: requests without personal data, and dossiers that have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samdrift_platform.contract import JsonObject
from samdrift_rpa.digital_post.dossier import CaseDossier, Correspondent, DocumentFile, EntryDossier, ReplyDossier
from samdrift_rpa.digital_post.due import due_on, promised_on, received_at
from samdrift_rpa.digital_post.memo import Letter, MessageType, Party
from samdrift_rpa.digital_post.thread import case_number, external_id

if TYPE_CHECKING:
    from samdrift_rpa.digital_post.process import LetterRun

_MESSAGE_NAME = "besked.memo.xml"


def case_request(run: LetterRun) -> JsonObject:
    """The case to find, or to create."""
    letter, policy = run.letter, run.engine.policy
    dossier = CaseDossier(
        title=letter.label,
        subject=run.subject,
        party=_correspondent(letter.sender),
        about_cpr=letter.about_cpr,
        number=case_number(letter, policy),
    )
    return {"does": "case", "external_id": str(external_id(letter, policy)), "dossier": dossier.keep(run.store)}


def entry_request(run: LetterRun) -> JsonObject:
    """The journal entry: the message as it came, and its files."""
    letter, received = run.letter, received_at(run.item)
    dossier = EntryDossier(
        title=letter.label,
        text=letter.notification,
        sender=_correspondent(letter.sender),
        files=[_message(run), *(_document(letter, index) for index in range(len(letter.files)))],
    )
    return {
        "does": "entry",
        "external_id": str(external_id(letter, run.engine.policy)),
        "message_uuid": letter.message_uuid,
        "received_at": received.isoformat() if received else None,
        "legal_notification": letter.legal_notification,
        "mandatory": letter.mandatory,
        "dossier": dossier.keep(run.store),
    }


def assignment_request(run: LetterRun) -> JsonObject:
    """Who handles it, until when."""
    letter, policy = run.letter, run.engine.policy
    due = due_on(letter, received_at(run.item), policy)
    return {
        "does": "assignment",
        "external_id": str(external_id(letter, policy)),
        "message_uuid": letter.message_uuid,
        "unit": run.route.unit,
        "due_on": due.isoformat() if due else None,
        "legal_notification": letter.legal_notification,
    }


def reply_request(run: LetterRun) -> JsonObject | None:
    """The acknowledgement; None where none is sent.

    None for text messages, for legal notifications (that they were served is for a person to confirm), and where the
    sender allows no reply.
    """
    letter, policy = run.letter, run.engine.policy
    received = received_at(run.item)
    wanted = policy.acknowledge and letter.reply and letter.type is MessageType.DIGITALPOST and received is not None
    if not wanted or letter.legal_notification or received is None:
        return None
    dossier = ReplyDossier(
        memo_version=letter.version.value,
        label=policy.acknowledgement.label,
        text=_acknowledgement(run),
        sender=_correspondent(letter.recipient, otherwise=policy.organisation),
        recipient=_correspondent(letter.sender),
        created=f"{received:%Y-%m-%dT%H:%M:%S}Z",
        message_uuid=letter.message_uuid,
        message_id=letter.message_id,
        reply_uuid=letter.replies[-1].message_uuid if letter.replies else "",
        case_id=str(external_id(letter, policy)),
        generating_system=policy.generating_system,
    )
    return {"dossier": dossier.keep(run.store)}


def _acknowledgement(run: LetterRun) -> str:
    policy, promised = run.engine.policy, promised_on(run.letter, received_at(run.item), run.engine.policy)
    unit = policy.units.get(run.route.unit, {}).get("da", policy.organisation)
    return policy.acknowledgement.text % {"unit": unit, "due": f"{promised:%d.%m.%Y}" if promised else "-"}


def _correspondent(party: Party, *, otherwise: str = "") -> Correspondent:
    return Correspondent(
        id=party.id, id_type=party.id_type, label=party.label or otherwise, contact_point=party.contact_point
    )


def _message(run: LetterRun) -> DocumentFile:
    return DocumentFile(
        kind="Message", filename=_MESSAGE_NAME, media_type="application/xml", object=run.given.message, size_bytes=0
    )


def _document(letter: Letter, index: int) -> DocumentFile:
    file = letter.files[index]
    return DocumentFile(
        kind=file.kind.value,
        filename=file.filename,
        media_type=file.media_type,
        object=file.object,
        size_bytes=file.size_bytes,
    )
