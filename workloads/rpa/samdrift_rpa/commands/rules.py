"""`samdrift rpa rules ...`: which official rules are in use, and installing them from where the user has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from samdrift_platform.cli.output import AsJson, say, show_json, show_table
from samdrift_platform.errors import InputError, SettingError

app = typer.Typer(help="Official rules and schemas: install them, and see which are in use.", no_args_is_help=True)


@app.command("install")
def install(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that they were unpacked in; searched whole.")],
    as_json: AsJson = False,
) -> None:
    """Copy official rules and schemas into the home folder, check and compile them, and put them in use.

    Looks for the OIOUBL schematron, EN 16931 and Peppol BIS Billing (all as XSLT), the UBL schemas 2.0 and 2.1, and the
    MeMo schemas 1.1 and 1.2. They belong to their publishers; nothing is downloaded and none are shipped.
    """
    from samdrift_rpa.rules.installing import install as install_rules
    from samdrift_rpa.rules.location import store

    installed = install_rules(folder, store())
    missing = [f"{family.title} {family.version}".strip() for family in installed.missing]
    if as_json:
        show_json({"folder": str(installed.folder), "missing": missing, **_receipt(installed.folder)})
        return
    _show(installed.folder)
    for name in missing:
        say(f"Not found there: {name}.")
    say(f"In use from {installed.folder}. Replicas that run hold the rules they began with; start them anew.")


@app.command("show")
def show(as_json: AsJson = False) -> None:
    """Which rules documents are held to, and where they come from."""
    from samdrift_rpa.rules import choose, official_folder
    from samdrift_rpa.rules.receipt import RECEIPT

    rules, folder = choose(), official_folder()
    has_receipt = folder is not None and (folder / RECEIPT).is_file()
    if as_json:
        facts = {"name": rules.name, "official": rules.official, "folder": str(folder) if folder else None}
        show_json({**facts, **(_receipt(folder) if folder and has_receipt else {})})
        return
    if folder is not None and has_receipt:
        _show(folder)
    say(f"In use: {rules.name}{f', from {folder}' if folder else ''}.")
    if not rules.official:
        say("The official rules are not installed: `samdrift rpa rules install DIR`.")


@app.command("test")
def hold_to_their_tests(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with the publishers' rule tests.")],
    as_json: AsJson = False,
) -> None:
    """Hold the rules in use to their publishers' own tests: fragments that say which rule fires and which does not.

    Reads the test sets of EN 16931 (`tc434-ubl`) and of Peppol BIS Billing. Exit status 1 when one disagrees.
    """
    from samdrift_rpa.rules import choose
    from samdrift_rpa.rules.labelled import labelled_below
    from samdrift_rpa.rules.official import OfficialRules

    rules = choose()
    if not isinstance(rules, OfficialRules) or not rules.billing_stylesheets():
        raise SettingError("The rules of EN 16931 and Peppol are not installed: `samdrift rpa rules install DIR`.")
    judged = [(one.name, one.disagreements(rules)) for one in labelled_below(folder)]
    if not judged:
        raise InputError(f"{folder} holds no rule tests of EN 16931 or Peppol BIS Billing.", field="DIR")
    wrong = {name: list(codes) for name, codes in judged if codes}
    if as_json:
        show_json({"tests": len(judged), "disagree": wrong})
    else:
        if wrong:
            rows = [(name, " ".join(codes)) for name, codes in wrong.items()]
            show_table(("test", "does not do what it says"), rows, empty="")
        say(f"{len(judged) - len(wrong)} of {len(judged)} tests agree.")
    if wrong:
        raise typer.Exit(1)


def _receipt(folder: Path) -> Mapping[str, JsonValue]:
    from samdrift_rpa.rules.receipt import read_receipt

    found: Mapping[str, JsonValue] = read_receipt(folder).model_dump(mode="json", exclude={"digests"})
    return found


def _show(folder: Path) -> None:
    show_table(("rules", "version", "told by", "files", "digest"), _rows(folder), empty="Nothing is installed.")


def _rows(folder: Path) -> Iterator[tuple[object, ...]]:
    from samdrift_rpa.rules.receipt import read_receipt

    for component in read_receipt(folder).components:
        told = "its digest" if component.known else "its folder's name: other files than the ones we know"
        yield component.title, component.version, told, component.files, component.digest
