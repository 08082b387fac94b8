"""Shadow, canary, champion, rollback, retirement: which version serves how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from samdrift_platform.governance.journal import Turn
from samdrift_platform.governance.permissions import Duty, check
from samdrift_platform.governance.reasons import reason_of
from samdrift_platform.ledger.agreement import agreement
from samdrift_registry.deployments import Deployment, Slot, current, deployment_of, last_of, subject_of
from samdrift_registry.errors import TransitionError
from samdrift_registry.lifecycle import Act, Standing
from samdrift_registry.proof import collect, proven
from samdrift_registry.statements import Kind, Statement, model_subject

_SLOTS = {Act.SHADOW: Slot.SHADOW, Act.CANARY: Slot.CANARY, Act.PROMOTE: Slot.CHAMPION}


def deploy(
    turn: Turn, home: Path, name: str, version: int, act: Act, share: float, reason: str, *, by: str
) -> Statement:
    """Put an approved version into the slot of `act`; it leaves the others. The model's files are checked before."""
    check(turn.people, by, Duty.DEPLOY)
    stands, slot = turn.registered(name, version), _SLOTS[act]
    there = stands.slots.get(slot)
    if there is not None and there.share == share:
        return turn.statement(there.statement)
    stands.admit(act)
    stands.check_evidence()
    _check_beside(turn, stands, slot)
    facts = {"slot": slot, "share": share, "reason": reason_of(reason)}
    placed = _place(turn, home, model_subject(name, version), facts, by=by, digest=stands.digest)
    for other in stands.slots.values():
        if other.slot is not slot:
            clear(turn, other, f"now {slot}", by=by)
    return placed


def roll_back(turn: Turn, home: Path, earlier: Deployment, reason: str, *, by: str) -> Statement:
    """Have an earlier champion serve again, on the evidence on which it was deployed then."""
    check(turn.people, by, Duty.ROLL_BACK)
    if turn.newest(Kind.RETIRED, model_subject(earlier.model, earlier.version)):
        raise TransitionError(f"{earlier.model} version {earlier.version} is retired. Roll back to another.")
    serving = current(turn.statements).get((earlier.model, Slot.CHAMPION))
    if serving is not None and serving.version == earlier.version:
        return turn.statement(serving.statement)
    facts = {"slot": Slot.CHAMPION, "share": 1.0, "reason": reason_of(reason), "as_deployed": earlier.statement}
    subject = model_subject(earlier.model, earlier.version)
    return _place(turn, home, subject, facts, by=by, digest=earlier.digest)


def end(turn: Turn, name: str, slot: Slot, reason: str, *, by: str) -> Statement:
    """End shadow or canary."""
    check(turn.people, by, Duty.DEPLOY)
    if slot is Slot.CHAMPION:
        raise TransitionError("A champion is not cleared: promote another, roll back, or stop the workload.")
    serving = current(turn.statements).get((name, slot))
    if serving is None:
        raise TransitionError(f"There is no {slot} of {name}.")
    return clear(turn, serving, reason, by=by)


def retire(turn: Turn, name: str, version: int, reason: str, *, by: str) -> Statement:
    """Never let this version serve again."""
    check(turn.people, by, Duty.RETIRE)
    stands = turn.standing(name, version)
    stands.admit(Act.RETIRE)
    for serving in stands.slots.values():
        clear(turn, serving, reason, by=by)
    facts = {"reason": reason_of(reason)}
    return turn.keep(Kind.RETIRED, model_subject(name, version), facts, by=by, digest=stands.digest)


def clear(turn: Turn, serving: Deployment, reason: str, *, by: str) -> Statement:
    """Have nothing serve in this slot."""
    previous = last_of(turn.statements, serving.model, serving.slot)
    facts = {"slot": serving.slot, "reason": reason_of(reason), "previous": previous}
    subject = model_subject(serving.model, serving.version)
    return turn.keep(Kind.CLEARED, subject, facts, by=by, digest=serving.digest)


def earlier_champion(statements: Sequence[Statement], name: str, to: int | None) -> Deployment:
    """The last champion before the present one (or version `to`), as it was deployed on evidence of its own."""
    champions = [each for each in _deployed(statements, name) if each.facts["slot"] == Slot.CHAMPION]
    serving = current(statements).get((name, Slot.CHAMPION))
    if to is None:
        others = [each for each in champions if serving is None or _version(each) != serving.version]
        to = _version(others[-1]) if others else None
    own = [each for each in champions if _version(each) == to and "as_deployed" not in each.facts]
    if not own:
        which = "No earlier version" if to is None else f"Version {to}"
        raise TransitionError(f"{which} of {name} was champion before, so there is nothing to roll back to.")
    return deployment_of(own[-1])


def _deployed(statements: Iterable[Statement], name: str) -> Iterable[Statement]:
    return (each for each in statements if each.kind is Kind.DEPLOYED and subject_of(each.subject)[0] == name)


def _version(deployed: Statement) -> int:
    return subject_of(deployed.subject)[1]


def _check_beside(turn: Turn, stands: Standing, slot: Slot) -> None:
    """A shadow is compared with a champion, a canary shares its items; a first champion has nothing to shadow."""
    if (stands.name, Slot.CHAMPION) in current(turn.statements):
        if slot is not Slot.SHADOW:
            _check_shadowed(turn, stands)
    elif slot is not Slot.CHAMPION:
        raise TransitionError(f"{stands.name} has no champion, so {stands} cannot be its {slot}. Promote one first.")


def _check_shadowed(turn: Turn, stands: Standing) -> None:
    least = stands.rules.shadow_items if stands.rules else 0
    if least and (scored := agreement(turn.connection, stands.name, stands.version).n) < least:
        raise TransitionError(
            f"{stands} has scored {scored} items as a shadow; policy {stands.rules} asks for {least}. "
            "Let it run as a shadow until it has."
        )


def _place(turn: Turn, home: Path, subject: str, facts: Mapping[str, Any], *, by: str, digest: str | None) -> Statement:
    """State the deployment, and hold it to what every replica will hold it to."""
    previous = last_of(turn.statements, subject_of(subject)[0], facts["slot"])
    statement = turn.keep(Kind.DEPLOYED, subject, {**facts, "previous": previous}, by=by, digest=digest)
    deployment = deployment_of(statement)
    proven(home, deployment, collect(turn.signed, deployment), now=statement.made_at)
    return statement
