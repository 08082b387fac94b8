"""An installation's governance with its people, and a version taken as far as a test needs it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from samdrift_evaluation.estimate import Estimate
from samdrift_evaluation.report import DataUsed, Line, Report
from samdrift_platform.governance import Governance
from samdrift_platform.ledger import migrations
from samdrift_platform.ledger.database import Ledger
from samdrift_registry.approvals import Evidence
from samdrift_registry.inventory import content_digest
from samdrift_registry.people import Role
from samdrift_registry.store import ManifestStore
from samdrift_testing.models import take_in, write_number
from samdrift_testing.work import NOW

MODEL = "oracle"
POLICY = "guessing"
#: What the policy asks to be declared.
FACTS = {
    "legal_basis": "GDPR article 6(1)(e)",
    "purpose": "tells numbers",
    "data_protection_assessment": "DPIA 7",
    "mdr_class": "none: no device",
    "ai_act_class": "minimal risk",
    "intended_use": "tests",
}
PEOPLE = {"clara": Role.CLINICAL, "tim": Role.TECHNICAL, "dora": Role.DATA_SCIENTIST}


def policy(
    version: int = 1, *, least: float = 0.5, people: int = 2, evidence: str = "own", shadow_items: int = 0
) -> bytes:
    """A policy that wants the figure `accuracy` to be at least `least`, and approvals in two roles."""
    facts = "\n".join(f"  - {name}" for name in FACTS)
    return f"""\
name: {POLICY}
version: {version}
reason: A guess must be right more often than a coin.
evidence: {evidence}
approvals:
  people: {people}
  roles: [[clinical, domain], [technical]]
  valid_days: 30
required_facts:
{facts}
rules:
  - figure: accuracy
    bound: low
    at_least: {least}
shadow:
  least_items: {shadow_items}
""".encode()


def report(home: Path, version: int = 1, *, low: float = 0.6, name: str = MODEL, at: datetime = NOW) -> Report:
    """A report about the version's files, with an accuracy whose interval begins at `low`."""
    files = ManifestStore(home).get(name, version).manifest.files
    accuracy = Estimate(value=low + 0.1, low=low, high=low + 0.2, n=100, method="exact")
    return Report(
        suite="guesses",
        subject=content_digest(files),
        made_at=at,
        made_by="a test",
        data=(DataUsed(name="guesses", digest="sha256:" + "0" * 64, cases=100, units=100, unit="guess"),),
        lines=(Line(name="accuracy", figure=accuracy),),
    )


@dataclass(kw_only=True)
class Office:
    """Governance, and the steps up to a served version as the people of PEOPLE take them."""

    ledger: Ledger
    home: Path
    #: Moves on by hand only.
    now: datetime = NOW
    governance: Governance = field(init=False)

    def __post_init__(self) -> None:
        self.governance = Governance(self.ledger, self.home)

    def open(self, text: bytes | None = None) -> None:
        """The policy is in force, and PEOPLE are appointed."""
        self.governance.prepare([text or policy()], now=self.now)
        for name, role in PEOPLE.items():
            self.governance.appoint(name, [role], actor="operator", now=self.now)

    def register(self, version: int = 1, *, by: str | None = "dora", name: str = MODEL) -> str:
        """A version whose weights are its number, with a signed manifest; its digest."""
        digest = take_in(self.home, name, version, write_number(self.home / "origin" / f"{name}-{version}", version))
        self.governance.register(name, version, digest, run_id="run", registered_by=by, now=self.now)
        return digest

    def evaluate(self, version: int = 1, *, low: float = 0.6, name: str = MODEL, at: datetime | None = None) -> None:
        """Judge a report made `at` (now, unless said)."""
        made = report(self.home, version, low=low, name=name, at=at or self.now)
        self.governance.evaluated(name, version, made, policy=POLICY, evidence="own", now=self.now)

    def declare(self, version: int = 1, facts: Mapping[str, str] = FACTS, *, name: str = MODEL) -> None:
        self.governance.declare(name, version, facts, actor="dora", now=self.now)

    def approve(self, version: int = 1, *who: str, name: str = MODEL) -> None:
        for person in who or ("clara", "tim"):
            seen = self.seen(version, name=name)
            self.governance.approve(name, version, PEOPLE[person], seen, actor=person, now=self.now)

    def seen(self, version: int = 1, *, name: str = MODEL) -> Evidence:
        """What there is to approve now."""
        evidence = self.governance.standing(name, version).evidence
        assert evidence is not None
        return evidence

    def approved(self, version: int = 1, *, name: str = MODEL) -> None:
        """All the steps until the version may serve."""
        self.register(version, name=name)
        self.evaluate(version, name=name)
        self.declare(version, name=name)
        self.approve(version, name=name)

    def serve(self, version: int = 1, *, name: str = MODEL) -> None:
        """All the steps until it is champion."""
        self.approved(version, name=name)
        self.governance.promote(name, version, "good enough", actor="operator", now=self.now)


def opened(ledger: Ledger, home: Path, *, now: datetime | None = None) -> Office:
    """An office with its policy and its people, at `now` or this moment."""
    office = Office(ledger=ledger, home=home, now=now or datetime.now(UTC))
    office.open()
    return office


def copied(ledger: Ledger, home: Path) -> Office:
    """As `opened` at NOW; on a SQLite file that nobody used yet, a copy of an office that was opened once a run."""
    if ledger.engine.dialect.name != "sqlite":
        return opened(ledger, home, now=NOW)
    first = Path(_first().name)
    shutil.copy(first / "ledger.db", str(ledger.engine.url.database))
    shutil.copytree(first / "home", home)
    return Office(ledger=ledger, home=home, now=NOW)


@cache
def _first() -> TemporaryDirectory[str]:
    """The folder of the office to copy: its ledger and its home; gone with the process."""
    folder = TemporaryDirectory()
    migrations.upgrade(url := f"sqlite:///{folder.name}/ledger.db")
    with closing(Ledger(url)) as ledger:
        opened(ledger, Path(folder.name) / "home", now=NOW)
    return folder
