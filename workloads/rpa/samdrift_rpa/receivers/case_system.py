"""The case system (ESDH): finds or creates cases, takes journal entries with their files, and assigns.

Three collections, each asked for by key: `cases` (the key is our external id of the case), `entries` and
`assignments` (the key is the effect's). `docs/reference/digital-post.md` says what such a system must offer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

import httpx

from samdrift_platform.contract import JsonObject, Store
from samdrift_rpa.digital_post.dossier import CaseDossier, EntryDossier
from samdrift_rpa.digital_post.stored import opened
from samdrift_rpa.receivers.keyed_peer import KeyedPeer
from samdrift_rpa.receivers.stored import reading

_PARTY = "The case system"
_KEPT = ("key", "case_number", "entry_id", "assignment_id", "transmission_id", "at")


class CaseSystemReceiver:
    """One case system over HTTP."""

    #: What it numbers its own things with: they stay in the ledger as they are, also ten digits like a date's.
    numbers_of_things = ("case_number", "entry_id", "assignment_id")

    def __init__(
        self, url: str, store: Store, *, timeout_s: float, transport: httpx.BaseTransport | None = None
    ) -> None:
        """`url` is the base of its API; dossiers and files are read from `store`."""
        self._store = store
        self._peers = {
            does: KeyedPeer(_PARTY, url, collection, timeout_s=timeout_s, transport=transport, quoted=False)
            for does, collection in (("case", "cases"), ("entry", "entries"), ("assignment", "assignments"))
        }

    def close(self) -> None:
        """Give the connections back."""
        for peer in self._peers.values():
            peer.close()

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        """Do what the request says under `does`; the answer names the case, the entry or the assignment, and no more.

        Raises:
            ReceiverRefusedError: the case system refuses it, or an object that the request names is gone.
            TryAgainError: anything else than a readable 2xx, or the object store does not answer; whether it happened
                must be asked.
        """
        does = str(request["does"])
        with reading():
            if does == "case":
                return kept_answer(self._case(request))
            if does == "entry":
                return kept_answer(self._entry(key, request))
        return kept_answer(self._peers["assignment"].create(key, json=_without(request, "does")))

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        """Did it happen? A case is asked for by its external id, the rest by `key`.

        Raises:
            CannotTellError: the look-up itself failed.
        """
        does = str(request["does"])
        found = self._peers[does].find(_key_of(does, key, request), request)
        return None if found is None else kept_answer(found)

    def _case(self, request: JsonObject) -> JsonObject:
        dossier = CaseDossier.of(self._store, str(request["dossier"]))
        body = {"external_id": str(request["external_id"]), **dossier.model_dump(mode="json")}
        return self._peers["case"].create(UUID(str(request["external_id"])), json=body)

    def _entry(self, key: UUID, request: JsonObject) -> JsonObject:
        dossier = EntryDossier.of(self._store, str(request["dossier"]))
        entry = {**_without(request, "does", "dossier"), **dossier.model_dump(mode="json")}
        with self._files(dossier) as files:
            form = {"entry": json.dumps(entry, ensure_ascii=False)}
            return self._peers["entry"].create(key, data=form, files=files)

    @contextmanager
    def _files(self, dossier: EntryDossier) -> Iterator[list[tuple[str, tuple[str, Any, str]]]]:
        """The files, opened: they are read from the store while they are sent."""
        with ExitStack() as stack:
            yield [
                ("files", (file.filename, stack.enter_context(opened(self._store, file.object)), file.media_type))
                for file in dossier.files
            ]


def kept_answer(answer: JsonObject) -> JsonObject:
    """What the ledger keeps of an answer: key, number and time. The rest may repeat what a letter says."""
    return {name: answer[name] for name in _KEPT if name in answer}


def _key_of(does: str, key: UUID, request: JsonObject) -> UUID:
    return UUID(str(request["external_id"])) if does == "case" else key


def _without(request: JsonObject, *names: str) -> dict[str, Any]:
    return {name: value for name, value in request.items() if name not in names}
