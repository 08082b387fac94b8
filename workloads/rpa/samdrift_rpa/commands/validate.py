"""`samdrift rpa validate`: documents held to schema and rules. Runs anywhere; asks no platform and sends nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from samdrift_platform.cli.output import say, show_table

if TYPE_CHECKING:
    from samdrift_rpa.rules.findings import FailedRule, RuleSet
    from samdrift_rpa.rules.validation import Validated

#: Sentences that are printed of one document.
_MOST_SENTENCES = 20


def validate(
    files: Annotated[
        list[str],
        typer.Argument(
            help="Documents, folders whose .xml files are taken, or - for one on standard input.", metavar="FILE..."
        ),
    ],
    json_lines: Annotated[
        bool, typer.Option("--json-lines", help="Print one JSON object a document, as soon as it is done.")
    ] = False,
) -> None:
    """Hold documents to their schema and to the official rules: OIOUBL 2, Peppol BIS Billing 3.0, MeMo 1.1 and 1.2.

    Exit status 0 when all pass, and 1 when one breaks its schema or a fatal rule, or could not be read. Warnings pass.
    """
    from samdrift_rpa.rules import choose
    from samdrift_rpa.rules.validation import files_of, validate_file

    rules = choose()
    if not rules.official:
        _note(rules)
    every = (validate_file(name, rules) for name in files_of(files))
    passing = all([*_lines(every)]) if json_lines else _show([*every])
    if not passing:
        raise typer.Exit(1)


def _lines(every: Iterator[Validated]) -> Iterator[bool]:
    """Print each as it comes, and keep no more of it than whether it passes."""
    for validated in every:
        sys.stdout.write(_line(validated) + "\n")
        sys.stdout.flush()
        yield validated.passes


def _note(rules: RuleSet) -> None:
    sys.stderr.write(
        f"The official rules are not installed. Invoices are held to {rules.name}, and no schema is used. "
        "`samdrift rpa rules install DIR` installs them from where you have them.\n"
    )


def _line(validated: Validated) -> str:
    """A name that is no text (bytes that are not UTF-8) is escaped, so that every line is UTF-8 and JSON."""
    line = json.dumps(validated.to_json(), ensure_ascii=False)
    return line if line.isprintable() and _is_text(line) else json.dumps(validated.to_json())


def _is_text(line: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in line)


def _show(done: Sequence[Validated]) -> bool:
    """Print a table, the reasons and a sum; whether all pass."""
    rows = [(_printable(one.file), one.document_type or "", _profile(one), _schema(one), _verdict(one)) for one in done]
    show_table(("file", "type", "profile", "schema", "verdict"), rows, empty="Nothing was named.")
    for one in done:
        for sentence in _sentences(one):
            say(sentence)
    passing = sum(one.passes for one in done)
    held_to = sorted({name for one in done for name in one.findings.held_to})
    say(f"{passing} of {len(done)} pass. Held to: {', '.join(held_to) or 'no rules'}.")
    return passing == len(done)


def _profile(one: Validated) -> str:
    from samdrift_rpa.documents import PEPPOL_BILLING

    return "Peppol BIS Billing 3.0" if one.profile == PEPPOL_BILLING else _printable(one.profile or "")


def _schema(one: Validated) -> str:
    return {True: "valid", False: "broken", None: ""}[one.findings.schema_valid]


def _verdict(one: Validated) -> str:
    from samdrift_rpa.rules.findings import codes, fatal

    if one.reason:
        return "no verdict"
    if not one.findings.held_to and one.findings.schema_valid is None:
        return "no rules for this type"
    broken, warned = codes(fatal(one.findings.failed_rules)), codes(one.findings.failed_rules)
    if not one.passes:
        return f"fails: {' '.join(broken) or 'its schema'}"
    return f"passes, warned: {' '.join(warned)}" if warned else "passes"


def _sentences(one: Validated) -> Iterator[str]:
    """What is behind the verdict, below the file's name."""
    found: list[FailedRule] = [*one.findings.all]
    if one.reason or found:
        yield f"\n{_printable(one.file)}"
    if one.reason:
        yield f"  {one.reason}"
    for rule in found[:_MOST_SENTENCES]:
        yield f"  [{rule.code}] {rule.severity}: {rule.say()}"
    if len(found) > _MOST_SENTENCES:
        yield f"  ... and {len(found) - _MOST_SENTENCES} more"


def _printable(name: str) -> str:
    """A file's name on a terminal: what is no text or would steer the terminal is escaped."""
    return "".join(c if c.isprintable() and _is_text(c) else repr(c)[1:-1] for c in name)
