"""The workload of the how-to guide is a real one."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from samdrift_platform.checks import CHECKS, Example
from samdrift_platform.contract import Workload

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "write-a-workload.md"


@pytest.fixture
def workload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workload:
    source = re.search(r"```python\n(# my_workload/workload.py\n.*?)```", GUIDE.read_text(), re.DOTALL)
    assert source is not None
    package = tmp_path / "my_workload"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "workload.py").write_text(source[1])
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    for name in ("my_workload.workload", "my_workload"):  # the package of the test before lay elsewhere
        monkeypatch.delitem(sys.modules, name, raising=False)
    found: Workload = importlib.import_module("my_workload.workload").workload
    return found


@pytest.mark.parametrize("check_one", CHECKS, ids=lambda check: check.__name__)
def test_it_holds_to_the_contract(workload: Workload, check_one: Callable[[Workload, Example], None]) -> None:
    check_one(workload, Example({"litres_by_meter": {"kitchen": [3.0, 2.5], "hall": []}}))
