from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from samdrift_energy_forecast.exports import KINDS, set_points_of_csv
from samdrift_energy_forecast.pages import figures
from samdrift_energy_forecast.pages.plan_view import PlanView
from samdrift_energy_forecast.plans import overrides
from samdrift_energy_forecast.plans.document import HOUR, QUARTER, Entry, Plan
from samdrift_energy_forecast.plans.notice import Notice
from samdrift_energy_forecast.plans.reasons import Reason
from samdrift_energy_forecast.tables import orders
from samdrift_platform.checks import MemoryStore
from samdrift_platform.ledger import audit, effects
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.effects import EffectState
from samdrift_testing.estate import BEGINS, DEAD, NOW, STALE, Estate, Visit, described, plan_of, site
from samdrift_testing.work import look
from samdrift_water.browsing import Outline

BUILDING = "/energy_forecast/buildings/school-1"
STOPPED = Notice(code="stopped", da="Varmeplanlægningen er stoppet.", en="Heat planning is stopped.")
LANGUAGES = ["da", "en"]


@pytest.fixture
def estate(sqlite_ledger: Ledger) -> Estate:
    return Estate(sqlite_ledger)


@pytest.fixture(scope="module")
def over() -> Iterator[Callable[[Estate], Visit]]:
    with site() as opened:
        yield opened


@pytest.fixture
def visit(estate: Estate, over: Callable[[Estate], Visit]) -> Visit:
    return over(estate)


def rows(text: str) -> list[str]:
    """What the rows of the list say, without markup."""
    body = text.partition('id="plans"')[2].partition("</table>")[0]
    return [" ".join(part.replace("<", " <").split()) for part in body.split("<tr>")[2:]]


def test_an_empty_list_says_what_to_do(visit: Visit) -> None:
    assert "Submit meter readings" in visit.page("/energy_forecast/")
    assert "Indsend en bygnings målerdata" in visit.page("/energy_forecast/", "da")


def test_buildings_that_need_a_look_come_first(estate: Estate, visit: Visit) -> None:
    estate.planned("a-fine", "A fine one")
    estate.planned("b-notice", "B notice", attention=(DEAD,))
    estate.planned("c-safe", "C safe", safe_state=STOPPED)
    estate.planned("d-old", "D old", begins=BEGINS - 30 * HOUR)
    estate.planned("e-over", "E over", begins=BEGINS - 90 * HOUR)
    estate.planned("f-failed", "F failed", begins=BEGINS - 24 * HOUR)
    estate.rejected("f-failed", "F failed", "The file is empty.")
    text = visit.page("/energy_forecast/")
    assert [row.partition("buildings/")[2].partition('"')[0] for row in rows(text)] == [
        "e-over",
        "d-old",
        "f-failed",
        "c-safe",
        "b-notice",
        "a-fine",
    ]
    assert [said in row for said, row in zip(
        ["Its plan is over.", "Its plan is old.", "The newest order came to nothing.", "stopped.", "meter is dead."],
        rows(text), strict=False,
    )] == [True] * 5  # fmt: skip
    assert "<strong>6</strong> Buildings" in text
    assert "<strong>5</strong> Somebody should look at" in text
    attention = visit.page("/energy_forecast/?show=attention", "da")
    assert "A fine one" not in attention
    assert "Måleren er død." in attention


def test_what_was_lacking_is_said_in_words(estate: Estate, visit: Visit) -> None:
    item_id = estate.planned()
    with estate.ledger.write() as connection:
        values = {"building": "school-1", "issue_time": BEGINS, "run": "nightly", "reference": "r", "item_id": item_id}
        told = {"lacks": ["stale_weather_forecast"], "ordered_by": "nightly", "ordered_at": NOW}
        connection.execute(orders.insert().values(**values, **told))
    assert "The weather forecast is too old." in visit.page("/energy_forecast/")
    assert "Vejrudsigten er for gammel." in visit.page(BUILDING, "da")


def test_a_name_is_found_whatever_its_case(estate: Estate, visit: Visit) -> None:
    estate.planned("s-1", "Skolen ved Åen")
    estate.planned("s-2", "Rådhuset")
    assert [("Åen" in row) for row in rows(visit.page("/energy_forecast/?search=VED+%C3%A5en"))] == [True]
    assert rows(visit.page("/energy_forecast/?search=S-2"))[0].count("Rådhuset") == 1
    assert "No building" in visit.page("/energy_forecast/?search=100%25_")


