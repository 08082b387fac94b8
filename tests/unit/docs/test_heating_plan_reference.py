"""The reference of the heating plan says what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from samdrift_energy_forecast.building.comfort_profiles import PROFILES
from samdrift_energy_forecast.planning.binding import Binding
from samdrift_energy_forecast.plans.document import FORMAT
from samdrift_energy_forecast.plans.notice import NOTICES
from samdrift_energy_forecast.plans.reasons import TEXTS, WITH_FACTS, Reason, fields

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "heating-plan.md").read_text(encoding="utf-8")


def rows() -> set[str]:
    return {line for line in PAGE.splitlines() if line.startswith("| `")}


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_stands_there_with_its_sentence(reason: Reason) -> None:
    assert f"| `{reason.value}` | {WITH_FACTS.get(reason, TEXTS[reason])['en']} |" in rows()


@pytest.mark.parametrize("code", NOTICES)
def test_every_notice_stands_there_with_its_sentence(code: str) -> None:
    assert f"| `{code}` | {NOTICES[code]['en']} |" in rows()


def test_every_kind_of_room_stands_there_with_its_limits() -> None:
    for kind, profile in PROFILES.items():
        assert f"| `{kind.value}` | {profile.open_c:g} | {profile.highest_set_point_c:g} |" in rows()


def test_every_binding_constraint_and_the_format_are_named() -> None:
    assert all(f"`{binding.value}`" in PAGE for binding in Binding)
    assert FORMAT in PAGE


def test_facts_that_are_not_said_by_the_sentence_itself_are_explained() -> None:
    said_by_themselves = {"price_per_kwh", "kg_co2_per_kwh", "currency"}
    facts = set().union(*(fields(text) for texts in WITH_FACTS.values() for text in texts.values()))
    assert all(f"`{fact}`" in PAGE for fact in facts - said_by_themselves)
