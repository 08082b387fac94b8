"""What of an exam's result is sent to the PACS, and in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from samdrift_platform.contract import Effect

#: The receiver's name in effects.
PACS = "pacs"
#: Pictures first: a report or presentation state that refers to one finds it there. Other kinds follow as they come.
ORDER = ("secondary-capture", "mammography-cad-sr", "comprehensive-sr", "presentation-state")


def effects_of(result: Mapping[str, Any]) -> Iterator[Effect]:
    """One effect for each document of an exam's result; none of a result that stays here, which has no documents.

    The step is the document's kind. The request is its entry, and `place_in_series`: how many instances its series has
    when it is there, because earlier effects are delivered before later ones.
    """
    sent: Counter[str] = Counter()
    documents: Sequence[Mapping[str, Any]] = result.get("documents") or ()
    for document in sorted(documents, key=_place):
        sent[document["series_instance_uid"]] += 1
        place = sent[document["series_instance_uid"]]
        yield Effect(step=document["kind"], receiver=PACS, request={**document, "place_in_series": place})


def _place(document: Mapping[str, Any]) -> int:
    return ORDER.index(document["kind"]) if document["kind"] in ORDER else len(ORDER)