def test_registered_buildings_without_a_plan_are_named_and_removed_ones_left_out(estate: Estate, visit: Visit) -> None:
    estate.registered(described("school-1", "Skolen"), described("hall-1", "Hallen"))
    estate.planned()
    text = visit.page("/energy_forecast/")
    assert "1 building waits for its first night." in text
    assert 'href="/energy_forecast/buildings/hall-1"' in text
    assert "There is no plan yet." in visit.page("/energy_forecast/buildings/hall-1")
    from samdrift_energy_forecast.building import register

    with estate.ledger.write() as connection:
        register.remove(connection, "school-1", by="faye", now=NOW)
    assert rows(visit.page("/energy_forecast/")) == []
    assert "Skolen" in visit.page(BUILDING)


def test_what_to_set_now_and_next_stands_first(estate: Estate, visit: Visit) -> None:
    estate.planned()
    english, danish = visit.page(BUILDING), visit.page(BUILDING, "da")
    now = english.partition('id="now"')[2].partition("</table>")[0]
    assert "Set now" in now
    assert now.index("20.4 °C") < now.index("Next, at") < now.index("16.0 °C")  # warm till four, then set back
    assert "20,4 °C" in danish
    assert "26. jan. 2026 16.00" in danish  # Danish clock: 15 UTC
    assert english.count("<h1>") == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_coming_entry_has_its_reason_and_every_plot_a_table(estate: Estate, visit: Visit, language: str) -> None:
    plan = estate.plan(estate.planned())
    text = visit.page(BUILDING, language)
    coming = [entry for entry in plan.entries if entry.begins > NOW]
    for entry in coming:
        assert entry.text("da" if language == "da" else "en") in text
    drawings = [each for each in Outline(text).all("div") if each.attributes.get("data-plot")]
    assert [each.attributes["role"] for each in drawings] == ["img"] * 3
    for name in ("temperatures", "heat", "price"):
        assert f'id="{name}-table"' in text
    assert "not measured" in text or "ikke målt" in text


def test_what_decides_each_hour_and_the_reserve_stand_in_a_table(estate: Estate, visit: Visit) -> None:
    estate.planned()
    text = visit.page(BUILDING)
    table = text.partition('id="deciding"')[2].partition("</table>")[0]
    assert table.count("<tr>") == 73
    assert (table.count("The lowest room temperature"), table.count("Nothing: the cheapest hours")) == (24, 48)
    assert "Forward temperature: +2.5 K" in text.partition('id="now"')[2]
    assert "Fremløbstemperatur: +2,5 K" in visit.page(BUILDING, "da")
    estate.planned(series={}, binding=(None,) * 72)
    assert 'id="deciding"' not in visit.page(BUILDING)


def test_every_constraint_of_the_planner_has_its_words(estate: Estate, visit: Visit) -> None:
    from samdrift_energy_forecast.planning.binding import Binding

    codes = [code.value for code in Binding]
    estate.planned(binding=(*codes, *[None] * (72 - len(codes))))
    table = visit.page(BUILDING).partition('id="deciding"')[2].partition("</table>")[0]
    assert [code for code in codes if f">{code}<" in table] == []


def test_every_lack_of_an_order_has_its_words(visit: Visit) -> None:
    from samdrift_energy_forecast.ordering.orders import Lack

    parts = visit.app.state.templates._environments["energy_forecast", "en"].get_template("energy_forecast/parts.html")
    assert [lack for lack in Lack if str(parts.module.lack(lack.value)) == lack.value] == []


def test_a_safe_state_and_notices_are_told_before_anything(estate: Estate, visit: Visit) -> None:
    estate.planned(safe_state=STOPPED, attention=(STALE,))
    text = visit.page(BUILDING)
    assert text.index("Heat planning is stopped.") < text.index("The weather forecast is old.") < text.index("Set now")


def test_a_plan_that_uses_more_than_today_says_why(estate: Estate, visit: Visit) -> None:
    summary = plan_of(described("school-1", "Skolen")).summary
    assert "uses more than the fixed setback plan" not in visit.page(f"/energy_forecast/plans/{estate.planned()}")
    more = estate.planned("school-2", summary=replace(summary, saved_kwh=-120.0))
    assert "uses more than the fixed setback plan" in visit.page(f"/energy_forecast/plans/{more}")


def test_a_plan_that_is_over_says_what_applies(estate: Estate, visit: Visit) -> None:
    estate.planned(begins=BEGINS - 80 * HOUR)
    text = visit.page(BUILDING)
    assert "The plan is over" in text
    assert "Set now" not in text
    assert "What to set, and why" not in text, "a table without a row"
    assert "Earlier set-points of this plan" in text


