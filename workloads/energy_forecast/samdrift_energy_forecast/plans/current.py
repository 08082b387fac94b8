"""The plan that holds for a building now: the newest that was made, with a person's set-point on top."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from samdrift_energy_forecast.building import register
from samdrift_energy_forecast.plan_list import listing
from samdrift_energy_forecast.plan_list.following import catch_up
from samdrift_energy_forecast.plans import overrides
from samdrift_energy_forecast.plans.document import Plan
from samdrift_energy_forecast.plans.overrides import ManualOverride
from samdrift_platform.contract import Store
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger.database import Ledger


@dataclass(frozen=True, kw_only=True)
class CurrentPlan:
    """What a building is to do, and what a person chose instead."""

    #: As it was made; None before the first one.
    made: Plan | None
    override: ManualOverride | None

    @property
    def plan(self) -> Plan | None:
        """With the override on top; it has another version then."""
        return None if self.made is None else overrides.overridden(self.made, self.override)


def current_plan(ledger: Ledger, store: Store, building: str, *, now: datetime) -> CurrentPlan:
    """What holds for `building` at `now`, aware.

    Raises:
        NotFoundError: nothing is known of the building.
    """
    catch_up(ledger)
    with ledger.read() as connection:
        listed = listing.one(connection, building, now=now)
        if listed is None:
            register.find(connection, building)
        override = overrides.holding(connection, [building], now=now).get(building)
    made = None if listed is None or listed.plan is None else Plan.from_json(store.get(listed.plan))
    return CurrentPlan(made=made, override=override)


def plan_that_holds(ledger: Ledger, store: Store, building: str, *, now: datetime) -> Plan:
    """The plan with the override on top.

    Raises:
        NotFoundError: nothing is known of the building, or no plan was made for it yet.
    """
    plan = current_plan(ledger, store, building, now=now).plan
    if plan is None:
        raise NotFoundError(f"There is no plan for {building} yet. The fixed setback plan applies until there is one.")
    return plan
