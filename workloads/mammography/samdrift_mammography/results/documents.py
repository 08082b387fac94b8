"""All documents of an exam's result, made and stored when the result is: nothing is left to be made when it is sent.

They are made only for exams whose results are to go to the PACS (`return_results`), and then for exams that were not
scored too: the PACS shows that nothing was looked at, and why. None is made

* when the woman objected to automated processing: her objection is not told in documents of an algorithm, and
* when the policy hides the score until the first reading, and there is one: a document in the PACS would show it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydicom import Dataset
from pydicom.config import disable_value_validation

from samdrift_evaluation.errors import SamdriftError
from samdrift_mammography.results import cad_sr, comprehensive_sr, presentation_state, secondary_capture
from samdrift_mammography.results.file import part10
from samdrift_mammography.results.report import Report, report_of
from samdrift_mammography.results.wording import language_of_setting
from samdrift_platform.contract import Item, Store

#: Kind -> what makes it, in the order in which they are sent; None: there is nothing to show.
_MAKERS: Mapping[str, Callable[[Report], Dataset | None]] = {
    cad_sr.KIND: cad_sr.cad_sr,
    comprehensive_sr.KIND: comprehensive_sr.comprehensive_sr,
    secondary_capture.KIND: secondary_capture.secondary_capture,
    presentation_state.KIND: presentation_state.presentation_state,
}


def with_documents(item: Item, result: Mapping[str, Any], store: Store) -> dict[str, Any]:
    """The result and its `documents`, and in `document_problems` the kinds that could not be made, each with why.

    An exam is read whether or not a copy of its result can be made: what fails here is told, and stops nothing. A
    store that does not answer is another thing: the exam is tried again.
    """
    if not _wanted(item, result):
        return {**result, "documents": [], "document_problems": []}
    problems: list[dict[str, str]] = []
    images: Sequence[Mapping[str, Any]] = item.payload["images"]  # type: ignore[assignment] # split wrote them
    files = [store.get(image["object"]) for image in images]
    pictures = [store.get(view["picture"]["object"]) if view["picture"] else None for view in result["views"]]
    with disable_value_validation():  # its remarks quote the value, and end in a log
        report = _report(item, result, files, pictures, problems)
        made = list(_made(report, problems)) if report else []
    documents = [_entry(kind, document, store.put(data)) for kind, document, data in made]
    return {**result, "documents": documents, "document_problems": problems}


def _wanted(item: Item, result: Mapping[str, Any]) -> bool:
    hidden = bool(result["hide_score"]) and result["score"] is not None
    return bool(item.payload.get("return_results")) and not result["objected"] and not hidden


def _report(
    item: Item,
    result: Mapping[str, Any],
    files: Sequence[bytes],
    pictures: Sequence[bytes | None],
    problems: list[dict[str, str]],
) -> Report | None:
    try:
        return report_of(item, result, files=files, pictures=pictures, language=language_of_setting())
    except MemoryError:
        raise  # our fault, not the header's: tried again
    except Exception as error:  # noqa: BLE001 - whatever a header makes pydicom raise, the exam is read
        problems.append(_problem("report", error))
        return None


def _made(report: Report, problems: list[dict[str, str]]) -> Iterator[tuple[str, Dataset, bytes]]:
    for kind, make in _MAKERS.items():
        try:
            document = make(report)
            data = part10(document) if document is not None else b""
        except MemoryError:
            raise  # see above
        except Exception as error:  # noqa: BLE001 - see above
            problems.append(_problem(kind, error))
        else:
            if document is not None:
                yield kind, document, data


def _entry(kind: str, document: Dataset, reference: str) -> dict[str, str]:
    return {
        "kind": kind,
        "object": reference,
        "sop_class_uid": str(document.SOPClassUID),
        "sop_instance_uid": str(document.SOPInstanceUID),
        "series_instance_uid": str(document.SeriesInstanceUID),
        "study_instance_uid": str(document.StudyInstanceUID),
    }


def _problem(kind: str, error: Exception) -> dict[str, str]:
    """Of an error that is not ours the type alone: its text may quote the header, and with it the woman."""
    return {"kind": kind, "error": error.message if isinstance(error, SamdriftError) else type(error).__name__}
