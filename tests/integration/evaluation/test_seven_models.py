"""The reader study's seven AI models under the shipped policies: what the gate says, and who may go on, and why not.

docs/decisions/0011-reader-study-policy.md argues with exactly these outcomes.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from samdrift_evaluation.gate import Judgement, judge
from samdrift_evaluation.gate_policy import FOLDER, read_policy
from samdrift_evaluation.reader_study import ai_columns, read_study
from samdrift_evaluation.reading_protocol import ReadingProtocol, compare
from samdrift_evaluation.replay import REPLICATES, RESULTS, suite, write_replay
from samdrift_evaluation.report import Report
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


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The scores of each column as a model."""
    home = tmp_path_factory.mktemp("models")
    found = {ai.removeprefix("AI_").removesuffix("_POM"): read_study(REAL, ai) for ai in ai_columns(REAL)}
    for name, study in found.items():
        write_replay(home / name, dict(zip(study.case.tolist(), study.ai.tolist(), strict=True)), f"# {name}\n")
    return {name: home / name for name in found}


@pytest.fixture(scope="module")
def reports(folders: dict[str, Path]) -> dict[str, Report]:
    """Each evaluated."""
    return {name: suite.evaluate(folder) for name, folder in folders.items()}


@pytest.fixture
def office(ledger: Ledger, tmp_path: Path) -> Office:
    """Both shipped policies of the reader study are in force."""
    found = Office(ledger=ledger, home=tmp_path / "home", now=NOW)
    found.governance.prepare([path.read_bytes() for path in sorted(FOLDER.glob("*.yaml"))], now=NOW)
    for name, role in PEOPLE.items():
        found.governance.appoint(name, [role], actor="operator", now=NOW)
    return found


def held(report: Report, margin: str) -> Judgement:
    return judge(report, read_policy((FOLDER / f"reader-study-margin-{margin}.yaml").read_bytes()))


def test_each_is_judged_by_what_it_does_to_sensitivity_and_by_whether_it_tells_exams_apart(
    reports: dict[str, Report],
) -> None:
    stopped_by = {
        (name, margin): {reason.about for reason in held(report, margin).refusals}
        for name, report in reports.items()
        for margin in PASSING
    }
    sensitivity, auc = "sensitivity_difference", "auc_exam"
    assert stopped_by == {
        ("GMIC_top5", "0.05"): set(),
        ("GMIC_top5", "0.10"): set(),
        ("GMIC_top1", "0.05"): {sensitivity},
        ("GMIC_top1", "0.10"): set(),
        ("GLAM", "0.05"): set(),
        ("GLAM", "0.10"): set(),
        ("DMVCNN", "0.05"): {sensitivity},
        ("DMVCNN", "0.10"): set(),
        ("frcnn", "0.05"): {sensitivity, auc},
        ("frcnn", "0.10"): {sensitivity, auc},
        ("end2end_inbreast", "0.05"): {sensitivity, auc},
        ("end2end_inbreast", "0.10"): {sensitivity, auc},
        ("end2end_ddsm", "0.05"): {sensitivity, auc},
        ("end2end_ddsm", "0.10"): {sensitivity, auc},
    }


@pytest.mark.parametrize(
    ("name", "margin", "said"),
    [
        (
            "GMIC_top1",
            "0.05",
            ["must lie above -0.05 (margin sensitivity): missed by 0.0088", "about 92 such cases"],
        ),
        ("DMVCNN", "0.05", ["missed by 0.025", "is -0.049 [-0.075, -0.022], n = 40"]),
        ("frcnn", "0.10", ["missed by 0.0018", "auc_exam is 0.63 [0.52, 0.73], n = 480"]),
        ("end2end_ddsm", "0.10", ["auc_exam is 0.43", "more cases would not help, only a better model"]),
    ],
)
def test_a_refusal_says_what_failed_by_how_much_and_what_would_change_it(
    reports: dict[str, Report], name: str, margin: str, said: list[str]
) -> None:
    told = " ".join(str(reason) for reason in held(reports[name], margin).refusals)
    for part in said:
        assert part in told


def test_another_seed_changes_no_verdict() -> None:
    """The nearest call: with 2,000 replicates, three seeds of thirty would refuse it."""
    study = read_study(REAL, "AI_GMIC_top5_POM")
    for seed in range(1, 4):
        assert compare(study, ReadingProtocol(replicates=REPLICATES, seed=seed)).non_inferior


def test_who_passes_the_smaller_margin_passes_the_larger(reports: dict[str, Report]) -> None:
    for report in reports.values():
        assert held(report, "0.05").passed <= held(report, "0.10").passed


@pytest.mark.parametrize("margin", PASSING)
def test_the_gate_lets_the_good_through_and_stops_the_others_with_reasons(
    office: Office, folders: dict[str, Path], reports: dict[str, Report], margin: str
) -> None:
    states: dict[str, State] = {}
    for name, folder in folders.items():
        digest = take_in(office.home, name, 1, folder)
        office.governance.register(name, 1, digest, run_id="run", registered_by="dora", now=office.now)
        policy = f"reader-study-margin-{margin}"
        office.governance.evaluated(name, 1, reports[name], policy=policy, evidence="own", now=office.now)
        standing = office.governance.standing(name, 1)
        states[name] = standing.state
        blocked = [reason for reason in standing.blocked if "missed by" in reason]
        assert bool(blocked) is (name not in PASSING[margin])
        assert all("sensitivity_difference" in reason or "auc_exam" in reason for reason in blocked)
    assert states == {name: State.EVALUATED if name in PASSING[margin] else State.REFUSED for name in states}
    assert len(states) == 7
