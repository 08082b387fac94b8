from __future__ import annotations

from typing import Any

import pytest

from samdrift_energy_forecast.delivery.planned import planned, wanted

MADE = {"plan": "sha256:1", "version": "sha256:2"}


def effects(delivery: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    result = {**MADE, "delivery": wanted({"building": {"delivery": delivery}})}
    return [(effect.step, effect.receiver, dict(effect.request)) for effect in planned(result)]


@pytest.mark.parametrize("delivery", [{}, {"email": [], "folder": False}])
def test_a_building_that_names_nobody_sends_nothing(delivery: dict[str, Any]) -> None:
    assert effects(delivery) == []
    assert list(planned({**MADE, "delivery": wanted({"building": {}})})) == []


def test_a_rejected_item_sends_nothing() -> None:
    assert list(planned({})) == []


def test_the_folder_comes_before_the_mail_and_each_address_once() -> None:
    found = effects({"email": ["a@example.org", "b@example.org", "a@example.org"], "folder": True})
    assert found == [
        ("folder", "folder", MADE),
        ("mail", "mail", {**MADE, "to": ["a@example.org", "b@example.org"]}),
    ]
