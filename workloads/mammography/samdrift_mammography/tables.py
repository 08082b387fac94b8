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
    sa.Column(
        "sop_instance_uid", sa.String(64), nullable=False, index=True, comment="empty when the file does not say"
    ),
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
    sa.Column("trouble", sa.Text, comment="why it could not be handed on when it was last tried"),
    comment="exams as they are put together; a late image opens one again",
)
sa.Index(
    "ix_mammography_exams_waiting",
    exams.c.due_at,
    sqlite_where=exams.c.submitted_at.is_(None),
    postgresql_where=exams.c.submitted_at.is_(None),
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

worklist = sa.Table(
    "mammography_worklist",
    metadata,
    sa.Column("item_id", sa.Uuid, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False, comment="of the work item: later ones supersede"),
    sa.Column("kind", sa.String(8), nullable=False, comment="exam or file"),
    sa.Column("exam", sa.String(64), index=True, comment="NULL for a file that no exam can be made of"),
    sa.Column("screening_unit", sa.String(80), nullable=False),
    sa.Column("stage", sa.String(12), nullable=False, comment="what is to happen with it next, see `worklist.entry`"),
    sa.Column("place", sa.String(32), nullable=False, comment="sorts within its stage; digits only"),
    sa.Column("given", sa.SmallInteger, nullable=False, comment="readings that were made"),
    sa.Column("score", sa.SmallInteger),
    sa.Column("reading", sa.String(20), comment="who reads it, as the policy decided"),
    sa.Column("blind", sa.Boolean, nullable=False, comment="nothing of the score is shown before the own decision"),
    sa.Column("objected", sa.Boolean, nullable=False),
    sa.Column("codes", sa.String(600), nullable=False, comment="reasons and remarks, with spaces around each"),
    sa.Column("refusal", sa.String(40), comment="why a file was refused"),
    sa.Column("delivery", sa.String(12), nullable=False, comment="of the results to the PACS"),
    sa.Index("ix_mammography_worklist_place", "place"),
    sa.Index("ix_mammography_worklist_stage", "stage", "given", "screening_unit", "refusal"),
    comment="work items as readers meet them: follows the audit chain and can be made again from the ledger",
)

worklist_head = sa.Table(
    "mammography_worklist_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False, comment="audit event up to which the worklist has followed"),
    comment="one row",
)
