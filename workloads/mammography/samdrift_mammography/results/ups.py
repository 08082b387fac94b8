"""Work item states over DIMSE: others ask what we do with an exam, and change nothing of it (PS3.4 annex CC).

An exam is always read by people, whatever becomes of its triage, so a request to cancel is answered "the performer
chooses not to": an item that is cancelled would leave the worklist.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from samdrift_mammography.intake.dimse import Service
from samdrift_mammography.results.matching import matches
from samdrift_mammography.results.workitem import (
    UPS_PUSH,
    StepState,
    is_exam,
    item_id_of,
    item_states,
    state_of,
    workitem_of,
)
from samdrift_platform.errors import NotFoundError
from samdrift_platform.ledger import items
from samdrift_platform.ledger.database import Ledger, LedgerUnavailableError
from samdrift_platform.ledger.items import ItemState, WorkItem
from samdrift_platform.ledger.tables import work_items

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.tag import BaseTag
    from pynetdicom.events import Event

#: Push, Watch, Pull and Query; there are no event reports, so Event is not among them.
SOP_CLASSES = (
    UPS_PUSH,
    "1.2.840.10008.5.1.4.34.6.2",
    "1.2.840.10008.5.1.4.34.6.3",
    "1.2.840.10008.5.1.4.34.6.5",
)
WORKLOAD = "mammography"
#: Items that one look into the ledger brings.
PAGE = 200

_SUCCESS, _PENDING, _CANCEL = 0x0000, 0xFF00, 0xFE00
_OPTIONAL_NOT_SUPPORTED = 0x0001
_PROCESSING_FAILURE, _NO_SUCH_ACTION, _NOT_AUTHORISED = 0x0110, 0x0123, 0x0124
# PS3.4 sections CC.2.1.3, CC.2.2.3, CC.2.6.3
_ALREADY_CANCELED, _ALREADY_COMPLETED = 0xB304, 0xB306
_MAY_NOT_BE_UPDATED, _WRONG_TRANSACTION, _ALREADY_IN_PROGRESS = 0xC300, 0xC301, 0xC302
_NOT_OURS = 0xC307
_IS_COMPLETED, _CHOOSES_NOT_TO, _NOT_APPROPRIATE, _NO_EVENTS = 0xC311, 0xC313, 0xC314, 0xC315

_CHANGE_STATE, _REQUEST_CANCEL = 1, 2
_SUBSCRIPTIONS = frozenset({3, 4, 5})


class Worklist:
    """What the ledger says of exams, as handlers of an application entity."""

    def __init__(self, ledger: Ledger) -> None:
        """Read from `ledger`."""
        self._ledger = ledger

    def find(self, event: Event) -> Iterator[tuple[int, Dataset | None]]:
        """C-FIND: the steps that match, each with the attributes that were asked for."""
        query = event.identifier
        try:
            for item in self._candidates(query):
                if event.is_cancelled:
                    yield _CANCEL, None
                    return
                step = workitem_of(item)
                if matches(step, query):
                    yield _PENDING, _asked(step, query)
        except LedgerUnavailableError:
            yield 0xA700, None  # out of resources

    def get(self, event: Event) -> tuple[int | Dataset, Dataset | None]:
        """N-GET: the attributes that were asked for, or all."""
        try:
            item = self._item(_requested(event))
        except LedgerUnavailableError:
            return _PROCESSING_FAILURE, None
        if item is None:
            return _status(_NOT_OURS, "This is no work item of ours."), None
        step, wanted = workitem_of(item), list(event.attribute_identifiers)
        if not wanted:
            return _SUCCESS, step
        found = _only(step, wanted)
        return _SUCCESS if all(tag in step for tag in wanted) else _OPTIONAL_NOT_SUPPORTED, found

    def act(self, event: Event) -> tuple[int | Dataset, Dataset | None]:
        """N-ACTION: refused, with the reason."""
        try:
            item = self._item(_requested(event))
        except LedgerUnavailableError:
            return _PROCESSING_FAILURE, None
        if event.action_type in _SUBSCRIPTIONS:
            return _status(_NO_EVENTS, "There are no event reports here. Ask with C-FIND."), None
        if item is None:
            return _status(_NOT_OURS, "This is no work item of ours."), None
        if event.action_type == _CHANGE_STATE:
            return _claimed(state_of(item), event.action_information), None
        if event.action_type == _REQUEST_CANCEL:
            return _asked_to_cancel(state_of(item)), None
        return _status(_NO_SUCH_ACTION, "There is no such action of a work item."), None

    def create(self, event: Event) -> tuple[Dataset, None]:
        """N-CREATE: refused; an exam is scheduled by sending its images."""
        return _status(_NOT_AUTHORISED, "Work items are made of images. Send the exam by C-STORE."), None

    def change(self, event: Event) -> tuple[Dataset, None]:
        """N-SET: refused; only the performer changes a step that it has claimed."""
        return _status(_WRONG_TRANSACTION, "This work item is performed here and by nobody else."), None

    def _candidates(self, query: Dataset) -> Iterator[WorkItem]:
        """Exams that can match by state and UID, in the order of their arrival, a page at a time.

        Pages go on from the last item, not from a number of items: meanwhile some may have moved to another state.
        """
        if uids := _uids(query):
            yield from (item for uid in uids if (item := self._item(uid)) is not None)
            return
        state = str(query.get("ProcedureStepState") or "")
        states = item_states(state) if state and state != "*" else list(ItemState)
        after = -1
        while states and (page := self._page(states, after)):
            yield from (item for _, item in page if is_exam(item))
            after = page[-1][0]

    def _page(self, states: Sequence[ItemState], after: int) -> list[tuple[int, WorkItem]]:
        """Items with their numbers, after the number `after`."""
        table = work_items.c
        query = sa.select(work_items).where(table.workload == WORKLOAD, table.state.in_(states), table.seq > after)
        with self._ledger.read() as connection:
            rows = connection.execute(query.order_by(table.seq).limit(PAGE)).mappings().all()
        return [(row["seq"], items.from_row(row)) for row in rows]

    def _item(self, uid: str) -> WorkItem | None:
        item_id = item_id_of(uid)
        if item_id is None:
            return None
        try:
            with self._ledger.read() as connection:
                item = items.get(connection, item_id)
        except NotFoundError:
            return None
        return item if item.workload == WORKLOAD and is_exam(item) else None


def service(ledger: Ledger) -> Service:
    """The service that an application entity hosts."""
    from pynetdicom import evt

    worklist = Worklist(ledger)
    return Service(
        sop_classes=SOP_CLASSES,
        handlers=(
            (evt.EVT_C_FIND, worklist.find),
            (evt.EVT_N_GET, worklist.get),
            (evt.EVT_N_ACTION, worklist.act),
            (evt.EVT_N_CREATE, worklist.create),
            (evt.EVT_N_SET, worklist.change),
        ),
    )


def _requested(event: Event) -> str:
    return str(getattr(event.request, "RequestedSOPInstanceUID", ""))


def _uids(query: Dataset) -> list[str]:
    value = query.get("SOPInstanceUID")
    if not value:
        return []
    return [str(value)] if isinstance(value, str) else [str(uid) for uid in value]


def _only(step: Dataset, tags: Iterable[BaseTag]) -> Dataset:
    from pydicom import Dataset

    found = Dataset()
    for tag in tags:
        if tag in step:
            found.add(step[tag])
    return found


def _asked(step: Dataset, query: Dataset) -> Dataset:
    """The attributes that the query names, and always the identifiers (PS3.4 section CC.2.8.1.2)."""
    answer = _only(step, [step[name].tag for name in ("SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID")])
    for element in query:
        if element.tag in step:
            answer.add(step[element.tag])
        elif element.keyword != "SpecificCharacterSet":
            answer.add_new(element.tag, element.VR, [] if element.VR == "SQ" else None)
    return answer


def _claimed(state: StepState, information: Dataset) -> Dataset:
    """The answer to Change UPS State: we are the performer."""
    wanted = str(information.get("ProcedureStepState") or "")
    if state in {StepState.COMPLETED, StepState.CANCELED}:
        same = {StepState.CANCELED: _ALREADY_CANCELED, StepState.COMPLETED: _ALREADY_COMPLETED}[state]
        return _status(same if wanted == state else _MAY_NOT_BE_UPDATED, f"The work item is {state}.")
    if state is StepState.IN_PROGRESS and wanted == StepState.IN_PROGRESS:
        return _status(_ALREADY_IN_PROGRESS, "The work item is performed here already.")
    if state is StepState.IN_PROGRESS:
        return _status(_WRONG_TRANSACTION, "The work item is performed here and by nobody else.")
    return _status(_NOT_APPROPRIATE, "The work item is performed here and cannot be claimed.")


def _asked_to_cancel(state: StepState) -> Dataset:
    if state is StepState.CANCELED:
        return _status(_ALREADY_CANCELED, "The work item is CANCELED.")
    if state is StepState.COMPLETED:
        return _status(_IS_COMPLETED, "The work item is COMPLETED.")
    return _status(_CHOOSES_NOT_TO, "Every exam is triaged and read by people. Withdraw it in the portal.")


def _status(code: int, comment: str) -> Dataset:
    from pydicom import Dataset

    status = Dataset()
    status.Status = code
    status.ErrorComment = comment[:64]  # LO
    return status
