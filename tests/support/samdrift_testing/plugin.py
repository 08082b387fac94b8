"""Installs the example plug-in the way a third party's user does, into a folder of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "plugin_workload"


def install_plugin(folder: Path) -> Path:
    """`pip install` below `folder`; the folder to put on PYTHONPATH.

    Without the index: its one dependency is what is being tested, its build tool is in the environment already.
    """
    source = shutil.copytree(SOURCE, folder / "source")  # building leaves files beside the sources
    site = folder / "site"
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    install = [sys.executable, "-m", "pip", "install", *options, "--target", str(site), str(source)]
    subprocess.run(install, check=True, timeout=300, capture_output=True)
    return site
