"""`samdrift mammography listen`: the intake in the foreground."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

Calling = Annotated[
    str, typer.Option("--calling", help="AE titles that may send, separated by commas.", show_default=False)
]
Folder = Annotated[
    Path | None, typer.Option("--folder", file_okay=False, help="Folder to watch as well.", show_default=False)
]
Port = Annotated[int | None, typer.Option("--port", min=0, max=65_535, help="0: any.", show_default=False)]


def listen(calling: Calling = "", folder: Folder = None, port: Port = None) -> None:
    """Receive images (C-STORE, watched folder) and put exams together until Ctrl-C; options go before settings.

    The scoring itself needs the platform (`samdrift up`), which runs an intake of its own where a sender is set.
    """
    from samdrift_mammography.intake.dimse import Entity
    from samdrift_mammography.intake.running import Intake, watched_folder
    from samdrift_mammography.reasons import BANNER
    from samdrift_mammography.services import INTAKE
    from samdrift_mammography.settings import titles_in
    from samdrift_platform.ledger import migrations
    from samdrift_platform.process import begin
    from samdrift_platform.settings import load

    stopping = begin(INTAKE)
    settings, entity = load(), Entity()
    if calling:
        entity = replace(entity, calling_ae_titles=titles_in(calling))
    if port is not None:
        entity = replace(entity, port=port)
    migrations.upgrade(settings.ledger_url)
    intake = Intake.of(settings, entity, folder or watched_folder())
    with intake.started():
        sys.stdout.write("\n".join((BANNER, *intake.told)) + "\n")
        sys.stdout.flush()
        raise typer.Exit(0 if intake.run(stopping) else 1)
