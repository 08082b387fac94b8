"""Minutes that a policy states in place of its process: the organisation's own estimates."""

from __future__ import annotations

from pydantic import BaseModel, Field, JsonValue


class OwnMinutes(BaseModel):
    """Part of a policy; the fields are those of `TimeSaved`. None: what the process says."""

    #: Minutes that one case takes by hand (OS2autoproces' `timeSpendPerOccurance`).
    time_spend_per_occurance_min: float | None = Field(default=None, gt=0)
    #: Minutes that one person takes over one decision.
    decision_min: float | None = Field(default=None, ge=0)

    def stated(self, version: str) -> dict[str, JsonValue]:
        """The fact `time_saved` of an item's result, with the policy's version; empty where it states nothing."""
        own = self.model_dump(include=set(OwnMinutes.model_fields), exclude_none=True)
        return {"time_saved": own | {"policy": version}} if own else {}
