"""The technical documentation of Annex IV to Regulation (EU) 2024/1689, as far as registry and ledger can write it.

What a point asks for stands in `annex_iv.yaml`, in our words. An entry is answered by a fact that people declare, or by
what is recorded; what neither gives is marked as missing and counted. Nothing here says that an answer suffices.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from samdrift_registry import annex_iv_recorded, outline
from samdrift_registry.card import ModelCard, moment
from samdrift_registry.inventory import canonical_json
from samdrift_registry.lifecycle import Standing
from samdrift_registry.organisation import Duty, Organisation
from samdrift_registry.outline import Block, Facts, Language, Outline, Paragraph, Section, Table
from samdrift_registry.use import InUse, Offer
from samdrift_registry.words import fact, recorded, word


@dataclass(frozen=True, kw_only=True)
class Point:
    """One point of the annex."""

    #: "2(g)"
    number: str
    #: By language, in our words.
    asks: Mapping[str, str]
    #: "declared.intended_use", "recorded.figures"
    entries: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class TechnicalDocumentation:
    """All nine points for one version."""

    card: ModelCard
    #: All versions of the model, by number.
    versions: Sequence[Standing]
    organisation: Organisation
    duties: Sequence[Duty]
    #: The workloads that use the model.
    offers: Sequence[Offer]
    use: InUse
    #: The top of the model's `model.json`; empty: there is none.
    architecture: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Registered name."""
        return self.card.name

    @property
    def version(self) -> int:
        """MLflow's version number."""
        return self.card.version

    @property
    def answers(self) -> Mapping[str, bool]:
        """Entry of each point, as "2(g) recorded.figures" -> whether something answers it."""
        return {f"{p.number} {entry}": bool(_answer(self, entry, "en")) for p in points() for entry in p.entries}

    @property
    def missing(self) -> int:
        """How many entries are missing."""
        return sum(not answered for answered in self.answers.values())

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "format": "samdrift-annex-iv/1",
            "basis": word("annex_basis", "en"),
            "card": self.card.document(),
            "organisation": asdict(self.organisation),
            "high_risk_duties": [{**asdict(duty), "since": duty.since.isoformat()} for duty in self.duties],
            "missing": self.missing,
            "points": [
                {
                    "point": point.number,
                    "asks": dict(point.asks),
                    "entries": [_entry(self, entry) for entry in point.entries],
                }
                for point in points()
            ],
        }

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return canonical_json(self.document()) + b"\n"


@cache
def points() -> tuple[Point, ...]:
    """The points in the annex's order."""
    import yaml

    text = (Path(__file__).parent / "annex_iv.yaml").read_text(encoding="utf-8")
    return tuple(Point(**each) for each in yaml.safe_load(text))


def to_html(documentation: TechnicalDocumentation, language: Language) -> str:
    """A page of its own: no script, no outside address; the count of what is missing stands on top."""
    return outline.to_html(_outline(documentation, language))


def to_markdown(documentation: TechnicalDocumentation, language: Language) -> str:
    """GitHub-flavoured Markdown; the count of what is missing stands on top."""
    return outline.to_markdown(_outline(documentation, language))


def _outline(documentation: TechnicalDocumentation, language: Language) -> Outline:
    standing = documentation.card.standing
    return Outline(
        title=f"{word('annex', language)}: {standing.name} {standing.version}",
        language=language,
        notice=documentation.card.notice or "",
        sections=[_summary(documentation, language), *_sections(documentation, language)],
        footer=word("made_from", language).format(at=moment(documentation.card.made_at)),
    )


def _summary(documentation: TechnicalDocumentation, language: Language) -> Section:
    answers = documentation.answers
    name = "annex_count" if documentation.missing else "annex_complete"
    count = word(name, language).format(missing=documentation.missing, all=len(answers))
    duties = Table(
        caption=word("annex_duties", language),
        columns=[word(each, language) for each in ("annex_group", "annex_from", "source")],
        rows=[(duty.group, duty.since.isoformat(), duty.source) for duty in documentation.duties],
    )
    return Section(heading=word("annex_basis", language), blocks=[Paragraph(text=count), duties])


def _sections(documentation: TechnicalDocumentation, language: Language) -> Iterator[Section]:
    for point in points():
        blocks: list[Block] = [Paragraph(text=f"{word('annex_asks', language)}: {point.asks[language]}")]
        for entry in point.entries:
            blocks += _answer(documentation, entry, language) or [Facts(rows=[(_label(entry, language), None)])]
        yield Section(heading=word("annex_point", language).format(number=point.number), blocks=blocks)


def _answer(documentation: TechnicalDocumentation, entry: str, language: Language) -> list[Block]:
    """What answers an entry; nothing: it is missing."""
    kind, _, name = entry.partition(".")
    if kind == "declared":
        said = documentation.card.declared.get(name)
        return [Facts(rows=[(fact(name, language), said)])] if said else []
    return list(annex_iv_recorded.RECORDED[name](documentation, language))


def _label(entry: str, language: Language) -> str:
    kind, _, name = entry.partition(".")
    return fact(name, language) if kind == "declared" else recorded(name, language)


def _entry(documentation: TechnicalDocumentation, entry: str) -> dict[str, Any]:
    answer = _answer(documentation, entry, "en")
    return {"entry": entry, "missing": not answer, "answer": json.loads(json.dumps([asdict(each) for each in answer]))}
