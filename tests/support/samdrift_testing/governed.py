"""Versions with all the evidence that serving one takes: evaluated, declared, approved by two people, deployed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from samdrift_platform.ledger.database import Ledger
from samdrift_registry.deployments import Slot
from samdrift_registry.statements import Statement
from samdrift_testing.governing import Office, opened

#: Who appoints and deploys.
OPERATOR = "operator"


def serve(
    ledger: Ledger,
    home: Path,
    model: str,
    version: int,
    digest: str,
    *,
    slot: Slot = Slot.CHAMPION,
    share: float = 1.0,
    now: datetime | None = None,
) -> Statement:
    """Deploy a version that `models.take_in` has put there, with everything that it takes before; the statement.

    A version that was evaluated before is not evaluated again, so it may be moved from slot to slot.
    """
    office = opened(ledger, home, now=now)
    _approve(office, model, version, digest)
    moment, governance = office.now, office.governance
    if slot is Slot.CHAMPION:
        return governance.promote(model, version, "tested", actor=OPERATOR, now=moment)
    if slot is Slot.CANARY:
        return governance.canary(model, version, share, "tested", actor=OPERATOR, now=moment)
    return governance.shadow(model, version, "tested", actor=OPERATOR, now=moment)


def _approve(office: Office, model: str, version: int, digest: str) -> None:
    office.governance.register(model, version, digest, run_id=None, registered_by="ida", now=office.now)
    if office.governance.standing(model, version).evaluated is None:
        office.evaluate(version, name=model)
    office.declare(version, name=model)
    office.approve(version, name=model)
