"""The Python client of the control plane. Needs httpx and nothing of the platform's servers."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from samdrift_platform import settings
from samdrift_platform.answered_errors import error_from
from samdrift_platform.errors import SamdriftError, SettingError, SignInError, UnavailableError
from samdrift_platform.governance_calls import GovernanceCalls, part

#: Items that one request fetches.
_PAGE = 500
#: Waits between the attempts of one call, seconds: about 12 s in all, so that a restart goes unnoticed.
WAITS_S = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 4.0)
#: A connection that was idle for longer is not used again, seconds. Servers end idle ones too, most after 5 s or more:
#: just then a request would find nobody.
_IDLE_S = 1.0
#: Waits between looks at a submission, seconds; the last one repeats.
_LOOKS_S = (0.05, 0.1, 0.2, 0.5, 1.0)

#: Called with the submission each time it was looked at.
OnProgress = Callable[[Mapping[str, Any]], None]


class StillPendingError(SamdriftError):
    """The platform still works on this submission. Wait longer, or look at `samdrift status`."""


class Client(GovernanceCalls):
    """Speaks to a control plane, as the bearer of a token.

    Every call that can be repeated without harm is repeated when the control plane does not answer. Every other one
    goes over a connection of its own, so that none is lost with a connection that the other side ended meanwhile.
    Errors are the platform's own, with message and field as the control plane said them. Close it, or use it in a
    `with` block.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout_s: float = 30.0,
        waits_s: Sequence[float] = WAITS_S,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Prepare to speak to `url`; nothing is sent yet.

        Args:
            url: of the control plane, such as http://127.0.0.1:8700.
            token: sent with every request; "" for none.
            timeout_s: longest wait for one answer, seconds.
            waits_s: waits before the second, third, … attempt of a call, seconds.
            transport: stands in for the network.
            sleep: stands in for the clock.
        """
        if not url.startswith(("http://", "https://")):
            raise SettingError(f"{url!r} is not the address of a control plane, such as http://127.0.0.1:8700.")
        self.url = url.rstrip("/")
        self._waits_s = tuple(waits_s)
        self._sleep = sleep
        speaking = partial(
            httpx.Client,
            base_url=self.url,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=timeout_s,
            transport=transport,
            verify=_authorities(),
            trust_env=False,  # the token goes to the control plane, never to a proxy
        )
        self._repeating = speaking(limits=httpx.Limits(keepalive_expiry=_IDLE_S))
        self._acting = speaking(limits=httpx.Limits(max_keepalive_connections=0))

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, *, waits_s: Sequence[float] = WAITS_S
    ) -> Self:
        """A client for SAMDRIFT_URL with the token in SAMDRIFT_TOKEN_FILE; by default the installation in the home.

        Raises:
            SignInError: there is no token.
        """
        given = os.environ if environment is None else environment
        chosen = settings.load(given)
        file = Path(given.get("SAMDRIFT_TOKEN_FILE") or chosen.home / "token")
        return cls(given.get("SAMDRIFT_URL") or _running(chosen), _read_token(file), waits_s=waits_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._repeating.close()
        self._acting.close()

    def put_object(self, data: bytes) -> str:
        """Store `data` and return its reference, `sha256:…`. Storing the same bytes twice is the same."""
        headers = {"Content-Type": "application/octet-stream"}
        return str(self._repeatable("POST", "/v1/objects", content=data, headers=headers).json()["reference"])

    def get_object(self, reference: str) -> bytes:
        """The bytes of an object."""
        return self._repeatable("GET", f"/v1/objects/{part(reference)}").content

    def submit(
        self,
        workload: str,
        document: Mapping[str, Any],
        *,
        reference: str,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Submit a document; the same `reference` with the same content returns the first answer."""
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        body = {"reference": reference, "document": document}
        return self._json("POST", f"/v1/workloads/{part(workload)}/submissions", json=body, headers=headers)

    def submission(self, submission_id: str) -> dict[str, Any]:
        """One submission with its counts by state: `{"id", "workload", "reference", "items": {"done": 2}}`."""
        return self._json("GET", f"/v1/submissions/{part(submission_id)}")

    def submissions(self, *, workload: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
        """The newest submissions first."""
        found = self._json("GET", "/v1/submissions", params=_given(workload=workload, limit=limit))
        return list(found["submissions"])

    def items(
        self, *, workload: str | None = None, submission_id: str | None = None, states: Sequence[str] = ()
    ) -> Iterator[dict[str, Any]]:
        """Items, oldest first: `{"id", "reference", "state", "payload", "result", "reason", "models", …}`."""
        path = "/v1/items" if submission_id is None else f"/v1/submissions/{part(submission_id)}/items"
        offset = 0
        while True:
            params = _given(workload=workload, state=list(states), limit=_PAGE, offset=offset)
            page = self._json("GET", path, params=params)["items"]
            yield from (item for item in page if workload in (None, item["workload"]))
            if len(page) < _PAGE:
                return
            offset += _PAGE

    def item(self, item_id: str) -> dict[str, Any]:
        """One item, with its `effects` and what the `audit` chain holds about it."""
        return self._json("GET", f"/v1/items/{part(item_id)}")

    def cancel(self, submission_id: str) -> dict[str, Any]:
        """Withdraw what can be of a submission: `{"cancelled": 3, "submission": {…}}`."""
        return self._json("POST", f"/v1/submissions/{part(submission_id)}/cancel")

    def cancel_item(self, item_id: str) -> dict[str, Any]:
        """Withdraw one item; ConflictError when it is too late."""
        return self._once("POST", f"/v1/items/{part(item_id)}/cancel")

    def retry_item(self, item_id: str) -> dict[str, Any]:
        """Queue a failed item again; ConflictError for one in another state."""
        return self._once("POST", f"/v1/items/{part(item_id)}/retry")

    def inbox(
        self,
        *,
        workload: str | None = None,
        lane: str | None = None,
        code: str | None = None,
        everyones: bool = False,
        limit: int = 50,
    ) -> dict[str, Any]:
        """What waits for a person, overdue first: `{"waiting", "overdue", "questions", "groups"}`.

        What this token's person may decide; with `everyones` also what others decide.
        """
        params = _given(workload=workload, lane=lane, code=code, everyones=everyones, limit=limit)
        return self._json("GET", "/v1/inbox", params=params)

    def questions(self, item_id: str) -> list[dict[str, Any]]:
        """Everything that was asked about an item, oldest first, with who decided what."""
        return list(self._json("GET", f"/v1/items/{part(item_id)}/questions")["questions"])

    def decide(
        self,
        item_id: str,
        question: str,
        choice: str,
        *,
        fields: Mapping[str, Any] | None = None,
        comment: str = "",
        seen: int | None = None,
    ) -> dict[str, Any]:
        """Decide; the question as it stands then. `seen`: how many rulings were seen, when others may decide too."""
        body = {"question": question, "choice": choice, "fields": dict(fields or {}), "comment": comment, "seen": seen}
        return self._once("POST", f"/v1/items/{part(item_id)}/decisions", json=body)

    def wait(
        self, submission_id: str, *, timeout_s: float = 600.0, on_progress: OnProgress | None = None
    ) -> dict[str, Any]:
        """Wait until no item of the submission is queued or running; return the submission.

        Outlives a control plane that is restarted meanwhile.

        Raises:
            StillPendingError: the platform still works on it after `timeout_s` seconds.
        """
        until = time.monotonic() + timeout_s
        looks = iter(_LOOKS_S)
        while True:
            submission = self._look(submission_id, until)
            if on_progress is not None:
                on_progress(submission)
            if not submission["pending"]:
                return submission
            if time.monotonic() >= until:
                raise StillPendingError(
                    f"{submission['pending']} of {submission['total']} items of {submission['reference']!r} are still "
                    f"pending after {timeout_s:g} s. Wait longer, or look at `samdrift status`."
                )
            self._sleep(next(looks, _LOOKS_S[-1]))

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        content: bytes | None = None,
        media_type: str | None = None,
    ) -> Any:
        """The JSON that an address of a workload's own answers, such as `/energy_forecast/api/buildings`.

        Repeated when the control plane does not answer, so only for calls that can be repeated without harm.
        """
        headers = {} if media_type is None else {"Content-Type": media_type}
        given = _given(params=params, json=json, content=content)
        return self._repeatable(method, path, headers=headers, **given).json()

    def fetch(self, method: str, path: str) -> bytes:
        """The bytes that an address of a workload's own answers, such as a picture. Asked once."""
        return self._send(method, path).content

    def workloads(self) -> list[dict[str, Any]]:
        """What can be submitted, each with the JSON schema of its documents."""
        return list(self._json("GET", "/v1/workloads")["workloads"])

    def lanes(self, workload: str) -> list[dict[str, Any]]:
        """Parts of a workload's queue: `{"lane", "waiting", "in_work", "open", "most_at_once", "paused"}`."""
        return list(self._json("GET", f"/v1/workloads/{part(workload)}/lanes")["lanes"])

    def pause_lane(self, workload: str, lane: str, reason: str) -> dict[str, Any]:
        """Let nothing more of a lane be begun; the lane as it stands then."""
        body = {"lane": lane, "reason": reason}
        return self._json("POST", f"/v1/workloads/{part(workload)}/lanes/pause", json=body)

    def resume_lane(self, workload: str, lane: str, reason: str) -> dict[str, Any]:
        """Let a paused lane go on; ConflictError when it is not paused."""
        body = {"lane": lane, "reason": reason}
        return self._once("POST", f"/v1/workloads/{part(workload)}/lanes/resume", json=body)

    def benefits(self) -> list[dict[str, Any]]:
        """What was saved, and what computing it cost."""
        return list(self._json("GET", "/v1/benefits")["benefits"])

    def audit_log(self, *, limit: int = 100) -> list[dict[str, Any]]:
        """The newest audit events first."""
        return list(self._json("GET", "/v1/audit", params={"limit": limit})["events"])

    def verify_audit(self) -> dict[str, Any]:
        """Whether the audit chain holds: `{"intact", "rows", "first_bad_seq", "why"}`."""
        return self._json("GET", "/v1/audit/verification")

    def readiness(self) -> dict[str, Any]:
        """Whether work that is submitted now will be done: `{"ready", "parts"}`."""
        found: dict[str, Any] = self._send("GET", "/readyz", accept=(200, 503)).json()
        return found

    def sign_in_link(self, subject: str | None = None) -> dict[str, Any]:
        """A link that signs one browser in, once: `{"url", "subject", "valid_s"}`; for `subject` if one is given."""
        body = {} if subject is None else {"json": {"subject": subject}}
        return self._once("POST", "/v1/links", **body)

    def token(self, subject: str) -> dict[str, Any]:
        """A token for a program that acts for `subject`: `{"token", "subject", "valid_s"}`."""
        return self._once("POST", "/v1/tokens", json={"subject": subject})

    def _json(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        found: dict[str, Any] = self._repeatable(method, path, **request).json()
        return found

    def _once(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        found: dict[str, Any] = self._send(method, path, **request).json()
        return found

    @contextmanager
    def _stream(self, method: str, path: str, **request: Any) -> Iterator[httpx.Response]:
        try:
            with self._acting.stream(method, path, **request) as response:
                if not response.is_success:
                    response.read()
                    raise error_from(response)
                yield response
        except httpx.TransportError as error:
            raise self._silent(error) from error

    def _repeatable(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send, and send again while a part does not answer (503, or no connection)."""
        for wait_s in self._waits_s:
            try:
                return self._send(method, path, over=self._repeating, **request)
            except UnavailableError as error:
                if error.status != UnavailableError.status:
                    raise  # a full store does not empty itself in seconds
            self._sleep(wait_s)
        return self._send(method, path, over=self._repeating, **request)

    def _send(
        self,
        method: str,
        path: str,
        *,
        over: httpx.Client | None = None,
        accept: Sequence[int] = (),
        **request: Any,
    ) -> httpx.Response:
        try:
            response = (over or self._acting).request(method, path, **request)
        except httpx.TransportError as error:
            raise self._silent(error) from error
        if response.is_success or response.status_code in accept:
            return response
        raise error_from(response)

    def _silent(self, error: httpx.TransportError) -> UnavailableError:
        return UnavailableError(
            f"The control plane at {self.url} does not answer ({type(error).__name__}). "
            "Start it with `samdrift up`, or set SAMDRIFT_URL to where it runs."
        )

    def _look(self, submission_id: str, until: float) -> dict[str, Any]:
        while True:
            try:
                return self.submission(submission_id)
            except UnavailableError:
                if time.monotonic() >= until:
                    raise


@cache
def _authorities() -> ssl.SSLContext:
    """Whom every client of this process trusts over HTTPS: reading them takes longer than most calls."""
    return httpx.create_ssl_context(trust_env=False)


def _given(**params: Any) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


def _running(chosen: settings.Settings) -> str:
    """Where this home's control plane answers: it may have found its port taken."""
    try:
        return (chosen.home / "url").read_text()
    except FileNotFoundError:
        return chosen.url


def _read_token(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError as error:
        raise SignInError(
            f"There is no token in {file} ({error.strerror}). Start the platform with `samdrift up`, "
            "or set SAMDRIFT_TOKEN_FILE to the file that holds your token."
        ) from error
