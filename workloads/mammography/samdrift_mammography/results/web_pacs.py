"""A PACS over DICOMweb: STOW-RS, then QIDO-RS or the instance's metadata by WADO-RS (PS3.18 sections 10.4 to 10.6)."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Mapping
from typing import Any

import httpx

from samdrift_mammography.results.instance import Instance
from samdrift_mammography.results.pacs_address import WebAddress
from samdrift_mammography.results.storage_status import Meaning, meaning_of
from samdrift_mammography.results.watchdog import Watchdog
from samdrift_mammography.results.web_credentials import WebAccess
from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, TryAgainError

#: Seconds to have stored, and to have answered a question (in two halves, as it may take two requests): 24 s in all.
STORE_S, ASK_S = 14.0, 10.0
#: Of an answer more is not read: what we ask for is one instance.
_MOST_BYTES = 4_000_000

_JSON = "application/dicom+json"
_FAILED_SOP_SEQUENCE, _FAILURE_REASON = "00081198", "00081197"
_SOP_INSTANCE_UID = "00080018"
#: Statuses that say something about the instance, not about the way to the service (PS3.18 table 10.5.3-1).
_ABOUT_THE_INSTANCE = frozenset({400, 409, 413, 415, 422})
#: Statuses of a service that does not offer the transaction.
_NOT_OFFERED = frozenset({400, 404, 405, 406, 410, 501})


class WebPacs:
    """One DICOMweb service."""

    def __init__(
        self,
        address: WebAddress,
        access: WebAccess,
        *,
        store_s: float = STORE_S,
        ask_s: float = ASK_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`transport` stands in for the network."""
        self._address = address
        self._store_s = store_s
        self._ask_s = ask_s
        self._transport = transport
        self._auth = access.auth
        self._trusted = access.trust.context() if address.url.startswith("https:") else False

    def __str__(self) -> str:
        return f"The PACS {self._address}"

    def store(self, data: bytes, instance: Instance) -> None:
        """STOW-RS of one instance."""
        boundary = secrets.token_hex(16)
        headers = {
            "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
            "Accept": _JSON,
        }
        status, body = self._call(
            "POST", "/studies", self._store_s, headers=headers, content=_multipart(data, boundary)
        )
        self._judge(status, body)

    def holds(self, instance: Instance) -> bool:
        """QIDO-RS for the instance; its metadata where the service does not search."""
        series = f"/studies/{instance.study_instance_uid}/series/{instance.series_instance_uid}/instances"
        query = {"SOPInstanceUID": instance.sop_instance_uid}
        status, body = self._ask(series, params=query)
        if status in {200, 204}:
            return _names(body, instance)
        status, body = self._ask(f"{series}/{instance.sop_instance_uid}/metadata")
        if status == 200 and _names(body, instance):
            return True
        # a 404 alone is not believed: a wrong address and a proxy answer it too
        raise CannotTellError(f"{self} offers no search, and its metadata answers {status}.")

    def _ask(self, path: str, **request: Any) -> tuple[int, bytes]:
        status, body = self._call("GET", path, self._ask_s / 2, headers={"Accept": _JSON}, **request)
        if status not in _NOT_OFFERED and status not in {200, 204}:
            raise TryAgainError(f"{self} answered {status} when asked for an instance.")
        return status, body

    def _call(self, method: str, path: str, budget_s: float, **request: Any) -> tuple[int, bytes]:
        """Status and body of one request that ends within `budget_s`; TryAgainError when it does not."""
        watchdog, connection = Watchdog(budget_s), _Connection()
        watchdog.start(connection.socket)
        try:
            with self._client(budget_s) as client:
                extensions = {"trace": connection.trace}
                with client.stream(method, self._address.url + path, extensions=extensions, **request) as answer:
                    status, body = answer.status_code, self._read(answer)
        except httpx.HTTPError as error:
            raise TryAgainError(f"{self} did not answer ({type(error).__name__}).") from error
        finally:
            watchdog.cancel()
        if watchdog.ended_it:
            raise TryAgainError(f"{self} did not come to an end with its answer.")
        return status, body

    def _client(self, timeout_s: float) -> httpx.Client:
        """One for each call: results are minutes apart. It heeds no proxy that the environment happens to name."""
        return httpx.Client(
            auth=self._auth, verify=self._trusted, transport=self._transport, timeout=timeout_s, trust_env=False
        )

    def _read(self, response: httpx.Response) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > _MOST_BYTES:
                raise TryAgainError(f"{self} does not come to an end with its answer.")
        return bytes(body)

    def _judge(self, status: int, body: bytes) -> None:
        reason = _failure_reason(body)
        said = f"{self} answered {status}" + (f" with failure reason {reason:04X}" if reason is not None else "")
        if status in {200, 202} and reason is None:
            return
        if reason is None and status not in _ABOUT_THE_INSTANCE:
            raise TryAgainError(f"{said}: the instance is not stored.")
        match Meaning.REFUSED if reason is None else meaning_of(reason):
            case Meaning.PASSING:
                raise TryAgainError(f"{said}: it cannot store the instance now.")
            case Meaning.REFUSED:
                raise ReceiverRefusedError(f"{said}: it does not take the instance.")
            case Meaning.UNCLEAR:
                raise CannotTellError(f"{said}, which no standard names.")


class _Connection:
    """The newest socket of a call, as httpcore's trace tells it."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    def socket(self) -> socket.socket | None:
        """None: not connected yet."""
        return self._socket

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by httpcore; a connection is told when it is made and again when it speaks TLS."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._socket = info["return_value"].get_extra_info("socket")


def _multipart(data: bytes, boundary: str) -> bytes:
    """RFC 2387: one part."""
    head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n"
    return b"".join([head.encode(), data, f"\r\n--{boundary}--\r\n".encode()])


def _documents(body: bytes) -> list[dict[str, Any]]:
    """The data sets of an answer in the DICOM JSON model (PS3.18 annex F); none when it is something else."""
    try:
        value = json.loads(body)
    except ValueError:
        return []
    found = value if isinstance(value, list) else [value]
    return [document for document in found if isinstance(document, dict)]


def _names(body: bytes, instance: Instance) -> bool:
    """Whether a data set of the answer is the instance: some services ignore what they are asked for."""
    uids = [_values(document, _SOP_INSTANCE_UID) for document in _documents(body)]
    return any(instance.sop_instance_uid in values for values in uids)


def _failure_reason(body: bytes) -> int | None:
    """Failure Reason of the first failed instance; None when none failed."""
    for document in _documents(body):
        for failed in _values(document, _FAILED_SOP_SEQUENCE):
            reasons = _values(failed, _FAILURE_REASON) if isinstance(failed, dict) else []
            return next((reason for reason in reasons if isinstance(reason, int)), 0x0110)
    return None


def _values(document: dict[str, Any], tag: str) -> list[Any]:
    element = document.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return values if isinstance(values, list) else []
