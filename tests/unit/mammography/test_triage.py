from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_mammography.policy import Policy, shipped_policy
from samdrift_mammography.reasons import SENTENCES, sentence
from samdrift_mammography.triage import Reading, decide, reading_order

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
        double_read_density=tuple(draw(st.sets(st.sampled_from("ABCD")))),
        double_read_after_recall_months=draw(st.none() | st.integers(1, 120)),
        audit_share=draw(st.floats(0, 1)),
        hide_score_until_first_read=draw(st.booleans()),
        digest="sha256:0",
    )


FACTS = st.fixed_dictionaries(
    {
        "density": st.none() | st.sampled_from("ABCD"),
        "months_since_recall": st.none() | st.integers(0, 1200),
        "drawn_for_audit": st.booleans(),
    }
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


@given(policies(), st.none() | st.integers(1, 10), st.lists(st.sampled_from(OBSTACLES)), FACTS)
def test_no_exam_goes_unread(policy: Policy, score: int | None, obstacles: list[str], facts: dict[str, Any]) -> None:
    decision = decide(policy, score, obstacles, **facts)
    assert decision.reading in {"single", "double", "double, priority"}
    assert set(decision.reasons) <= set(SENTENCES)
    assert decision.reasons


def test_an_unknown_density_counts_as_dense_where_there_is_a_density_rule() -> None:
    policy = replace(shipped_policy(), double_read_density=("D",))
    assert decide(policy, 1).reasons == ("density-unknown",)
    assert decide(policy, 1, density="A").reading is Reading.SINGLE


@given(policies(), st.integers(1, 10), FACTS)
def test_what_else_is_known_only_ever_adds_a_reader(policy: Policy, score: int, facts: dict[str, Any]) -> None:
    alone = decide(replace(policy, double_read_density=()), score)
    assert STRENGTH[decide(policy, score, **facts).reading] >= STRENGTH[alone.reading]


@given(policies(), st.integers(1, 10), FACTS)
def test_one_reader_reads_only_what_no_rule_gives_to_two(policy: Policy, score: int, facts: dict[str, Any]) -> None:
    """Written from the policy's sentences, not from the code."""
    recent = facts["months_since_recall"] is not None and facts["months_since_recall"] <= (
        policy.double_read_after_recall_months or -1
    )
    dense = bool(policy.double_read_density) and facts["density"] not in set("ABCD") - set(policy.double_read_density)
    two = score > policy.single_reading_up_to or recent or dense or facts["drawn_for_audit"]
    decision = decide(policy, score, **facts)
    assert (decision.reading is not Reading.SINGLE) == two
    assert not decision.audit_read or not (recent or dense or score > policy.single_reading_up_to)


@pytest.mark.parametrize(
    ("score", "reading"), [(1, "single"), (4, "single"), (5, "double"), (8, "double"), (9, "double, priority")]
)
def test_the_shipped_cuts(score: int, reading: str) -> None:
    assert decide(shipped_policy(), score).reading == reading


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
    values = {
        "score": 7,
        "single_reading_up_to": 5,
        "priority_from": 9,
        "missing": ["RCC", "LMLO"],
        "density": {"class": "D"},
        "double_read_after_recall_months": 24,
    }
    text = sentence(code, values)
    assert "radiologist" in text
    assert "%" not in text
    if code == "missing-views":
        assert "RCC, LMLO" in text
