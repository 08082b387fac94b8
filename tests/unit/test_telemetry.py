"""Nothing is sent home: the switches of Ray, MLflow and Prefect are off in every process of the platform."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from samdrift_platform.settings import Settings
from samdrift_platform.supervisor import Platform
from samdrift_platform.telemetry import QUIET, silence


def test_silence_keeps_what_an_operator_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in QUIET:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("DO_NOT_TRACK", "yes")
    silence()
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    assert os.environ["DO_NOT_TRACK"] == "yes"


def test_every_process_starts_quiet(tmp_path: Path) -> None:
    platform = Platform(Settings(home=tmp_path))
    assert {child.name for child in platform.children} >= {"control", "registry", "dispatcher", "delivery"}
    for child in platform.children:
        assert QUIET.items() <= child.environment.items()


@pytest.mark.integration
@pytest.mark.parametrize(
    "question",
    [
        "import ray._common.usage.usage_lib as u; assert not u.usage_stats_enabled()",
        "from mlflow.telemetry.utils import is_telemetry_disabled; assert is_telemetry_disabled()",
        "from prefect.settings import get_current_settings as s; assert not s().server.analytics_enabled",
    ],
    ids=["ray", "mlflow", "prefect"],
)
def test_the_libraries_say_so_themselves(question: str, tmp_path: Path) -> None:
    """Each library's own reading of the switches."""
    environment = {**os.environ, **QUIET, "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", question], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
