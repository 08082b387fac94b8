from __future__ import annotations

from typing import Any

import pytest

from samdrift_rpa.demonstration.invoices import _exceptions, _rule_set


def item(state: str, reason: str | None = "because", *, held: bool = False) -> dict[str, Any]:
    return {"state": state, "reason": reason, "result": {"grounds": [{"code": "currency"}]} if held else {}}


REJECTED, WAITING = item("rejected"), item("waiting_for_person", held=True)


@pytest.mark.parametrize(
    ("items", "ok"),
    [
        ([], [False, False]),
        ([REJECTED, WAITING], [False, False]),
        ([REJECTED, REJECTED, WAITING, WAITING, WAITING], [True, True]),
        ([REJECTED, REJECTED, WAITING, WAITING, item("done", held=True)], [True, True]),  # a person approved one
        ([REJECTED, item("rejected", reason=None), WAITING, WAITING, WAITING], [False, True]),
    ],
)
def test_exceptions_are_as_many_as_were_sent(
    items: list[dict[str, Any]], ok: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SAMDRIFT_DATA", raising=False)
    assert [finding.ok for finding in _exceptions(items)] == ok


def test_what_came_in_during_a_stop_was_held_to_no_rule() -> None:
    """A person stopped the workload between two runs of the demonstration on one home."""
    checked = item("done") | {"result": {"rule_set": {"name": "OIOUBL", "official": True}}}
    finding = _rule_set([checked, item("waiting_for_person")])
    assert (finding.value, finding.ok, finding.note) == ("OIOUBL", True, "")
