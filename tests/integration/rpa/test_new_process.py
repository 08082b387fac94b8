"""`samdrift rpa new`: what it writes is installed as a third party would, works, and passes our own checks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from samdrift_platform.errors import ConflictError, InputError
from samdrift_rpa.commands import app
from samdrift_rpa.scaffold.writing import NewProcess, write

ROOT = Path(__file__).parents[3]
NAME = "parking_permits"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "permits"
    titles = ["--title-da", "Parkeringstilladelser", "--title-en", "Parking permits"]
    done = CliRunner().invoke(app, ["new", NAME, "--folder", str(folder), *titles])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def site(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it is installed: without the index, because its one dependency is what is being tested."""
    site = tmp_path_factory.mktemp("site")
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    told(sys.executable, "-m", "pip", "install", *options, "--target", str(site), str(folder), at=folder)
    return site


def told(*command: str, at: Path, status: int = 0, **environment: str) -> str:
    done = subprocess.run(
        command, cwd=at, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def samdrift(*arguments: str, at: Path, site: Path, status: int = 0) -> str:
    program = "from samdrift_platform.cli import main; main()"
    return told(sys.executable, "-c", program, *arguments, at=at, status=status, PYTHONPATH=str(site), COLUMNS="200")


def test_its_own_test_passes(folder: Path, site: Path) -> None:
    shown = told(
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", at=folder, PYTHONPATH=str(site)
    )
    assert "18 passed" in shown


def test_it_is_found_and_runs_dry(folder: Path, site: Path, tmp_path: Path) -> None:
    known = {each["name"] for each in json.loads(samdrift("rpa", "list", "--json", at=tmp_path, site=site))}
    assert {NAME, "invoices"} <= known
    (tmp_path / "short.json").write_text('{"applicant": "300299-0000", "months": 6}')
    (tmp_path / "long.json").write_text('{"applicant": "300299-0000", "months": 24}')
    shown = samdrift("rpa", "run", NAME, "short.json", "--dry-run", at=tmp_path, site=site)
    assert "would be made: Grant sent (send_grant at file_share)" in shown
    assert "300299" not in shown
    shown = samdrift("rpa", "run", NAME, "long.json", "--dry-run", at=tmp_path, site=site, status=1)
    assert "a person would be asked long_period: Shall the long period be granted?" in shown


def test_it_passes_our_style_and_our_types(folder: Path, site: Path) -> None:
    config = str(ROOT / "pyproject.toml")
    ruff = [sys.executable, "-m", "ruff"]
    shown = told(*ruff, "check", "--no-cache", "--config", config, "--config", 'src=["."]', ".", at=folder)
    assert "All checks passed" in shown
    shown = told(*ruff, "format", "--no-cache", "--check", "--config", config, ".", at=folder)
    assert "already formatted" in shown
    packages = [str(ROOT / shelf) for shelf in ("platform", "registry", "evaluation", "workloads/rpa")]
    mypy = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--follow-imports=silent", NAME, "tests"]
    shown = told(*mypy, at=folder, MYPYPATH=os.pathsep.join([".", *packages]))
    assert "no issues found in" in shown


@pytest.mark.parametrize("name", ["Parking", "x", "class", "json", "samdrift_rpa", "a-b", "../up", "x" * 42])
def test_names_that_would_not_do_are_refused(name: str) -> None:
    with pytest.raises(InputError):
        NewProcess(name=name)


@pytest.mark.parametrize("title", ['A "title"', "two\nlines", "back\\slash", "x" * 61])
def test_titles_that_would_break_the_files_are_refused(title: str, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        write(NewProcess(name=NAME, title_en=title), tmp_path / "new")


def test_nothing_is_written_over(folder: Path) -> None:
    with pytest.raises(ConflictError, match="is not empty"):
        write(NewProcess(name=NAME), folder)
