"""What a statement says, as one line for a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from samdrift_registry.statements import Kind, Statement


def told(statement: Statement) -> str:
    """The facts of a statement in words: without who, when and about what, which stand beside it."""
    return _SENTENCES.get(statement.kind, _reason)(statement.facts)


def _reason(facts: Mapping[str, Any]) -> str:
    return str(facts.get("reason", ""))


def _registered(facts: Mapping[str, Any]) -> str:
    return (
        f"registered in MLflow by {facts['registered_by'] or 'nobody knows whom'}, run {facts['run_id'] or 'unknown'}"
    )


def _evaluated(facts: Mapping[str, Any]) -> str:
    gate = f"{'passed' if facts['passed'] else 'stopped by'} policy {facts['policy']}"
    why = "" if facts["passed"] else ": " + " ".join(map(str, facts["reasons"]))
    return f"suite {facts['suite']}, {facts['evidence']} evidence, {gate}{why}"


def _declared(facts: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in facts.items())


def _approved(facts: Mapping[str, Any]) -> str:
    return f"as {facts['role']}, until {str(facts['expires_at'])[:10]}"


def _deployed(facts: Mapping[str, Any]) -> str:
    share = float(facts["share"])
    return f"as {facts['slot']}{'' if share == 1 else f' for {share:.0%} of the items'}: {facts['reason']}"


def _cleared(facts: Mapping[str, Any]) -> str:
    return f"nothing serves as {facts['slot']}: {facts['reason']}"


def _alarm(facts: Mapping[str, Any]) -> str:
    return f"{facts['code']}: {facts['reason']}"


def _settled(facts: Mapping[str, Any]) -> str:
    return f"{facts['decision']}: {facts['reason']}"


_SENTENCES: Mapping[Kind, Callable[[Mapping[str, Any]], str]] = {
    Kind.REGISTERED: _registered,
    Kind.EVALUATED: _evaluated,
    Kind.DECLARED: _declared,
    Kind.APPROVED: _approved,
    Kind.DEPLOYED: _deployed,
    Kind.CLEARED: _cleared,
    Kind.ALARM: _alarm,
    Kind.SETTLED: _settled,
}
