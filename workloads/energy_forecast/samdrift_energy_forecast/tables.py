"""The workload's own tables in the ledger's database."""

from __future__ import annotations

import sqlalchemy as sa

from samdrift_platform.ledger.tables import Json, Serial, UtcTime

metadata = sa.MetaData()

buildings = sa.Table(
    "energy_forecast_buildings",
    metadata,
    sa.Column("building", sa.String(64), primary_key=True, comment="its id"),
    sa.Column("description", Json, nullable=False, comment="`BuildingDescription` as JSON"),
    sa.Column("is_active", sa.Boolean, nullable=False, comment="whether the nightly run plans for it"),
    sa.Column("changed_at", UtcTime, nullable=False),
    sa.Column("changed_by", sa.String(200), nullable=False),
    comment="buildings that are planned for, as their owners describe them",
)

readings = sa.Table(
    "energy_forecast_readings",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("building", sa.String(64), nullable=False),
    sa.Column("series", sa.String(64), nullable=False, comment="`Series` of the readings: heat, indoor and others"),
    sa.Column("stamp", UtcTime, nullable=False, comment="as the meter stamped it, with its own time zone resolved"),
    sa.Column("value", sa.Double, comment="in the meter's own unit, as it came; NULL: it said that it has none"),
    sa.Column("received_at", UtcTime, nullable=False, comment="when it was known here"),
    sa.Column("source", sa.String(80), nullable=False, comment="file:<name> or push:<user>"),
    comment="readings as they came; nothing is repaired here",
)
#: The same reading is one row, also one that says that there is no value: NULL alone would be another one each time.
sa.Index(
    "uq_energy_forecast_readings",
    readings.c.building,
    readings.c.series,
    readings.c.stamp,
    sa.func.coalesce(readings.c.value, sa.literal_column("-1e308")),
    unique=True,
)
sa.Index("ix_energy_forecast_readings_building_stamp", readings.c.building, readings.c.stamp)

reading_archives = sa.Table(
    "energy_forecast_reading_archives",
    metadata,
    sa.Column("building", sa.String(64), primary_key=True),
    sa.Column("object", sa.String(71), nullable=False, comment="its old readings, in the object store"),
    sa.Column("end", UtcTime, nullable=False, comment="the newest stamp in it"),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("latest", Json, nullable=False, comment="series -> its newest stamp in it"),
    sa.Column("made_at", UtcTime, nullable=False),
    comment="readings that were moved out of the database, one object a building",
)

school_holidays = sa.Table(
    "energy_forecast_school_holidays",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("municipality", sa.String(4), nullable=False, index=True, comment="its four-digit code"),
    sa.Column("municipality_name", sa.String(100), nullable=False),
    sa.Column("name", sa.String(200), nullable=False, comment="such as Vinterferie"),
    sa.Column("first", sa.Date, nullable=False, comment="first closed day"),
    sa.Column("last", sa.Date, nullable=False, comment="last closed day"),
    sa.Column("source", sa.String(500), nullable=False, comment="who says so"),
    sa.Column("imported_at", UtcTime, nullable=False),
    sa.Column("imported_by", sa.String(200), nullable=False),
    comment="days on which a municipality's schools are closed, as imported",
)

known_series = sa.Table(
    "energy_forecast_known_series",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("series", sa.String(120), nullable=False, comment="such as dmi:12.57,55.68 or dayahead:DK2"),
    sa.Column("issued_at", UtcTime, nullable=False, comment="when its source made it"),
    sa.Column("fetched_at", UtcTime, nullable=False, comment="when it was known here"),
    sa.Column("first", UtcTime, nullable=False, comment="beginning of its first hour"),
    sa.Column("end", UtcTime, nullable=False, comment="end of its last hour"),
    sa.Column("object", sa.String(71), nullable=False, comment="its table, in the object store"),
    sa.UniqueConstraint("series", "issued_at", "object", name="uq_energy_forecast_known_series"),
    comment="weather, prices and CO2 with the time at which they were known beside the time that they are for",
)

