"""The workload's own tables in the ledger's database. Their names begin with `rpa_`."""

from __future__ import annotations

import sqlalchemy as sa

from samdrift_platform.ledger.tables import Json, Serial, UtcTime
from samdrift_platform.mail.journal import journal_table

metadata = sa.MetaData()

cases = sa.Table(
    "rpa_cases",
    metadata,
    sa.Column("item_id", sa.Uuid, primary_key=True),
    sa.Column("process", sa.String(41), nullable=False),
    sa.Column("state", sa.String(20), nullable=False, comment="of the work item"),
    sa.Column("received_at", UtcTime, nullable=False, comment="when it was queued"),
    sa.Column("received_on", sa.Date, nullable=False, comment="the day of that, by Danish clocks"),
    sa.Column("finished_at", UtcTime, comment="NULL: not yet"),
    sa.Column("code", sa.String(64), nullable=False, comment="of a business exception; empty: none"),
    sa.Column("by_hand", sa.Boolean, nullable=False, comment="a person handled it in the robot's place"),
    sa.Column("was_asked", sa.Boolean, nullable=False, comment="a person was asked at least once"),
    sa.Column("waited_s", sa.Double, nullable=False, comment="for people, until they had decided"),
    sa.Column("waits_since", UtcTime, comment="for a person, who has not decided; NULL: it does not wait"),
    sa.Column("handled_s", sa.Double, comment="from receipt to end, the waiting included; NULL: no end yet"),
    sa.Column("amounts", Json, nullable=False, comment="measure's id -> quantity, as they are added up in rpa_amounts"),
    # Holds all that is counted, so that no row need be looked at.
    sa.Index("ix_rpa_cases_counted", "received_on", "process", "state", "code", "was_asked", "by_hand"),
    sa.Index("ix_rpa_cases_handled", "process", "handled_s"),
    comment="one row a work item: what statistics count. Follows the audit chain; can be made again from the ledger",
)
sa.Index(
    "ix_rpa_cases_waiting",
    cases.c.process,
    sqlite_where=cases.c.waits_since.is_not(None),
    postgresql_where=cases.c.waits_since.is_not(None),
)

sa.Index(
    "ix_rpa_cases_waited",
    cases.c.process,
    cases.c.waited_s,
    sqlite_where=cases.c.waited_s > 0,
    postgresql_where=cases.c.waited_s > 0,
)

measures = sa.Table(
    "rpa_measures",
    metadata,
    sa.Column("id", Serial, primary_key=True),
    sa.Column("kind", sa.String(10), nullable=False, comment="saved, or spent on computing it"),
    sa.Column("measure", sa.String(64), nullable=False),
    sa.Column("unit", sa.String(32), nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.UniqueConstraint("kind", "measure", "unit", "method", name="uq_rpa_measures"),
    comment="what the benefit ledger measures of cases, and how it is known",
)

amounts = sa.Table(
    "rpa_amounts",
    metadata,
    sa.Column("process", sa.String(41), primary_key=True),
    sa.Column("received_on", sa.Date, primary_key=True),
    sa.Column("measure", sa.BigInteger, primary_key=True, autoincrement=False, comment="its id"),
    sa.Column("quantity", sa.Double, nullable=False),
    sa.Column("items", sa.BigInteger, nullable=False),
    comment="sums of the benefit ledger's rows, by process and the day on which the cases were received",
)

evidence = sa.Table(
    "rpa_evidence",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("effect_key", sa.Uuid, nullable=False, comment="of the effect that the robot was making"),
    sa.Column("receiver", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(10), nullable=False, comment="picture or trace"),
    sa.Column("object", sa.String(71), nullable=False, comment="its encrypted bytes in the object store"),
    sa.Column("key", sa.String(16), nullable=False, comment="fingerprint of the key that it was encrypted with"),
    sa.Column("failed", sa.Boolean, nullable=False, comment="whether the form did not go through"),
    sa.Column("made_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False, comment="then its object and this row are removed"),
    sa.Index("ix_rpa_evidence_effect_key", "effect_key"),
    sa.Index("ix_rpa_evidence_expires_at", "expires_at"),
    comment="pictures and traces of what robots did: masked, encrypted, for a while",
)

mail = journal_table("rpa_mail", metadata, of="key of the effect: its Message-ID")

cases_head = sa.Table(
    "rpa_cases_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False, comment="audit event up to which the cases have followed"),
    comment="one row",
)
