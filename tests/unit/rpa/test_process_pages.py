from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import httpx
import pytest

from samdrift_platform.errors import InputError
from samdrift_platform.ledger import benefits, lanes
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.portal.testing import portal_of
from samdrift_rpa.hours import MONDAY_TO_FRIDAY, Hours
from samdrift_rpa.pages.asking import now
from samdrift_rpa.process import TimeSaved
from samdrift_rpa.statistics.following import catch_up
from samdrift_testing.errand_process import errand, errands
from samdrift_testing.in_process import in_process
from samdrift_testing.robots import Robots, robots

#: A Tuesday.
TODAY = datetime(2026, 11, 24, 9, tzinfo=UTC)
OFFICE = Hours(opens=time(8), closes=time(16), weekdays=MONDAY_TO_FRIDAY, on_holidays=False)
PROCESS = replace(
    errands,
    hours=OFFICE,
    kle=("00.32.02",),
    time_saved=TimeSaved(
        time_spend_per_occurance_min=6.0,
        decision_min=2.0,
        time_spend_occurances_per_employee=1_000,
        time_spend_employees_doing_process=2,
    ),
)


@pytest.fixture
def desk(sqlite_ledger: Ledger) -> Robots:
    desk = robots(sqlite_ledger, PROCESS, order={"number": "17"})
    prices = [12, 30, 4_000]
    cases = [{"document": desk.store.put(errand(f"thing {price}", price))} for price in prices]
    desk.submit("today", "errands", [*cases, {"document": desk.store.put(b"no")}], now=TODAY - timedelta(hours=1))
    desk.work(now=TODAY - timedelta(minutes=50))
    desk.deliver(now=TODAY - timedelta(minutes=40))
    return desk


@pytest.fixture
def browser(desk: Robots) -> Iterator[httpx.Client]:
    app = portal_of(desk.workload)
    app.state.ledger = desk.ledger
    app.dependency_overrides[now] = lambda: TODAY
    with in_process(app) as transport, httpx.Client(transport=transport, base_url="http://portal.test") as client:
        yield client


def page(browser: httpx.Client, path: str, language: str = "en") -> str:
    answer = browser.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return " ".join(answer.text.split())


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en",
            [
                "Errands",
                "Buys things, once.",
                "Shopping",
                "Ordered",
                "Read the errand",
                "Mon, Tue, Wed, Thu, Fri 08:00–16:00",
            ],
        ),
        (
            "da",
            [
                "Ærinder",
                "Køber ind, én gang.",
                "Indkøb",
                "Bestilt",
                "Læs ærindet",
                "man, tirs, ons, tors, fre 08.00–16.00",
            ],
        ),
    ],
)
def test_what_a_process_is(browser: httpx.Client, language: str, expected: list[str]) -> None:
    shown = page(browser, "/rpa/", language)
    for text in (*expected, "GDPR art. 6(1)(e)", "00.32.02"):
        assert text in shown


def test_how_today_goes(browser: httpx.Client) -> None:
    row = page(browser, "/rpa/").partition("</thead>")[2].partition("</tr>")[0]
    assert "Works" in row
    assert [cell.partition("<")[0] for cell in row.split('class="numeric">')[1:]] == ["4", "2", "1", "0", "1"]


def test_a_paused_process_says_who_paused_it_and_why(browser: httpx.Client, desk: Robots) -> None:
    with desk.ledger.write() as connection:
        lanes.pause(connection, "rpa", "errands", "The shop <b>moves.", actor="olga", now=TODAY)
    shown = page(browser, "/rpa/")
    assert "Paused by olga:" in shown
    assert "The shop &lt;b&gt;moves." in shown


def test_outside_its_hours_it_says_when_it_works_next(desk: Robots) -> None:
    app = portal_of(desk.workload)
    app.state.ledger = desk.ledger
    app.dependency_overrides[now] = lambda: datetime(2026, 11, 27, 16, 30, tzinfo=UTC)
    with in_process(app) as transport, httpx.Client(transport=transport, base_url="http://portal.test") as client:
        shown = page(client, "/rpa/")
    assert "Outside its hours" in shown
    assert 'datetime="2026-11-30T07:00:00+00:00"' in shown or 'datetime="2026-11-30T08:00:00+01:00"' in shown


def test_a_case_says_why_it_waits_and_leads_to_the_decision_and_its_evidence(
    browser: httpx.Client, desk: Robots
) -> None:
    (waiting,) = (item for item in desk.items() if item.state == "waiting_for_person")
    text = page(browser, f"/rpa/cases/{waiting.id}", "da").replace("<wbr>", "")
    assert "24. nov. 2026 09.10 blev en medarbejder spurgt" in text
    assert f'href="/inbox/{waiting.id}"' in text
    assert f'href="/items/{waiting.id}/evidence"' in text
    (done, _) = (item for item in desk.items() if item.state == "done")
    assert "/inbox/" + str(done.id) not in page(browser, f"/rpa/cases/{done.id}")


def test_the_statistics(browser: httpx.Client) -> None:
    shown = page(browser, "/rpa/statistics")
    assert "66.7" in shown
    assert "<code>unreadable</code>" in shown
    assert "not a measurement" in shown
    assert "as soon as there are two days" in shown, "one day makes no line"
    danish = page(browser, "/rpa/statistics", "da")
    assert "ikke en måling" in danish


def test_files_say_n_and_method_and_agree_with_the_benefit_ledger(browser: httpx.Client, desk: Robots) -> None:
    table = list(csv.DictReader(io.StringIO(browser.get("/rpa/statistics.csv").text)))
    assert all(row["method"] and row["n"] for row in table)
    found = {(row["figure"], row["detail"]): row for row in table}
    assert found["business_exceptions", "unreadable"]["value"] == "1"
    assert found["catalogue_time", ""]["value"] == "12000.0"
    with desk.ledger.read() as connection:
        for total in benefits.totals(connection):
            row = found[total.kind, total.measure]
            assert (float(row["value"]), int(row["n"]), row["method"]) == (total.quantity, total.items, total.method)
    (process,) = browser.get("/rpa/statistics.json").json()["processes"]
    assert process["states"] == {"done": 2, "rejected": 1, "waiting_for_person": 1}
    assert process["time_saved"]["catalogue_min_per_year"] == 12_000
    assert process["saved_min"] == 12


def test_a_period_without_cases_says_so(browser: httpx.Client) -> None:
    assert "No case was received in this period." in page(browser, "/rpa/statistics?from=2027-01-01")


@pytest.mark.parametrize("query", ["from=yesterday", "from=2026-11-24&to=2026-11-23"])
def test_a_period_that_is_none_is_refused(browser: httpx.Client, query: str) -> None:
    with pytest.raises(InputError):
        browser.get(f"/rpa/statistics.csv?{query}")


def test_a_process_that_is_not_installed_any_more_still_counts(browser: httpx.Client, desk: Robots) -> None:
    with desk.ledger.write() as connection:
        connection.exec_driver_sql("UPDATE work_items SET payload = replace(payload, 'errands', 'gone')")
        connection.exec_driver_sql("DELETE FROM rpa_cases_head")
    catch_up(desk.ledger)
    assert {row["process"] for row in browser.get("/rpa/statistics.json").json()["processes"]} == {"errands", "gone"}
