"""Reporting checklists as data, and which of their items a report really holds evidence for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.report import CheckedItem, Report

FOLDER = Path(__file__).parent / "checklists"

#: Kinds of evidence, as written in `CheckedItem.evidence`: "figure: auc", "card: intended_use".
FIGURE, SUBGROUPS, CURVE, SETTING, CARD = "figure", "subgroups", "curve", "setting", "card"
#: Parts of every report; they count only where they are filled.
PARTS = ("data", "limits", "settings")


class UnknownChecklistError(EvaluationError):
    """There is no such checklist. `samdrift_evaluation.checklist.names()` lists those that exist."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One item of a publication, in our own words."""

    #: The publication's number for it: "12e".
    item: str
    #: Language -> what it asks for.
    asks: Mapping[str, str]
    #: Everything that must be there, each "kind: pattern|pattern" or the name of a part; none: only a person can say.
    needs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Checklist:
    """The items of one publication that an evaluation of a model can answer."""

    name: str
    publication: str
    #: Language -> which items are left out, and why.
    left_out: Mapping[str, str]
    items: tuple[Item, ...]

    def item(self, number: str) -> Item | None:
        """The item of that number."""
        return next((item for item in self.items if item.item == number), None)


def names() -> tuple[str, ...]:
    """The checklists that there are: "claim_2024", "tripod_ai"."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def read(name: str) -> Checklist:
    """The checklist in `checklists/<name>.yaml`.

    Raises:
        UnknownChecklistError: there is none of that name.
    """
    if name not in names():
        raise UnknownChecklistError(f"There is no checklist {name!r}; there are {', '.join(names())}.", field=name)
    return _read(name)


def by_name(title: str) -> Checklist | None:
    """The checklist that reports call `title` ("TRIPOD+AI 2024"), or None: it is not one of ours."""
    return next((each for each in map(_read, names()) if each.name == title), None)


def checked(report: Report, names: Sequence[str], card: Collection[str] = ()) -> tuple[CheckedItem, ...]:
    """Every item of these checklists, with its evidence in `report` or as not done, saying what is missing.

    Args:
        report: the report as it is without a checklist.
        names: which checklists apply, as `names()` lists them.
        card: facts that were declared of the version ("intended_use") and sections of its card, as `sections` gives
            them; a card's section counts only if it stands here.
    """
    return tuple(_checked(each.name, item, report, card) for each in map(read, names) for item in each.items)


def sections(markdown: str) -> frozenset[str]:
    """The sections of a model card in Markdown that have text: "## Intended use" is `intended_use`."""
    parts = re.split(r"^#{2,6}[ \t]+(.+?)[ \t#]*$", markdown, flags=re.MULTILINE)
    titled = zip(parts[1::2], parts[2::2], strict=True)
    return frozenset(re.sub(r"\W+", "_", title.lower()).strip("_") for title, text in titled if text.strip())


def _checked(checklist: str, item: Item, report: Report, card: Collection[str]) -> CheckedItem:
    found = {need: list(_found(need, report, card)) for need in item.needs}
    missing = [need for need, evidence in found.items() if not evidence]
    there = item.needs and not missing
    return CheckedItem(
        checklist=checklist,
        item=item.item,
        asks=item.asks["en"],
        evidence="; ".join(dict.fromkeys(each for evidence in found.values() for each in evidence)) if there else None,
        comment=", ".join(missing),
    )


def _found(need: str, report: Report, card: Collection[str]) -> Iterator[str]:
    """What in the report or the card meets `need`, as evidence is written."""
    kind, _, patterns = need.partition(": ")
    if kind in PARTS:
        yield from [kind] if getattr(report, kind) else []
        return
    for name in dict.fromkeys(_there(kind, report, card)):
        if any(fnmatchcase(name, pattern) for pattern in patterns.split("|")):
            yield f"{kind}: {name}"


def _there(kind: str, report: Report, card: Collection[str]) -> Iterator[str]:
    """The names of that kind that are really there: a figure that says "too few" is none."""
    measured = [line for line in report.lines if isinstance(line.figure, Estimate)]
    if kind == FIGURE:
        yield from (line.name for line in measured if line.subgroup is None)
    elif kind == SUBGROUPS:
        yield from (line.name for line in measured if line.subgroup is not None)
    elif kind == CURVE:
        yield from (curve.name for curve in report.curves if curve.points)
    elif kind == SETTING:
        yield from report.settings
    elif kind == CARD:
        yield from sorted(card)
    else:
        raise EvaluationError(f"A checklist asks for evidence of the kind {kind!r}, which does not exist.", field=kind)


@cache
def _read(name: str) -> Checklist:
    import yaml

    document: dict[str, Any] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return Checklist(
        name=document["name"],
        publication=document["publication"],
        left_out=document["left_out"],
        items=tuple(
            Item(
                item=str(each["item"]),
                asks={"en": each["en"], "da": each["da"]},
                needs=tuple(each.get("needs", ())),
            )
            for each in document["items"]
        ),
    )
