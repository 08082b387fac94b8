"""Asks a source over HTTP: in turn, again after a failure, never longer than it should."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpx

from samdrift_energy_forecast.sources.errors import (
    SourceAnswerError,
    SourcePausedError,
    SourceRefusedError,
    SourceUnavailableError,
)

if TYPE_CHECKING:
    from samdrift_energy_forecast.sources.source import Source
    from samdrift_energy_forecast.sources.turns import Turns

#: Waits before the second, third and fourth attempt, in seconds; a Retry-After of the source comes before them.
BACKOFF_S = (1.0, 4.0, 15.0)
#: A source that asks for more patience than this is left alone for so long, and the question given up.
LONGEST_WAIT_S = 30.0
#: An answer may be so large: five years of five-minute values are 40 MiB.
LARGEST_BODY = 64 * 1024 * 1024
#: All of an answer has to be there after so many time-outs: a peer that sends a byte at a time holds nobody up.
TIMEOUTS_FOR_THE_BODY = 6
_REFUSED = (400, 401, 403, 404, 405, 410, 422)
USER_AGENT = "samdrift-energy-forecast (heating plans for public buildings)"


class Asker:
    """Questions to one source. `clock` and `wait` are the process's own unless a test gives others."""

    def __init__(
        self,
        source: Source,
        turns: Turns,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Ask `source` when `turns` lets us."""
        self.source = source
        self._turns, self._clock, self._wait = turns, clock, wait
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json"}
        self._client = httpx.Client(base_url=source.base_url, timeout=source.timeout_s, headers=headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()

    def json(self, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """The JSON object at `path`.

        Raises:
            SourcePausedError: the source said that we ask too often, to us or to another process.
            SourceRefusedError: it refuses the question, with its reason.
            SourceUnavailableError: no attempt brought a whole answer.
        """
        problem = ""
        for attempt in range(self.source.attempts):
            self._wait_for_turn()
            try:
                return self._once(path, parameters)
            except (httpx.TransportError, _TryAgain) as error:
                problem = str(error) or type(error).__name__
                asked_s = error.wait_s if isinstance(error, _TryAgain) else None
            if attempt + 1 < self.source.attempts:
                self._wait(BACKOFF_S[min(attempt, len(BACKOFF_S) - 1)] if asked_s is None else asked_s)
        tried = f"{self.source.attempts} attempts, the last: {problem}"
        raise SourceUnavailableError(f"{self.source.name}: {SourceUnavailableError.__doc__} ({tried})")

    def _wait_for_turn(self) -> None:
        while wait_s := self._turns.take(self.source, self._clock()):
            self._wait(wait_s)

    def _once(self, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        with self._client.stream("GET", path, params=dict(parameters)) as response:
            if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
                raise self._too_often(response)
            body = self._body(response)
        if response.status_code in _REFUSED:
            raise SourceRefusedError(f"{self.source.name}: {SourceRefusedError.__doc__} ({_words(response, body)})")
        if response.status_code != httpx.codes.OK:
            raise _TryAgain(f"HTTP {response.status_code}", _retry_after_s(response, self._clock()))
        return self._object(body)

    def _too_often(self, response: httpx.Response) -> Exception:
        """The error for an answer 429, after it was noted for all of us where it means a ban."""
        now = self._clock()
        asked_s = _retry_after_s(response, now)
        pause_s = max(self.source.ban_s, asked_s or 0.0)
        if not self.source.ban_s and pause_s <= LONGEST_WAIT_S:
            return _TryAgain("HTTP 429, the server is busy", asked_s)
        until = now + timedelta(seconds=pause_s)
        self._turns.pause(self.source, until)
        return SourcePausedError(f"{self.source.name}: {SourcePausedError.__doc__} (until {until:%Y-%m-%dT%H:%M:%SZ})")

    def _body(self, response: httpx.Response) -> bytes:
        ends = time.monotonic() + TIMEOUTS_FOR_THE_BODY * self.source.timeout_s
        parts, size = [], 0
        for part in response.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > LARGEST_BODY:
                raise SourceAnswerError(f"{self.source.name} sends more than {LARGEST_BODY >> 20} MiB. Ask for less.")
            if time.monotonic() > ends:
                raise _TryAgain("the answer came too slowly", None)
        return b"".join(parts)

    def _object(self, body: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(body)
        except ValueError as error:
            raise _TryAgain("the answer is not whole JSON", None) from error
        if not isinstance(answer, dict):
            raise SourceAnswerError(f"{self.source.name}: {SourceAnswerError.__doc__} (no JSON object)")
        return answer


class _TryAgain(Exception):  # noqa: N818 - never leaves this module
    """An answer that may be another one next time; `wait_s` is the source's own wish."""

    def __init__(self, problem: str, wait_s: float | None) -> None:
        super().__init__(problem)
        self.wait_s = None if wait_s is None else min(wait_s, LONGEST_WAIT_S)


def _retry_after_s(response: httpx.Response, now: datetime) -> float | None:
    """Seconds of a Retry-After header, given as seconds or as a date (RFC 9110, 10.2.3); None without a usable one."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (TypeError, ValueError):  # no header, not a date, or a date without a zone
        return None


def _words(response: httpx.Response, body: bytes) -> str:
    """What the source itself says, shortened: it names the parameter."""
    return f"HTTP {response.status_code}: {body[:300].decode(errors='replace').strip()}"
