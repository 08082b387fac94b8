"""What the inbox calls the parts of automated work."""

from __future__ import annotations

from uuid import UUID

import pytest
from fastapi.routing import APIRoute

from samdrift_platform.parts import NamesParts, effect_title, item_address, lane_title
from samdrift_rpa.pages import cases
from samdrift_rpa.workload import workload


@pytest.mark.parametrize("language", ["da", "en"])
def test_every_process_and_every_effect_has_a_name_for_people(language: str) -> None:
    assert isinstance(workload, NamesParts)
    for process in workload.processes.values():
        assert lane_title(workload, process.name, language) == process.title[language]
        for effect in process.effects:
            assert effect_title(workload, process.name, effect.step, language) == effect.title[language]


def test_every_case_has_a_page_of_its_own() -> None:
    paths = {route.path for route in cases.router().routes if isinstance(route, APIRoute)}
    item = UUID(int=7)
    assert item_address(workload, item) == f"/rpa/cases/{item}"
    assert "/cases/{item_id}" in paths
    assert item_address(None, item) == ""


def test_what_is_not_installed_any_more_has_its_technical_name() -> None:
    assert lane_title(workload, "tax_returns", "da") == "tax_returns"
    assert effect_title(workload, "tax_returns", "send", "da") == "send"
    assert effect_title(None, "", "send", "en") == "send"
