"""What is imported at every start, and what stands in catalogues."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from samdrift_platform.checks import HEAVY
from samdrift_platform.portal.catalogues import sentences
from samdrift_platform.portal.folders import page_folders
from samdrift_rpa.explanation import sentences as explanation
from samdrift_rpa.workload import workload


@pytest.mark.parametrize("module", ["commands", "schedules", "services"])
def test_importing_it_is_light(module: str) -> None:
    heavy = (*HEAVY, "fastapi", "holidays", "playwright", "prefect", "stdnum")
    program = f"import sys, samdrift_rpa.{module}; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_every_sentence_of_an_explanation_is_listed_for_translation() -> None:
    (folder,) = page_folders([workload])[1:]
    tree = ast.parse(Path(explanation.__file__).read_text())
    marked = {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "N_"
        and isinstance(call.args[0], ast.Constant)
    }
    assert len(marked) > 20
    assert marked <= set(sentences(folder))
