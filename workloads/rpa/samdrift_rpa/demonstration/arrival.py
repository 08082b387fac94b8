"""When the demonstration's work "came in"."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path


def first_run(folder: Path) -> datetime:
    """The moment of the first run on this home (aware, UTC), so that later runs send the same."""
    file = folder / "received_at"
    if not file.exists():
        new = file.with_suffix(".new")
        new.write_text(datetime.now(UTC).replace(microsecond=0).isoformat())
        new.replace(file)
    return datetime.fromisoformat(file.read_text())
