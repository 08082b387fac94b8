"""Commands of governance beside models: the kill switch, people, policies and alarms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.output import AsJson, say, show_json, show_table

app = typer.Typer()
people = typer.Typer(help="Who has which roles.", no_args_is_help=True)
policies = typer.Typer(help="The gate policies in force.", no_args_is_help=True)
alarms = typer.Typer(help="What a person must look at.", no_args_is_help=True)
app.add_typer(people, name="people")
app.add_typer(policies, name="policies")
app.add_typer(alarms, name="alarms")

Workload = Annotated[str, typer.Argument(help="Name of a workload; `samdrift workloads` lists them.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the journal for good.")]


@app.command()
def stop(workload: Workload, reason: Reason, as_json: AsJson = False) -> None:
    """The kill switch: no model decides in this workload from now on; what is safe without one is done."""
    with connect() as client:
        found = client.stop(workload, reason)
    if as_json:
        show_json(found)
    else:
        say(f"{workload} is stopped: nothing is decided automatically.")
        say(f"`samdrift resume {workload} --reason …` ends that.")


@app.command()
def resume(workload: Workload, reason: Reason, as_json: AsJson = False) -> None:
    """Let a stopped workload work with its models again."""
    with connect() as client:
        found = client.resume(workload, reason)
    if as_json:
        show_json(found)
    else:
        say(f"{workload} works with its models again.")


@people.command("list")
def list_people(as_json: AsJson = False) -> None:
    """List everybody who was appointed."""
    with connect() as client:
        found = client.people()
    if as_json:
        show_json(found)
        return
    columns = ("roles", "units", "known_as")
    rows = [(one["subject"], *(", ".join(one[column]) for column in columns)) for one in found]
    show_table(["person", "roles", "units", "in MLflow"], rows, empty="Nobody was appointed. Start the platform first.")


@people.command("appoint")
def appoint(
    person: Annotated[str, typer.Argument(help="Name under which they sign in.")],
    role: Annotated[
        list[str] | None,
        typer.Option(
            help="data_scientist, clinical, domain, technical, case_worker, operator or auditor; may be repeated."
        ),
    ] = None,
    known_as: Annotated[
        list[str] | None, typer.Option(help="Their MLflow user name, if it is another one; may be repeated.")
    ] = None,
    unit: Annotated[
        list[str] | None, typer.Option(help="A unit or group that they decide for; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give somebody exactly these roles and units; without --role they keep none."""
    with connect() as client:
        found = client.appoint(person, role or [], known_as=known_as or [], units=unit or [])
    if as_json:
        show_json(found)
    else:
        say(f"{found['subject']}: {', '.join(found['roles']) or 'no role'}.")


@policies.command("list")
def list_policies(as_json: AsJson = False) -> None:
    """List the gate policies in force and what each asks of people."""
    with connect() as client:
        found = client.policies()
    if as_json:
        show_json(found)
        return
    rows = [
        (
            one["policy"],
            one["digest"],
            one["people"],
            " and ".join("/".join(group) for group in one["roles"]),
            one["valid_days"],
            one["shadow_items"],
        )
        for one in found
    ]
    columns = ["policy", "digest", "approvals", "in the roles", "valid days", "shadow items"]
    show_table(columns, rows, empty="No policy is in force.")


@policies.command("adopt")
def adopt(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The policy (YAML).")],
    as_json: AsJson = False,
) -> None:
    """Put a gate policy in force; its versions are evaluated again by it."""
    with connect() as client:
        found = client.adopt(file.read_bytes())
    if as_json:
        show_json(found)
    else:
        say(f"{found['policy']} is in force.")


@alarms.command("list")
def list_alarms(
    everything: Annotated[bool, typer.Option("--all", help="The settled ones too.")] = False, as_json: AsJson = False
) -> None:
    """List the alarms that nobody has settled."""
    with connect() as client:
        found = client.alarms(open_only=not everything)
    if as_json:
        show_json(found)
        return
    rows = [
        (
            one["id"].removeprefix("sha256:")[:12],
            one["raised_at"][:16],
            one["subject"],
            one["code"],
            one["reason"],
            one["settled"]["decision"] if one["settled"] else "open",
        )
        for one in found
    ]
    show_table(["alarm", "at (UTC)", "about", "code", "reason", ""], rows, empty="No alarm is open.")


@alarms.command("settle")
def settle(
    alarm: Annotated[str, typer.Argument(help="As `samdrift alarms list` shows it.")],
    decision: Annotated[str, typer.Option(help="What was decided, in a few words.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Say what was found when looking at an alarm."""
    wanted = alarm.removeprefix("sha256:")
    with connect() as client:
        named = [one["id"] for one in client.alarms() if one["id"].removeprefix("sha256:").startswith(wanted)]
        found = client.settle(named[0] if len(named) == 1 else alarm, decision, reason)
    if as_json:
        show_json(found)
    else:
        say(f"Settled: {found['settled']['decision']}.")