def test_what_a_person_set_holds_also_after_the_plan_is_over(estate: Estate, visit: Visit) -> None:
    estate.planned(begins=BEGINS - 80 * HOUR)
    visit.post(f"{BUILDING}/override", set_point_c="19", until="time", day="2026-01-26", clock="20:00", reason="r")
    assert "19.0 °C" in visit.page(BUILDING).partition('id="now"')[2].partition("</table>")[0]


def test_a_plan_of_another_version_takes_no_page_away(estate: Estate, visit: Visit) -> None:
    item_id = estate.planned()
    reference = str(look(estate.ledger, item_id).result["plan"])
    assert isinstance(estate.store, MemoryStore)
    estate.store.objects[reference] = estate.store.get(reference).replace(b"plan/2", b"plan/1")
    for path in (BUILDING, f"/energy_forecast/plans/{item_id}"):
        assert "The plan cannot be read" in visit.page(path)
    assert visit.get(f"{BUILDING}/current.csv").status_code == 422


def test_an_unknown_building_is_not_found(visit: Visit) -> None:
    assert visit.get(BUILDING).status_code == 404


@pytest.mark.parametrize("suffix", KINDS)
def test_files_of_the_plan_that_holds(estate: Estate, visit: Visit, suffix: str) -> None:
    plan = estate.plan(estate.planned())
    answer = visit.get(f"{BUILDING}/current.{suffix}")
    assert answer.content == KINDS[suffix].render(plan, "da")
    assert answer.headers["Content-Type"] == KINDS[suffix].media_type
    assert answer.headers["ETag"] == f'"{plan.version}"'
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="school-1-20260125T2300Z-')


def test_no_other_files(estate: Estate, visit: Visit) -> None:
    item_id = estate.planned()
    assert visit.get(f"{BUILDING}/current.exe").status_code == 404
    assert visit.get(f"/energy_forecast/plans/{item_id}/plan.exe").status_code == 404


def test_a_set_point_by_hand_is_shown_at_once_and_is_in_the_files(estate: Estate, visit: Visit) -> None:
    estate.planned()
    answer = visit.post(f"{BUILDING}/override", user="gus", set_point_c="22,5", until="next", reason="Parents' evening")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{BUILDING}#now")
    text = visit.page(BUILDING)
    now = text.partition('id="now"')[2].partition("</table>")[0]
    assert "22.5 °C" in now
    assert "gus chose this." in now
    assert "Set by a person: Parents&#39; evening" in now
    set_points = set_points_of_csv(visit.get(f"{BUILDING}/current.csv").content)
    assert set_points[overrides.quarter_of(NOW)] == 22.5
    assert set_points[datetime(2026, 1, 26, 15, tzinfo=UTC)] == 16.0
    assert "22,5 °C" in visit.page("/energy_forecast/", "da")
    with estate.ledger.read() as connection:
        assert [event.actor for event in audit.events_of(connection, "building:school-1")] == ["gus"]


def test_until_a_time_on_the_buildings_own_clock(estate: Estate, visit: Visit) -> None:
    estate.planned()
    visit.post(f"{BUILDING}/override", set_point_c="18", until="time", day="2026-01-26", clock="12:30", reason="r")
    with estate.ledger.read() as connection:
        held = overrides.holding(connection, ["school-1"], now=NOW)["school-1"]
    assert held.expires == datetime(2026, 1, 26, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"set_point_c": "warm", "reason": "r"}, "A set-point is a number from 7 to 26 °C."),
        ({"set_point_c": "40", "reason": "r"}, "A set-point is a number from 7 to 26 °C."),
        ({"set_point_c": "20", "reason": ""}, "Say why, in a few words."),
        ({"set_point_c": "20", "reason": "r", "until": "time", "day": "soon", "clock": ""}, "Say until when"),
        (
            {"set_point_c": "20", "reason": "r", "until": "time", "day": "2026-01-20", "clock": "10:00"},
            "Say until when",
        ),
    ],
)
def test_what_cannot_be_set_keeps_what_was_typed(estate: Estate, visit: Visit, form: dict[str, str], said: str) -> None:
    estate.planned()
    answer = visit.post(f"{BUILDING}/override", **form)
    assert answer.status_code == 422
    assert answer.text.count(said) == 2  # at the top, as a link, and in the form
    assert f'value="{form["set_point_c"]}"' in answer.text
    with estate.ledger.read() as connection:
        assert not overrides.holding(connection, ["school-1"], now=NOW)


