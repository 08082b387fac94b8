"""The worklist and an exam in a real Chromium: pictures load, marks are drawn, axe finds nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from samdrift_mammography.picture import png
from samdrift_mammography.views import View
from samdrift_mammography.workload import MODEL, workload
from samdrift_platform.contract import Priority
from samdrift_platform.ledger.items import ItemState, WorkItem
from samdrift_platform.portal.testing import portal_of

pytestmark = pytest.mark.browser

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
PICTURE = {"object": "sha256:1", "columns": 200, "rows": 400}
MARK = {"x": 0.6, "y": 0.5, "radius": 0.1, "score": 20.0}


def view(name: View) -> dict[str, Any]:
    marks = [MARK] if name is View.LCC else []
    known = {"view": str(name), "digitised_film": True, "pixel_mm_assumed": True, "problems": [], "score": 12.5}
    return {**known, "sop_instance_uid": f"1.2.{name}", "marks": marks, "picture": PICTURE}


RESULT = {
    "exam": "1.2.826.0.1.3680043.8.498.2",
    "screening_unit": "unit",
    "score": 9,
    "reading": "double, priority",
    "reasons": ["high-score"],
    "missing": [],
    "views": [view(each) for each in View],
    "policy": "triage 1@sha256:0",
    "single_reading_up_to": 3,
    "priority_from": 9,
    "reference_population": "women",
}
EXAM = {"kind": "exam", "exam": RESULT["exam"], "screening_unit": "unit"}
FILE = {"kind": "file", "screening_unit": "unit", "position": 1, "files": 5}


def item(number: int, state: ItemState, payload: dict[str, Any], result: dict[str, Any]) -> WorkItem:
    return WorkItem(
        id=UUID(int=number),
        submission_id=UUID(int=0),
        workload="mammography",
        tenant="t",
        reference=f"r{number}",
        state=state,
        priority=Priority.CLINICAL,
        deadline=NOW + timedelta(days=3),
        attempt=1,
        payload=payload,
        result=result,
        reason="a reason",
        models={MODEL: "1@sha256:" + "ab" * 32},
        queued_at=NOW,
        started_at=NOW,
        finished_at=NOW,
    )


GIVEN = [
    item(1, ItemState.DONE, EXAM, RESULT),
    item(2, ItemState.REJECTED, FILE, {"code": "empty"}),
    item(3, ItemState.QUEUED, EXAM, {}),
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    grey = np.tile(np.linspace(0, 255, 200, dtype=np.float32), (400, 1))
    app = portal_of(workload, items=GIVEN, objects={"sha256:1": png(grey)})
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    yield opened
    opened.close()


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("path", ["/mammography/", f"/mammography/exams/{UUID(int=1)}"])
def test_a_page_is_accessible_quiet_and_fits_a_narrow_screen(
    page: Page, address: str, path: str, language: str
) -> None:
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.on("response", lambda answer: troubles.append(answer.url) if answer.status >= 400 else None)
    page.goto(f"{address}{path}?lang={language}", wait_until="load")
    assert page.locator("html").get_attribute("lang") == language
    report = Axe().run(page)
    assert report.violations_count == 0, report.generate_report()
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert troubles == []


def test_the_four_views_hang_in_order_at_one_scale_with_their_marks(page: Page, address: str) -> None:
    page.goto(f"{address}/mammography/", wait_until="load")
    page.locator("#worklist a").first.click()
    page.wait_for_load_state("load")
    frames = page.locator(".hanging li")
    assert frames.locator("figcaption").all_inner_texts() == ["RCC", "LCC", "RMLO", "LMLO"]
    boxes = [frame.bounding_box() for frame in frames.locator("svg").all()]
    assert len({(round(box["width"]), round(box["height"]), round(box["y"])) for box in boxes if box}) == 1
    assert frames.nth(1).locator("circle").count() == 1
    assert frames.nth(0).locator("circle").count() == 0
    stroke = frames.nth(1).locator("circle").evaluate("mark => getComputedStyle(mark).stroke")
    assert stroke == "rgb(255, 213, 74)"
