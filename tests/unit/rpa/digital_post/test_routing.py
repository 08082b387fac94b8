"""Routing is a function of letter, subject and policy: held against a slow search of the policy's tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_platform.checks import MemoryStore
from samdrift_platform.errors import SettingError
from samdrift_rpa.digital_post.due import due_on
from samdrift_rpa.digital_post.generator import Written, write
from samdrift_rpa.digital_post.letter import read_letter
from samdrift_rpa.digital_post.memo import Letter, Party, Reply
from samdrift_rpa.digital_post.policy import Ground, PostPolicy, read_post_policy
from samdrift_rpa.digital_post.reply import reply_uuid
from samdrift_rpa.digital_post.routing import Route, route
from samdrift_rpa.digital_post.thread import external_id
from samdrift_rpa.policy_file import shipped

SHIPPED = read_post_policy(shipped("digital_post"))
UNITS = ("one", "two", "three", "legal")
PARTS = st.integers(0, 3).map(lambda n: f"{n:02d}")
KEYS = st.lists(PARTS, min_size=1, max_size=3).map(".".join)
TABLES = st.dictionaries(KEYS, st.sampled_from(UNITS), max_size=8)
POINTS = st.sampled_from(("", "p", "q"))


@pytest.fixture(scope="module")
def letter() -> Letter:
    store = MemoryStore()
    return read_letter(store, store.put(write(Written(number=1, title="t", text="t"))), most_bytes=9999, schemas=None)


def at(letter: Letter, point: str, task: str, *, legal: bool = False) -> Letter:
    party = Party(id="1", id_type="CVR", label="", contact_point=point)
    return replace(letter, recipient=party, task=task, legal_notification=legal)


def ruled(
    points: dict[str, str], subjects: dict[str, str], tasks: dict[str, str], order: tuple[Ground, ...]
) -> PostPolicy:
    changes = {"contact_points": points, "subjects": subjects, "tasks": tasks, "order": order}
    units = {name: {"da": name, "en": name} for name in UNITS}
    return SHIPPED.model_copy(update={**changes, "units": units, "legal_notification_unit": "legal"})


def slowly(letter: Letter, subject: str, policy: PostPolicy) -> str | None:
    """The unit, by trying every rule of every table."""
    if letter.legal_notification:
        return policy.legal_notification_unit
    for ground in policy.order:
        if ground == "contact_point":
            fits = [unit for point, unit in policy.contact_points.items() if point == letter.recipient.contact_point]
        else:
            table, key = (policy.subjects, subject) if ground == "subject" else (policy.tasks, letter.task)
            prefixes = [rule for rule in table if key == rule or key.startswith(f"{rule}.")]
            fits = [table[max(prefixes, key=len)]] if prefixes else []
        if fits:
            return fits[0]
    return None


@given(
    point=POINTS,
    task=st.one_of(st.just(""), KEYS),
    subject=st.one_of(st.just(""), KEYS),
    points=st.dictionaries(st.sampled_from(("p", "q", "r")), st.sampled_from(UNITS)),
    subjects=TABLES,
    tasks=TABLES,
    order=st.sampled_from([*permutations(Ground), (Ground.SUBJECT,), ()]),
    legal=st.booleans(),
)
def test_it_finds_what_a_slow_search_finds(
    letter: Letter,
    point: str,
    task: str,
    subject: str,
    points: dict[str, str],
    subjects: dict[str, str],
    tasks: dict[str, str],
    order: tuple[Ground, ...],
    legal: bool,
) -> None:
    policy, one = ruled(points, subjects, tasks, order), at(letter, point, task, legal=legal)
    found = route(one, subject, policy)
    assert (found.unit if found else None) == slowly(one, subject, policy)


def test_it_says_by_what(letter: Letter) -> None:
    policy = ruled({"p": "one"}, {"28": "two", "28.06": "three"}, {"11": "one"}, tuple(Ground))
    assert route(at(letter, "", ""), "28.06.04", policy) == Route(unit="three", by="subject", rule="28.06")
    assert route(at(letter, "", ""), "28.07.04", policy) == Route(unit="two", by="subject", rule="28")
    assert route(at(letter, "p", ""), "28.06.04", policy) == Route(unit="one", by="contact_point")
    assert route(at(letter, "", "11.22"), "", policy) == Route(unit="one", by="task", rule="11")
    assert route(at(letter, "", "110"), "280", policy) is None


@given(replies=st.lists(st.tuples(st.uuids(), st.booleans()), max_size=5))
def test_a_thread_is_named_by_the_message_that_began_it(letter: Letter, replies: list[tuple[object, bool]]) -> None:
    chain = tuple(Reply(message_uuid=str(uuid), reply_uuid="x" if is_reply else "") for uuid, is_reply in replies)
    starters = [reply.message_uuid for reply in chain if not reply.reply_uuid]
    expected = (starters or [reply.message_uuid for reply in chain] or [letter.message_uuid])[0]
    assert replace(letter, replies=chain).thread == expected


@given(uuid=st.uuids(), other=st.uuids())
def test_letters_share_a_case_only_if_they_share_a_thread(
    letter: Letter, policy: PostPolicy, uuid: object, other: object
) -> None:
    cases = [external_id(replace(letter, message_uuid=str(each)), policy) for each in (uuid, other)]
    assert (cases[0] == cases[1]) == (uuid == other)


@given(key=st.uuids(version=5))
def test_a_key_becomes_a_message_uuid_of_version_4_and_nothing_else_of_it_changes(key: object) -> None:
    told = reply_uuid(key)  # type: ignore[arg-type]  # hypothesis says `object`
    assert told.version == 4
    assert [a for a, b in zip(str(key), str(told), strict=True) if a != b] == ["5"]


@given(minutes=st.integers(0, 20 * 365 * 24 * 60))
def test_due_days_are_counted_on_danish_calendars(letter: Letter, policy: PostPolicy, minutes: int) -> None:
    received = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    due = due_on(letter, received, policy)
    assert isinstance(due, date)
    danish = {(received + timedelta(hours=hours)).date() for hours in (1, 2)}
    assert due - timedelta(days=policy.answer_within_days) in danish


@pytest.mark.parametrize(
    "change",
    [
        '"least_confidence": 1.5',
        '"contact_points": {"x": "nobody"}',
        '"subjects": {"2806": "roads"}',
        '"legal_notification_unit": "nobody"',
        '"acknowledgement": {"label": "x", "text": "100 %"}',
        '"acknowledgement": {"label": "x", "text": "%(case)s"}',
        '"unknown": 1',
    ],
)
def test_a_policy_that_cannot_hold_is_refused_when_it_is_read(tmp_path: Path, change: str) -> None:
    import json

    policy = json.loads(
        (Path(read_post_policy.__code__.co_filename).parent.parent / "policies/digital_post.json").read_text()
    )
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(policy | json.loads("{" + change + "}")))
    with pytest.raises(SettingError, match=r"policy\.json"):
        read_post_policy(file)
