"""From the tables to orders: for each building what is known of it at the issue time, stored and submitted.

Buildings are taken in chunks of bounded size, so memory does not grow with their number. A plan of a night is ordered
once: a second run finds what the first one ordered and adds what it lacks. A building of which something is not known
is ordered all the same, with an empty table in its place: it gets the plan that applies then, and the order says what
was lacking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from samdrift_energy_forecast import hours
from samdrift_energy_forecast.building import register
from samdrift_energy_forecast.building.school_holiday_store import with_school_holidays
from samdrift_energy_forecast.errors import NotActiveError
from samdrift_energy_forecast.forecasting.heat import HORIZON_H
from samdrift_energy_forecast.metering import reading_store
from samdrift_energy_forecast.ordering import orders
from samdrift_energy_forecast.ordering.orders import Lack, Order, Run
from samdrift_energy_forecast.plans import overrides
from samdrift_energy_forecast.sources.known import KnownSeries
from samdrift_energy_forecast.sources.order_tables import Note, NoteCode, OrderTableMaker, OrderTables
from samdrift_energy_forecast.sources.price_areas import price_area
from samdrift_energy_forecast.submission import Building, Submission
from samdrift_energy_forecast.workload import workload
from samdrift_platform.contract import Item, Store
from samdrift_platform.ledger import items, submissions
from samdrift_platform.ledger.submissions import Request

if TYPE_CHECKING:
    import sqlalchemy as sa

    from samdrift_energy_forecast.building.description import BuildingDescription
    from samdrift_platform.ledger.database import Ledger

#: Readings and observed weather that travel with an order: enough for the fit, the calibration and the thermal model.
WINDOW = timedelta(days=56)
HOUR = timedelta(hours=1)
#: Of a building whose place is not known.
NO_TABLES = OrderTables(weather_observed=None, weather_forecast=None, signals=None, notes=())
#: Buildings whose inputs are in memory together, and that one transaction submits.
CHUNK = 64


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What was gathered of one building: its document, and what could not be found."""

    building: Building
    lacks: tuple[Lack, ...]


