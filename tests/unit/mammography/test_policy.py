from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from samdrift_mammography.policy import (
    PolicyError,
    installed_policy,
    policy_of,
    read_policy,
    schema,
    shipped_policy,
)
from samdrift_platform.checks import MemoryStore

VALID = "name: a\nversion: 1\nsingle_reading_up_to: 5\npriority_from: 9\nreading_target_working_days: 3\n"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("single_reading_up_to: 5", "single_reading_up_to: 9", "single_reading_up_to"),
        ("single_reading_up_to: 5", "single_reading_up_to: 10", "single_reading_up_to"),
        ("single_reading_up_to: 5", "single_reading_up_to: yes", "single_reading_up_to"),
        ("single_reading_up_to: 5", "single_reading_up_to: 3.0", "single_reading_up_to"),
        ("priority_from: 9", "priority_from: '9'", "priority_from"),
        ("working_days: 3", "working_days: 0", "reading_target_working_days"),
        ("version: 1\n", "", "version"),
        ("version: 1", "version: 1\nskip_reading_below: 3", "skip_reading_below"),
        ("version: 1", "version: 1\nversion: 2", "version"),
        ("version: 1", "version: 1\ndouble_read_density: [E]", "double_read_density"),
        ("version: 1", "version: 1\naudit_share: 1.5", "audit_share"),
        ("version: 1", "version: 1\naudit_share: .nan", "audit_share"),
        ("version: 1", "version: 1\nhide_score_until_first_read: 1", "hide_score_until_first_read"),
        ("version: 1", "version: 1\ndouble_read_after_recall_months: 0", "double_read_after_recall_months"),
        ("name: a", "name: A woman", "name"),
        (VALID, "- a\n", None),
        (VALID, "{", None),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused_by_its_field(old: str, new: str, field: str | None) -> None:
    assert read_policy(VALID.encode()).priority_from == 9
    with pytest.raises(PolicyError) as caught:
        read_policy(VALID.replace(old, new).encode())
    assert caught.value.field == field
    assert field is None or field in caught.value.message


def test_the_schema_is_one_and_knows_every_field_of_a_full_policy() -> None:
    Draft202012Validator.check_schema(schema())
    more = "double_read_density: [C, D]\ndouble_read_after_recall_months: 24\naudit_share: 0.02\n"
    full = read_policy((VALID + more + "hide_score_until_first_read: true\n").encode())
    assert full.facts["double_read_density"] == ["C", "D"]
    assert full.facts.keys() >= {"policy", "audit_share", "hide_score", "double_read_after_recall_months"}
    assert set(schema()["properties"]) == {line.partition(":")[0] for line in full.text.decode().splitlines()}


def test_two_policies_with_the_same_name_are_told_apart_by_digest() -> None:
    other = VALID.replace("priority_from: 9", "priority_from: 8")
    assert str(read_policy(VALID.encode())) != str(read_policy(other.encode()))


def test_an_installation_may_have_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed_policy() == shipped_policy()
    monkeypatch.setenv("SAMDRIFT_MAMMOGRAPHY_POLICY", str(tmp_path / "own.yaml"))
    with pytest.raises(PolicyError, match="cannot be read"):
        installed_policy()
    (tmp_path / "own.yaml").write_text(VALID)
    assert installed_policy().name == "a"


def test_an_exam_keeps_the_policy_that_it_came_with(tmp_path: Path) -> None:
    store = MemoryStore()
    assert policy_of({"policy": store.put(VALID.encode())}, store).name == "a"
    assert policy_of({}, store) == shipped_policy()


def test_the_audit_draws_its_share_the_same_on_every_try(tmp_path: Path) -> None:
    policy = read_policy((VALID + "audit_share: 0.2\n").encode())
    exams = [f"1.2.{n}" for n in range(1000)]
    drawn = [exam for exam in exams if policy.draws_for_audit(exam, home=tmp_path)]
    assert 140 <= len(drawn) <= 260  # 200 expected, standard deviation 12.6
    assert drawn == [exam for exam in exams if policy.draws_for_audit(exam, home=tmp_path)]


def test_nobody_can_tell_from_the_exam_alone_who_is_drawn(tmp_path: Path) -> None:
    policy = read_policy((VALID + "audit_share: 0.5\n").encode())
    exams = [f"1.2.{n}" for n in range(64)]
    by_home = [[policy.draws_for_audit(exam, home=tmp_path / home) for exam in exams] for home in ("a", "b")]
    assert by_home[0] != by_home[1]


@pytest.mark.parametrize(("share", "all_or_none"), [("0", False), ("1", True)])
def test_nobody_and_everybody_can_be_drawn(share: str, all_or_none: bool, tmp_path: Path) -> None:
    policy = read_policy((VALID + f"audit_share: {share}\n").encode())
    assert {policy.draws_for_audit(f"1.2.{n}", home=tmp_path) for n in range(50)} == {all_or_none}


def test_the_reference_has_every_field() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "triage-policy.md").read_text()
    assert [name for name in schema()["properties"] if f"| `{name}` |" not in page] == []
