"""Why each hour of a plan has its set-point: the reason, filled with what decided in this building and hour."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.planning.binding import Binding
from samdrift_energy_forecast.planning.programme import TOLERANCE
from samdrift_energy_forecast.plans.reasons import WITH_FACTS, Facts, Reason, fields
from samdrift_energy_forecast.thermal.response import QUARTERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from samdrift_energy_forecast.building.description import BuildingDescription
    from samdrift_energy_forecast.planning.by_programme import Solved
    from samdrift_energy_forecast.planning.planner import PlannedBuilding
    from samdrift_energy_forecast.planning.pricing import HeatPrices

#: An hour is called the cheapest before an opening among so many closed hours before it.
BEFORE_OPENING_H = 12
#: So much dearer a later hour must be for heat to be bought ahead, as a share.
WORTH_STORING = 0.02
#: Rooms this much above their limit are heated for later (K).
STORED_K = 0.1


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """Reason and facts of one hour."""

    reason: Reason
    facts: Facts


def explained(building: BuildingDescription, planned: PlannedBuilding) -> tuple[Explanation, ...]:
    """One explanation an hour, or a quarter-hour where the plan has one set-point for each."""
    if planned.solved is None:
        return tuple(Explanation(reason=reason, facts={}) for reason in planned.set_points.reasons)
    explaining = _Explaining(building, planned, planned.solved)
    if planned.responsive is not None:
        reasons = planned.responsive.reasons
        return tuple(explaining.of_quarter(k // QUARTERS, reason) for k, reason in enumerate(reasons))
    return tuple(explaining.of(k) for k in range(len(planned.operation)))


class _Explaining:
    """One plan with everything its reasons are read from."""

    def __init__(self, building: BuildingDescription, planned: PlannedBuilding, solved: Solved) -> None:
        self._building, self._planned, self._solved = building, planned, solved
        self._is_open = planned.operation.is_open
        held = planned.set_points.celsius > building.setback.setback_c + TOLERANCE
        heated = solved.trajectory.heat_kwh > solved.problem.least_kwh + TOLERANCE
        self._is_warmed = ~self._is_open & held & heated

    def of(self, k: int) -> Explanation:
        reason = self._reason(k)
        return Explanation(reason=reason, facts=self._facts(k, reason))

    def of_quarter(self, k: int, chosen: Reason) -> Explanation:
        """Of a quarter of hour `k`; prices and plant may say more of a pre-heating than `chosen` does."""
        reason = self._of_preheating(k) if chosen is Reason.PREHEAT else chosen
        if self._solved.trajectory.shortfall_k[k] > TOLERANCE:
            reason = Reason.FULL_HEAT
        return Explanation(reason=reason, facts=self._facts(k, reason))

    def _reason(self, k: int) -> Reason:
        if self._solved.trajectory.shortfall_k[k] > TOLERANCE:
            return Reason.FULL_HEAT
        if self._is_warmed[k]:
            return self._of_preheating(k)
        if self._is_open[k] and self._stores(k):
            return Reason.STORE_CHEAP
        chosen = self._planned.set_points.reasons[k]
        # Prices moved the heat to other hours: these are set back.
        moved = chosen in (Reason.PREHEAT, Reason.PREHEAT_FULL) and not self._is_warmed[k]
        return Reason.SET_BACK if moved else chosen

    def _of_preheating(self, k: int) -> Reason:
        prices, binding = self._prices, self._solved.trajectory.binding[k]
        if prices.has_hourly_price and self._is_least(prices.price_per_kwh, k):
            return Reason.PREHEAT_CHEAP
        if prices.has_hourly_co2 and self._weighs_co2 and self._is_least(prices.kg_co2_per_kwh, k):
            return Reason.PREHEAT_CLEAN
        decided = {
            Binding.PEAK: Reason.PREHEAT_PEAK,
            Binding.RETURN_TEMPERATURE: Reason.PREHEAT_RETURN,
            Binding.PLANT: Reason.PREHEAT_FULL,
        }
        return decided.get(binding, Reason.PREHEAT) if binding is not None else Reason.PREHEAT

    def _is_least(self, series: NDArray[np.float64], k: int) -> bool:
        """Whether `k` has the least value of the closed hours before the next opening, and not all are alike."""
        opening = self._opening(k)
        if opening is None:
            return False
        before = [j for j in range(max(0, opening - BEFORE_OPENING_H), opening) if not self._is_open[j]]
        values = series[before]
        return k in before and bool(series[k] <= values.min() and np.ptp(values) > WORTH_STORING * abs(values.max()))

    def _stores(self, k: int) -> bool:
        """Whether rooms are heated beyond their limit while open, because heat is dearer later that day."""
        problem, trajectory, price = self._solved.problem, self._solved.trajectory, self._prices.price_per_kwh
        above = trajectory.room_c[k] > problem.lowest_c[k] + STORED_K
        heats = self._planned.set_points.celsius[k] >= trajectory.room_c[k]
        dearer = price[k : k + BEFORE_OPENING_H].max() > price[k] + WORTH_STORING * abs(price[k])
        return bool(self._prices.has_hourly_price and above and heats and dearer)

    def _facts(self, k: int, reason: Reason) -> Facts:
        wanted = fields("".join(WITH_FACTS.get(reason, {}).values()))
        return {name: getattr(self, f"_{name}")(k) for name in sorted(wanted)}

    def _outdoor_c(self, k: int) -> float:
        return _tenth(self._planned.operation.temperature_c[k])

    def _room_c(self, k: int) -> float:
        return _tenth(self._solved.trajectory.room_c[k])

    def _now_c(self, k: int) -> float:
        """The room at the beginning of the hour."""
        return _tenth(self._solved.trajectory.room_c[k - 1] if k else self._solved.problem.start.room_c)

    def _limit_c(self, k: int) -> float:
        comfort = self._building.comfort
        return comfort.open_c if self._is_open[k] or self._is_warmed[k] else comfort.closed_c

    def _reserve_k(self, k: int) -> float:
        opening = self._opening(k)
        return _tenth(self._solved.hedge_k[k if opening is None else opening])

    def _plant_kw(self, _: int) -> float:
        return _tenth(self._solved.problem.model.largest_heat_kwh)

    def _peak_kw(self, _: int) -> float:
        return _tenth(self._solved.trajectory.heat_kwh.max() / self._solved.problem.step_h)

    def _boost_kw(self, _: int) -> float:
        problem = self._solved.problem
        return _tenth(problem.prices.boost_from_share * problem.model.largest_heat_kwh)

    def _price_per_kwh(self, k: int) -> float:
        return round(float(self._prices.price_per_kwh[k]), 3)

    def _kg_co2_per_kwh(self, k: int) -> float:
        return round(float(self._prices.kg_co2_per_kwh[k]), 4)

    def _currency(self, _: int) -> str:
        return self._building.tariff.currency

    def _opens_at(self, k: int) -> str:
        opening = self._opening(k)
        instant = hours.start_of(self._planned.operation.first + (k if opening is None else opening))
        return instant.astimezone(self._building.zone).isoformat()

    def _opening(self, k: int) -> int | None:
        """The next hour from `k` on in which the building is open."""
        later = np.flatnonzero(self._is_open[k:])
        return k + int(later[0]) if len(later) else None

    @property
    def _prices(self) -> HeatPrices:
        return self._planned.prices

    @cached_property
    def _weighs_co2(self) -> bool:
        return self._building.emission.price_per_kg > 0


def _tenth(value: float | np.float64) -> float:
    return round(float(value), 1) + 0.0
