"""A party outside over HTTP: what it does is done under the effect's key, and it can be asked for that key afterwards.

What such a party must offer is in the README.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import cache, partial
from typing import Any
from uuid import UUID

import httpx
from pydantic import JsonValue

from samdrift_platform.contract import JsonObject
from samdrift_platform.cpr import mask
from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, TryAgainError

#: Refusals that pass: time-out, too early, too many requests (RFC 9110, 8470, 6585).
_PASSING = frozenset({408, 425, 429})
#: A connection that was idle for longer is not used again, seconds. Parties end idle ones too, most after 5 s or more:
#: what is sent just then gets no answer, and would have to be asked about.
_IDLE_S = 1.0


class KeyedPeer:
    """One collection of a party over HTTP: things are created under a key, and found by it."""

    #: What a party numbers its own things with: later rounds name them, so they stay in the ledger as they are.
    numbers_of_things = ("voucher_id", "transmission_id")

    def __init__(
        self,
        party: str,
        url: str,
        collection: str,
        *,
        timeout_s: float,
        transport: httpx.BaseTransport | None = None,
        quoted: bool = True,
    ) -> None:
        """`party` is what messages call it; `url` its base; `collection` such as `vouchers`.

        `transport` stands in for the network. Not `quoted`: what it says of a failure is not repeated in errors,
        because it may repeat what it was sent.
        """
        self.party, self._quoted = party, quoted
        # vouchers go to the party itself, never to a proxy that the environment happens to name
        speaking = partial(
            httpx.Client,
            base_url=url.rstrip("/") + "/",
            timeout=timeout_s,
            transport=transport,
            verify=_authorities(),
            trust_env=False,
        )
        self._doing = speaking(limits=httpx.Limits(keepalive_expiry=_IDLE_S))
        # questions are few, and come after something went wrong: each over a connection of its own
        self._asking = speaking(limits=httpx.Limits(max_keepalive_connections=0))
        self._collection = collection

    def close(self) -> None:
        """Give the connections back."""
        self._doing.close()
        self._asking.close()

    def create(self, key: UUID, **request: Any) -> JsonObject:
        """POST under `key`; the answer.

        Raises:
            ReceiverRefusedError: a 4xx that will not pass.
            TryAgainError: anything else than a readable 2xx; whether it happened must be asked.
        """
        headers = {"Idempotency-Key": str(key), **request.pop("headers", {})}
        try:
            response = self._doing.post(self._collection, headers=headers, **request)
        except httpx.HTTPError as error:
            raise TryAgainError(f"{self.party} did not answer ({type(error).__name__}).") from error
        if 400 <= response.status_code < 500 and response.status_code not in _PASSING:
            raise ReceiverRefusedError(f"{self.party} refused it: {self._words(response)}")
        answer = _object(response) if response.is_success else None
        if answer is None or answer.get("key") != str(key):
            raise TryAgainError(f"{self.party} answered {self._words(response)}")
        return answer

    def find(self, key: UUID, request: JsonObject) -> JsonObject | None:
        """GET by `key`: the answer, or None when the party itself says that there is none.

        A 404 alone is not believed: a wrong address or a proxy also answers 404, and posting again would be a
        double payment. The body must name the key and say `"found": false`.

        Raises:
            CannotTellError: the look-up itself failed.
        """
        try:
            response = self._asking.get(f"{self._collection}/{key}")
        except httpx.HTTPError as error:
            raise CannotTellError(f"{self.party} could not be asked ({type(error).__name__}).") from error
        answer = _object(response)
        if answer is not None and answer.get("key") == str(key):
            if response.is_success:
                return answer
            if response.status_code == 404 and answer.get("found") is False:
                return None
        raise CannotTellError(f"{self.party} could not say whether it happened: {self._words(response)}")

    def _words(self, response: httpx.Response) -> str:
        """Status and the first of what it says, without personal numbers."""
        return f"{response.status_code} {mask(response.text[:200]) if self._quoted else ''}".strip()


@cache
def _authorities() -> ssl.SSLContext:
    """Who vouches for parties over HTTPS; read once, as it takes longer than most calls."""
    return httpx.create_ssl_context(trust_env=False)


def _object(response: httpx.Response) -> Mapping[str, JsonValue] | None:
    try:
        value = response.json()
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
