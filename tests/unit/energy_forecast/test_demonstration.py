from __future__ import annotations

import pytest

from samdrift_energy_forecast.demonstration import _forecast


@pytest.mark.parametrize(("expected_kwh", "ok"), [(1000, True), (1149, True), (851, True), (1151, False), (849, False)])
def test_a_forecast_far_off_fails(expected_kwh: float, ok: bool) -> None:
    finding = _forecast(expected_kwh, 1000)
    assert finding.ok is ok
    assert "15%" in finding.note
