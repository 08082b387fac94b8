"""The child process that runs a suite: what comes back, and that nothing of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from samdrift_platform import evaluation_run
from samdrift_platform.evaluation_run import EvaluationEndedError, SuiteRefusedError, evaluate
from samdrift_testing.turned_clock import turn

#: Each starts a process.
pytestmark = pytest.mark.integration

#: A package with an entry point, as an installed distribution has it.
SUITES = """
import os, signal, subprocess, sys, time
from datetime import UTC, datetime
from pathlib import Path
from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.report import Report

class Good:
    name = "good"
    def evaluate(self, folder):
        return Report(suite="good", subject="sha256:" + "0" * 64, made_at=datetime.now(UTC), made_by="a test",
                      data=(), lines=(), settings={"nice": os.nice(0), "files": sorted(os.listdir(folder))})

class Refusing:
    name = "refusing"
    def evaluate(self, folder):
        raise EvaluationError("the layer is missing")

class Crashing:
    name = "crashing"
    def evaluate(self, folder):
        os.kill(os.getpid(), signal.SIGSEGV)

class Faulty:
    name = "faulty"
    def evaluate(self, folder):
        raise ZeroDivisionError

class Hanging:
    name = "hanging"
    def evaluate(self, folder):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        (folder / "draft").write_text(f"{os.getpid()} {child.pid}")
        (folder / "draft").rename(folder / "pids")
        time.sleep(60)

good, refusing, crashing, faulty, hanging = Good(), Refusing(), Crashing(), Faulty(), Hanging()
"""
NAMES = ("good", "refusing", "crashing", "faulty", "hanging")


@pytest.fixture(autouse=True)
def _suites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    (info := site / "suites_for_tests-1.dist-info").mkdir(parents=True)
    (site / "suites_for_tests.py").write_text(textwrap.dedent(SUITES))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: suites-for-tests\nVersion: 1\n")
    points = "\n".join(f"{name} = suites_for_tests:{name}" for name in NAMES)
    (info / "entry_points.txt").write_text(f"[samdrift.suites]\n{points}\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), *filter(None, sys.path)]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    return tmp_path / "model"


def always() -> bool:
    return True


def run(suite: str, folder: Path, going_on: Callable[[], bool] = always) -> object:
    return evaluate(suite, folder, folder.parent / "output" / "report.json", going_on=going_on)


def test_the_report_comes_back(folder: Path) -> None:
    (folder / "model.json").write_text("{}")
    report = evaluate("good", folder, folder.parent / "output" / "report.json", going_on=always)
    assert report.settings == {"nice": evaluation_run.NICE, "files": ["model.json"]}


def test_a_report_of_before_is_not_taken_for_a_new_one(folder: Path) -> None:
    run("good", folder)
    with pytest.raises(EvaluationEndedError):
        run("crashing", folder)


def test_what_the_suite_refuses(folder: Path) -> None:
    with pytest.raises(SuiteRefusedError, match="the layer is missing"):
        run("refusing", folder)


def test_a_suite_that_is_not_installed(folder: Path) -> None:
    with pytest.raises(SuiteRefusedError, match="no evaluation suite 'unheard-of'"):
        run("unheard-of", folder)


@pytest.mark.parametrize(("suite", "status"), [("crashing", "-11"), ("faulty", "1")])
def test_a_crash(folder: Path, suite: str, status: str) -> None:
    with pytest.raises(EvaluationEndedError, match=f"status {status} and no report"):
        run(suite, folder)


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def _pids(folder: Path) -> list[int]:
    return [int(pid) for pid in (folder / "pids").read_text().split()]


def _check_gone(pids: list[int]) -> None:
    """A killed process is gone once its parent, or init, has been told."""
    told = threading.Event()
    for _ in range(100):
        if all(_gone(pid) for pid in pids):
            return
        told.wait(0.05)
    raise AssertionError(f"{pids} still run")


def test_too_long(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is set forward once the child is at it."""
    monkeypatch.setattr(evaluation_run, "_POLL_S", 0.02)

    def at_it() -> bool:
        if (folder / "pids").exists():
            turn(monkeypatch, evaluation_run, lambda: float("inf"))
        return True

    with pytest.raises(EvaluationEndedError, match="longer than"):
        run("hanging", folder, at_it)
    monkeypatch.undo()
    _check_gone(_pids(folder))


def test_ended_with_the_evaluator(folder: Path) -> None:
    with pytest.raises(EvaluationEndedError, match="with the evaluator"):
        run("hanging", folder, lambda: not (folder / "pids").exists())
    _check_gone(_pids(folder))


def test_killed_with_the_evaluator(folder: Path) -> None:
    """No power of ours runs after a kill: the kernel must end the child."""
    program = f"""
from pathlib import Path
from samdrift_platform.evaluation_run import evaluate
evaluate("hanging", Path({str(folder)!r}), Path({str(folder.parent / "report.json")!r}), going_on=lambda: True)
"""
    with subprocess.Popen([sys.executable, "-c", program]) as evaluator:
        told = threading.Event()
        while not (folder / "pids").exists():
            assert evaluator.poll() is None
            told.wait(0.05)
        evaluator.kill()
    child, grandchild = _pids(folder)
    _check_gone([child])
    os.kill(grandchild, signal.SIGKILL)  # a suite's own children are its own to look after
