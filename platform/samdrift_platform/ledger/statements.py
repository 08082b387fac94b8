"""Keeps governance's signed statements: appended in one transaction with their audit events, never changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from samdrift_platform.errors import ConflictError
from samdrift_platform.ledger import audit
from samdrift_platform.ledger.database import take_turns
from samdrift_platform.ledger.tables import audit_events, signatures, statements

if TYPE_CHECKING:
    from samdrift_registry.statements import Kind, SignedStatement

#: Whoever reads the journal in order to add to it takes this turn first, so that nothing comes in between.
TURN = "statements"
#: Audit events of statements: this and the kind. Their details name the rows as they were written.
STATED = "statement."
#: The audit event of a signature that was added later.
SIGNED_AGAIN = "signature.added"
#: What statements are about. Subjects of other kinds (`audit:chain`) are no part of governance.
SUBJECTS = ("model", "person", "policy", "workload")


def add(connection: sa.Connection, signed: SignedStatement, *, now: datetime) -> None:
    """Append a statement and its audit event; the same statement a second time is a ConflictError."""
    statement = signed.statement
    take_turns(connection, TURN)
    known = connection.execute(sa.select(statements.c.seq).where(statements.c.id == statement.id)).first()
    if known is not None:
        raise ConflictError(f"This was stated before: {statement.kind} of {statement.subject}.")
    document = statement.canonical().decode()
    row = {"id": statement.id, "kind": statement.kind, "subject": statement.subject, "document": document}
    seq = connection.execute(sa.insert(statements).values(**row).returning(statements.c.seq)).scalar_one()
    details = {"row": seq, "digest": statement.digest, **_sign(connection, signed)}
    action = f"{STATED}{statement.kind}"
    event = audit.Event(actor=statement.made_by, action=action, subject=statement.subject, details=details)
    audit.append(connection, [event], now=now)


def add_signature(connection: sa.Connection, signed: SignedStatement, *, actor: str, now: datetime) -> None:
    """Sign a kept statement again, with another key; that is an audit event of its own."""
    details = _sign(connection, signed)
    event = audit.Event(actor=actor, action=SIGNED_AGAIN, subject=signed.statement.subject, details=details)
    audit.append(connection, [event], now=now)


def about(connection: sa.Connection, subject: str) -> list[SignedStatement]:
    """All statements about `subject`, oldest first. Signatures are not checked here: the folds do.

    Raises:
        StatementUnreadableError: a row is not what was signed.
    """
    return _found(connection, statements.c.subject == subject)


def of_kinds(connection: sa.Connection, kinds: Sequence[Kind]) -> list[SignedStatement]:
    """All statements of these kinds, oldest first. Raises as `about` does."""
    return _found(connection, statements.c.kind.in_([str(kind) for kind in kinds]))


def everything(connection: sa.Connection) -> list[SignedStatement]:
    """All statements, oldest first. Raises as `about` does."""
    return _found(connection, sa.true())


def newest_seq(connection: sa.Connection) -> int:
    """Rises with every statement: whoever folds need not fold again while it stands still."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(statements.c.seq), 0))).scalar_one())


def newest_signature_seq(connection: sa.Connection) -> int:
    """Rises with every statement, and when statements are signed again: whoever hands signatures on looks at this."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(signatures.c.seq), 0))).scalar_one())


def announced(connection: sa.Connection, kinds: Sequence[Kind]) -> list[str]:
    """Ids of the statements of these kinds about SUBJECTS that the audit chain names, in its order.

    Governance compares them with the rows: a row that was removed, put in or moved stands out at once, where
    `verification.verify` (which reads the whole chain) would find it later.
    """
    subject: sa.ColumnElement[str] = audit_events.c.subject
    if connection.dialect.name == "postgresql":
        subject = sa.collate(subject, "C")  # other orders skip the colon
    about = [sa.and_(subject >= f"{kind}:", subject < f"{kind};") for kind in SUBJECTS]  # `;` comes after `:`
    actions = [f"{STATED}{kind}" for kind in kinds]
    query = sa.select(audit_events.c.details).where(sa.or_(*about), audit_events.c.action.in_(actions))
    rows = connection.execute(query.order_by(audit_events.c.seq)).scalars()
    return [str(json.loads(details)["statement"]) for details in rows]


def _found(connection: sa.Connection, which: sa.ColumnElement[bool]) -> list[SignedStatement]:
    newest = (
        sa.select(signatures.c.statement, sa.func.max(signatures.c.seq).label("seq"))
        .group_by(signatures.c.statement)
        .subquery()
    )
    query = (
        sa.select(statements.c.id, statements.c.document, signatures.c.key_id, signatures.c.signature)
        .join(newest, newest.c.statement == statements.c.id)
        .join(signatures, signatures.c.seq == newest.c.seq)
        .where(which)
        .order_by(statements.c.seq)
    )
    return [_signed(row) for row in connection.execute(query).mappings()]


def _signed(row: sa.RowMapping) -> SignedStatement:
    from samdrift_registry.errors import StatementUnreadableError
    from samdrift_registry.statements import SignedStatement, Statement

    try:
        statement, signature = Statement.from_text(row["document"]), bytes.fromhex(row["signature"])
    except ValueError as error:
        raise StatementUnreadableError.about(str(row["id"])) from error
    if statement.id != row["id"]:
        raise StatementUnreadableError.about(str(row["id"]))
    return SignedStatement(statement=statement, key_id=row["key_id"], signature=signature)


def _sign(connection: sa.Connection, signed: SignedStatement) -> dict[str, Any]:
    """Keep the signature; what the chain keeps of it, so that a row changed or removed later is found."""
    named = {"statement": signed.statement.id, "signature": signed.signature.hex()}
    row = {**named, "key_id": signed.key_id}
    seq = connection.execute(sa.insert(signatures).values(**row).returning(signatures.c.seq)).scalar_one()
    return {**named, "key": signed.key_id, "signature_row": seq}
