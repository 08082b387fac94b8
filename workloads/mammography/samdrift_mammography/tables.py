"""The workload's own tables in the ledger's database. Nothing in them names a person: women stand as pseudonyms."""

from __future__ import annotations

import sqlalchemy as sa

from samdrift_platform.ledger.tables import Json, Serial, UtcTime

metadata = sa.MetaData()

images = sa.Table(
    "mammography_images",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("sop_instance_uid", sa.String(64), nullable=False, unique=True),
    sa.Column("object", sa.String(71), nullable=False, comment="the bytes as they came, in the object store"),
    sa.Column("exam", sa.String(64), nullable=False, index=True, comment="study, or case of a CBIS-DDSM film"),
    sa.Column("view", sa.String(4), comment="RCC, LCC, RMLO or LMLO; NULL for every other image"),
    sa.Column("problems", Json, nullable=False, comment="codes of `reasons`; empty: it can be scored"),
    sa.Column("subject", sa.String(64), comment="the woman's pseudonym"),
    sa.Column("source", sa.String(80), nullable=False, comment="dimse:<AE title>, stow:<user>, folder:<name>"),
    sa.Column("received_at", UtcTime, nullable=False),
    comment="images that were received and acknowledged",
)

quarantine = sa.Table(
    "mammography_quarantine",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("object", sa.String(71), nullable=False),
    sa.Column("sop_instance_uid", sa.String(64), nullable=False, comment="empty when the file does not say"),
    sa.Column("code", sa.String(40), nullable=False, comment="why, as a code of `reasons`"),
    sa.Column("source", sa.String(80), nullable=False),
    sa.Column("received_at", UtcTime, nullable=False),
    sa.UniqueConstraint("object", "code", name="uq_mammography_quarantine_object_code"),
    comment="files that were received and kept, but that no exam can be made of",
)

exams = sa.Table(
    "mammography_exams",
    metadata,
    sa.Column("exam", sa.String(64), primary_key=True),
    sa.Column("first_received_at", UtcTime, nullable=False),
    sa.Column("last_received_at", UtcTime, nullable=False),
    sa.Column("due_at", UtcTime, nullable=False, comment="complete or not, it is submitted then: the quiet time"),
    sa.Column("submitted_at", UtcTime, comment="NULL: waits for views"),
    sa.Column("submission", sa.String(200), comment="reference of the newest submission"),
    sa.Index("ix_mammography_exams_waiting", "due_at"),
    comment="exams as they are put together; a late image opens one again",
)

readings = sa.Table(
    "mammography_readings",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("item_id", sa.Uuid, nullable=False),
    sa.Column("exam", sa.String(64), nullable=False, index=True, comment="late views make a new item of it"),
    sa.Column("reader", sa.String(200), nullable=False),
    sa.Column("decision", sa.String(20), nullable=False, comment="recall or no_recall"),
    sa.Column("score_seen", sa.Boolean, nullable=False, comment="the score was shown before the decision"),
    sa.Column("read_at", UtcTime, nullable=False),
    sa.UniqueConstraint("item_id", "reader", name="uq_mammography_readings_item_id_reader"),
    comment="what each reader decided; a decision is final, a correction is a new exam's",
)
