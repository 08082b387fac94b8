"""A PACS over DIMSE that misbehaves as a test says, and a list of what it holds that the test can believe."""

from __future__ import annotations

import ssl
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from samdrift_testing.ports import free_ports

if TYPE_CHECKING:
    from pydicom import Dataset
    from pynetdicom.events import Event

COMPREHENSIVE_SR = "1.2.840.10008.5.1.4.1.1.88.33"
STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
_SUCCESS, _PENDING = 0x0000, 0xFF00
_DOES_NOT_MATCH_CLASS = 0xA900


class Act(StrEnum):
    """What the next C-STORE comes to."""

    STORE = "store"
    #: Success, and nothing is stored.
    SAY_SUCCESS_ONLY = "say success only"
    #: B000: stored, with values coerced.
    STORE_WITH_WARNING = "store with warning"
    #: A700, and nothing is stored.
    OUT_OF_RESOURCES = "out of resources"
    #: A700, but it is stored.
    STORE_BUT_SAY_FULL = "store, but say out of resources"
    #: C000, but it is stored.
    STORE_BUT_REFUSE = "store, but refuse"
    #: A900, and nothing is stored.
    REFUSE = "refuse"
    #: A status of its own making.
    INVENT_A_STATUS = "invent a status"
    #: A-ABORT instead of an answer.
    ABORT = "abort"
    #: Stored, then A-ABORT instead of an answer.
    STORE_AND_ABORT = "store and abort"
    #: No answer before the test ends.
    SLEEP = "sleep"


_STATUS = {
    Act.STORE_WITH_WARNING: 0xB000,
    Act.OUT_OF_RESOURCES: 0xA700,
    Act.STORE_BUT_SAY_FULL: 0xA700,
    Act.STORE_BUT_REFUSE: 0xC000,
    Act.REFUSE: 0xA900,
    Act.INVENT_A_STATUS: 0xF123,
}
_STORING = frozenset(
    {Act.STORE, Act.STORE_WITH_WARNING, Act.STORE_BUT_SAY_FULL, Act.STORE_BUT_REFUSE, Act.STORE_AND_ABORT}
)


@dataclass(kw_only=True)
class ScriptedPacs:
    """Follows its script, then does everything right. Use it in a `with`."""

    script: Sequence[Act] = ()
    #: SOP classes that it takes; what it does not name is not negotiated.
    accepts: Sequence[str] = (COMPREHENSIVE_SR, STUDY_ROOT_FIND)
    #: Whether C-FIND goes down to single instances (PS3.4 section C.6.2: it may not).
    image_level: bool = True
    #: Whether it tells how many instances a series has, an optional key.
    counts_instances: bool = True
    #: Whether a question is never answered.
    sleeps_when_asked: bool = False
    #: Ignores the keys and answers with all that it has.
    answers_with_everything: bool = False
    #: AE titles that may call; empty: every one.
    callers: Sequence[str] = ()
    ae_title: str = "SCRIPTED"
    #: Speaks TLS with this context.
    tls: ssl.SSLContext | None = None
    #: SOP Instance UID -> how often it was stored.
    stored: Counter[str] = field(default_factory=Counter)
    #: Associations that were asked for.
    associations: int = 0
    #: SOP classes that were proposed in each association.
    proposed: list[list[str]] = field(default_factory=list)

    def __enter__(self) -> ScriptedPacs:
        from pynetdicom import AE, evt

        (self.port,) = free_ports(1)
        self._left = list(self.script)
        self._held: dict[str, Dataset] = {}
        self._over = threading.Event()
        entity = AE(ae_title=self.ae_title)
        entity.require_calling_aet = list(self.callers)
        for name in self.accepts:
            entity.add_supported_context(name)
        handlers: list[Any] = [
            (evt.EVT_REQUESTED, self._on_requested),
            (evt.EVT_C_STORE, self._on_store),
            (evt.EVT_C_FIND, self._on_find),
        ]
        self._server: Any = entity.start_server(
            ("127.0.0.1", self.port), block=False, evt_handlers=handlers, ssl_context=self.tls
        )
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._server.shutdown()

    @property
    def address(self) -> str:
        """As the setting SAMDRIFT_MAMMOGRAPHY_PACS writes it."""
        return f"dicom{'-tls' if self.tls else ''}://{self.ae_title}@127.0.0.1:{self.port}"

    def _on_requested(self, event: Event) -> None:
        self.associations += 1
        self.proposed.append([str(context.abstract_syntax) for context in event.assoc.requestor.requested_contexts])

    def _on_store(self, event: Event) -> int:
        act = self._left.pop(0) if self._left else Act.STORE
        if act in _STORING:
            self._held[event.dataset.SOPInstanceUID] = event.dataset
            self.stored[event.dataset.SOPInstanceUID] += 1
        if act in {Act.ABORT, Act.STORE_AND_ABORT}:
            event.assoc.abort()
        if act is Act.SLEEP:
            self._over.wait()
        return _STATUS.get(act, _SUCCESS)

    def _on_find(self, event: Event) -> Iterator[tuple[int, Dataset | None]]:
        query = event.identifier
        if self.sleeps_when_asked:
            self._over.wait()
        if query.QueryRetrieveLevel == "IMAGE" and not self.image_level:
            yield _DOES_NOT_MATCH_CLASS, None
            return
        answers = self._images(query) if query.QueryRetrieveLevel == "IMAGE" else self._series(query)
        for answer in answers:
            answer.QueryRetrieveLevel = query.QueryRetrieveLevel
            yield _PENDING, answer

    def _images(self, query: Dataset) -> Iterator[Dataset]:
        for held in self._held.values():
            if self.answers_with_everything or all(
                query[keyword].value == held[keyword].value
                for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
            ):
                yield _only(held, "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")

    def _series(self, query: Dataset) -> Iterator[Dataset]:
        within = [held for held in self._held.values() if held.SeriesInstanceUID == query.SeriesInstanceUID]
        if within:
            answer = _only(within[0], "StudyInstanceUID", "SeriesInstanceUID")
            if self.counts_instances:
                answer.NumberOfSeriesRelatedInstances = len(within)
            yield answer


def _only(held: Dataset, *keywords: str) -> Dataset:
    from pydicom import Dataset

    answer = Dataset()
    for keyword in keywords:
        setattr(answer, keyword, held[keyword].value)
    return answer
