from __future__ import annotations

import pytest

from samdrift_energy_forecast.forecasting.panel import Panel
from samdrift_testing.panels import made_panel


@pytest.fixture(scope="session")
def panel() -> Panel:
    return made_panel(3, 90)
