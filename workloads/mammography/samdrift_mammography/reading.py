"""One exam from its item to its place in the worklist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from samdrift_mammography.density import Density
from samdrift_mammography.errors import NoBreastError, UnreadableFileError
from samdrift_mammography.picture import size
from samdrift_mammography.reasons import BANNER, sentence
from samdrift_mammography.scoring import Engine, ScoredView
from samdrift_mammography.policy import Policy, shipped_policy
from samdrift_mammography.triage import Decision, decide
from samdrift_mammography.views import View
from samdrift_platform.contract import Item, Outcome, Store, Verdict


def triaged(item: Item, store: Store, engine: Engine) -> Outcome:
    """Score the exam's views, decide who reads it, and say why. Never a refusal: an unscored exam is read by two."""
    policy = shipped_policy()
    images: Sequence[Mapping[str, Any]] = item.payload["images"]  # type: ignore[assignment] # split wrote them
    scored: dict[View, ScoredView] = {}
    views = [_view(image, store, engine, scored) for image in images]
    obstacles = _obstacles(item, views)
    scores = [view["score"] for view in views if view["score"] is not None]
    step = None if obstacles else engine.step(scores)
    decision = decide(policy, step, obstacles)
    density = engine.density({view: each.histogram for view, each in scored.items()})
    return _outcome(item, step, decision, views, engine.reference.name, density)


def stopped(item: Item) -> Outcome:
    """The exam in the safe state: nothing is scored or marked, and two radiologists read."""
    images: Sequence[Mapping[str, Any]] = item.payload["images"]  # type: ignore[assignment] # split wrote them
    decision = decide(shipped_policy(), None, ["stopped"])
    return _outcome(item, None, decision, [_unscored(image, image["problems"]) for image in images], None)


def _outcome(
    item: Item,
    step: int | None,
    decision: Decision,
    views: Sequence[Mapping[str, Any]],
    population: str | None,
    density: Density | None = None,
) -> Outcome:
    result: dict[str, Any] = {
        "exam": item.payload["exam"],
        "screening_unit": item.payload["screening_unit"],
        "score": step,
        "reading": str(decision.reading),
        "reasons": list(decision.reasons),
        "missing": item.payload["missing"],
        "views": list(views),
        **_policy_facts(shipped_policy()),
        "reference_population": population,
        "density": density and {"class": density.most_likely, "probabilities": list(density.probabilities)},
        "banner": BANNER,
    }
    reason = " ".join(sentence(code, result) for code in decision.reasons)
    return Outcome(reference=item.reference, verdict=Verdict.DONE, result=result, reason=reason)


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
    return {name: image[name] for name in ("sop_instance_uid", "view", "digitised_film")}


def _view(image: Mapping[str, Any], store: Store, engine: Engine, seen: dict[View, ScoredView]) -> dict[str, Any]:
    """What is known of one image; its score is None when it could not be scored, and `problems` say why.

    What the model says is also kept in `seen`, for what is told of the exam as a whole.
    """
    if image["problems"]:
        return _unscored(image, image["problems"])
    try:
        scored = engine.score(store.get(image["object"]), View(image["view"]))
    except UnreadableFileError as error:
        return _unscored(image, [error.code])
    except NoBreastError:
        return _unscored(image, ["no-breast"])
    seen[View(image["view"])] = scored
    return {
        **_known(image),
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


def _obstacles(item: Item, views: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the headers forbade, and what the pixels added."""
    known: list[str] = list(item.payload["obstacles"])  # type: ignore[arg-type] # split wrote them
    seen = {problem for view in views for problem in view["problems"]}
    return known + [code for code in ("undecodable", "no-breast") if code in seen]


def _policy_facts(policy: Policy) -> dict[str, Any]:
    return {
        "policy": str(policy),
        "single_reading_up_to": policy.single_reading_up_to,
        "priority_from": policy.priority_from,
    }
