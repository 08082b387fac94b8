"""The program: all commands together, and what happens when one fails."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from samdrift_platform import masking, plugins, telemetry
from samdrift_platform.cli import (
    evaluation,
    evidence,
    governing,
    inbox,
    installation,
    keys,
    lanes,
    models,
    objections,
    retention,
    scheduling,
    watching,
    work,
)
from samdrift_platform.cli.output import fail
from samdrift_platform.errors import SamdriftError

app = typer.Typer(
    name="samdrift",
    help="Submit work to any workload, follow it, govern the models that decide, and look after an installation.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_PARTS = (
    work,
    inbox,
    lanes,
    models,
    governing,
    evidence,
    evaluation,
    installation,
    keys,
    watching,
    objections,
    retention,
    scheduling,
)
for part in _PARTS:
    app.add_typer(part.app)


def wanted(arguments: Sequence[str]) -> list[str]:
    """Workloads whose commands are asked for: only these are imported, all of them for the help."""
    names = plugins.command_names()
    first = next((word for word in arguments if not word.startswith("-")), None)
    return names if first is None else [name for name in names if name == first]


def run() -> None:
    """Run one command; an error is a sentence with its remedy, not a traceback."""
    telemetry.silence()
    masking.install()
    for name in wanted(sys.argv[1:]):
        app.add_typer(plugins.commands(name), name=name)
    try:
        app()
    except SamdriftError as error:
        fail(error, as_json="--json" in sys.argv)
        sys.exit(1)
