"""The workload's own tables in the ledger's database. Their names begin with `rpa_`."""

from __future__ import annotations

import sqlalchemy as sa

from samdrift_platform.ledger.tables import UtcTime

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
    sa.Index("ix_rpa_cases_received_on", "received_on", "process"),
    comment="one row a work item: what statistics count. Follows the audit chain; can be made again from the ledger",
)
sa.Index(
    "ix_rpa_cases_waiting",
    cases.c.process,
    sqlite_where=cases.c.waits_since.is_not(None),
    postgresql_where=cases.c.waits_since.is_not(None),
)

cases_head = sa.Table(
    "rpa_cases_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False, comment="audit event up to which the cases have followed"),
    comment="one row",
)
