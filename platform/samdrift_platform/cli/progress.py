"""Progress bars of commands that take their time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from samdrift_platform.client import Client, OnProgress


def wait_for(client: Client, submission_id: str) -> dict[str, Any]:
    """Wait, as long as it takes, until nothing of a submission is queued or running, and show how far it is."""
    with bar() as progress:
        task = progress.add_task("waiting", total=None)
        return client.wait(submission_id, timeout_s=float("inf"), on_progress=_follow(progress, task))


def bar() -> Progress:
    """A progress bar on standard error, if that is a terminal: standard output stays for the answer."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _follow(progress: Progress, task: Any) -> OnProgress:
    def follow(submission: Mapping[str, Any]) -> None:
        ended = submission["total"] - submission["pending"]
        progress.update(task, description=submission["reference"], total=submission["total"], completed=ended)

    return follow
