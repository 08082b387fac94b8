"""The screening study with a result that a test names: what documents for the PACS are made of, without a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from samdrift_mammography.picture import png
from samdrift_mammography.reasons import BANNER
from samdrift_mammography.results.report import Report, report_of
from samdrift_mammography.results.wording import Language
from samdrift_mammography.views import Laterality, View
from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Item
from samdrift_testing.screening_study import COLUMNS, ROWS, SPOT_COLUMN, SPOT_ROW, pixels, screening_study, uid

DIGEST = "sha256:" + "b" * 64
POLICY = "triage 2@sha256:" + "a" * 64
#: The bright spot as a mark; the radius is 30 pixels.
SPOT = {"x": SPOT_COLUMN / COLUMNS, "y": SPOT_ROW / ROWS, "radius": 30 / COLUMNS, "score": 69.8}


@dataclass(frozen=True, kw_only=True)
class ReportedExam:
    """One exam: item, result and stored files."""

    store: MemoryStore
    item: Item
    result: Mapping[str, Any]

    @cached_property
    def files(self) -> list[bytes]:
        """The images as they were stored."""
        return [self.store.get(image["object"]) for image in self.item.payload["images"]]  # type: ignore[union-attr, call-overload, index, arg-type] # made below

    def report(self, language: Language = Language.DANISH) -> Report:
        """What the documents are made from, anew each time."""
        pictures = [self.store.get(view["picture"]["object"]) for view in self.result["views"]]
        return report_of(self.item, self.result, files=self.files, pictures=pictures, language=language)


def reported_exam(
    score: int | None = 10,
    *,
    marks: Mapping[View, list[dict[str, float]]] | None = None,
    files: Mapping[View, bytes] | None = None,
    model: bool = True,
    **facts: Any,
) -> ReportedExam:
    """An exam with `score`, or None: not scored.

    Both left views have the bright spot marked, unless `marks` says otherwise. `facts` overwrite the result's; `files`
    are those of the screening study by default.
    """
    store = MemoryStore()
    found = marks if marks is not None else {view: [SPOT] for view in View if view.laterality is Laterality.LEFT}
    images = [_image(store, view, data) for view, data in (files or _study()).items()]
    views = [_view(store, image, found) for image in images]
    result = {**_decided(score), "views": views, "model": _MODEL if model else None, **facts}
    payload: dict[str, Any] = {"kind": "exam", "exam": uid("study", 1), "screening_unit": "unit", "images": images}
    payload |= {"missing": [], "obstacles": [], "received_at": "2026-11-24T07:20:00+00:00", "return_results": True}
    return ReportedExam(store=store, item=Item(reference=f"{uid('study', 1)}/0", payload=payload), result=result)


_MODEL = {"name": "mammography-triage", "version": 7, "digest": DIGEST}


def _image(store: MemoryStore, view: View, data: bytes) -> dict[str, Any]:
    known = {"sop_instance_uid": uid("image", 1, view), "view": str(view), "digitised_film": False, "problems": []}
    return {"object": store.put(data), **known}


def _view(store: MemoryStore, image: Mapping[str, Any], marks: Mapping[View, list[dict[str, float]]]) -> dict[str, Any]:
    view = View(image["view"])
    picture = store.put(_picture(view))
    shown = {"picture": {"object": picture, "columns": COLUMNS, "rows": ROWS}, "marks": marks.get(view, [])}
    return {"sop_instance_uid": image["sop_instance_uid"], "view": str(view), "score": 5.0, **shown}


@cache
def _picture(view: View) -> bytes:
    return png((pixels(view) / 16).astype(np.float32))


@cache
def _study() -> Mapping[View, bytes]:
    return screening_study()


def _decided(score: int | None) -> dict[str, Any]:
    scored = {"reading": "double, priority", "reasons": ["high-score"], "reference_population": "0 to 99"}
    unscored = {"reading": "double", "reasons": ["missing-views"], "reference_population": None}
    policy = {"policy": POLICY, "single_reading_up_to": 3, "priority_from": 9, "hide_score": False}
    known = {"exam": uid("study", 1), "screening_unit": "unit", "missing": [], "objected": False, "density": None}
    return {**known, **policy, **(unscored if score is None else scored), "score": score, "banner": BANNER}
