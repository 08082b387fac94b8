from __future__ import annotations

import pytest

from samdrift_platform.errors import SettingError
from samdrift_rpa.loopback.faults import Fault, Faults


def test_every_nth_request_fails_in_a_fixed_order() -> None:
    faults = Faults.parse("error-after:2,drop-after:3")
    found = [faults.on_create(number) for number in range(1, 7)]
    assert found == [None, Fault.ERROR_AFTER, Fault.DROP_AFTER, Fault.ERROR_AFTER, None, Fault.ERROR_AFTER]
    assert faults.on_find(2) is None


def test_no_faults_by_default() -> None:
    assert not any(Faults.parse("").on_create(number) for number in range(1, 100))


@pytest.mark.parametrize("text", ["explode:1", "error-after", "error-after:0", "error-after:x", "slow-after:-1"])
def test_what_is_not_a_fault_is_named(text: str) -> None:
    with pytest.raises(SettingError, match=text):
        Faults.parse(text)
