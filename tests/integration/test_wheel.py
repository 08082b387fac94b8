"""The wheel as a data scientist gets it: without extras it is a client, and everything that we ship is inside."""

from __future__ import annotations

import subprocess
import tomllib
import venv
import zipfile
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[2]
#: Building and installing ask the index, which may be slow.
PATIENCE_S = 600

pytestmark = [pytest.mark.integration, pytest.mark.timeout(PATIENCE_S * 2)]


def run(*argv: str | Path) -> str:
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, f"{argv}: {done.stdout[-1000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a clean virtual environment."""
    folder = tmp_path_factory.mktemp("wheel") / "venv"
    venv.create(folder, with_pip=True)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def wheel(python: Path) -> Path:
    folder = python.parents[2] / "dist"
    run(python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
    (built,) = folder.glob("samdrift-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(python: Path, wheel: Path) -> Path:
    """The same interpreter, with the wheel and what it requires."""
    run(python, "-m", "pip", "install", "--quiet", "-c", "constraints.txt", wheel)
    return python


def test_everything_that_git_tracks_below_the_packages_is_inside(wheel: Path) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = [PurePosixPath(name) for name in settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]
    assert len(packages) == 6
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    for package in packages:
        tracked = run("git", "ls-files", "-z", "--", str(package)).split("\0")[:-1]
        here = [name for name in tracked if (ROOT / name).exists()]  # one that is being moved is tracked, not there
        assert here, package
        assert {str(PurePosixPath(name).relative_to(package.parent)) for name in here} - inside == set()
    suffixes = {PurePosixPath(name).suffix for name in inside}
    assert suffixes >= {".safetensors", ".yaml", ".html", ".po", ".css", ".md"}, "the shipped kinds are among them"


def test_without_extras_it_is_a_client(installed: Path) -> None:
    run(installed, "-c", "import samdrift_platform.client")
    assert "Submit work" in run(installed.with_name("samdrift"), "--help")


@pytest.mark.parametrize("library", ["torch", "ray", "sqlalchemy"])
def test_without_extras_nothing_heavy_comes_along(installed: Path, library: str) -> None:
    run(installed, "-c", f"from importlib.util import find_spec; assert find_spec({library!r}) is None")
