"""A control plane that stumbles: what is tried again, how often, and what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from samdrift_platform.client import WAITS_S, Client
from samdrift_platform.errors import NotFoundError, SamdriftError, UnavailableError
from samdrift_platform.objects import StoreFullError

Script = Iterator[httpx.Response | Exception]
SUBMISSION = {"id": "s", "reference": "r", "total": 1, "pending": 0, "items": {"done": 1}}


def problem(status: int) -> httpx.Response:
    return httpx.Response(status, json={"status": status, "detail": "Said so.", "field": "f"})


def clumsy(*script: httpx.Response | Exception) -> tuple[Client, list[httpx.Request], list[float]]:
    """A client whose control plane answers as written; the last answer repeats."""
    requests: list[httpx.Request] = []
    slept: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        said = script[min(len(requests), len(script)) - 1]
        if isinstance(said, Exception):
            raise said
        return said

    return Client("http://c.test", "t", transport=httpx.MockTransport(answer), sleep=slept.append), requests, slept


STUMBLES = [
    httpx.ConnectError("refused"),
    httpx.ReadError("reset"),
    httpx.RemoteProtocolError("closed"),
    httpx.ReadTimeout("slow"),
    problem(503),
]


@pytest.mark.parametrize("stumble", STUMBLES, ids=repr)
def test_a_stumble_goes_unnoticed(stumble: httpx.Response | Exception) -> None:
    client, requests, slept = clumsy(stumble, stumble, httpx.Response(202, json=SUBMISSION))
    assert client.submit("w", {"a": 1}, reference="r") == SUBMISSION
    assert len({request.content for request in requests}) == 1, "the same body each time: the server knows it again"
    assert slept == list(WAITS_S[:2])


@pytest.mark.parametrize("stumble", STUMBLES, ids=repr)
def test_patience_ends(stumble: httpx.Response | Exception) -> None:
    client, requests, slept = clumsy(stumble)
    with pytest.raises(UnavailableError):
        client.put_object(b"x")
    assert len(requests) == len(WAITS_S) + 1
    assert slept == list(WAITS_S)


def test_no_connection_says_where_and_what_to_do() -> None:
    client, _, _ = clumsy(httpx.ConnectError("refused"))
    with pytest.raises(UnavailableError, match=r"http://c\.test does not answer \(ConnectError\).*samdrift up"):
        client.workloads()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 422, 500, 502, 507])
def test_an_answer_is_an_answer(status: int) -> None:
    client, requests, slept = clumsy(problem(status))
    with pytest.raises(SamdriftError, match="Said so") as raised:
        client.put_object(b"x")
    assert raised.value.field == "f"
    assert (len(requests), slept) == (1, [])


def test_a_full_store_is_told_apart() -> None:
    client, _, _ = clumsy(problem(507))
    with pytest.raises(StoreFullError):
        client.put_object(b"x")


@pytest.mark.parametrize(
    "call", [lambda c: c.retry_item("i"), lambda c: c.cancel_item("i"), lambda c: c.sign_in_link()]
)
def test_what_must_not_happen_twice_is_sent_once(call: Callable[[Client], Any]) -> None:
    client, requests, _ = clumsy(httpx.ReadError("reset"))
    with pytest.raises(UnavailableError):
        call(client)
    assert len(requests) == 1


@pytest.mark.parametrize("text", ["<html>proxy</html>", "[1]", "", '"x"'])
def test_what_is_no_problem_document_is_still_an_error(text: str) -> None:
    client, _, _ = clumsy(httpx.Response(404, text=text))
    with pytest.raises(NotFoundError, match="404"):
        client.submission("s")


def test_waiting_outlives_a_restart() -> None:
    down = [httpx.ConnectError("refused")] * (len(WAITS_S) + 3)
    client, _, _ = clumsy(*down, httpx.Response(200, json=SUBMISSION))
    assert client.wait("s") == SUBMISSION


def test_waiting_does_not_outlive_its_time() -> None:
    client, requests, _ = clumsy(httpx.ConnectError("refused"))
    with pytest.raises(UnavailableError):
        client.wait("s", timeout_s=0)
    assert len(requests) == len(WAITS_S) + 1


def test_the_token_goes_into_the_header_alone() -> None:
    client, (requests), _ = clumsy(httpx.Response(200, json={"workloads": []}))
    client.workloads()
    assert requests[0].headers["authorization"] == "Bearer t"
    assert requests[0].url == "http://c.test/v1/workloads"
