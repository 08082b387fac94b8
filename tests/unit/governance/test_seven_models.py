"""The reader study's seven AI models, registered and evaluated under a policy in force: who may go on, and why not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from samdrift_evaluation.gate_policy import FOLDER
from samdrift_evaluation.reader_study import ai_columns, read_study
from samdrift_evaluation.replay import RESULTS, suite, write_replay
from samdrift_platform.ledger.database import Ledger
from samdrift_registry.lifecycle import State
from samdrift_testing.governing import PEOPLE, Office
from samdrift_testing.models import take_in
from samdrift_testing.work import NOW

REAL = Path(os.environ.get("SAMDRIFT_DATA", "nowhere")) / RESULTS
PASSING = {"0.05": {"GMIC_top5", "GLAM"}, "0.10": {"GMIC_top5", "GMIC_top1", "GLAM", "DMVCNN"}}

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not REAL.is_file(), reason=f"SAMDRIFT_DATA does not hold {REAL}"),
]


@pytest.fixture
def office(ledger: Ledger, tmp_path: Path) -> Office:
    """Both shipped policies of the reader study are in force."""
    found = Office(ledger=ledger, home=tmp_path / "home", now=NOW)
    found.governance.prepare([path.read_bytes() for path in sorted(FOLDER.glob("*.yaml"))], now=NOW)
    for name, role in PEOPLE.items():
        found.governance.appoint(name, [role], actor="operator", now=NOW)
    return found


def register(office: Office, ai: str) -> tuple[str, Path]:
    """The scores of a column as a model with a signed manifest; its name and its files."""
    study = read_study(REAL, ai)
    name = ai.removeprefix("AI_").removesuffix("_POM")
    folder = office.home / "origin" / name
    write_replay(folder, dict(zip(study.case.tolist(), study.ai.tolist(), strict=True)), f"# {name}\n")
    digest = take_in(office.home, name, 1, folder)
    office.governance.register(name, 1, digest, run_id="run", registered_by="dora", now=office.now)
    return name, folder


@pytest.mark.parametrize("margin", PASSING)
def test_the_gate_lets_the_good_through_and_stops_the_others_with_reasons(office: Office, margin: str) -> None:
    states: dict[str, State] = {}
    for ai in ai_columns(REAL):
        name, folder = register(office, ai)
        policy = f"reader-study-margin-{margin}"
        office.governance.evaluated(name, 1, suite.evaluate(folder), policy=policy, evidence="own", now=office.now)
        standing = office.governance.standing(name, 1)
        states[name] = standing.state
        blocked = [reason for reason in standing.blocked if "missed by" in reason]
        assert bool(blocked) is (name not in PASSING[margin])
        assert all("sensitivity_difference" in reason or "auc_exam" in reason for reason in blocked)
    assert states == {name: State.EVALUATED if name in PASSING[margin] else State.REFUSED for name in states}
    assert len(states) == 7
