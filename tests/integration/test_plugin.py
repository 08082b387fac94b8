from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from samdrift_platform import plugins
from samdrift_platform.checks import CHECKS, Example
from samdrift_platform.contract import Workload
from samdrift_platform.errors import NotFoundError, SettingError
from samdrift_registry.verified import VerifiedModel
from samdrift_testing.models import write_number


@pytest.fixture
def installed(plugin_site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(plugin_site)
    monkeypatch.setenv("PYTHONPATH", str(plugin_site))
    importlib.invalidate_caches()


@pytest.fixture
def example(tmp_path: Path) -> Example:
    folder = write_number(tmp_path / "model", 42.0)
    model = VerifiedModel(name="one-number", version=1, digest="sha256:00", folder=folder)
    document = {"errands": [{"name": "milk", "act": "tell"}, {"name": "bread"}]}
    return Example(document=document, models={"one-number": model})


def test_it_is_found_once_it_is_installed_and_not_before(plugin_site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "errands" not in plugins.workload_names()
    with pytest.raises(NotFoundError, match="errands"):
        plugins.workload("errands")
    monkeypatch.syspath_prepend(plugin_site)
    assert {"chores", "errands", "oracle"} <= set(plugins.workload_names())
    assert plugins.workload_names(" oracle, errands") == ["oracle", "errands"]
    with pytest.raises(SettingError, match="nonsense"):
        plugins.workload_names("oracle,nonsense")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("check_one", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", ["errands", "chores", "oracle"])
def test_it_holds_to_the_contract(name: str, check_one: Callable[[Workload, Example], None], example: Example) -> None:
    if name == "oracle":
        example = Example(document={"questions": ["why?", "how?"]}, models=example.models)
    check_one(plugins.workload(name), example)


def test_nothing_in_the_platform_knows_a_workload_by_name() -> None:
    package = Path(plugins.__file__).parent
    names = ("samdrift_mammography", "samdrift_energy_forecast", "samdrift_rpa")
    guilty = [f"{path}: {name}" for path in package.rglob("*.py") for name in names if name in path.read_text()]
    assert guilty == []
