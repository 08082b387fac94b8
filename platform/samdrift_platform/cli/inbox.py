"""Commands of the inbox: what waits for a person, one item with all that is needed to decide it, and the decision."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samdrift_platform.cli.connection import connect
from samdrift_platform.cli.output import AsJson, say, show_fields, show_json, show_table
from samdrift_platform.errors import ConflictError, InputError

if TYPE_CHECKING:
    from samdrift_platform.client import Client
    from samdrift_platform.question import Choice, Question

ItemId = Annotated[str, typer.Argument(help="Identifier of a work item.")]
Code = Annotated[str | None, typer.Option("--question", help="Code of the question; by default the one that is open.")]


def inbox_commands(only: str | None = None) -> typer.Typer:
    """`list`, `show` and `decide`, of all workloads or of one."""
    commands = typer.Typer(no_args_is_help=True)
    if only is None:
        commands.command("list")(list_inbox)
    else:

        @commands.command("list")
        def list_of_one(
            lane: Lane = None,
            code: Kind = None,
            everyones: Everyones = False,
            limit: Limit = 50,
            as_json: AsJson = False,
        ) -> None:
            """List what waits for your decision: overdue first, then what is due soonest."""
            list_inbox(workload=only, lane=lane, code=code, everyones=everyones, limit=limit, as_json=as_json)

    commands.command("show")(show)
    commands.command("decide")(decide)
    return commands


Workload = Annotated[str | None, typer.Option(help="Only this workload's.")]
Lane = Annotated[str | None, typer.Option(help="Only this lane's: of automated work, the process.")]
Kind = Annotated[str | None, typer.Option("--code", help="Only this question's; `effect`: all about effects.")]
Everyones = Annotated[bool, typer.Option("--everyones", help="Also what others decide.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")]


def list_inbox(
    workload: Workload = None,
    lane: Lane = None,
    code: Kind = None,
    everyones: Everyones = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List what waits for your decision: overdue first, then what is due soonest."""
    with connect() as client:
        found = client.inbox(workload=workload, lane=lane, code=code, everyones=everyones, limit=limit)
    if as_json:
        show_json(found)
        return
    rows = [_row(asked) for asked in found["questions"]]
    columns = ["item", "about", "what is to be decided", "code", "due", "decided"]
    show_table(columns, rows, empty="Nothing waits for you.")
    if found["waiting"] > len(rows):
        say(f"{found['waiting']} in all, {found['overdue']} of them overdue.")


def show(item_id: ItemId, as_json: AsJson = False) -> None:
    """Show one item: what is to be decided, why, on what, what has happened outside, and how to decide it."""
    with connect() as client:
        item, asked = client.item(item_id), client.questions(item_id)
    if as_json:
        show_json({"item": item, "questions": asked})
        return
    show_fields({name: item[name] for name in ("id", "reference", "workload", "state", "reason")})
    if about := next((each["about"]["en"] for each in asked if each["about"]), ""):
        show_fields({"about": about})
    for each in asked:
        _show_question(each)
    say("")
    effects = [(one["step"], one["receiver"], one["state"], one["attempt"], one["error"]) for one in item["effects"]]
    show_table(["outside", "receiver", "state", "calls", "error"], effects, empty="Nothing has happened outside.")
    for each in (one for one in asked if one["open"]):
        _show_choices(item_id, each)


