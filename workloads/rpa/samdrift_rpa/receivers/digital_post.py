"""The sender system of Digital Post: takes a MeMo under its messageUUID, and can be asked for it."""

from __future__ import annotations

from uuid import UUID

import httpx

from samdrift_platform.contract import JsonObject, Store
from samdrift_rpa.digital_post.dossier import ReplyDossier
from samdrift_rpa.digital_post.reply import reply_memo, reply_uuid
from samdrift_rpa.receivers.case_system import kept_answer
from samdrift_rpa.receivers.keyed_peer import KeyedPeer
from samdrift_rpa.receivers.stored import reading


class DigitalPostReceiver:
    """Sends acknowledgements. The message's UUID follows from the effect's key, so every attempt sends the same one."""

    def __init__(
        self, url: str, store: Store, *, timeout_s: float, transport: httpx.BaseTransport | None = None
    ) -> None:
        """`url` is the base of its API; dossiers are read from `store`."""
        self._store = store
        self._peer = KeyedPeer("Digital Post", url, "messages", timeout_s=timeout_s, transport=transport, quoted=False)

    def close(self) -> None:
        """Give the connections back."""
        self._peer.close()

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        """Send it; the answer holds the `transmission_id`.

        Raises:
            ReceiverRefusedError: Digital Post refuses it, or the dossier is gone.
            TryAgainError: anything else than a readable 2xx, or the object store does not answer; whether it was sent
                must be asked.
        """
        with reading():
            dossier = ReplyDossier.of(self._store, str(request["dossier"]))
        uuid = reply_uuid(key)
        headers = {"Content-Type": "application/xml"}
        return kept_answer(self._peer.create(uuid, content=reply_memo(dossier, uuid), headers=headers))

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        """Was it sent? CannotTellError when the look-up itself failed."""
        found = self._peer.find(reply_uuid(key), request)
        return None if found is None else kept_answer(found)