overrides = sa.Table(
    "energy_forecast_overrides",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("building", sa.String(64), nullable=False, index=True),
    sa.Column("set_point_c", sa.Double, nullable=False),
    sa.Column("begins", UtcTime, nullable=False),
    sa.Column("expires", UtcTime, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("set_by", sa.String(200), nullable=False),
    sa.Column("set_at", UtcTime, nullable=False),
    sa.Column("ended_by", sa.String(200), comment="who took it back before it expired"),
    sa.Column("ended_at", UtcTime),
    comment="set-points that people chose in place of a plan's",
)

source_calls = sa.Table(
    "energy_forecast_source_calls",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("source", sa.String(80), nullable=False, index=True),
    sa.Column("called_at", UtcTime, nullable=False),
    comment="calls of the last seconds to services outside, so that all processes keep their limits together",
)

source_pauses = sa.Table(
    "energy_forecast_source_pauses",
    metadata,
    sa.Column("source", sa.String(80), primary_key=True),
    sa.Column("until", UtcTime, nullable=False),
    comment="services that asked us to wait",
)

orders = sa.Table(
    "energy_forecast_orders",
    metadata,
    sa.Column("seq", Serial, primary_key=True),
    sa.Column("building", sa.String(64), nullable=False),
    sa.Column("issue_time", UtcTime, nullable=False),
    sa.Column("run", sa.String(16), nullable=False, comment="nightly, or now: a person asked"),
    sa.Column("reference", sa.String(180), nullable=False, unique=True, comment="of the work item"),
    sa.Column("item_id", sa.Uuid, nullable=False, unique=True),
    sa.Column("lacks", Json, nullable=False, comment="codes of what was not known when it was ordered"),
    sa.Column("ordered_by", sa.String(200), nullable=False),
    sa.Column("ordered_at", UtcTime, nullable=False),
    comment="plans that were ordered from these tables: which item is whose newest plan",
)
sa.Index("ix_energy_forecast_orders_building", orders.c.building, orders.c.issue_time)
sa.Index("ix_energy_forecast_orders_issue_time", orders.c.issue_time, orders.c.run)

mail = sa.Table(
    "energy_forecast_mail",
    metadata,
    sa.Column("message", sa.Uuid, primary_key=True, comment="of plan version and recipient list: its Message-ID"),
    sa.Column("recipient", sa.String(64), primary_key=True, comment="SHA-256 of the address; the address is not kept"),
    sa.Column("state", sa.String(10), nullable=False, comment="sending: nobody knows yet; accepted: the server has it"),
    sa.Column("changed_at", UtcTime, nullable=False),
    comment="messages as they are handed to the mail server: a row stands before the first byte of one is sent",
)

plan_list = sa.Table(
    "energy_forecast_plan_list",
    metadata,
    sa.Column("building", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("search", sa.String(600), nullable=False, comment="name and id, case-folded"),
    sa.Column("newest_seq", sa.BigInteger, nullable=False, comment="of its newest work item"),
    sa.Column("newest_item", sa.Uuid, nullable=False),
    sa.Column("newest_state", sa.String(20), nullable=False),
    sa.Column("plan_seq", sa.BigInteger, comment="of the newest work item with a plan; NULL: none was made yet"),
    sa.Column("plan_item", sa.Uuid),
    sa.Column("plan", sa.String(71), comment="the plan, in the object store"),
    sa.Column("version", sa.String(71)),
    sa.Column("issue_time", UtcTime),
    sa.Column("ends", UtcTime),
    sa.Column("saved_kwh", sa.Double, comment="planned, not measured"),
    sa.Column("urgency", sa.SmallInteger, nullable=False, comment="see `plan_list.entry`; time makes it more urgent"),
    sa.Column("notices", Json, nullable=False, comment="safe state first, then what a person should look at"),
    sa.Column("lacks", Json, nullable=False, comment="codes of what was not known when the newest plan was ordered"),
    sa.Index("ix_energy_forecast_plan_list_urgency", "urgency", "search"),
    comment="each building's newest order and plan: follows the audit chain and can be made again from the ledger",
)

plan_list_head = sa.Table(
    "energy_forecast_plan_list_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False, comment="audit event up to which the list has followed"),
    comment="one row",
)
