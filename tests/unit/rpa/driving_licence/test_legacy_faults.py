from __future__ import annotations

import pytest

from samdrift_platform.errors import SettingError
from samdrift_rpa.loopback.legacy_form.faults import Fault, Faults


def test_every_nth_application() -> None:
    faults = Faults.parse("session-lost:2,changed-label:3")
    assert [faults.of(number) for number in range(1, 7)] == [
        None,
        Fault.SESSION_LOST,
        Fault.CHANGED_LABEL,
        Fault.SESSION_LOST,
        None,
        Fault.SESSION_LOST,
    ]
    assert Faults.parse("").of(1) is None


@pytest.mark.parametrize("text", ["on-fire:1", "session-lost", "session-lost:0", "session-lost:x"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="is not a fault"):
        Faults.parse(text)
