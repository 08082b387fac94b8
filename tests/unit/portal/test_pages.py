from __future__ import annotations

import functools
from dataclasses import replace
from uuid import uuid4

import pytest
from fastapi import FastAPI

from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger.audit import Record
from samdrift_platform.ledger.benefits import Total
from samdrift_platform.ledger.effects import EffectRow, EffectState
from samdrift_platform.ledger.items import ItemState
from samdrift_platform.portal.testing import GivenReading, portal_of
from samdrift_water.browsing import Outline, get
from samdrift_water.examples import ITEMS, NOW, SUBMISSION, work_item
from samdrift_water.workload import workload as water

EFFECTS = [
    EffectRow(
        key=uuid4(),
        item_id=ITEMS[0].id,
        ordinal=number,
        workload="water",
        step=f"letter-{number}",
        receiver="post-office",
        request={},
        state=state,
        attempt=1,
        fence=1,
        answer=None,
        error="closed on Sundays" if state is EffectState.REFUSED else None,
        planned_at=NOW,
        finished_at=NOW,
    )
    for number, state in enumerate(EffectState)
]
EVENT = Record(
    seq=7, at=NOW.isoformat(), actor="delivery", action="effect.refused", subject=f"item:{ITEMS[0].id}",
    details={"step": "letter-2"}, hash="0" * 64,
)  # fmt: skip
SAVED = Total(workload="water", kind="saved", measure="water", quantity=1234.5, unit="m³", method="metered", items=3)
SPENT = Total(workload="water", kind="spent", measure="cpu_time", quantity=0.25, unit="kWh", method="CPU time", items=3)
FULL = GivenReading(
    given=ITEMS,
    given_submissions=[SUBMISSION],
    given_effects=EFFECTS,
    given_events=[EVENT],
    given_benefits=[SAVED, SPENT],
)
PAGES = (
    "/", f"/submissions/{SUBMISSION.id}", *(f"/items/{item.id}" for item in ITEMS), "/benefits", "/was", "/not-this",
    "/sign-in", "/sign-in?link=secret", "/signed-out", "/water/",
)  # fmt: skip


@functools.cache
def full() -> FastAPI:
    return portal_of(water, reading=FULL)


