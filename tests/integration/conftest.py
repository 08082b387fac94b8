"""What integration tests share: the example plug-in, installed, and one dispatcher with one Ray for the whole run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from samdrift_testing.plugin import install_plugin
from samdrift_testing.station import Station, running_station


@pytest.fixture(scope="session")
def plugin_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the example plug-in was installed."""
    return install_plugin(tmp_path_factory.mktemp("plugin"))


@pytest.fixture(scope="session")
def station(plugin_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A dispatcher process that hosts the plug-in's workloads on a Ray of its own with two cores."""
    with running_station(tmp_path_factory.mktemp("station"), plugin_site) as running:
        yield running
