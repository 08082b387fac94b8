"""What a run of the demonstration reports, as a table for people and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from rich.console import Console
from rich.table import Table
from rich.text import Text

from samdrift_platform.demonstration import Finding


@dataclass
class Report:
    """Findings by workload, and how long it took."""

    url: str
    #: Until the API answered and every workload was loaded, seconds.
    ready_s: float = 0.0
    #: Until this report, seconds.
    total_s: float = 0.0
    findings: dict[str, list[Finding]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Every finding is as it should be."""
        return all(finding.ok for found in self.findings.values() for finding in found)

    def as_json(self) -> str:
        """One JSON object with the same content as the table."""
        return json.dumps({"ok": self.ok, **asdict(self)}, ensure_ascii=False, indent=2)

    def show(self, console: Console) -> None:
        """Print one table for each workload: mark, what, result, and dimmed below it how that is known."""
        for name, found in self.findings.items():
            table = Table(title=name, title_justify="left", title_style="bold", box=None, show_header=False)
            table.add_column(width=6)
            table.add_column(ratio=2, overflow="fold")
            table.add_column(ratio=3, overflow="fold")
            for finding in found:
                table.add_row(_mark(finding), Text(finding.what), _result(finding))
            console.print(table)
            console.print()
        console.print(f"Ready after {self.ready_s:.0f} s, finished after {self.total_s:.0f} s.")


def _mark(finding: Finding) -> Text:
    return Text("ok", style="green") if finding.ok else Text("NOT OK", style="bold red")


def _result(finding: Finding) -> Text:
    note = Text(f"\n{finding.note}", style="dim") if finding.note else Text()
    return Text(finding.value) + note
