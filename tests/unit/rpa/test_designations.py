"""What the inbox calls an invoice, a letter and an application."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from samdrift_platform.parts import Particulars, item_title
from samdrift_rpa.processes import installed
from samdrift_rpa.workload import RobotWorkload

CAME = datetime(2026, 11, 24, 8, 12, tzinfo=UTC)
INVOICE = {"type": "Invoice", "number": "A00095678", "supplier": "DK16356706", "supplier_name": "Tavleleverandøren",
           "payable_amount": "6312.50", "currency": "DKK"}  # fmt: skip
LETTER = {"type": "DIGITALPOST", "legal_notification": False, "kle": "", "files": 1}
PROPOSALS = {"model": [{"subject": "27.18.02", "confidence": 0.7}], "kle": [{"subject": "85.02.01", "score": 3.0}]}


@pytest.fixture(scope="module")
def workload() -> RobotWorkload:
    return RobotWorkload(installed())


def titles(workload: RobotWorkload, lane: str, result: dict[str, Any]) -> tuple[str, str]:
    deadline = CAME + workload.processes[lane].answer_within
    found = item_title(workload, lane, Particulars(result=result, deadline=deadline))
    return found["da"], found["en"]


@pytest.mark.parametrize(
    ("lane", "result", "danish", "english"),
    [
        ("invoices", {"invoice": INVOICE}, "Faktura A00095678 fra Tavleleverandøren, 6.312,50 DKK",
         "Invoice A00095678 from Tavleleverandøren, 6,312.50 DKK"),
        ("invoices", {"invoice": INVOICE | {"supplier_name": ""}}, "Faktura A00095678 fra DK16356706, 6.312,50 DKK",
         "Invoice A00095678 from DK16356706, 6,312.50 DKK"),
        ("invoices", {"invoice": INVOICE | {"supplier": "", "supplier_name": "", "type": "CreditNote"}},
         "Kreditnota A00095678, 6.312,50 DKK", "Credit note A00095678, 6,312.50 DKK"),
        ("digital_post", {"letter": LETTER, "proposals": PROPOSALS},
         "Brev, modtaget 24. nov. 2026 09.12, KLE 27.18.02 foreslået",
         "Letter, received 24 Nov 2026 09:12, KLE 27.18.02 proposed"),
        ("digital_post", {"letter": LETTER, "proposals": PROPOSALS | {"model": []}},
         "Brev, modtaget 24. nov. 2026 09.12, KLE 85.02.01 foreslået",
         "Letter, received 24 Nov 2026 09:12, KLE 85.02.01 proposed"),
        ("digital_post", {"letter": LETTER, "proposals": {"model": [{"subject": "other"}], "kle": []}},
         "Brev, modtaget 24. nov. 2026 09.12", "Letter, received 24 Nov 2026 09:12"),
        ("digital_post", {"letter": LETTER | {"kle": "85.02.01", "files": 3, "legal_notification": True}},
         "Forkyndelse, modtaget 24. nov. 2026 09.12, KLE 85.02.01, 3 filer",
         "Legal notification, received 24 Nov 2026 09:12, KLE 85.02.01, 3 files"),
        ("digital_post", {}, "Brev, modtaget 24. nov. 2026 09.12", "Letter, received 24 Nov 2026 09:12"),
        ("driving_licence", {"application_number": "A-17", "category": "B"}, "Ansøgning A-17, kategori B",
         "Application A-17, category B"),
    ],
)  # fmt: skip
def test_each_is_called_by_what_it_is(
    workload: RobotWorkload, lane: str, result: dict[str, Any], danish: str, english: str
) -> None:
    assert titles(workload, lane, result) == (danish, english)


@pytest.mark.parametrize("lane", ["invoices", "driving_licence", "tax_returns"])
def test_what_could_not_be_read_has_its_reference(workload: RobotWorkload, lane: str) -> None:
    assert item_title(workload, lane, Particulars(result={}, deadline=CAME + timedelta(days=1))) == {}
