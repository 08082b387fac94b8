"""The process of the how-to guide is a real one, and so are its commands."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from typer.main import get_command

from samdrift_rpa.checks import CHECKS, Example, check_import_is_light
from samdrift_rpa.commands import app
from samdrift_rpa.testing import MemoryStore

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "automate-a-process.md"
MODULES = ("fines", "fines.process", "test_fines")


@pytest.fixture
def guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    (tmp_path / "fines").mkdir()
    (tmp_path / "fines" / "__init__.py").touch()
    for place, source in re.findall(r"```python\n# (\S+)\n(.*?)```", GUIDE.read_text(), re.DOTALL):
        (tmp_path / place.removeprefix("tests/")).write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    for name in MODULES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield importlib.import_module
    for name in MODULES:
        sys.modules.pop(name, None)


def test_its_own_test_passes_and_notices_when_nobody_is_asked(
    guide: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    written = guide("test_fines")
    written.test_a_person_waives_the_fine()
    monkeypatch.setattr(written, "process", replace(written.process, steps=written.process.steps[:1]))
    with pytest.raises(AssertionError):
        written.test_a_person_waives_the_fine()


def test_it_holds_to_what_every_process_must(guide: Callable[[str], ModuleType]) -> None:
    store = MemoryStore()
    example = Example(case={"document": store.put(b"I object, 300299-0000.")}, store=store)
    for check in CHECKS:
        if check is not check_import_is_light:  # the test before this one did that
            check(guide("fines.process").process, example)


def test_its_commands_and_options_exist() -> None:
    known = get_command(app)
    shown = re.findall(r"^samdrift rpa (\w+)([^\n#]*)", GUIDE.read_text(), re.MULTILINE)
    assert {name for name, _ in shown} >= {"new", "run", "explain", "replay", "pause", "stats", "list"}
    for name, rest in shown:
        command = known.commands[name]  # type: ignore[attr-defined]  # a group
        options = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[\w-]+", rest)) <= options, name
