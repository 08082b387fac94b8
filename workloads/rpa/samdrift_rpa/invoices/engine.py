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
        """Which policy decided, with its own minutes where it states them; for an item's result."""
        policy = self.policy
        return {"policy": {"version": policy.version, "digest": policy.digest}, **policy.stated(policy.version)}
