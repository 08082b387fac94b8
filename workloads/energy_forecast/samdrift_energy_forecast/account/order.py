"""An account in a submission: a building's measured savings for the benefit ledger."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from samdrift_energy_forecast.building.description import BuildingDescription

ObjectReference = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$", description="Reference of a stored object")]


class AccountedBuilding(BuildingDescription):
    """One building and the days whose savings are to be measured. Each period of a building is counted once."""

    first: date
    last: date
    """Both days taken in; periods of one building may not overlap, or a saving would be counted twice."""
    readings: ObjectReference
    """As of a plan: CSV or Parquet with `stamp` and `heat_kwh`, or `heat` as the meter writes."""
    weather_observed: ObjectReference
    """CSV or Parquet: `stamp`, `temperature_c`, `global_radiation_w_m2`."""
    heated_days: ObjectReference
    """CSV: `day`, `operation` (setback, plan or other), and where plans said it `setback_forecast_kwh`."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"the period ends on {self.last} but begins on {self.first}")
        return self

    @property
    def reference(self) -> str:
        """Of the work item: the same building and period are the same item."""
        return f"account/{self.id}/{self.first}/{self.last}"
