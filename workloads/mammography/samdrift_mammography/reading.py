"""One exam from its item to its place in the worklist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from samdrift_mammography.density import Density
from samdrift_mammography.errors import ImageError
from samdrift_mammography.exam import SEVERAL_PATIENTS
from samdrift_mammography.picture import size
from samdrift_mammography.policy import Policy, policy_of
from samdrift_mammography.reasons import BANNER, PIXEL_PROBLEMS, sentence
from samdrift_mammography.scoring import Engine, ScoredView
from samdrift_mammography.triage import Decision, decide
from samdrift_mammography.views import View
from samdrift_platform.contract import Item, Outcome, Store, Verdict


def triaged(item: Item, store: Store, engine: Engine) -> Outcome:
    """Score the exam's views, decide who reads it, and say why. Never a refusal: an unscored exam is read by two.

    No model sees the images of an exam that carry different patient numbers: one of the women may have objected.
    """
    scored: dict[View, ScoredView] = {}
    if SEVERAL_PATIENTS in _known_obstacles(item):
        views = [_unscored(image, image["problems"]) for image in _images(item)]
    else:
        views = [_view(image, store, engine, scored) for image in _images(item)]
    obstacles = _obstacles(item, views)
    scores = [view["score"] for view in views if view["score"] is not None]
    density = engine.density({view: each.histogram for view, each in scored.items()})
    policy = policy_of(item.payload, store)
    step = None if obstacles else engine.step(scores)
    decision = decide(
        policy,
        step,
        obstacles,
        density=density.most_likely if density else None,
        months_since_recall=item.payload.get("months_since_recall"),  # type: ignore[arg-type] # split wrote it
        drawn_for_audit=bool(item.payload.get("drawn_for_audit")),
    )
    found = {
        "score": step,
        "views": views,
        "model": _identity(engine),
        "reference_population": engine.reference.name,
        "density": _told(density),
    }
    return _outcome(item, store, policy, decision, found)


def stopped(item: Item, store: Store, *, objected: bool = False) -> Outcome:
    """The exam without a model: nothing is scored or marked, and two radiologists read.

    `objected` says that it is so because the woman has objected to automated processing, not because scoring is
    stopped.
    """
    policy = policy_of(item.payload, store)
    decision = decide(policy, None, ["objected" if objected else "stopped"])
    views = [_unscored(image, image["problems"]) for image in _images(item)]
    found = {"score": None, "views": views, "model": None, "reference_population": None, "density": None}
    return _outcome(item, store, policy, decision, found, objected=objected)


def _outcome(
    item: Item, store: Store, policy: Policy, decision: Decision, found: Mapping[str, Any], *, objected: bool = False
) -> Outcome:
    result: dict[str, Any] = {
        "exam": item.payload["exam"],
        "screening_unit": item.payload["screening_unit"],
        **found,
        "reading": str(decision.reading),
        "reasons": list(decision.reasons),
        "audit_read": decision.audit_read,
        "objected": objected,
        "missing": item.payload["missing"],
        **policy.facts,
        "banner": BANNER,
    }
    reason = " ".join(sentence(code, result) for code in decision.reasons)
    result = _with_documents(item, result, store)
    return Outcome(reference=item.reference, verdict=Verdict.DONE, result=result, reason=reason)


def _with_documents(item: Item, result: dict[str, Any], store: Store) -> dict[str, Any]:
    if not item.payload.get("return_results") or SEVERAL_PATIENTS in result["reasons"]:  # whose would they be?
        return {**result, "documents": [], "document_problems": []}
    from samdrift_mammography.results.documents import with_documents  # highdicom takes half a second to load

    return with_documents(item, result, store)


def _identity(engine: Engine) -> dict[str, Any] | None:
    """Name, version and digest of the model that scores."""
    model = engine.model
    return None if model is None else {"name": model.name, "version": model.version, "digest": model.digest}


def _images(item: Item) -> Sequence[Mapping[str, Any]]:
    images: Sequence[Mapping[str, Any]] = item.payload["images"]  # type: ignore[assignment] # split wrote them
    return images


def _told(density: Density | None) -> dict[str, Any] | None:
    return None if density is None else {"class": density.most_likely, "probabilities": list(density.probabilities)}


def _unscored(image: Mapping[str, Any], problems: Sequence[str]) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "score": None,
        "marks": [],
        "picture": None,
        "heat_map": None,
        "pixel_mm_assumed": None,
    }
    return {**_known(image), **nothing, "problems": list(problems)}


def _known(image: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: image[name] for name in ("sop_instance_uid", "view", "digitised_film")}
    return {**known, "quality": list(image.get("quality", ()))}


def _view(image: Mapping[str, Any], store: Store, engine: Engine, seen: dict[View, ScoredView]) -> dict[str, Any]:
    """What is known of one image; its score is None when it could not be scored, and `problems` say why.

    What the model says is also kept in `seen`, for what is told of the exam as a whole.
    """
    if image["problems"]:
        return _unscored(image, image["problems"])
    try:
        scored = engine.score(store.get(image["object"]), View(image["view"]))
    except ImageError as error:
        return _unscored(image, [error.code])
    seen[View(image["view"])] = scored
    known = _known(image)
    return {
        **known,
        "quality": list(dict.fromkeys((*known["quality"], *scored.quality))),
        "score": round(scored.score, 4),
        "marks": [asdict(mark) for mark in scored.marks],
        "picture": _kept(scored.png, store),
        "heat_map": {**_kept(scored.heat_png, store), "full": round(engine.heat_full, 4)},
        "pixel_mm_assumed": scored.pixel_mm_assumed,
        "problems": [],
    }


def _kept(png: bytes, store: Store) -> dict[str, Any]:
    columns, rows = size(png)
    return {"object": store.put(png), "columns": columns, "rows": rows}


def _known_obstacles(item: Item) -> list[str]:
    return list(item.payload["obstacles"])  # type: ignore[arg-type] # split wrote them


def _obstacles(item: Item, views: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the headers forbade, and what the pixels added."""
    known = _known_obstacles(item)
    seen = {problem for view in views for problem in view["problems"]}
    return known + [code for code in PIXEL_PROBLEMS if code in seen and code not in known]