@pytest.mark.parametrize("language", ["da", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_the_shell(path: str, language: str) -> None:
    answer = get(full(), path, accept_language=language)
    page = Outline(answer.text)
    assert answer.status_code == 200
    assert answer.headers["content-language"] == language
    assert page.all("html")[0].attributes["lang"] == language
    assert len(page.all("h1")) == len(page.all("main")) == 1
    assert page.all("a")[0].attributes["href"] == "#main"
    footer = [link.attributes["href"] for link in page.all("a")[-2:]]
    assert footer == ["/was", "/not-this"]


@pytest.mark.parametrize("path", PAGES)
def test_the_content_security_policy_has_nothing_to_refuse(path: str) -> None:
    page = Outline(get(full(), path).text)
    for element in page.elements:
        assert "style" not in element.attributes
        assert not [name for name in element.attributes if name.startswith("on")]
    assert all(str(script.attributes.get("src")).startswith("/static/") for script in page.all("script"))
    assert page.all("style") == []


@pytest.mark.parametrize("path", PAGES)
def test_every_table_has_caption_and_scopes_and_every_id_is_unique(path: str) -> None:
    page = Outline(get(full(), path).text)
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(header.attributes.get("scope") in ("col", "row") for header in page.all("th"))
    identifiers = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    assert len(identifiers) == len(set(identifiers))


def test_a_page_is_in_the_language_of_the_reader() -> None:
    app = full()
    danish, english = get(app, "/", accept_language="da").text, get(app, "/", accept_language="en").text
    assert "Overblik over arbejdet" in danish
    assert "Overview of the work" in english
    assert "24. nov. 2026 13.00" in danish
    assert "24 Nov 2026 13:00" in english
    assert "Vand" in danish
    assert "Water" in english


def test_the_choice_of_a_language_is_remembered() -> None:
    answer = get(full(), "/?lang=en", accept_language="da")
    assert answer.headers["content-language"] == "en"
    assert answer.cookies["samdrift_language"] == "en"
    assert "samdrift_language" not in get(full(), "/").cookies


def test_home_says_how_far_the_work_is_and_asks_often_while_it_is_under_way() -> None:
    home = get(full(), "/", accept_language="en")
    assert "4 of 7 ended, 1 waits for a person" in home.text
    assert 'hx-trigger="every 1s"' in home.text
    done = GivenReading(given=[work_item(ItemState.DONE)], given_submissions=[SUBMISSION])
    assert 'hx-trigger="every 10s"' in get(portal_of(water, reading=done), "/").text


@pytest.mark.parametrize("path", ["/", f"/submissions/{SUBMISSION.id}"])
def test_the_fragment_that_follows_the_work_is_what_the_page_held(path: str) -> None:
    app = full()
    page = get(app, path, accept_language="da").text
    address = next(part.attributes["hx-get"] for part in Outline(page).elements if "hx-get" in part.attributes)
    assert get(app, str(address), accept_language="da").text.strip() in page


def test_home_without_work_says_what_to_do() -> None:
    text = get(portal_of(water), "/", accept_language="en").text
    assert "Nothing has been submitted yet." in text
    assert "samdrift submit" in text


def test_an_item_shows_models_effects_and_audit_events() -> None:
    text = get(full(), f"/items/{ITEMS[0].id}", accept_language="en").text
    for expected in ("leak-<wbr>detector", "letter-<wbr>2", "closed on Sundays", "effect.<wbr>refused", "Operational"):
        assert expected in text


def test_what_people_send_is_never_markup() -> None:
    text = get(full(), f"/items/{ITEMS[0].id}").text
    assert "<script>alert" not in text
    assert "\\u003cscript\\u003ealert" in text


@pytest.mark.parametrize("state", ItemState)
def test_a_state_is_written_out_and_has_an_icon(state: ItemState) -> None:
    text = get(portal_of(water, items=[work_item(state)]), "/water/", accept_language="en").text
    badge = text.partition('class="badge')[2].partition("</span>")[0]
    assert "<use" in badge
    assert badge.rpartition("</svg>")[2].strip()


def test_rows_beyond_the_first_page_are_linked() -> None:
    many = GivenReading(given=ITEMS, given_submissions=[SUBMISSION] * 51)
    app = portal_of(water, reading=many)
    assert "/?offset=50" in get(app, "/").text
    assert "/?offset=0" in get(app, "/?offset=50").text
    assert get(app, "/?offset=-1").status_code == 422


def test_benefits_set_saved_against_spent_with_the_method() -> None:
    text = get(full(), "/benefits", accept_language="da").text
    for expected in ("1.234,5", "m³", "metered", "0,25", "kWh", "CPU time", "CPU-tid"):
        assert expected in text


def test_what_a_workloads_code_says_is_translated_by_its_own_catalogue_or_marked_as_english() -> None:
    meters = replace(SAVED, measure="Meters", method="metered & <b>checked</b>")
    app = portal_of(water, reading=GivenReading(given_benefits=[meters]))
    danish, english = get(app, "/benefits", accept_language="da").text, get(app, "/benefits", accept_language="en").text
    assert "<td>Målere</td>" in danish
    assert '<span lang="en">metered &amp; &lt;b&gt;checked&lt;/b&gt;</span>' in danish
    assert "<td>metered &amp; &lt;b&gt;checked&lt;/b&gt;</td>" in english


def test_a_submission_without_items_says_so() -> None:
    app = portal_of(water, reading=GivenReading(given_submissions=[SUBMISSION]))
    assert "holds no items" in get(app, f"/submissions/{SUBMISSION.id}", accept_language="en").text


def test_a_page_shows_only_its_own_workloads_items() -> None:
    other = work_item(ItemState.DONE, workload="gas")
    text = get(portal_of(water, items=[other]), "/water/", accept_language="en").text
    assert "No meter was read." in text


def test_an_unknown_item_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="identifier"):
        get(full(), f"/items/{uuid4()}")


def test_the_plot_and_its_table_hold_the_same_values() -> None:
    page = Outline(get(portal_of(water), "/water/", accept_language="en").text)
    drawing = next(element for element in page.elements if "data-plot" in element.attributes)
    assert drawing.attributes["role"] == "img"
    assert len(page.all("time")) == 48


def test_who_is_not_signed_in_sees_no_menu() -> None:
    text = get(portal_of(water, user=None), "/was").text
    assert "portal-menu" not in text
    assert "/sign-out" not in text
