"""What acceptance tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from samdrift_testing.kills import Survived, kill_and_finish
from samdrift_testing.plugin import install_plugin


@pytest.fixture(scope="session")
def plugin_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the example plug-in was installed."""
    return install_plugin(tmp_path_factory.mktemp("plugin"))


@pytest.fixture(scope="session")
def survived(tmp_path_factory: pytest.TempPathFactory) -> Survived:
    """A home in which the demonstration was killed at every moment and then finished."""
    folder = tmp_path_factory.mktemp("survived")
    return kill_and_finish(folder / "home", folder)
