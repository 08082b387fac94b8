"""What receivers must know and the ledger must not: stored as objects, to which effect requests refer.

A dossier is canonical JSON, so that the same letter gives the same object on every round.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from samdrift_platform.contract import Store


class Dossier(BaseModel):
    """Something that is stored for a receiver."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def keep(self, store: Store) -> str:
        """Store it; its reference."""
        content = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return store.put(content.encode())

    @classmethod
    def of(cls, store: Store, reference: str) -> Self:
        """The one that is stored under `reference`."""
        return cls.model_validate_json(store.get(reference))


class Correspondent(Dossier):
    """A sender or recipient, as MeMo names them."""

    id: str
    #: `CPR`, `CVR` …
    id_type: str
    label: str
    contact_point: str = ""


class CaseDossier(Dossier):
    """A case to be found or created."""

    #: The letter's label.
    title: str
    #: KLE number; empty: not known.
    subject: str
    party: Correspondent
    #: CPR number of whom it is about, where that is not the party.
    about_cpr: str
    #: The case number that the sender named; empty: none.
    number: str


class DocumentFile(Dossier):
    """A file of a journal entry."""

    #: `MainDocument`, `AdditionalDocument`, `TechnicalDocument`; `Message`: the MeMo itself.
    kind: Literal["Message", "MainDocument", "AdditionalDocument", "TechnicalDocument"]
    filename: str
    media_type: str
    #: `sha256:…`
    object: str
    size_bytes: int


class EntryDossier(Dossier):
    """A letter to be journalised, with its files."""

    title: str
    #: Text of a NemSMS.
    text: str
    sender: Correspondent
    files: Sequence[DocumentFile]


class ReplyDossier(Dossier):
    """An acknowledgement to be sent."""

    #: The sender's own version.
    memo_version: Literal["1.1", "1.2"]
    label: str
    text: str
    sender: Correspondent
    recipient: Correspondent
    #: ISO 8601, UTC: the letter's receipt, so that every attempt writes the same document.
    created: str
    #: The message that is acknowledged, and the one that it answered itself; empty: none.
    message_uuid: str
    message_id: str
    reply_uuid: str
    #: Our external id of the case: an answer brings it back.
    case_id: str
    generating_system: str
