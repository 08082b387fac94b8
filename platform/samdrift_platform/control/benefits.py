"""Benefits: what was saved, set against what computing it cost."""

from __future__ import annotations

from fastapi import APIRouter

from samdrift_platform.control.answers import Answer, example
from samdrift_platform.control.dependencies import TheLedger
from samdrift_platform.ledger import benefits

router = APIRouter(tags=["benefits"])


class BenefitTotal(Answer):
    """A sum over all items of a workload."""

    model_config = example(
        workload="heating",
        kind="saved",
        measure="heat",
        quantity=41.5,
        unit="kWh",
        method="Plan against fixed setback in the emulator",
        items=12,
    )

    workload: str
    #: "saved" or "spent".
    kind: str
    measure: str
    quantity: float
    unit: str
    #: How the quantity is known.
    method: str
    #: Items in the sum.
    items: int


class BenefitList(Answer):
    """All sums."""

    benefits: list[BenefitTotal]


@router.get("/benefits")
def list_benefits(ledger: TheLedger) -> BenefitList:
    """Sums by workload, kind, measure, unit and method."""
    with ledger.read() as connection:
        return BenefitList(benefits=[BenefitTotal.model_validate(total) for total in benefits.totals(connection)])