def test_it_is_taken_back_and_stands_in_the_history(estate: Estate, visit: Visit) -> None:
    estate.planned()
    visit.post(f"{BUILDING}/override", set_point_c="22", until="next", reason="A feast")
    estate.now = NOW + timedelta(minutes=20)
    assert visit.post(f"{BUILDING}/override/end", user="gus").status_code == 303
    text = visit.page(BUILDING)
    assert "22.0 °C" not in text.partition('id="now"')[2].partition("</table>")[0]
    assert "(ended by gus)" in text
    assert visit.post(f"{BUILDING}/override/end").status_code == 303  # nothing left to do, and nothing wrong


def test_taken_back_from_a_plan_that_knows_it_a_new_plan_is_ordered(estate: Estate, visit: Visit) -> None:
    estate.registered(described("school-1", "Skolen ved Søen"))
    held = Entry(begins=BEGINS, set_point_c=22.0, reason=Reason.OVERRIDE, facts={"why": "A feast"})
    estate.planned(entries=(held,))
    visit.post(
        f"{BUILDING}/override", set_point_c="22", until="time", day="2026-01-26", clock="20:00", reason="A feast"
    )
    visit.post(f"{BUILDING}/override/end")
    assert "Queued" in visit.page(BUILDING)


def test_words_of_people_are_escaped(estate: Estate, visit: Visit) -> None:
    estate.planned(name="<script>alert(1)</script>")
    visit.post(f"{BUILDING}/override", set_point_c="22", until="next", reason="<img src=x onerror=alert(2)>")
    for path in ("/energy_forecast/", BUILDING):
        text = visit.page(path)
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_plan_now_orders_a_plan(estate: Estate, visit: Visit) -> None:
    estate.registered(described("school-1", "Skolen ved Søen"))
    assert visit.post(f"{BUILDING}/plan-now", user="gus").status_code == 303
    text = visit.page(BUILDING)
    assert "Queued" in text
    assert "No meter readings came" in text
    assert "Its first plan is being made." in visit.page("/energy_forecast/")


def test_a_building_that_only_came_with_an_order_offers_no_plan_now(estate: Estate, visit: Visit) -> None:
    estate.planned()
    assert "plan-now" not in visit.page(BUILDING)
    assert visit.post(f"{BUILDING}/plan-now").status_code == 404


def test_the_history_leads_to_every_plan_as_it_was_made(estate: Estate, visit: Visit) -> None:
    first = estate.planned(begins=BEGINS - 24 * HOUR)
    second = estate.planned()
    estate.planned("school-10", "Another")
    text = visit.page(BUILDING)
    history = text.partition('id="history"')[2]
    assert history.index(str(second)) < history.index(str(first))
    assert history.count("/energy_forecast/plans/") == 2
    earlier = visit.page(f"/energy_forecast/plans/{first}")
    assert "The building as it stands now" in earlier
    assert earlier.count(f"/energy_forecast/quality/{first}") <= 1
    answer = visit.get(f"/energy_forecast/plans/{first}/plan.json")
    assert Plan.from_json(answer.content) == estate.plan(first)


def test_a_rejected_order_gives_the_reason_and_what_applies(estate: Estate, visit: Visit) -> None:
    item_id = estate.rejected("school-1", "Skolen", "The meter file is empty.")
    for path in (BUILDING, f"/energy_forecast/plans/{item_id}"):
        text = visit.page(path, "da")
        assert "The meter file is empty." in text
        assert "Indtil da gælder den faste natsænkning." in text


def test_a_waiting_plan_says_what_applies_until_then(estate: Estate, visit: Visit) -> None:
    estate.queued("school-1", "Skolen")
    assert "Until then the fixed setback plan applies." in visit.page(BUILDING)


def stopped(estate: Estate, item_id: UUID, state: EffectState) -> None:
    """The delivery process gave the item's message up."""
    with estate.ledger.write() as connection:
        (effect,) = effects.claim(connection, ["energy_forecast"], limit=1, lease=timedelta(minutes=1), now=NOW)
        effects.stopped(connection, effect, state, "the connection broke", now=NOW)


