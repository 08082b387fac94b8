"""Who only submits has httpx, pydantic, typer and rich, and nothing of the servers."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "torch",
    "ray",
    "fastapi",
    "starlette",
    "sqlalchemy",
    "mlflow",
    "numpy",
    "structlog",
    "fsspec",
    "alembic",
    "uvicorn",
)


@pytest.mark.parametrize("module", ["samdrift_platform.client", "samdrift_platform.cli.program"])
def test_importing_it_loads_no_server(module: str) -> None:
    program = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", ["samdrift_platform.client", "samdrift_platform.cli.program"])
def test_it_imports_where_the_servers_are_not_installed(module: str) -> None:
    program = f"import sys; sys.modules.update(dict.fromkeys({HEAVY})); import {module}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
