"""What every benchmark does: measure, say on what machine and how busy it was, write JSON and a table."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "benchmarks"

Value = str | int | float | bool | None


@dataclass(kw_only=True)
class Benchmark:
    """One benchmark's rows, each with the same columns, and the bars it has to reach."""

    name: str
    title: str
    rows: list[Mapping[str, Value]] = field(default_factory=list)
    #: What was asked for -> whether it was reached.
    bars: dict[str, bool] = field(default_factory=dict)
    #: What a reader must know to judge the numbers.
    notes: list[str] = field(default_factory=list)
    load_before: float = 0.0
    load_after: float = 0.0

    def row(self, **columns: Value) -> None:
        self.rows.append({name: _rounded(value) for name, value in columns.items()})

    def bar(self, what: str, reached: bool) -> None:
        self.bars[what] = bool(reached)


@contextmanager
def benchmark(name: str, title: str) -> Iterator[Benchmark]:
    """Measure in the `with` block; the results are written at its end."""
    measured = Benchmark(name=name, title=title, load_before=os.getloadavg()[0])
    yield measured
    measured.load_after = os.getloadavg()[0]
    RESULTS.mkdir(exist_ok=True)
    document = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": _machine(), **asdict(measured)}
    (RESULTS / f"{name}.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    print(_section(document))  # noqa: T201 - this is what a benchmark is run for
    _write_table()


@contextmanager
def timed() -> Iterator[list[float]]:
    """Seconds of the `with` block, in a list that is empty until then."""
    seconds: list[float] = []
    began = time.perf_counter()
    yield seconds
    seconds.append(time.perf_counter() - began)


def fsync_ms() -> float:
    """Median milliseconds of a small synced write: what a commit cannot be faster than, here and now."""
    times = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(50):
            with timed() as seconds:
                file.write(b"x" * 100)
                file.flush()
                os.fsync(file.fileno())
            times += seconds
    return percentile(times, 0.5) * 1e3


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all are not above (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, round(share * len(ordered)) - 1)]


def _write_table() -> None:
    documents = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    intro = "# Measured\n\nWritten by `make bench`. The machine is shared: read every number beside its load average.\n"
    (RESULTS / "README.md").write_text("\n".join([intro, *(_section(document) for document in documents)]))


def _section(document: Mapping[str, object]) -> str:
    rows = document["rows"]
    bars, notes, machine = document["bars"], document["notes"], document["machine"]
    assert isinstance(rows, list)
    assert isinstance(bars, dict)
    assert isinstance(notes, list)
    assert isinstance(machine, dict)
    columns = list(rows[0]) if rows else []
    lines = [f"## {document['title']}", "", "| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(str(row[name]) for name in columns) + " |" for row in rows]
    lines += ["", *(f"- {'reached' if reached else 'NOT reached'}: {what}" for what, reached in bars.items())]
    lines += [f"- {note}" for note in notes]
    load = f"load average {document['load_before']:.1f} before, {document['load_after']:.1f} after"
    lines += [f"- {document['at']}, commit {machine['commit']}, {machine['cores']} cores, {load}", ""]
    return "\n".join(lines)


def _machine() -> dict[str, Value]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "commit": commit.stdout.strip() or "unknown",
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "system": platform.release(),
        "python": platform.python_version(),
    }


def _rounded(value: Value) -> Value:
    if not isinstance(value, float):
        return value
    return round(value, 1) if abs(value) >= 100 else float(f"{value:.3g}")
