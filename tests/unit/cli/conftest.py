from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from samdrift_platform.cli import main, program
from samdrift_testing.command_line import Ended, Samdrift
from samdrift_testing.control import Control, control
from samdrift_testing.serving import Door, serving


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, a wide terminal, and nothing else of the machine's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAMDRIFT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "220")
    return tmp_path / "home"


@pytest.fixture(scope="session")
def built() -> Callable[..., object]:
    """The program as Typer makes it of all functions; making it takes longer than most commands."""
    return get_command(program.app)


@pytest.fixture
def samdrift(
    home: Path, built: Callable[..., object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Samdrift:
    """Runs a command as the shell would."""
    monkeypatch.setattr(program, "app", built)

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["samdrift", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return Ended(status=int(ended.value.code or 0), out=told.out, err=told.err)

    return run


@pytest.fixture(scope="session")
def door() -> Iterator[tuple[Door, str]]:
    """One real port for all commands, and its address."""
    door = Door()
    with serving(door) as address:
        yield door, address


@pytest.fixture
def plane(home: Path, door: tuple[Door, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    """A control plane on a real port, which the home knows of."""
    leading, address = door
    with control(home) as running, leading.leading_to(running.app):
        (home / "token").write_text(running.token)
        monkeypatch.setenv("SAMDRIFT_URL", address)
        yield running
