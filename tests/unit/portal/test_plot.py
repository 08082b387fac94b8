from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from samdrift_platform.portal.plot import Plot, Series

START = datetime(2026, 11, 24, tzinfo=UTC)
TIMES = [START, START + timedelta(hours=1)]


def series(unit: str = "kW", *values: float | None) -> Series:
    return Series(label="Heat", unit=unit, values=values or (1.0, None))


def test_the_drawing_gets_unix_seconds_and_every_value() -> None:
    data = Plot(id="p", title="Heat", times=TIMES, series=[series(), series("°C", 20.0, 21.0)]).data()
    assert data["times"] == [1795478400.0, 1795482000.0]
    assert data["units"] == ["kW", "°C"]
    assert [one["values"] for one in data["series"]] == [[1.0, None], [20.0, 21.0]]


@pytest.mark.parametrize(
    ("times", "drawn", "complaint"),
    [
        ([START.replace(tzinfo=None), TIMES[1]], [series()], "without a time zone"),
        (TIMES[::-1], [series()], "do not rise"),
        ([START, START], [series()], "do not rise"),
        (TIMES, [series("kW", 1.0)], "1 values for 2 times"),
        (TIMES, [series("kW"), series("°C"), series("%")], "two axes"),
    ],
)
def test_what_cannot_be_drawn_is_refused(times: list[datetime], drawn: list[Series], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Plot(id="p", title="Heat", times=times, series=drawn)
