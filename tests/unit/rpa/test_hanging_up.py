"""A party that ends a kept connection just as the next request comes: it is asked, and sent nothing blindly again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import UUID, uuid5

import pytest

from samdrift_platform.errors import TryAgainError
from samdrift_rpa.receivers import keyed_peer
from samdrift_rpa.receivers.keyed_peer import KeyedPeer
from samdrift_testing.hanging_up import HangingUp, hanging_up

FIRST, SECOND = (uuid5(UUID(int=0), str(number)) for number in range(2))


@pytest.fixture
def party() -> Iterator[HangingUp]:
    """It has made what it is asked for, under the first key."""
    with hanging_up(lambda asked: ("200 OK", json.dumps({"key": str(FIRST)}).encode())) as running:
        yield running


def peer_at(party: HangingUp) -> KeyedPeer:
    return KeyedPeer("The party", party.url, "things", timeout_s=30.0)


def test_a_question_is_answered(party: HangingUp) -> None:
    peer = peer_at(party)
    peer.create(FIRST)
    assert peer.find(FIRST, {}) == peer.find(FIRST, {}) == {"key": str(FIRST)}
    assert party.hung_up_on == []
    peer.close()


def test_what_is_sent_just_then_is_to_be_asked_about(party: HangingUp) -> None:
    peer = peer_at(party)
    peer.create(FIRST)
    with pytest.raises(TryAgainError, match="did not answer"):
        peer.create(SECOND)
    assert (party.answered, party.hung_up_on) == (["POST /things"], ["POST /things"])
    assert peer.find(FIRST, {}) is not None
    assert peer.create(FIRST)["key"] == str(FIRST)
    peer.close()


def test_what_was_idle_is_not_used_again(party: HangingUp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyed_peer, "_IDLE_S", 0.0)
    peer = peer_at(party)
    assert [peer.create(FIRST)["key"] for _ in range(3)] == [str(FIRST)] * 3
    assert party.hung_up_on == []
    peer.close()
