"""Arguments and options that several commands have."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Language(StrEnum):
    """In which language a command explains."""

    #: Danish.
    DA = "da"
    #: English.
    EN = "en"


ProcessName = Annotated[str, typer.Argument(help="Name of an installed process; `samdrift rpa list` lists them.")]
ItemId = Annotated[str, typer.Argument(help="Identifier of the case's work item.")]
InLanguage = Annotated[Language, typer.Option("--language", help="In which language to say it.")]
