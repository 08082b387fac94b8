"""The model card: what a version is for, what it was measured on, who answers for it; and what nobody has said yet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from samdrift_evaluation.report import Line, Report
from samdrift_registry import outline
from samdrift_registry.inventory import canonical_json
from samdrift_registry.lifecycle import FACTS, Standing
from samdrift_registry.manifest import SignedManifest
from samdrift_registry.outline import Block, Facts, Language, Outline, Paragraph, Points, Quotation, Section, Table
from samdrift_registry.words import fact, figure, word


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """The structured source of the card."""

    standing: Standing
    #: None: the version was refused before it had one.
    manifest: SignedManifest | None
    #: The newest evaluation's; None: there is none.
    report: Report | None
    #: What the supplier wrote (`card.md` in the model's folder).
    supplied: str | None
    #: What nobody may miss ("Not a medical device", `notice` in the model's `model.json`).
    notice: str | None
    #: When the card was made; aware, UTC.
    made_at: datetime

    @property
    def name(self) -> str:
        """Registered name."""
        return self.standing.name

    @property
    def version(self) -> int:
        """MLflow's version number."""
        return self.standing.version

    @property
    def declared(self) -> Mapping[str, str]:
        """Fact -> what was declared; only what says something."""
        facts = self.standing.declaration.facts if self.standing.declaration else {}
        return {name: str(value).strip() for name, value in facts.items() if str(value or "").strip()}

    @property
    def missing(self) -> tuple[str, ...]:
        """What the card asks for and nobody has given, as keys: "manifest", "declared.purpose", "evaluation"."""
        parts: dict[str, object] = {
            "manifest": self.manifest,
            "registered_by": self.standing.registered_by,
            **{f"declared.{name}": self.declared.get(name) for name in FACTS},
            "evaluation": self.report,
            "approvals": self.standing.approvals,
            "supplied": self.supplied,
        }
        return tuple(name for name, part in parts.items() if not part)

    def document(self) -> dict[str, Any]:
        """As JSON values."""
        standing, evaluated = self.standing, self.standing.evaluated
        return {
            "format": "samdrift-card/1",
            "made_at": self.made_at.isoformat(),
            "name": standing.name,
            "version": standing.version,
            "digest": standing.digest,
            "state": str(standing.state),
            "since": standing.since.isoformat(),
            "registered_by": standing.registered_by,
            "run_id": standing.run_id,
            "manifest": json.loads(self.manifest.to_bytes()) if self.manifest else None,
            "declared": dict(self.declared),
            "evaluation": {**evaluated.facts, "made_at": evaluated.made_at.isoformat()} if evaluated else None,
            "report": self.report.digest if self.report else None,
            "approvals": [{"person": a.person, "role": a.role, "statement": a.id} for a in standing.approvals],
            "serving": [{"slot": str(slot), "statement": each.statement} for slot, each in standing.slots.items()],
            "blocked": list(standing.blocked),
            "notes": list(standing.notes),
            "supplied": self.supplied,
            "notice": self.notice,
            "missing": list(self.missing),
        }

    def to_bytes(self) -> bytes:
        """Canonical JSON."""
        return canonical_json(self.document()) + b"\n"


def to_html(card: ModelCard, language: Language) -> str:
    """A page of its own: no script, no outside address."""
    return outline.to_html(_outline(card, language))


def to_markdown(card: ModelCard, language: Language) -> str:
    """GitHub-flavoured Markdown."""
    return outline.to_markdown(_outline(card, language))