def decide(
    item_id: ItemId,
    choice: Annotated[str, typer.Argument(help="Code of a choice; `show` lists them.")],
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A field of the choice; may be repeated.")
    ] = None,
    code: Code = None,
    comment: Annotated[
        str, typer.Option(help="For whoever reads it later; `-` reads standard input. No numbers of persons.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
    as_json: AsJson = False,
) -> None:
    """Decide. Fields that are not set are as proposed; what is to be recorded is shown and must be confirmed."""
    with connect() as client:
        asked = _open(client, item_id, code)
        fields = _fields(asked, choice, values or [])
        if not yes:
            _confirm(asked, choice, fields)
        told = sys.stdin.read().strip() if comment == "-" else comment
        seen, which = len(asked["given"]), asked["question"]["code"]
        found = client.decide(item_id, which, choice, fields=fields, comment=told, seen=seen)
    if as_json:
        show_json(found)
    elif found["decision"] is None:
        say("Your decision is recorded. It takes the same decision by somebody else before the item goes on.")
    else:
        say("It is decided; the item goes on by itself.")


def _row(asked: Mapping[str, Any]) -> tuple[object, ...]:
    question = asked["question"]
    people = f"{len({given['decided_by'] for given in asked['given']})} of {question['people']}"
    due = f"{asked['due']}{' OVERDUE' if asked['overdue'] else ''}" if asked["due"] else ""
    about = asked["about"].get("en") or asked["reference"]
    return (asked["item_id"], about, question["title"]["en"], question["code"], due, people)


def _show_question(asked: Mapping[str, Any]) -> None:
    question = asked["question"]
    state = "open" if asked["open"] else "closed" if asked["closed_at"] else "not yet to be decided"
    say(f"\n{question['title']['en']} ({question['code']}, {state})")
    if any(question["deciders"].values()):
        say(f"  decided by: {', '.join(question['deciders']['roles'] + question['deciders']['units'])}")
    for reason in question["reasons"]:
        say(f"  {reason['en']}")
    for fact in question["facts"]:
        value = fact["value"] if isinstance(fact["value"], str) else fact["value"]["en"]
        say(f"  {fact['label']['en']}: {value}{'  ' + fact['object'] if fact['object'] else ''}")
    for given in asked["given"]:
        told = "".join(f", {name}: {value}" for name, value in given["fields"].items())
        comment = f" ({given['comment']})" if given["comment"] else ""
        say(f"  {given['decided_by']} at {given['decided_at'][:19]} UTC: {given['choice']}{told}{comment}")


def _show_choices(item_id: str, asked: Mapping[str, Any]) -> None:
    say(f"\nDecide {asked['question']['code']} with `samdrift inbox decide {item_id} CHOICE --set NAME=VALUE`:")
    rows = [
        (choice["code"], choice["label"]["en"], field.get("name"), field.get("kind"), _asked_for(field))
        for choice in asked["question"]["choices"]
        for field in choice["fields"] or [{}]
    ]
    show_table(["choice", "", "field", "kind", ""], rows, empty="")


def _asked_for(field: Mapping[str, Any]) -> str:
    if not field:
        return ""
    options = f" one of {', '.join(field['options'])};" if field["options"] else ""
    proposed = f" proposed: {field['proposed']};" if field["proposed"] is not None else ""
    return f"{field['label']['en']};{options}{proposed}{' required' if field['required'] else ''}".rstrip(";")


def _open(client: Client, item_id: str, code: str | None) -> dict[str, Any]:
    found = [asked for asked in client.questions(item_id) if code in (None, asked["question"]["code"])]
    for asked in found:
        if asked["open"] or code is not None:
            return asked
    raise ConflictError("Nothing is to be decided about this item now. `samdrift inbox show` says what was.")


def _fields(asked: Mapping[str, Any], code: str, values: Iterable[str]) -> dict[str, Any]:
    """What is to be recorded: what is set, and for the rest what is proposed."""
    from samdrift_platform.answering import checked, choice_of, from_text

    choice = choice_of(_question(asked), code)
    texts = dict(_pair(value) for value in values)
    return checked(choice, _proposed(choice) | from_text(choice, texts))


def _question(asked: Mapping[str, Any]) -> Question:
    from samdrift_platform.question import question_from_json

    return question_from_json(asked["question"])


def _proposed(choice: Choice) -> dict[str, Any]:
    return {each.name: each.proposed for each in choice.fields if each.proposed is not None}


def _pair(value: str) -> tuple[str, str]:
    name, sign, text = value.partition("=")
    if not sign:
        raise InputError(f"{value!r} sets nothing. Write --set NAME=VALUE.", field="--set")
    return name, text


def _confirm(asked: Mapping[str, Any], choice: str, fields: Mapping[str, Any]) -> None:
    label = next(each["label"]["en"] for each in asked["question"]["choices"] if each["code"] == choice)
    say(f"{asked['question']['title']['en']} {label}.")
    show_fields(fields)
    typer.confirm("Record this decision?", abort=True)


app = typer.Typer()
app.add_typer(inbox_commands(), name="inbox", help="What waits for a person, and deciding it.")
