"""`samdrift mammography evaluate`: the evaluation report of a model on labelled images."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from samdrift_mammography.commands.train import Labels
from samdrift_mammography.reasons import BANNER


def evaluate(
    model: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, show_default=False, help="The model's folder.")
    ],
    data: Annotated[Path, typer.Option("--data", exists=True, file_okay=False, show_default=False, help="The images.")],
    labels: Labels,
    report: Annotated[Path | None, typer.Option(help="Also write the report here, for `samdrift models`.")] = None,
) -> None:
    """Measure a model by woman: directly where it has seen none of the images, by its recipe where it has seen all."""
    from samdrift_mammography.suite import evaluate as evaluated
    from samdrift_mammography.training.collection import labelled

    sys.stderr.write(f"{BANNER}\n")
    made = evaluated(model, labelled(data, labels), believe_unseen=True)
    if report is not None:
        report.write_bytes(made.to_bytes())
    for line in made.lines:
        of_whom = f" ({line.subgroup})" if line.subgroup else ""
        sys.stdout.write(f"{line.name}{of_whom}: {line.figure}\n")
    sys.stdout.writelines(f"Limit: {limit}\n" for limit in made.limits)
