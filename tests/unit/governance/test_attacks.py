"""What somebody tries who wants a version served that must not be: each is refused, and says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from samdrift_platform.governance import load_deployments
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.tables import signatures, statements
from samdrift_registry.deployments import Slot
from samdrift_registry.errors import (
    BadSignatureError,
    BrokenSequenceError,
    ChangedFileError,
    JournalBrokenError,
    NotAllowedError,
    NotProvenError,
    StatementUnreadableError,
    TransitionError,
    UnknownKeyError,
    VerificationError,
)
from samdrift_registry.keys import signing_key
from samdrift_registry.lifecycle import State
from samdrift_registry.people import Role
from samdrift_registry.statements import Kind, SignedStatement, Statement, sign_statement
from samdrift_registry.store import ManifestStore
from samdrift_testing.governing import FACTS, MODEL, Office, policy

DAY = timedelta(days=1)


def ready(office: Office, version: int = 1, *, by: str | None = "dora") -> None:
    """All but the approvals."""
    office.register(version, by=by)
    office.evaluate(version)
    office.declare(version)


def promote(office: Office, version: int = 1) -> None:
    office.governance.promote(MODEL, version, "good enough", actor="operator", now=office.now)


# People who may not.


@pytest.mark.parametrize("registrant", ["tim", "TIM", " Tim ", "tim@hospital.example", "Tim@Hospital.example"])
def test_self_approval(office: Office, registrant: str) -> None:
    known_as = ["tim@hospital.example"]
    office.governance.appoint("tim", [Role.TECHNICAL], known_as=known_as, actor="operator", now=office.now)
    ready(office, by=registrant)
    with pytest.raises(NotAllowedError, match="registered the version themselves"):
        office.approve(1, "tim")


def test_self_approval_that_becomes_known_later(office: Office) -> None:
    ready(office, by="tt")
    office.approve()
    office.governance.appoint("tim", [Role.TECHNICAL], known_as=["tt"], actor="operator", now=office.now)
    assert office.governance.standing(MODEL, 1).state is State.EVALUATED
    with pytest.raises(TransitionError, match="1 of 2 people"):
        promote(office)


def test_one_person_under_two_names(office: Office) -> None:
    office.governance.appoint("t.hansen", [Role.CLINICAL], known_as=["TIM"], actor="operator", now=office.now)
    ready(office)
    office.approve(1, "tim")
    office.governance.approve(MODEL, 1, Role.CLINICAL, office.seen(), actor="t.hansen", now=office.now)
    with pytest.raises(TransitionError, match="1 of 2 people"):
        promote(office)


@pytest.mark.parametrize("registrant", [None, ""])
def test_an_unknown_registrant(office: Office, registrant: str | None) -> None:
    ready(office, by=registrant)
    with pytest.raises(NotAllowedError, match="nobody knows who registered"):
        office.approve()
    with pytest.raises(TransitionError, match="Nobody knows who registered"):
        promote(office)


def test_one_person_in_two_roles(office: Office) -> None:
    both = [Role.CLINICAL, Role.TECHNICAL]
    office.governance.appoint("tim", both, actor="operator", now=office.now)
    ready(office)
    for role in both:
        office.governance.approve(MODEL, 1, role, office.seen(), actor="tim", now=office.now)
    with pytest.raises(TransitionError, match="1 of 2 people"):
        promote(office)


def test_approval_in_a_role_that_one_does_not_have(office: Office) -> None:
    ready(office)
    with pytest.raises(NotAllowedError, match="tim does not have the role clinical"):
        office.governance.approve(MODEL, 1, Role.CLINICAL, office.seen(), actor="tim", now=office.now)
    with pytest.raises(NotAllowedError, match="Nobody approves as operator"):
        office.governance.approve(MODEL, 1, Role.OPERATOR, office.seen(), actor="operator", now=office.now)


@pytest.mark.parametrize("actor", ["stranger", "dora", "clara", "registry", "evaluator", "samdrift", "watch", ""])
def test_who_may_not_promote(office: Office, actor: str) -> None:
    office.approved()
    with pytest.raises(NotAllowedError):
        office.governance.promote(MODEL, 1, "please", actor=actor, now=office.now)


def test_operators_give_themselves_no_approving_role(office: Office) -> None:
    with pytest.raises(NotAllowedError, match="gives themself"):
        office.governance.appoint("operator", [Role.OPERATOR, Role.CLINICAL], actor="operator", now=office.now)
    with pytest.raises(NotAllowedError, match="give people their roles"):
        office.governance.appoint("dora", [Role.TECHNICAL], actor="dora", now=office.now)
    with pytest.raises(NotAllowedError, match="the platform itself"):
        office.governance.appoint("Registry", [Role.TECHNICAL], actor="operator", now=office.now)


# Approvals that do not count.


def test_an_approval_replayed_on_another_version(office: Office) -> None:
    ready(office, 1)
    ready(office, 2)
    with pytest.raises(TransitionError, match="with the digest"):
        office.governance.approve(MODEL, 2, Role.TECHNICAL, office.seen(1), actor="tim", now=office.now)


def test_an_approval_for_an_older_report(office: Office) -> None:
    ready(office)
    older = office.seen()
    office.approve()
    office.evaluate(at=office.now + DAY)
    assert office.governance.standing(MODEL, 1).state is State.EVALUATED
    with pytest.raises(TransitionError, match="0 of 2 people"):
        promote(office)
    with pytest.raises(TransitionError, match="with the report"):
        office.governance.approve(MODEL, 1, Role.TECHNICAL, older, actor="tim", now=office.now)


def test_an_expired_approval(office: Office) -> None:
    office.approved()
    office.now += 31 * DAY
    standing = office.governance.standing(MODEL, 1, now=office.now)
    assert standing.state is State.EVALUATED
    assert any("expired" in note for note in standing.notes)
    with pytest.raises(TransitionError, match="0 of 2 people"):
        promote(office)
    office.approve()
    promote(office)


def test_a_withdrawn_approval(office: Office) -> None:
    office.approved()
    office.governance.withdraw(MODEL, 1, "saw a flaw", actor="tim", now=office.now)
    assert any("saw a flaw" in note for note in office.governance.standing(MODEL, 1).notes)
    with pytest.raises(TransitionError, match="as technical"):
        promote(office)
    office.approve(1, "tim")
    promote(office)


def test_nobody_withdraws_anothers_approval(office: Office) -> None:
    office.approved()
    with pytest.raises(TransitionError, match="dora has given no approval"):
        office.governance.withdraw(MODEL, 1, "envy", actor="dora", now=office.now)


# Somebody who can write the database, but has not the key.


def owned(ledger: Ledger) -> None:
    """The owner of a database can drop the triggers."""
    postgresql = ledger.engine.dialect.name == "postgresql"
    with ledger.engine.begin() as connection:
        for table in ("statements", "signatures"):
            for suffix in ("append_only",) if postgresql else ("no_update", "no_delete"):
                on = f" ON {table}" if postgresql else ""
                connection.execute(sa.text(f"DROP TRIGGER {table}_{suffix}{on}"))


def find(office: Office, kind: Kind, version: int = 1) -> Statement:
    return next(each for each in office.governance.statements(MODEL, version) if each.kind is kind)


def remove(office: Office, statement: Statement) -> None:
    with office.ledger.engine.begin() as connection:
        connection.execute(sa.delete(signatures).where(signatures.c.statement == statement.id))
        connection.execute(sa.delete(statements).where(statements.c.id == statement.id))


def insert(office: Office, signed: SignedStatement) -> None:
    """As `ledger.statements.add` does, without telling the audit chain."""
    statement = signed.statement
    row = {"id": statement.id, "kind": statement.kind, "subject": statement.subject}
    row["document"] = statement.canonical().decode()
    signature = {"statement": statement.id, "key_id": signed.key_id, "signature": signed.signature.hex()}
    with office.ledger.engine.begin() as connection:
        connection.execute(sa.insert(statements).values(**row))
        connection.execute(sa.insert(signatures).values(**signature))


def test_the_triggers_refuse_first(office: Office) -> None:
    office.register()
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        remove(office, find(office, Kind.REGISTERED))


def test_an_edited_statement(office: Office) -> None:
    ready(office)
    owned(office.ledger)
    registered = find(office, Kind.REGISTERED)
    edited = json.loads(registered.canonical())
    edited["facts"]["registered_by"] = "nobody.we.know"
    text = json.dumps(edited, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    with office.ledger.engine.begin() as connection:
        row = statements.c.id == registered.id
        connection.execute(sa.update(statements).where(row).values(document=text))
    for look in (office.governance.standings, office.approve):
        with pytest.raises(StatementUnreadableError):
            look()


def test_a_row_that_somebody_edited_keeps_nobody_from_stopping_a_workload(office: Office) -> None:
    ready(office)
    owned(office.ledger)
    remove(office, find(office, Kind.REGISTERED))
    office.governance.stop("oracle", "something is wrong", actor="anybody", now=office.now)
    assert office.governance.stops()["oracle"].reason == "something is wrong"


def test_an_edited_statement_under_a_new_id(office: Office) -> None:
    ready(office)
    owned(office.ledger)
    registered = find(office, Kind.REGISTERED)
    with office.ledger.read() as connection:
        key_and_signature = connection.execute(
            sa.select(signatures.c.key_id, signatures.c.signature).where(signatures.c.statement == registered.id)
        ).one()
    edited = replace(registered, facts={**registered.facts, "registered_by": "nobody.we.know"})
    remove(office, registered)
    forged = SignedStatement(
        statement=edited, key_id=key_and_signature[0], signature=bytes.fromhex(key_and_signature[1])
    )
    insert(office, forged)
    with pytest.raises(BadSignatureError):
        office.governance.standings()


@pytest.mark.parametrize("kind", [Kind.WITHDRAWN, Kind.EVALUATED, Kind.RETIRED])
def test_a_removed_statement(office: Office, kind: Kind) -> None:
    office.approved()
    office.governance.withdraw(MODEL, 1, "saw a flaw", actor="tim", now=office.now)
    office.governance.retire(MODEL, 1, "has a flaw", actor="operator", now=office.now)
    owned(office.ledger)
    removed = find(office, kind)
    remove(office, removed)
    with pytest.raises(JournalBrokenError, match=f"{removed.id} is missing"):
        promote(office)
    with pytest.raises(JournalBrokenError):
        office.governance.standing(MODEL, 1)


def test_a_statement_hidden_under_another_kind(office: Office) -> None:
    office.approved()
    office.governance.withdraw(MODEL, 1, "saw a flaw", actor="tim", now=office.now)
    owned(office.ledger)
    with office.ledger.engine.begin() as connection:
        row = statements.c.kind == Kind.WITHDRAWN
        connection.execute(sa.update(statements).where(row).values(kind=str(Kind.CHECKPOINT)))
    with pytest.raises(JournalBrokenError, match="is missing"):
        promote(office)


def test_a_removed_deployment(office: Office) -> None:
    """The version before would serve again."""
    office.serve()
    office.serve(2)
    owned(office.ledger)
    remove(office, find(office, Kind.DEPLOYED, 2))
    with office.ledger.read() as connection, pytest.raises(JournalBrokenError, match="is missing"):
        load_deployments(connection, office.home)


def test_an_old_deployment_put_in_again(office: Office) -> None:
    office.serve()
    office.serve(2)
    owned(office.ledger)
    key, old = signing_key(office.home / "keys"), find(office, Kind.DEPLOYED)
    remove(office, old)
    insert(office, sign_statement(old, key))  # an Ed25519 signature is the same each time
    with office.ledger.read() as connection, pytest.raises((JournalBrokenError, BrokenSequenceError)):
        load_deployments(connection, office.home)


def _forge_approval(office: Office) -> Statement:
    seen, expires_at = office.seen(), (office.now + 30 * DAY).isoformat()
    facts = {"report": seen.report, "declaration": seen.declaration, "role": "technical", "expires_at": expires_at}
    subject = f"model:{MODEL}/1"
    return Statement(
        kind=Kind.APPROVED, subject=subject, digest=seen.digest, facts=facts, made_at=office.now, made_by="tim"
    )


def test_a_forged_approval_with_another_key(office: Office, tmp_path: Path) -> None:
    ready(office)
    office.approve(1, "clara")
    insert(office, sign_statement(_forge_approval(office), signing_key(tmp_path / "mallory")))
    with pytest.raises(UnknownKeyError):
        promote(office)


def test_a_forged_approval_under_our_keys_name(office: Office, tmp_path: Path) -> None:
    ready(office)
    office.approve(1, "clara")
    forged = sign_statement(_forge_approval(office), signing_key(tmp_path / "mallory"))
    insert(office, replace(forged, key_id=signing_key(office.home / "keys").key_id))
    with pytest.raises(BadSignatureError):
        promote(office)


def test_a_genuine_statement_of_another_ledger(office: Office) -> None:
    """From a copy of the installation, say: signed by our key, but never told here."""
    ready(office)
    office.approve(1, "clara")
    insert(office, sign_statement(_forge_approval(office), signing_key(office.home / "keys")))
    with pytest.raises(JournalBrokenError, match="was put in"):
        promote(office)


# Somebody who can write files.


def _overwrite(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def _model_file(office: Office) -> Path:
    digest = ManifestStore(office.home).get(MODEL, 1).manifest.digest
    return ManifestStore(office.home).folder(digest) / "model.safetensors"


def _report_file(office: Office) -> Path:
    return next((office.home / "reports").glob("*.json"))


def _policy_file(office: Office) -> Path:
    return next((office.home / "policies").glob("*.yaml"))


FILES: dict[str, tuple[Callable[[Office], Path], type[VerificationError]]] = {
    "model": (_model_file, ChangedFileError),
    "report": (_report_file, NotProvenError),
    "policy": (_policy_file, NotProvenError),
}


@pytest.mark.parametrize(("file", "error"), FILES.values(), ids=FILES)
def test_a_tampered_file(office: Office, file: Callable[[Office], Path], error: type[VerificationError]) -> None:
    office.approved()
    _overwrite(file(office), b"better")
    with pytest.raises(error):
        promote(office)
    assert (MODEL, Slot.CHAMPION) not in office.governance.deployments()


@pytest.mark.parametrize("name", FACTS)
def test_a_missing_fact_blocks_promotion(office: Office, name: str) -> None:
    office.approved()
    office.declare(facts={name: ""})
    with pytest.raises(TransitionError, match=f"declare `{name}`"):
        promote(office)


def test_a_shadow_must_have_scored_what_the_policy_asks(office: Office) -> None:
    office.serve()
    office.governance.adopt(policy(2, shadow_items=50), actor="operator", now=office.now)
    office.approved(2)
    with pytest.raises(TransitionError, match=r"scored 0 items as a shadow.*asks for 50"):
        promote(office, 2)