def moment(at: datetime) -> str:
    """`2026-11-24 08:00 UTC`: the same in both languages."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def figure_tables(report: Report, language: Language) -> Iterator[Table]:
    """All figures of a report: over all cases, then by subgroup."""
    overall = [line for line in report.lines if line.subgroup is None]
    parts = [line for line in report.lines if line.subgroup is not None]
    name, value = word("figure", language), word("value", language)
    rows = [(line.name, _figure(line, language)) for line in overall]
    yield Table(caption=word("figures", language), columns=[name, value], rows=rows)
    if parts:
        columns = [name, word("subgroup", language), value]
        cells = [(line.name, str(line.subgroup), _figure(line, language)) for line in parts]
        yield Table(caption=word("by_subgroup", language), columns=columns, rows=cells)


def data_table(report: Report, language: Language) -> Table:
    """What the figures rest on."""
    columns = [word(name, language) for name in ("data_set", "cases", "units", "source", "digest")]
    rows = [(d.name, str(d.cases), f"{d.units} ({d.unit})", d.source or "–", d.digest) for d in report.data]
    return Table(caption=word("data", language), columns=columns, rows=rows)


def approvals_table(standing: Standing, language: Language) -> Table:
    """Who has approved, as what, until when."""
    columns = [word(name, language) for name in ("person", "role", "approved_at", "expires_at")]
    rows = [(a.person, str(a.role), moment(a.made_at), moment(a.expires_at)) for a in standing.approvals]
    return Table(caption=word("approvals_heading", language), columns=columns, rows=rows)


def serving_table(standing: Standing, language: Language) -> Table:
    """Where it serves now."""
    columns = [word(name, language) for name in ("slot", "share", "since", "by", "reason")]
    rows = [
        (word(str(slot), language), f"{each.share:.0%}", moment(each.made_at), each.made_by, each.reason)
        for slot, each in standing.slots.items()
    ]
    return Table(caption=word("serving_heading", language), columns=columns, rows=rows)


def _outline(card: ModelCard, language: Language) -> Outline:
    parts = {
        "missing_from": _missing,
        "version_heading": _version,
        "declared_heading": _declared,
        "evaluation_heading": _evaluation,
        "approvals_heading": _approvals,
        "serving_heading": _serving,
        "blocked_heading": _blocked,
        "notes_heading": _notes,
        "supplied_heading": _supplied,
    }
    made = {heading: list(part(card, language)) for heading, part in parts.items()}
    sections = [Section(heading=word(name, language), blocks=blocks) for name, blocks in made.items() if blocks]
    title = f"{word('card', language)}: {card.standing.name} {card.standing.version}"
    footer = word("made_from", language).format(at=moment(card.made_at))
    return Outline(title=title, language=language, notice=card.notice or "", sections=sections, footer=footer)


def _missing(card: ModelCard, language: Language) -> Iterator[Block]:
    names = [_called(name, language) for name in card.missing]
    yield Points(items=names) if names else Paragraph(text=word("nothing_missing", language))


def _called(key: str, language: Language) -> str:
    if key.startswith("declared."):
        return fact(key.removeprefix("declared."), language)
    known = {"manifest": "signed_with", "evaluation": "evaluation_heading", "approvals": "approvals_heading"}
    return word({**known, "supplied": "supplied_heading"}.get(key, key), language)


def _version(card: ModelCard, language: Language) -> Iterator[Block]:
    standing, signed = card.standing, card.manifest
    files = signed.manifest.files if signed else ()
    size = f"{len(files)}, {sum(file.size_bytes for file in files)} {word('bytes', language)}"
    rows: list[tuple[str, str | None]] = [
        ("name", standing.name),
        ("version", str(standing.version)),
        ("digest", standing.digest),
        ("state", word(str(standing.state), language)),
        ("since", moment(standing.since)),
        ("registered_by", standing.registered_by),
        ("run", standing.run_id),
        ("signed_with", signed.key_id if signed else None),
        ("source", signed.manifest.source if signed else None),
        ("files", size if signed else None),
    ]
    yield Facts(rows=[(word(name, language), value) for name, value in rows])


def _declared(card: ModelCard, language: Language) -> Iterator[Block]:
    declaration = card.standing.declaration
    by = f"{declaration.made_by}, {moment(declaration.made_at)}" if declaration else None
    names = [*FACTS, *(name for name in card.declared if name not in FACTS)]
    rows = [(fact(name, language), card.declared.get(name)) for name in names]
    yield Facts(rows=[*rows, (word("declared_by", language), by)])


def _evaluation(card: ModelCard, language: Language) -> Iterator[Block]:
    evaluated, report = card.standing.evaluated, card.report
    facts: Mapping[str, Any] = evaluated.facts if evaluated else {}
    judged = word("passed" if facts.get("passed") else "stopped", language) if evaluated else None
    rows = [
        (word("suite", language), facts.get("suite")),
        (word("made_at", language), moment(report.made_at) if report else None),
        (word("report", language), facts.get("report")),
        (word("policy", language), facts.get("policy")),
        (word("judgement", language), judged),
        (word("evidence", language), word(facts["evidence"], language) if evaluated else None),
    ]
    yield Facts(rows=rows)
    if facts.get("reasons"):
        yield Points(items=[str(reason) for reason in facts["reasons"]])
    if report:
        yield from figure_tables(report, language)
        yield data_table(report, language)
        yield Facts(rows=[(word("limits", language), " ".join(report.limits) or None)])


def _approvals(card: ModelCard, language: Language) -> Iterator[Block]:
    if card.standing.approvals:
        yield approvals_table(card.standing, language)
    else:
        yield Facts(rows=[(word("approvals_heading", language), None)])


def _serving(card: ModelCard, language: Language) -> Iterator[Block]:
    if card.standing.slots:
        yield serving_table(card.standing, language)
    else:
        yield Paragraph(text=word("not_in_use", language))


def _blocked(card: ModelCard, language: Language) -> Iterator[Block]:
    if card.standing.blocked:
        yield Points(items=card.standing.blocked)


def _notes(card: ModelCard, language: Language) -> Iterator[Block]:
    if card.standing.notes:
        yield Points(items=card.standing.notes)


def _supplied(card: ModelCard, language: Language) -> Iterator[Block]:
    label = word("supplied_heading", language)
    yield Quotation(label=label, text=card.supplied) if card.supplied else Facts(rows=[(label, None)])


def _figure(line: Line, language: Language) -> str:
    return figure(line.figure, language) + (f" [{line.unit}]" if line.unit else "")
