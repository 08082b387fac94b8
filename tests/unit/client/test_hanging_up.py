"""A control plane that ends a kept connection just as the next request comes: users notice nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from samdrift_platform import client as client_module
from samdrift_platform.client import WAITS_S, Client
from samdrift_testing.hanging_up import HangingUp, hanging_up

KNOWN = {"workloads": [], "item": "i"}


@pytest.fixture
def peer() -> Iterator[HangingUp]:
    with hanging_up(lambda asked: ("200 OK", json.dumps(KNOWN).encode())) as running:
        yield running


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def client(peer: HangingUp, slept: list[float]) -> Iterator[Client]:
    with Client(peer.url, "t", sleep=slept.append) as speaking:
        yield speaking


def test_what_can_be_repeated_is_repeated(peer: HangingUp, client: Client, slept: list[float]) -> None:
    assert [client.workloads(), client.workloads()] == [[], []]
    assert peer.hung_up_on == ["GET /v1/workloads"]
    assert peer.answered == ["GET /v1/workloads"] * 2
    assert slept == [WAITS_S[0]]


@pytest.mark.parametrize(
    ("act", "asked"),
    [
        (lambda client: client.retry_item("i"), "POST /v1/items/i/retry"),
        (lambda client: client.decide("i", "q", "approve"), "POST /v1/items/i/decisions"),
        (lambda client: client.sign_in_link(), "POST /v1/links"),
        (lambda client: client.promote("m", 1, "better"), "POST /v1/models/m/versions/1/promote"),
        (lambda client: client.fetch("POST", "/rpa/evidence/i/picture"), "POST /rpa/evidence/i/picture"),
        (lambda client: b"".join(client.records_of_use()), "GET /v1/audit/records"),
    ],
)
def test_what_is_sent_once_arrives(
    peer: HangingUp, client: Client, slept: list[float], act: Callable[[Client], Any], asked: str
) -> None:
    client.workloads()
    act(client)
    act(client)
    assert peer.answered == ["GET /v1/workloads", asked, asked]
    assert (peer.hung_up_on, slept) == ([], [])


def test_what_was_idle_is_not_used_again(peer: HangingUp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_IDLE_S", 0.0)
    with Client(peer.url, "t", sleep=lambda seconds: pytest.fail("nothing has to be repeated")) as client:
        assert [client.workloads(), client.workloads()] == [[], []]
    assert peer.hung_up_on == []
