"""What the gate policies in force ask for beside the figures: people, roles, declared facts, evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from samdrift_registry.people import Role
from samdrift_registry.statements import Kind, Statement


@dataclass(frozen=True, kw_only=True)
class Rules:
    """One policy, as it was adopted."""

    #: Name of the policy, without version.
    name: str
    version: int
    #: Of the policy's file.
    digest: str
    #: When it came into force.
    since: datetime
    #: How many different people must approve.
    people: int
    #: Each must be covered by an approval in one of its roles.
    roles: tuple[frozenset[Role], ...]
    #: How long an approval holds.
    valid: timedelta
    #: Names of facts that must be declared.
    required_facts: tuple[str, ...]
    #: Whose evaluation suffices: `own`, or the `supplier`'s.
    evidence: str
    #: Items that a version must have scored as a shadow before it may answer beside or instead of a champion.
    shadow_items: int = 0

    def __str__(self) -> str:
        """As it stands in an evaluation: `reader-study/1`."""
        return f"{self.name}/{self.version}"

    def facts(self) -> dict[str, Any]:
        """As JSON values: what `adopted` states."""
        return {
            "policy": str(self),
            "people": self.people,
            "roles": [sorted(alternatives) for alternatives in self.roles],
            "valid_days": self.valid.days,
            "required_facts": list(self.required_facts),
            "evidence": self.evidence,
            "shadow_items": self.shadow_items,
        }

    @classmethod
    def of(cls, adopted: Statement) -> Rules:
        """What the statement `adopted` put in force."""
        name, _, version = adopted.subject.removeprefix("policy:").rpartition("/")
        facts = adopted.facts
        return cls(
            name=name,
            version=int(version),
            digest=str(adopted.digest),
            since=adopted.made_at,
            people=facts["people"],
            roles=tuple(frozenset(Role(role) for role in alternatives) for alternatives in facts["roles"]),
            valid=timedelta(days=facts["valid_days"]),
            required_facts=tuple(facts["required_facts"]),
            evidence=facts["evidence"],
            shadow_items=facts["shadow_items"],
        )


def in_force(statements: Iterable[Statement]) -> Mapping[str, Rules]:
    """Policy name -> the version that was adopted last."""
    adopted = (statement for statement in statements if statement.kind is Kind.ADOPTED)
    return {(rules := Rules.of(each)).name: rules for each in sorted(adopted, key=lambda s: s.made_at)}


def policy_subject(name: str, version: int) -> str:
    """`policy:NAME/VERSION`."""
    return f"policy:{name}/{version}"
