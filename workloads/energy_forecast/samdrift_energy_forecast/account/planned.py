"""Which part of a plan's planned saving is counted: plans of 72 h are made every night, and each hour counts once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samdrift_energy_forecast import hours

if TYPE_CHECKING:
    from samdrift_energy_forecast.plan_document import Plan


def counted_share(plan: Plan) -> float:
    """Share of the plan's expected heat that falls into its first day; 1 where nothing is expected.

    The saving is right in sum over the plan, not hour by hour, so it is shared out by the heat under fixed setback. A
    plan that is made again during the day counts again: planned figures are no account.
    """
    expected = [kwh or 0.0 for kwh in plan.values("setback_kwh")]
    total = sum(expected)
    return sum(expected[: hours.DAY]) / total if total else 1.0
