"""What a replica holds for invoices."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import JsonValue

from samdrift_rpa.invoices.policy import Policy
from samdrift_rpa.rules.findings import RuleSet


@dataclass(frozen=True, kw_only=True)
class Engine:
    """Compiled rules and the policy."""

    rules: RuleSet
    policy: Policy

    def provenance(self) -> dict[str, JsonValue]:
        """Which policy decided, with its own minutes of time saved where it says them; for an item's result."""
        policy = self.policy
        facts: dict[str, JsonValue] = {"policy": {"version": policy.version, "digest": policy.digest}}
        if policy.time_spend_per_occurance_min is not None:
            minutes = policy.time_spend_per_occurance_min
            facts["time_saved"] = {"time_spend_per_occurance_min": minutes, "policy": policy.version}
        return facts
