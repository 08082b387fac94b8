"""Commands about model versions: where each stands, what was measured, who approved, and what serves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.evaluate import evaluate
from samdrift_platform.cli.output import AsJson, say, show_fields, show_json, show_table, write
from samdrift_platform.cli.reports import Language
from samdrift_platform.errors import ConflictError, InputError

app = typer.Typer()
models = typer.Typer(help="Model versions: evidence, approvals, and which of them serve.", no_args_is_help=True)
app.add_typer(models, name="models")
models.command("evaluate")(evaluate)

Model = Annotated[str, typer.Argument(help="Registered name.")]
Version = Annotated[int, typer.Argument(min=1, help="MLflow's version number.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the journal for good.")]
AsHtml = Annotated[bool, typer.Option("--html", help="A self-contained page.")]
Lang = Annotated[Language, typer.Option(help="Of what people read.")]
Out = Annotated[Path | None, typer.Option(dir_okay=False, help="Write it into this file instead of printing it.")]


@models.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List all versions with their states."""
    with connect() as client:
        found = client.models()
    if as_json:
        show_json(found)
        return
    rows = [
        (one["model"], one["version"], one["state"], one["since"][:16], one["digest"], len(one["blocked"]) or "")
        for one in found["versions"]
    ]
    columns = ["model", "version", "state", "since (UTC)", "digest", "open points"]
    show_table(columns, rows, empty="No version is known. Log one with MLflow; the registry finds it within seconds.")


@models.command("show")
def show(model: Model, version: Version, as_json: AsJson = False) -> None:
    """Show one version: what the gate found, who approved, what is declared, and what it waits for."""
    with connect() as client:
        found = client.model(model, version)
    if as_json:
        show_json(found)
    else:
        _show_version(found)


@models.command("history")
def history(model: Model, as_json: AsJson = False) -> None:
    """Say who did what with a model, and what was serving between which instants."""
    with connect() as client:
        found = client.model_history(model)
    if as_json:
        show_json(found)
        return
    acts = [(one["at"][:19], one["who"], one["what"], one["version"], one["told"]) for one in found["entries"]]
    show_table(["at (UTC)", "who", "what", "version", "told"], acts, empty="Nothing has happened yet.")
    say("")
    served = [
        (one["slot"], one["version"], one["share"], one["since"][:19], (one["until"] or "now")[:19], one["reason"])
        for one in found["serving"]
    ]
    show_table(["slot", "version", "share", "from (UTC)", "until", "why"], served, empty="It has never served.")
    for one in found["pauses"]:
        say(f"{one['workload']} stopped {one['since'][:19]} to {(one['until'] or 'now')[:19]}: {one['reason']}")


@models.command("declare")
def declare(
    model: Model,
    version: Version,
    facts: Annotated[list[str], typer.Argument(metavar="NAME=TEXT…", help='Such as legal_basis="GDPR 6(1)(e)".')],
    as_json: AsJson = False,
) -> None:
    """Declare the legal basis, the purpose, the intended use and so on. Approvals given before no longer count."""
    stated = dict(_fact(one) for one in facts)
    with connect() as client:
        _show_act(client.declare(model, version, stated), as_json=as_json)


@models.command("approve")
def approve(
    model: Model,
    version: Version,
    role: Annotated[str, typer.Option(help="clinical, domain or technical: a role of yours.")],
    report: Annotated[
        str | None, typer.Option(help="Beginning of the digest of the report that you have read; else you are asked.")
    ] = None,
    note: Annotated[str, typer.Option(help="For whoever reads the approval later.")] = "",
    as_json: AsJson = False,
) -> None:
    """Approve exactly the files, the report and the declaration that this command shows (or --report names)."""
    with connect() as client:
        found = client.model(model, version)
        evidence = _seen(found, report)
        _show_act(client.approve(model, version, role, evidence, note=note), as_json=as_json)


@models.command("withdraw")
def withdraw(model: Model, version: Version, reason: Reason, as_json: AsJson = False) -> None:
    """Take back your own approval. What serves goes on serving until it is rolled back or stopped."""
    with connect() as client:
        _show_act(client.withdraw(model, version, reason), as_json=as_json)


@models.command("shadow")
def shadow(model: Model, version: Version, reason: Reason, as_json: AsJson = False) -> None:
    """Compare an approved version with the champion on every item; nobody is answered by it."""
    with connect() as client:
        _show_act(client.shadow(model, version, reason), as_json=as_json)


