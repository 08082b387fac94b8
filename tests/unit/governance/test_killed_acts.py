"""An act that is killed anywhere leaves all of itself or nothing, and done again it is there once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from samdrift_platform.governance import deploying, journal
from samdrift_platform.ledger import audit, statements
from samdrift_registry.deployments import Slot
from samdrift_testing.governing import MODEL, Office


class _KilledError(BaseException):
    """What a kill is to the code that it meets: nothing runs after it."""


class Dying:
    """Works as what it stands for, and is killed before or after the `nth` time."""

    def __init__(self, real: Callable[..., object], nth: int, *, after: bool) -> None:
        self.real, self.left, self.after = real, nth, after

    def __call__(self, *given: object, **named: object) -> object:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise _KilledError
        result = self.real(*given, **named)
        if self.left == 0:
            raise _KilledError
        return result


#: Where promoting a shadow can die: it states two things, the deployment and the end of the shadow.
STEPS: dict[str, tuple[object, str, int, bool]] = {
    "before it is signed": (journal, "sign_statement", 1, False),
    "signed, not kept": (statements, "add", 1, False),
    "kept, not told to the chain": (audit, "append", 1, False),
    "told, not proven": (deploying, "proven", 1, False),
    "proven": (deploying, "proven", 1, True),
    "before the shadow ends": (statements, "add", 2, False),
    "before it is committed": (statements, "add", 2, True),
}


def slots(office: Office) -> dict[Slot, int]:
    return {slot: each.version for (_, slot), each in office.governance.deployments().items()}


@pytest.mark.parametrize("step", STEPS)
def test_promoted_whole_or_not_at_all(office: Office, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    office.serve()
    office.approved(2)
    office.governance.shadow(MODEL, 2, "compare", actor="operator", now=office.now)
    before = office.governance.statements(MODEL)
    where, what, nth, after = STEPS[step]
    with monkeypatch.context() as patch:
        patch.setattr(where, what, Dying(getattr(where, what), nth, after=after))
        with pytest.raises(_KilledError):
            office.governance.promote(MODEL, 2, "better", actor="operator", now=office.now)
    assert office.governance.statements(MODEL) == before
    assert slots(office) == {Slot.CHAMPION: 1, Slot.SHADOW: 2}
    for _ in range(2):
        office.governance.promote(MODEL, 2, "better", actor="operator", now=office.now)
    assert len(office.governance.statements(MODEL)) == len(before) + 2
    assert slots(office) == {Slot.CHAMPION: 2}
