"""What a run of the demonstration reports, as a table for people and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from rich.console import Console
from rich.table import Table

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
        """Print the table."""
        table = Table(title="What happened", title_justify="left", caption=self._caption(), caption_justify="left")
        for heading in ("", "what", "result", "where, or how it is known"):
            table.add_column(heading, overflow="fold")
        for name, found in self.findings.items():
            table.add_section()
            table.add_row("", f"[bold]{name}[/bold]", "", "")
            for finding in found:
                mark = "[green]ok[/green]" if finding.ok else "[bold red]NOT OK[/bold red]"
                table.add_row(mark, finding.what, finding.value, f"[dim]{finding.note}[/dim]")
        console.print(table)

    def _caption(self) -> str:
        return f"Ready after {self.ready_s:.0f} s, finished after {self.total_s:.0f} s."
