from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.plan_list.following import WORKLOAD
from samdrift_platform.contract import Priority
from samdrift_platform.ledger.database import Ledger
from samdrift_testing.estate import BEGINS, NOW, Estate, Visit, described, site
from samdrift_testing.meter_faults import clean_heat
from samdrift_testing.work import claim, item, submit
from samdrift_water.browsing import Outline

COUNT = 6 * hours.WEEK
FIRST = hours.beginning_at(BEGINS) - COUNT


def csv(heat: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bytes:
    rows = [f"{hours.end_of(FIRST + k).isoformat()},{value}" for k, value in enumerate(heat)]
    return "\n".join(["stamp,heat_kwh", *rows]).encode()


@pytest.fixture(scope="module")
def over() -> Iterator[Callable[[Estate], Visit]]:
    with site() as opened:
        yield opened


@pytest.fixture
def visit(sqlite_ledger: Ledger, over: Callable[[Estate], Visit]) -> Visit:
    return over(Estate(sqlite_ledger))


def ordered(estate: Estate, data: bytes) -> UUID:
    order = described("school-1", "Skolen").model_dump(mode="json") | {"readings": estate.store.put(data)}
    payload = {"issue_time": BEGINS.isoformat(), "building": order}
    made = item("school-1", BEGINS + timedelta(hours=8), **payload)
    submit(estate.ledger, "s", [made], workload=WORKLOAD, priority=Priority.OPERATIONAL, now=NOW)
    (claimed,) = claim(estate.ledger, workload=WORKLOAD, now=NOW)
    return UUID(str(claimed.id))


def test_the_page_names_what_was_left_out_in_the_reader_s_language(visit: Visit) -> None:
    heat = clean_heat(COUNT, first=FIRST)
    heat[-30], heat[-90:-80] = -4.0, 0.0
    address = f"/energy_forecast/quality/{ordered(visit.estate, csv(heat))}"
    english, danish = visit.page(address), visit.page(address, "da")
    for code in ("negative", "zero-as-missing"):
        assert f"<code>{code}</code>" in english
    assert "A heat meter does not run backwards" in english.replace("a heat", "A heat")
    assert "en varmemåler løber ikke baglæns" in danish
    tables = [element.attributes.get("id") for element in Outline(english).all("table")]
    assert {"findings", "places"} <= set(tables)
    assert len(tables) == 3, "the plot has a table twin"


def test_sound_readings_are_said_to_be_sound(visit: Visit) -> None:
    text = visit.page(f"/energy_forecast/quality/{ordered(visit.estate, csv(clean_heat(COUNT, first=FIRST)))}")
    assert "Nothing was found that needs a look." in text


def test_a_file_that_cannot_be_read_is_said_so(visit: Visit) -> None:
    text = visit.page(f"/energy_forecast/quality/{ordered(visit.estate, b'PAR1 not really')}")
    assert "not readable Parquet" in text


def test_an_item_without_readings_has_no_such_page(visit: Visit) -> None:
    item_id = visit.estate.planned()
    assert visit.get(f"/energy_forecast/quality/{item_id}").status_code == 404
