"""The access point that sends answers to suppliers, over NemHandel or Peppol."""

from __future__ import annotations

from uuid import UUID

import httpx

from samdrift_platform.contract import JsonObject, Store
from samdrift_rpa.invoices.answer import read_answer
from samdrift_rpa.receivers.keyed_peer import KeyedPeer
from samdrift_rpa.receivers.stored import stored_json


class AccessPointReceiver(KeyedPeer):
    """Sends answers; the key is the document's UUID as well, in Peppol its ID."""

    def __init__(
        self, url: str, objects: Store, *, timeout_s: float, transport: httpx.BaseTransport | None = None
    ) -> None:
        """`url` is the base of the access point's API; `objects` hold the answers that requests name."""
        super().__init__("The access point", url, "documents", timeout_s=timeout_s, transport=transport)
        self._objects = objects

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        """Send the answer; what comes back holds its `transmission_id`."""
        content = read_answer(stored_json(self._objects, request, "answer")).written(key)
        return self.create(key, content=content, headers={"Content-Type": "application/xml"})