@dataclass(frozen=True, kw_only=True)
class OrderDesk:
    """Orders plans for the buildings in the tables."""

    ledger: Ledger
    store: Store
    tenant: str
    #: Who asks: "nightly", or the subject who is signed in.
    ordered_by: str

    def order_night(self, issue_time: datetime, *, now: datetime) -> int:
        """Order a plan from `issue_time` for each active building that has none of this night; how many were lacking.

        Args:
            issue_time: when the plans begin, aware and on the hour, the same for the whole night.
            now: what came in later is not known.
        """
        known = self._known(issue_time)
        ordered = 0
        for chunk in self._chunks():
            ordered += len(self._order(chunk, known, issue_time, Run.NIGHTLY, now))
        return ordered

    def plan_now(self, building: str, *, now: datetime) -> Order:
        """Order a plan from the running hour on for one building, however many it has already.

        Raises:
            NotFoundError: there is no such building.
            NotActiveError: it is not planned for any more.
        """
        issue_time = hours.start_of(int(now.timestamp()) // hours.SECONDS)
        with self.ledger.read() as connection:
            registered = register.find(connection, building)
        if not registered.is_active:
            raise NotActiveError(f"The building {building!r} was removed. Add it again before you plan for it.")
        (order,) = self._order([registered.description], self._known(issue_time), issue_time, Run.NOW, now)
        return order

    def _known(self, issue_time: datetime) -> OrderTableMaker:
        """One for a whole night: neighbours share their weather, and it is made once."""
        known = KnownSeries(self.ledger, self.store)
        return OrderTableMaker(known, self.store, issue_time, history_h=WINDOW // HOUR, horizon_h=HORIZON_H)

    def _chunks(self) -> Iterator[list[BuildingDescription]]:
        after = ""
        while True:
            with self.ledger.read() as connection:
                chunk = [each.description for each in register.each(connection, after=after, limit=CHUNK)]
            if not chunk:
                return
            yield chunk
            after = chunk[-1].id

    def _order(
        self,
        chunk: Sequence[BuildingDescription],
        known: OrderTableMaker,
        issue_time: datetime,
        run: Run,
        now: datetime,
    ) -> list[Order]:
        """Gather and store outside of the transaction that submits, so that nobody waits for it."""
        with self.ledger.read() as connection:
            wanted = with_school_holidays(connection, _lacking(connection, chunk, issue_time, run))
            gathered = [self._gathered(connection, each, known, issue_time, now) for each in wanted]
            gathered = self._with_states(connection, gathered, issue_time, now)
        if not gathered:
            return []
        with self.ledger.write() as connection:
            submissions.take_turn(connection, self.tenant)
            still = {each.id for each in _lacking(connection, wanted, issue_time, run)}
            return self._submit(connection, [g for g in gathered if g.building.id in still], issue_time, run, now)

    def _gathered(
        self,
        connection: sa.Connection,
        building: BuildingDescription,
        known: OrderTableMaker,
        issue_time: datetime,
        now: datetime,
    ) -> Inputs:
        readings = self._readings(connection, building, issue_time, now)
        tables = NO_TABLES if building.location is None else known.tables(building.location, _area(building))
        lacks = list(_lacks(building, readings, tables.notes, issue_time))
        nothing = self.store.put(b"")
        made = Building(
            **dict(building),
            readings=readings or nothing,
            weather_observed=tables.weather_observed or nothing,
            weather_forecast=tables.weather_forecast or nothing,
            signals=tables.signals,
        )
        return Inputs(building=made, lacks=tuple(lacks))

    def _readings(
        self, connection: sa.Connection, building: BuildingDescription, issue_time: datetime, now: datetime
    ) -> str | None:
        first = issue_time - WINDOW
        table = reading_store.order_table(
            connection, building.id, first=first, end=issue_time, known_at=now, store=self.store
        )
        return self.store.put(table) if table else None

    def _with_states(
        self, connection: sa.Connection, gathered: Sequence[Inputs], issue_time: datetime, now: datetime
    ) -> list[Inputs]:
        """Add each building's previous plan and the override that holds."""
        ids = [each.building.id for each in gathered]
        previous = orders.previous_plans(connection, ids, issue_time)
        holding = overrides.holding(connection, ids, now=now)
        return [replace(each, building=_with_state(each.building, previous, holding)) for each in gathered]

    def _submit(
        self, connection: sa.Connection, gathered: Sequence[Inputs], issue_time: datetime, run: Run, now: datetime
    ) -> list[Order]:
        if not gathered:
            return []
        order = Submission(issue_time=issue_time, buildings=tuple(each.building for each in gathered))
        made = [
            self._named(connection, item, building.id, issue_time, run, now)
            for item, building in zip(workload.split(order, self.store), order.buildings, strict=True)
        ]
        submissions.submit(connection, self._request(made, issue_time, run), now=now)
        held = items.identify(connection, workload.name, self.tenant, [item.reference for item in made])
        written = [
            Order(
                building=each.building.id,
                issue_time=issue_time.astimezone(UTC),
                run=run,
                reference=item.reference,
                item_id=held[item.reference].id,
                lacks=each.lacks,
                ordered_by=self.ordered_by,
                ordered_at=now,
            )
            for each, item in zip(gathered, made, strict=True)
        ]
        orders.record(connection, written)
        return written

    def _named(
        self, connection: sa.Connection, item: Item, building: str, issue_time: datetime, run: Run, now: datetime
    ) -> Item:
        """A night's plan has the building's and the issue time's name; one made now a number behind it, and is due."""
        if run is Run.NIGHTLY:
            return item
        number = orders.count(connection, building, issue_time, run=Run.NOW) + 1
        return replace(item, reference=f"{item.reference}/{number}", deadline=now)

    def _request(self, made: Sequence[Item], issue_time: datetime, run: Run) -> Request:
        """The items hold what is ordered; the document says which they are, so that nothing is kept twice."""
        first, last = made[0].reference, made[-1].reference
        return Request(
            workload=workload.name,
            tenant=self.tenant,
            reference=f"{run}/{first}" if len(made) == 1 else f"{run}/{first}...{last}",
            document={"issue_time": issue_time.isoformat(), "run": str(run), "items": [i.reference for i in made]},
            items=made,
            priority=workload.priority,
            submitted_by=self.ordered_by,
        )


def _lacking(
    connection: sa.Connection, chunk: Sequence[BuildingDescription], issue_time: datetime, run: Run
) -> list[BuildingDescription]:
    """Those of `chunk` that are still to be ordered."""
    if run is Run.NOW:
        return list(chunk)
    there = orders.nightly(connection, issue_time, [each.id for each in chunk])
    return [each for each in chunk if each.id not in there]


def _with_state(
    building: Building, previous: Mapping[str, str], holding: Mapping[str, overrides.ManualOverride]
) -> Building:
    override = holding.get(building.id)
    return building.model_copy(
        update={
            "previous_plan": previous.get(building.id),
            "overrides": () if override is None else (override.ordered(),),
        }
    )


def _area(building: BuildingDescription) -> str | None:
    """The price area by whose electricity its heat is made; None where heat is bought otherwise."""
    return price_area(building.location) if building.location and building.plant.is_electric else None


def _lacks(
    building: BuildingDescription, readings: str | None, notes: Sequence[Note], issue_time: datetime
) -> Iterator[Lack]:
    if readings is None:
        yield Lack.READINGS
    if building.location is None:
        yield Lack.LOCATION
    today = issue_time.astimezone(building.zone).date()
    if building.calendar.school_holidays_of and not any(one.last >= today for one in building.calendar.closures):
        yield Lack.SCHOOL_HOLIDAYS
    for note in notes:
        if note.code in _CONCERNS and note.number >= _CONCERNS[note.code][0]:
            yield _CONCERNS[note.code][1]


#: Note -> the number from which on a person should look, and what is lacking. Tomorrow's prices end with tomorrow, so
#: some hours of the horizon never have one.
_CONCERNS: Mapping[NoteCode, tuple[float, Lack]] = {
    NoteCode.FORECAST_MISSING: (0, Lack.FORECAST),
    NoteCode.FORECAST_STALE: (0, Lack.STALE_FORECAST),
    NoteCode.OBSERVED_MISSING: (hours.DAY, Lack.WEATHER),
    NoteCode.PRICE_MISSING: (HORIZON_H - hours.DAY // 2, Lack.PRICES),
    NoteCode.CO2_MISSING: (HORIZON_H - hours.DAY // 2, Lack.CO2),
}
