"""The layout that everything else relies on. Each test was seen to fail when its rule is broken."""

from __future__ import annotations

import ast
import platform
import sysconfig
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SHELVES = [ROOT / "platform", ROOT / "registry", ROOT / "evaluation", *sorted((ROOT / "workloads").glob("[a-z]*"))]
PACKAGES = sorted(path.parent for shelf in SHELVES for path in shelf.glob("samdrift_*/__init__.py"))


def test_no_shelf_is_a_package() -> None:
    """`platform/__init__.py` would hide the standard library's platform from everything started in the root."""
    shelves = [*SHELVES, ROOT / "workloads"]
    assert [shelf for shelf in shelves if (shelf / "__init__.py").exists()] == []
    assert platform.__file__ is not None
    assert Path(platform.__file__).parent == Path(sysconfig.get_path("stdlib"))


def test_every_package_is_shipped() -> None:
    shipped = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(ROOT / name for name in shipped) == PACKAGES


def test_every_package_is_typed() -> None:
    assert [package.name for package in PACKAGES if not (package / "py.typed").exists()] == []


def test_every_workload_is_registered() -> None:
    folders = {path.name for path in (ROOT / "workloads").iterdir() if path.is_dir()}
    registered = {point.name for point in entry_points(group="samdrift.workloads")}
    shown = {point.name for point in entry_points(group="samdrift.demonstrations")}
    assert folders <= registered
    assert folders <= shown


def test_the_platform_knows_no_workload_by_name() -> None:
    """Neither an import nor a string: whoever writes a fourth workload changes nothing in the platform."""
    names = ("mammography", "energy_forecast", "samdrift_rpa")
    found = []
    for path in (ROOT / "platform").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            is_docstring = "\n" in text or text.endswith(".")
            mentions = [m for m in (*modules, "" if is_docstring else text) if any(name in m for name in names)]
            found += [f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}: {m}" for m in mentions]
    assert found == []


def test_the_contract_is_short() -> None:
    contract = ROOT / "platform" / "samdrift_platform" / "contract.py"
    assert len(contract.read_text().splitlines()) < 120


def test_nothing_of_one_machine_is_committed() -> None:
    """No path of a developer's machine in any Python file."""
    bad = []
    for path in ROOT.glob("**/*.py"):
        if ".venv" in path.parts or "node_modules" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        bad += [str(path) for prefix in ("/ho" + "me/", "/wo" + "rk/", "/ro" + "ot/") if f'"{prefix}' in text]
    assert bad == []
