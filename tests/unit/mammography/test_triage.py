from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_mammography.reasons import SENTENCES, sentence
from samdrift_mammography.triage import (
    Policy,
    PolicyError,
    Reading,
    decide,
    read_policy,
    reading_order,
    shipped_policy,
)

STRENGTH = {Reading.SINGLE: 0, Reading.DOUBLE: 1, Reading.DOUBLE_PRIORITY: 2}
OBSTACLES = ("missing-views", "implant", "undecodable")


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    single = draw(st.integers(0, 9))
    return Policy(
        name="any",
        version=1,
        single_reading_up_to=single,
        priority_from=draw(st.integers(single + 1, 11)),
        reading_target_working_days=3,
        digest="sha256:0",
    )


@given(policies(), st.integers(1, 10), st.integers(1, 10))
def test_a_higher_score_is_never_read_less(policy: Policy, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert STRENGTH[decide(policy, low).reading] <= STRENGTH[decide(policy, high).reading]


@given(policies(), st.lists(st.sampled_from(OBSTACLES)))
def test_what_is_not_scored_is_read_by_two_with_a_reason(policy: Policy, obstacles: list[str]) -> None:
    decision = decide(policy, None, obstacles)
    assert decision.reading is Reading.DOUBLE
    assert decision.reasons
    assert set(decision.reasons) <= set(SENTENCES)


@given(policies(), st.integers(1, 10), st.lists(st.sampled_from(OBSTACLES), min_size=1))
def test_an_obstacle_overrules_any_score(policy: Policy, score: int, obstacles: list[str]) -> None:
    assert decide(policy, score, obstacles) == decide(policy, None, obstacles)


@given(policies(), st.one_of(st.none(), st.integers(1, 10)))
def test_no_exam_goes_unread(policy: Policy, score: int | None) -> None:
    assert decide(policy, score).reading in {Reading.SINGLE, Reading.DOUBLE, Reading.DOUBLE_PRIORITY}


@pytest.mark.parametrize(
    ("score", "reading"), [(1, "single"), (3, "single"), (4, "double"), (8, "double"), (9, "double, priority")]
)
def test_the_shipped_cuts(score: int, reading: str) -> None:
    assert decide(shipped_policy(), score).reading == reading


VALID = "name: a\nversion: 1\nsingle_reading_up_to: 5\npriority_from: 9\nreading_target_working_days: 3\n"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("single_reading_up_to: 5", "single_reading_up_to: 9", "single_reading_up_to"),
        ("single_reading_up_to: 5", "single_reading_up_to: 10", "single_reading_up_to"),
        ("single_reading_up_to: 5", "single_reading_up_to: yes", "single_reading_up_to"),
        ("priority_from: 9", "priority_from: '9'", "priority_from"),
        ("working_days: 3", "working_days: 0", "reading_target_working_days"),
        ("version: 1\n", "", None),
        ("version: 1", "version: 1\nskip_reading_below: 3", None),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(old: str, new: str, field: str | None) -> None:
    assert read_policy(VALID.encode()).priority_from == 9
    with pytest.raises(PolicyError) as caught:
        read_policy(VALID.replace(old, new).encode())
    assert caught.value.field == field


def test_two_policies_with_the_same_name_are_told_apart_by_digest() -> None:
    other = VALID.replace("priority_from: 9", "priority_from: 8")
    assert str(read_policy(VALID.encode())) != str(read_policy(other.encode()))


def test_suspicious_exams_come_first_then_the_unscored_then_by_score_and_deadline() -> None:
    soon, later = datetime(2026, 11, 25, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC) + timedelta(days=1)
    exams: dict[str, tuple[dict[str, object], datetime | None]] = {
        "low soon": ({"score": 2, "reading": "single"}, soon),
        "unscored later": ({"score": None, "reading": "double"}, later),
        "high": ({"score": 9, "reading": "double, priority"}, later),
        "highest": ({"score": 10, "reading": "double, priority"}, later),
        "middle later": ({"score": 6, "reading": "double"}, later),
        "middle soon": ({"score": 6, "reading": "double"}, soon),
        "unscored soon": ({"score": None, "reading": "double"}, soon),
        "middle, no deadline": ({"score": 6, "reading": "double"}, None),
    }
    assert sorted(exams, key=lambda name: reading_order(*exams[name])) == [
        "highest",
        "high",
        "unscored soon",
        "unscored later",
        "middle soon",
        "middle later",
        "middle, no deadline",
        "low soon",
    ]


@pytest.mark.parametrize("code", SENTENCES)
def test_every_reason_says_who_reads(code: str) -> None:
    values = {"score": 7, "single_reading_up_to": 5, "priority_from": 9, "missing": ["RCC", "LMLO"]}
    text = sentence(code, values)
    assert "radiologist" in text
    assert "%" not in text
    if code == "missing-views":
        assert "RCC, LMLO" in text
