"""`samdrift mammography triage`: the exams of a folder in reading order, judged as the platform would."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samdrift_mammography.commands.crew import Jobs, Model, engine, spread
from samdrift_mammography.reasons import BANNER

if TYPE_CHECKING:
    from samdrift_mammography.folder_store import FolderStore
    from samdrift_platform.contract import Item, Outcome


def triage(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, show_default=False)],
    model: Model = None,
    jobs: Jobs = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Put the files of a folder together as exams and say who reads each of them, and in which order.

    The same code decides as on the platform, with this installation's policy; nothing is recorded or sent.
    """
    from samdrift_mammography.folder_store import FolderStore, files_below

    sys.stderr.write(f"{BANNER}\n")
    store = FolderStore.of(files_below(folder))
    items = _items(store)
    work = [(item, store) for item in items]
    outcomes = list(spread(triage_item, work, model=model, jobs=jobs))
    exams = _in_order(items, outcomes)
    refused = [_refused(item, store, folder) for item in items if item.payload["kind"] == "file"]
    if as_json:
        document = {"notice": BANNER, "exams": exams, "refused": refused}
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return
    sys.stdout.writelines(f"{place}. {exam['exam']}: {exam['reason']}\n" for place, exam in enumerate(exams, start=1))
    sys.stdout.writelines(f"{file['file']}: refused ({file['code']})\n" for file in refused)


def triage_item(work: tuple[Item, FolderStore]) -> Outcome:
    """What the workload makes of one exam or refused file."""
    from samdrift_mammography.workload import workload
    from samdrift_platform.contract import Context

    item, store = work
    (outcome,) = workload.process([item], Context(store=store, engine=engine()))
    return outcome


def _items(store: FolderStore) -> list[Item]:
    from samdrift_mammography.submission import MammographySubmission, split

    now = datetime.now(UTC)
    return list(split(MammographySubmission(screening_unit="folder", received_at=now, objects=store.references), store))


def _in_order(items: Sequence[Item], outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    from samdrift_mammography.triage import reading_order

    read = [(item, made) for item, made in zip(items, outcomes, strict=True) if item.payload["kind"] == "exam"]
    read.sort(key=lambda pair: reading_order(pair[1].result, pair[0].deadline))
    return [{**_plain(made.result), "reason": made.reason, "order": n} for n, (_, made) in enumerate(read, start=1)]


def _plain(result: Mapping[str, Any]) -> dict[str, Any]:
    """Without what refers to objects that nobody keeps here."""
    views = [
        {name: value for name, value in view.items() if name not in {"picture", "heat_map"}} for view in result["views"]
    ]
    return {**{name: value for name, value in result.items() if name != "documents"}, "views": views}


def _refused(item: Item, store: FolderStore, folder: Path) -> dict[str, Any]:
    path = store.path(str(item.payload["object"])).relative_to(folder)
    return {"file": str(path), "code": item.payload["code"], "reason": item.payload["message"]}
