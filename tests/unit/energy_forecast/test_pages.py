from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI

from samdrift_energy_forecast.workload import MODEL, workload
from samdrift_platform.checks import Example, MemoryStore
from samdrift_platform.contract import Priority
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger.items import ItemState, WorkItem
from samdrift_platform.portal.testing import portal_of
from samdrift_registry.verified import VerifiedModel
from samdrift_water.browsing import Outline, get

NOW = datetime(2026, 1, 25, 23, 5, tzinfo=UTC)


@pytest.fixture
def made(document: dict[str, Any], store: MemoryStore, verified: VerifiedModel) -> WorkItem:
    """The house's plan as the ledger would hold it."""
    example = Example(document, store=store, models={MODEL: verified})
    (item,), (outcome,) = example.items(workload), example.outcomes(workload)
    return WorkItem(
        id=uuid4(),
        submission_id=uuid4(),
        workload=workload.name,
        tenant="municipality",
        reference=item.reference,
        state=ItemState.DONE,
        priority=Priority.OPERATIONAL,
        deadline=item.deadline,
        attempt=1,
        payload=item.payload,
        result=outcome.result,
        reason=None,
        models={MODEL: "1@sha256:0"},
        queued_at=NOW,
        started_at=NOW,
        finished_at=NOW,
    )


def site(store: MemoryStore, *items: WorkItem) -> FastAPI:
    return portal_of(workload, items=items, objects=store.objects)


def page(app: FastAPI, path: str, language: str = "en") -> str:
    answer = get(app, path, accept_language=language)
    assert answer.status_code == 200
    return answer.text


def without(item: WorkItem, state: ItemState, result: Mapping[str, Any], reason: str | None = None) -> WorkItem:
    return replace(item, id=UUID(int=1), state=state, result=result, reason=reason)


def test_the_list_leads_to_each_plan(made: WorkItem, store: MemoryStore) -> None:
    text = page(site(store, made), "/energy_forecast/")
    assert f'href="/energy_forecast/plans/{made.id}"' in text
    assert "Skolen ved Søen" in text


def test_an_empty_list_says_what_to_do(store: MemoryStore) -> None:
    assert "Submit meter readings" in page(site(store), "/energy_forecast/")
    assert "Indsend en bygnings målerdata" in page(site(store), "/energy_forecast/", "da")


@pytest.mark.parametrize("language", ["da", "en"])
def test_a_plan_shows_every_hour_with_its_reason(made: WorkItem, store: MemoryStore, language: str) -> None:
    text = page(site(store, made), f"/energy_forecast/plans/{made.id}", language)
    outline = Outline(text)
    # 48 rows in the plot's table twin, 48 in the table of set-points, and two rows of headers.
    assert len(outline.all("tr")) == 48 + 48 + 2
    drawing = next(element for element in outline.all("div") if element.attributes.get("data-plot"))
    assert drawing.attributes["role"] == "img"
    assert len(outline.all("h1")) == 1


def test_a_plan_says_that_its_saving_is_not_measured(made: WorkItem, store: MemoryStore) -> None:
    path = f"/energy_forecast/plans/{made.id}"
    assert "planned, not measured" in page(site(store, made), path)
    assert "planlagt, ikke målt" in page(site(store, made), path, "da")


@pytest.mark.parametrize(("name", "kind"), [("plan.csv", "text/csv"), ("plan.ics", "text/calendar")])
def test_its_files_are_downloads(made: WorkItem, store: MemoryStore, name: str, kind: str) -> None:
    answer = get(site(store, made), f"/energy_forecast/plans/{made.id}/{name}")
    assert answer.headers["Content-Type"].startswith(kind)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "Skolen ved Søen".encode() in answer.content or b"set_point_c" in answer.content


def test_a_plan_has_no_other_files(made: WorkItem, store: MemoryStore) -> None:
    with pytest.raises(NotFoundError, match=r"no file plan\.exe"):
        get(site(store, made), f"/energy_forecast/plans/{made.id}/plan.exe")


def test_a_rejected_plan_gives_the_reason_and_the_safe_state(made: WorkItem, store: MemoryStore) -> None:
    rejected = without(made, ItemState.REJECTED, {}, "The meter file is empty.")
    text = page(site(store, rejected), f"/energy_forecast/plans/{rejected.id}", "da")
    assert "The meter file is empty." in text
    assert "Indtil da gælder den faste natsænkning." in text


def test_a_waiting_plan_says_what_applies_until_then(made: WorkItem, store: MemoryStore) -> None:
    queued = without(made, ItemState.QUEUED, {})
    assert "Until then the fixed setback plan applies." in page(
        site(store, queued), f"/energy_forecast/plans/{queued.id}"
    )


def test_names_are_escaped(made: WorkItem, store: MemoryStore) -> None:
    building = dict(made.payload["building"]) | {"name": "<script>alert(1)</script>"}
    nasty = replace(made, payload=dict(made.payload) | {"building": building})
    assert "<script>alert" not in page(site(store, nasty), f"/energy_forecast/plans/{nasty.id}")


@pytest.mark.parametrize(
    ("language", "told"), [("en", "Heat planning is stopped"), ("da", "Varmeplanlægningen er stoppet")]
)
def test_the_plan_of_a_stopped_workload_says_so_and_claims_no_saving(
    made: WorkItem, document: dict[str, Any], store: MemoryStore, language: str, told: str
) -> None:
    (outcome,) = Example(document, store=store).stopped(workload)
    stopped = replace(made, result=outcome.result, models={})
    text = page(site(store, stopped), f"/energy_forecast/plans/{made.id}", language)
    assert told in text
    assert "planned, not measured" not in text
    assert "planlagt, ikke målt" not in text
    assert len(Outline(text).all("tr")) == 48 + 48 + 2
    assert page(site(store, stopped), "/energy_forecast/", language)
