"""DCMTK's senders as processes, from the Debian package dcmtk."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

#: How long a sender may take, seconds.
PATIENCE_S = 240


def dcmtk(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run one of DCMTK's programs; the test is skipped where it is not installed."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed (Debian package dcmtk)")
    argv = [found, *(str(argument) for argument in arguments)]
    return subprocess.run(argv, capture_output=True, text=True, errors="replace", timeout=PATIENCE_S, check=False)


def to(port: int, called: str = "SAMDRIFT") -> list[str]:
    """The arguments that name the receiver."""
    return ["-aec", called, "127.0.0.1", str(port)]
