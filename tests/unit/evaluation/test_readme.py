from __future__ import annotations

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[3] / "evaluation" / "README.md"


def test_the_example_prints_what_the_readme_says(capsys: pytest.CaptureFixture[str]) -> None:
    example, output = re.findall(r"```(?:python|text)\n(.*?)```", README.read_text(), flags=re.DOTALL)[:2]
    exec(compile(example, README, "exec"), {})  # noqa: S102 (our own README)
    assert capsys.readouterr().out == output
