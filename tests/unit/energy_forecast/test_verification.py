from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from samdrift_energy_forecast.account.planned import counted_share, day_setback_kwh
from samdrift_energy_forecast.building.verification import Verification
from samdrift_energy_forecast.workload import MODEL, workload
from samdrift_platform.checks import Example, MemoryStore
from samdrift_registry.verified import VerifiedModel
from samdrift_testing.estate import described, plan_of

OCTOBER = date(2026, 10, 5)
WINTER = Verification(begins=OCTOBER, ends=OCTOBER + timedelta(days=26 * 7 - 1))


def weeks(building: str, verification: Verification = WINTER, count: int = 26) -> list[set[bool]]:
    """For each week, whether its days are compared with."""
    days = [verification.begins + timedelta(days=day) for day in range(7 * count)]
    turns = [verification.is_comparison_day(building, day) for day in days]
    return [set(turns[7 * week : 7 * week + 7]) for week in range(count)]


def test_of_each_pair_of_weeks_one_is_under_fixed_setback() -> None:
    for building in ("school-1", "school-2", "kindergarten"):
        turns = weeks(building)
        assert all(len(week) == 1 for week in turns)
        assert all(first != second for first, second in zip(turns[::2], turns[1::2], strict=True))


def test_the_lot_is_fair_and_another_one_for_each_building() -> None:
    firsts = [weeks(f"school-{number}")[0] == {True} for number in range(400)]
    assert 150 < sum(firsts) < 250  # five standard deviations
    assert len({tuple(map(str, weeks(f"school-{number}"))) for number in range(40)}) > 35


def test_no_day_outside_is_compared_with() -> None:
    assert not WINTER.is_comparison_day("school-1", OCTOBER - timedelta(days=1))
    assert not any(WINTER.is_comparison_day("school-1", WINTER.ends + timedelta(days=1 + day)) for day in range(14))
    odd = Verification(begins=OCTOBER, ends=OCTOBER + timedelta(days=20))
    assert weeks("school-1", odd, 3)[2] == {False}


@pytest.mark.parametrize(
    "wrong",
    [
        {"begins": "2026-10-06", "ends": "2027-04-04"},
        {"begins": "2026-10-05", "ends": "2026-10-10"},
    ],
)
def test_what_cannot_be_drawn_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Verification.model_validate(wrong)


def test_in_a_week_under_fixed_setback_its_plan_stays_and_says_why(
    document: dict[str, Any], store: MemoryStore, verified: VerifiedModel
) -> None:
    """The plan is issued on Monday, 26 January 2026; one of two drawings has that week under fixed setback."""
    codes = set()
    for begins in ("2026-01-26", "2026-01-19"):
        building = document["buildings"][0] | {"verification": {"begins": begins, "ends": "2026-05-31"}}
        example = Example(document | {"buildings": [building]}, store=store, models={MODEL: verified})
        (outcome,) = example.outcomes(workload)
        safe: Any = outcome.result["safe_state"]
        codes.add(safe and safe["code"])
        assert (safe is None) == bool(list(workload.benefits(outcome)))
    assert codes == {None, "comparison_week"}


def test_of_a_plan_for_three_nights_the_first_day_is_counted() -> None:
    plan = plan_of(described("school-1", "Skolen"), series={"setback_kwh": (30.0,) * 24 + (15.0,) * 48})
    assert counted_share(plan) == pytest.approx(0.5)
    assert counted_share(plan_of(described("school-1", "Skolen"), series={})) == 1.0


@pytest.mark.parametrize(
    ("begins", "expected"),
    [
        (datetime(2026, 1, 25, 23, tzinfo=UTC), 24.0),
        (datetime(2026, 3, 28, 23, tzinfo=UTC), 23.0),  # clocks go forward
        (datetime(2026, 10, 24, 22, tzinfo=UTC), 25.0),
        (datetime(2026, 1, 26, 8, tzinfo=UTC), None),  # made during the day
    ],
)
def test_the_day_that_a_plan_begins_with_is_kept_whole(begins: datetime, expected: float | None) -> None:
    plan = plan_of(described("school-1", "Skolen"), begins, series={"setback_kwh": (1.0,) * 72})
    assert day_setback_kwh(plan) == expected
    with_a_hole = plan_of(described("school-1", "Skolen"), begins, series={"setback_kwh": (1.0, None, *(1.0,) * 70)})
    assert day_setback_kwh(with_a_hole) is None
