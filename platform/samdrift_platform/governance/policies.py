"""Gate policies as governance keeps them: the file by its digest, its rules in the statement that adopts it."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from samdrift_registry.durable import write_new
from samdrift_registry.errors import NotProvenError
from samdrift_registry.people import Role
from samdrift_registry.proof import policy_path
from samdrift_registry.rules import Rules

if TYPE_CHECKING:
    from samdrift_evaluation.gate_policy import GatePolicy


def rules_of(text: bytes, *, since: datetime) -> Rules:
    """What the policy file `text` asks of people. Raises as `read_policy` does when it is none."""
    from samdrift_evaluation.gate_policy import read_policy

    policy = read_policy(text)
    return Rules(
        name=policy.name,
        version=policy.version,
        digest="sha256:" + hashlib.sha256(text).hexdigest(),
        since=since,
        people=policy.approvals.people,
        roles=tuple(frozenset(Role(role) for role in alternatives) for alternatives in policy.approvals.roles),
        valid=timedelta(days=policy.approvals.valid_days),
        required_facts=tuple(policy.required_facts),
        evidence=policy.evidence.value,
        shadow_items=policy.least_shadow_items,
    )


def keep_policy(home: Path, text: bytes, digest: str) -> None:
    """Store the file under its digest; one that is there stays as it is."""
    with suppress(FileExistsError):
        write_new(policy_path(home, digest), text, mode=0o444)


def kept_policy(home: Path, rules: Rules) -> GatePolicy:
    """The policy behind `rules`, from its file; NotProvenError when that is not the file that was adopted."""
    from samdrift_evaluation.gate_policy import read_policy

    path = policy_path(home, rules.digest)
    text = path.read_bytes() if path.exists() else b""
    if "sha256:" + hashlib.sha256(text).hexdigest() != rules.digest:
        raise NotProvenError.about(f"{path.name} is not the file of policy {rules}")
    return read_policy(text)
