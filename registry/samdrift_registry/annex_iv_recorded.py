"""How registry and ledger answer the entries `recorded.…` of `annex_iv.yaml`. An answer without a block is missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from samdrift_registry.card import approvals_table, data_table, figure_tables, moment
from samdrift_registry.outline import Block, Facts, Language, Paragraph, Points, Quotation, Table
from samdrift_registry.words import recorded, word

if TYPE_CHECKING:
    from samdrift_registry.annex_iv import TechnicalDocumentation

Answer: TypeAlias = "Callable[[TechnicalDocumentation, Language], Iterator[Block]]"


def _provider(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    if said := documentation.organisation.said:
        yield Facts(rows=[(recorded("provider", language), said)])


def _version(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    standing = documentation.card.standing
    earlier = [str(each.version) for each in documentation.versions if each.version < standing.version]
    told = f"{standing.version} ({standing.digest}); {', '.join(earlier) or '–'}"
    yield Facts(rows=[(recorded("version", language), told)])


def _files(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    if signed := documentation.card.manifest:
        columns = [word("file", language), word("size", language), "SHA-256"]
        rows = [(file.path, str(file.size_bytes), file.sha256) for file in signed.manifest.files]
        yield Table(caption=recorded("files", language), columns=columns, rows=rows)


def _forms(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    offers = [word("offered_at", language).format(title=each.title[language]) for each in documentation.offers]
    if offers:
        yield Points(items=offers)


def _hardware(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    needs = [
        word("replica", language).format(
            cpus=f"{each.cpus:g}", gpus=f"{each.gpus:g}", memory=each.memory_mib, title=each.title[language]
        )
        for each in documentation.offers
    ]
    if needs:
        yield Points(items=needs)


def _supplied(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    if supplied := documentation.card.supplied:
        yield Quotation(label=recorded("supplied", language), text=supplied)


def _run(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    card = documentation.card
    if card.standing.run_id and card.manifest:
        yield Facts(rows=[(recorded("run", language), f"{card.standing.run_id}; {card.manifest.manifest.source}")])


def _architecture(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    if found := documentation.architecture.get("architecture"):
        text = found if isinstance(found, str) else json.dumps(found, indent=1, ensure_ascii=False)
        yield Quotation(label=recorded("architecture", language), text=text)


def _approvals(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    if documentation.card.standing.approvals:
        yield approvals_table(documentation.card.standing, language)


def _oversight(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    use = documentation.use
    if use.decisions:
        told = f"{use.verdicts.get('waiting_for_person', 0)} / {use.decisions}"
        yield Facts(rows=[(recorded("oversight", language), told)])


def _data(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    report = documentation.card.report
    if report and report.data:
        yield data_table(report, language)


def _figures(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    if report := documentation.card.report:
        yield from list(figure_tables(report, language))[:1]


def _subgroups(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    if report := documentation.card.report:
        yield from list(figure_tables(report, language))[1:]


def _report(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    if evaluated := documentation.card.standing.evaluated:
        told = f"{evaluated.facts['report']}; {moment(evaluated.made_at)}; {evaluated.made_by}; {evaluated.id}"
        yield Facts(rows=[(recorded("report", language), told)])


def _signature(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    if signed := documentation.card.manifest:
        told = f"Ed25519, {signed.key_id}, {moment(signed.manifest.created_at)}"
        yield Facts(rows=[(recorded("signature", language), told)])


def _limits(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    report = documentation.card.report
    if report and report.limits:
        yield Points(items=report.limits)


def _use(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    use = documentation.use
    if not (use.decisions and use.first_at and use.last_at):
        yield Paragraph(text=word("not_used", language))
        return
    verdicts = ", ".join(f"{name}: {number}" for name, number in sorted(use.verdicts.items()))
    rows = [
        ("decisions", str(use.decisions)),
        ("first_at", moment(use.first_at)),
        ("last_at", moment(use.last_at)),
        ("by_verdict", verdicts),
    ]
    yield Facts(rows=[(word(name, language), value) for name, value in rows])


def _stops(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    stops = documentation.use.stops
    if not stops:
        yield Paragraph(text=word("no_stops", language))
        return
    columns = [word(name, language) for name in ("workload", "since", "until", "by", "reason")]
    still = word("still", language)
    rows = [(s.workload, moment(s.since), moment(s.until) if s.until else still, s.by, s.reason) for s in stops]
    yield Table(caption=recorded("stops", language), columns=columns, rows=rows)


def _policy(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    if evaluated := documentation.card.standing.evaluated:
        facts = evaluated.facts
        told = word("passed" if facts["passed"] else "stopped", language)
        yield Facts(rows=[(recorded("policy", language), f"{facts['policy']} ({facts['policy_digest']}): {told}")])


def _changes(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    columns = [word(name, language) for name in ("version", "state", "since", "registered_by", "digest")]
    rows = [
        (str(v.version), word(str(v.state), language), moment(v.since), v.registered_by or "–", v.digest or "–")
        for v in documentation.versions
    ]
    yield Table(caption=recorded("changes", language), columns=columns, rows=rows)


def _watch(documentation: TechnicalDocumentation, language: Language) -> Iterator[Block]:
    use = documentation.use
    if use.decisions:
        figures = {"alarms": use.alarms, "open_alarms": use.open_alarms, "truths": use.truths}
        yield Facts(rows=[(word(name, language), str(value)) for name, value in figures.items()])


RECORDED: Mapping[str, Answer] = {
    "provider": _provider,
    "version": _version,
    "files": _files,
    "forms": _forms,
    "hardware": _hardware,
    "supplied": _supplied,
    "run": _run,
    "architecture": _architecture,
    "approvals": _approvals,
    "oversight": _oversight,
    "data": _data,
    "figures": _figures,
    "subgroups": _subgroups,
    "report": _report,
    "signature": _signature,
    "limits": _limits,
    "use": _use,
    "stops": _stops,
    "policy": _policy,
    "changes": _changes,
    "watch": _watch,
}