@pytest.mark.parametrize("arrived", [True, False])
def test_a_person_says_what_became_of_a_message(estate: Estate, visit: Visit, arrived: bool) -> None:
    item_id = estate.planned(delivery={"email": ["faye@example.org", "gus@example.org"]})
    assert "E-mail to 2" in visit.page(BUILDING)
    stopped(estate, item_id, EffectState.UNKNOWN)
    assert "Its plan did not reach everybody." in visit.page("/energy_forecast/?show=attention")
    text = visit.page(BUILDING)
    assert "Did the message arrive?" in text
    assert "faye@example.org" not in text
    answer = visit.post(f"/energy_forecast/plans/{item_id}/message", arrived=str(arrived).lower())
    assert answer.headers["Location"] == f"{BUILDING}#sent"
    with estate.ledger.read() as connection:
        (effect,) = effects.of_item(connection, item_id)
        told = audit.events_of(connection, f"item:{item_id}")
    assert effect.state == EffectState.PLANNED  # its receiver is asked again
    assert {"key": str(effect.key), "arrived": arrived} in [dict(event.details) for event in told]
    assert visit.post(f"/energy_forecast/plans/{item_id}/message", arrived="true").status_code == 409
    assert look(estate.ledger, item_id).state == "running"


def test_the_passing_of_time_moves_what_holds() -> None:
    plan = plan_of(described("school-1", "Skolen"))
    before = PlanView(plan=plan, language="en", at=BEGINS - QUARTER)
    assert (before.current, len(before.coming), before.past, before.is_over) == (None, 12, (), False)
    last = PlanView(plan=plan, language="en", at=plan.ends - QUARTER)
    assert last.current is not None
    assert (last.current.set_point_c, last.coming, last.changes) == (16.0, (), ())
    assert PlanView(plan=plan, language="en", at=plan.ends).is_over


def test_when_people_come_is_the_plans_own_and_not_when_it_was_ordered() -> None:
    plan = plan_of(described("school-1", "Skolen"))
    assert PlanView(plan=plan, language="en", at=BEGINS).opens == BEGINS + 8 * HOUR
    closed = replace(plan, series={**plan.series, "open": (0.0,) * plan.horizon_h})
    assert PlanView(plan=closed, language="en", at=BEGINS).opens is None


def test_a_plot_knows_the_quarters_and_leaves_out_what_is_not_known() -> None:
    plan = plan_of(described("school-1", "Skolen"))
    labels = {line.name: line.name for line in (*figures.TEMPERATURES, *figures.HEAT)}
    drawn = figures.figure(plan, figures.TEMPERATURES, id_="t", title="t", labels=labels)
    assert drawn is not None
    assert BEGINS + 25 * QUARTER in drawn.times
    steps = dict(zip(drawn.times, drawn.series[0].values, strict=True))
    assert steps[BEGINS + 6 * HOUR] == 16.0
    assert steps[BEGINS + 25 * QUARTER] == 21.0
    assert figures.figure(replace(plan, series={}), figures.HEAT, id_="h", title="h", labels=labels) is None
    assert figures.figure(replace(plan, series={}), figures.TEMPERATURES, id_="t", title="t", labels=labels) is None


def test_what_is_the_same_in_every_hour_is_said_and_not_drawn(estate: Estate, visit: Visit) -> None:
    plan = plan_of(described("school-1", "Skolen"))
    series = {**plan.series, "price_per_kwh": (0.62,) * 72, "kg_co2_per_kwh": (0.034,) * 72}
    estate.planned(series=series)
    text = visit.page(BUILDING, "da")
    assert 'id="price-table"' not in text
    assert "Ens i alle timer: 0,62 DKK/kWh, 0,034 kg CO2/kWh." in text
    hourly = replace(plan, series={**series, "price_per_kwh": plan.series["price_per_kwh"]})
    assert [line.name for line in figures.price_and_co2(hourly)] == ["price_per_kwh"]


def test_the_list_goes_on_where_the_page_before_ended(
    estate: Estate, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("samdrift_energy_forecast.pages.buildings.PAGE", 3)
    for number in range(8):
        estate.planned(f"b-{number}", f"School {number}", attention=(DEAD,) if number == 7 else ())
    names = []
    path = "/energy_forecast/"
    while path:
        text = visit.page(path)
        names += [row.partition("School ")[2][0] for row in rows(text)]
        links = text.partition('<nav class="pages"')[2]
        following = links.partition("&amp;after=")[2].partition('"')[0]
        path = f"/energy_forecast/?show=all&after={following}" if following else ""
    assert names == list("70123456")
    back = visit.page("/energy_forecast/?show=all&before=b-3")
    assert [row.partition("School ")[2][0] for row in rows(back)] == list("012")
