"""Weeks under fixed setback in turn with weeks under plans: what a saving can be measured by within one winter.

Two weeks at a time make a pair, and a lot decides which of them is under fixed setback: what changes slowly, use,
weather, the building itself, is in both. The lot is a digest of the building's id and the pair's number, so that it is
the same for everyone who asks, and nobody chose it. IPMVP calls such turns an on/off test.
"""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256
from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from samdrift_energy_forecast.building.document import Document


def _monday(day: date) -> date:
    if day.weekday():
        raise ValueError(f"{day} is a {day:%A}; weeks begin on a Monday")
    return day


class Verification(Document):
    """When weeks are drawn by lot."""

    begins: Annotated[date, AfterValidator(_monday)]
    """A Monday: the first pair of weeks begins."""
    ends: date
    """The last day of the last pair that is drawn; thirteen pairs give intervals of about 7 % of the heat."""

    @model_validator(mode="after")
    def _at_least_a_pair(self) -> Self:
        if self.ends < self.begins + timedelta(days=13):
            raise ValueError(f"{self.begins} to {self.ends} is shorter than a pair of weeks")
        return self

    def is_comparison_day(self, building: str, day: date) -> bool:
        """Whether the building is under fixed setback on `day`, to be compared with. An odd week at the end is not."""
        pair, place = divmod((day - self.begins).days, 14)
        if pair < 0 or self.begins + timedelta(days=14 * (pair + 1) - 1) > self.ends:
            return False
        second_is_fixed = sha256(f"{building} {self.begins} {pair}".encode()).digest()[0] % 2
        return place // 7 == second_is_fixed