@models.command("canary")
def canary(
    model: Model,
    version: Version,
    share: Annotated[float, typer.Option(help="Share of the items, between 0 and 1.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Have an approved version answer for a share of the items."""
    with connect() as client:
        _show_act(client.canary(model, version, share, reason), as_json=as_json)


@models.command("promote")
def promote(model: Model, version: Version, reason: Reason, as_json: AsJson = False) -> None:
    """Have an approved version answer for all items, within seconds."""
    with connect() as client:
        _show_act(client.promote(model, version, reason), as_json=as_json)


@models.command("rollback")
def rollback(
    model: Model,
    reason: Reason,
    to: Annotated[int | None, typer.Option(min=1, help="Version to go back to; default: the champion before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Have an earlier champion serve again, on the evidence that it had then."""
    with connect() as client:
        _show_act(client.rollback(model, reason, to=to), as_json=as_json)


@models.command("clear")
def clear(
    model: Model,
    slot: Annotated[str, typer.Argument(help="shadow or canary")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """End a shadow or a canary."""
    with connect() as client:
        _show_act(client.clear(model, slot, reason), as_json=as_json)


@models.command("retire")
def retire(model: Model, version: Version, reason: Reason, as_json: AsJson = False) -> None:
    """Never let this version serve again."""
    with connect() as client:
        _show_act(client.retire(model, version, reason), as_json=as_json)


@models.command("report")
def report(model: Model, version: Version, html: AsHtml = False, language: Lang = Language.EN, out: Out = None) -> None:
    """Fetch the evaluation report: JSON, byte for byte as it was signed, or a page."""
    with connect() as client:
        write(client.model_document(model, version, "report", "html" if html else "json", language), out)


@models.command("card")
def card(
    model: Model,
    version: Version,
    html: AsHtml = False,
    language: Lang = Language.EN,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the model card: Markdown, a page, or JSON."""
    with connect() as client:
        write(client.model_document(model, version, "card", _form(html, as_json=as_json), language), out)


@models.command("annex-iv")
def annex_iv(
    model: Model,
    version: Version,
    html: AsHtml = False,
    language: Lang = Language.EN,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the technical documentation of Annex IV to the AI Act; what is missing is marked as missing."""
    with connect() as client:
        write(client.model_document(model, version, "annex-iv", _form(html, as_json=as_json), language), out)


def _form(html: bool, *, as_json: bool) -> str:
    if html and as_json:
        raise InputError("Choose one of --html and --json.", field="html")
    return "html" if html else "json" if as_json else "markdown"


def _fact(given: str) -> tuple[str, str]:
    name, separator, text = given.partition("=")
    if not (name and separator):
        raise InputError(f'{given}: write NAME=TEXT, such as purpose="plans heating".', field="facts")
    return name, text


def _seen(found: Mapping[str, Any], report: str | None) -> dict[str, str]:
    """The evidence that is approved: what `report` names, or what was just shown and confirmed."""
    evidence = found["evidence"]
    if evidence is None:
        raise ConflictError(f"There is nothing to approve yet: {' '.join(found['blocked'])}")
    if report is not None:
        if not evidence["report"].removeprefix("sha256:").startswith(report.removeprefix("sha256:")[:64] or "-"):
            raise ConflictError(f"The report is now {evidence['report']}, not {report}. Read that one first.")
        return dict(evidence)
    _show_version(found)
    name = f"{found['model']}/{found['version']}"
    if typer.prompt(f"Type {name} to approve it with report {evidence['report'][:19]}") != name:
        raise InputError("That is not its name; nothing was approved.", field="name")
    return dict(evidence)


def _show_version(found: Mapping[str, Any]) -> None:
    evaluation, evidence = found["evaluation"], found["evidence"] or {}
    show_fields(
        {
            "version": f"{found['model']} {found['version']}",
            "state": found["state"],
            "since": found["since"],
            "registered by": found["registered_by"],
            "gate": _verdict(evaluation, found["state"]),
            "report": (evaluation or {}).get("report"),
            "digest": found["digest"],
            "declaration": evidence.get("declaration"),
            "approved by": ", ".join(f"{one['person']} ({one['role']})" for one in found["approvals"]),
            "serving": ", ".join(f"{one['slot']} ({one['share']:.0%})" for one in found["serving"]),
            "shadow": _agreement(found["agreement"]),
        }
    )
    _list("What the gate found:", (evaluation or {}).get("reasons", []))
    _list("Why it was refused:" if found["state"] == "refused" else "What it waits for:", found["blocked"])
    _list("To know:", found["notes"])


def _verdict(evaluation: Mapping[str, Any] | None, state: str) -> str:
    if evaluation is None:
        return "refused before it could be evaluated" if state == "refused" else "not evaluated yet"
    return f"{'passed' if evaluation['passed'] else 'refused'} by {evaluation['policy']} ({evaluation['evidence']})"


def _agreement(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "no item scored"
    if (share := found["agreeing"]) is None:
        return f"0 items scored, {found['planned']} to come, {found['failed']} failed"
    return f"agrees on {share['value']:.1%} [{share['low']:.1%}, {share['high']:.1%}], n = {share['n']}"


def _list(heading: str, sentences: list[str]) -> None:
    if sentences:
        say("\n".join(["", heading, *(f"- {sentence}" for sentence in sentences)]))


def _show_act(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    say(f"{found['model']} version {found['version']} is {found['state']}.")
    _list("What it waits for:", found["blocked"])
