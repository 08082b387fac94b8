"""The ERP system that vouchers are posted to."""

from __future__ import annotations

from uuid import UUID

import httpx

from samdrift_platform.contract import JsonObject, Store
from samdrift_rpa.receivers.keyed_peer import KeyedPeer
from samdrift_rpa.receivers.stored import stored_json


class ErpReceiver(KeyedPeer):
    """Posts vouchers."""

    def __init__(
        self, url: str, objects: Store, *, timeout_s: float, transport: httpx.BaseTransport | None = None
    ) -> None:
        """`url` is the base of the ERP system's API; `objects` hold the vouchers that requests name."""
        super().__init__("The ERP system", url, "vouchers", timeout_s=timeout_s, transport=transport)
        self._objects = objects

    def deliver(self, key: UUID, request: JsonObject) -> JsonObject:
        """Post the voucher; the answer holds its `voucher_id`."""
        return self.create(key, json=stored_json(self._objects, request, "voucher"))
