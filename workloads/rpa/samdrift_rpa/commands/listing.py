"""`samdrift rpa list`: the processes that are installed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from samdrift_platform.cli.output import AsJson, show_json, show_table

if TYPE_CHECKING:
    from samdrift_rpa.process import Process


def list_processes(as_json: AsJson = False) -> None:
    """List the installed processes: what each is for, its steps and what it may do outside."""
    from samdrift_rpa.processes import installed

    found = installed().values()
    if as_json:
        show_json([_told(process) for process in found])
        return
    rows = [
        (each.name, each.title["en"], ", ".join(s.name for s in each.steps), ", ".join(each.declared)) for each in found
    ]
    show_table(["process", "title", "steps", "may do outside"], rows, empty="None. Try `samdrift rpa new NAME`.")


def _told(process: Process[Any, Any]) -> dict[str, Any]:
    return {
        "name": process.name,
        "title": dict(process.title),
        "purpose": dict(process.purpose),
        "legal_basis": process.legal_basis.clause,
        "kle": list(process.kle),
        "form": list(process.form),
        "steps": [{"name": step.name, "title": dict(step.title)} for step in process.steps],
        "effects": [
            {"step": effect.step, "receiver": effect.receiver, "title": dict(effect.title)}
            for effect in process.effects
        ],
        "input": process.given.model_json_schema(),
    }
