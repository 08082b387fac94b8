from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from samdrift_evaluation.errors import EvaluationError
from samdrift_evaluation.report import Curve, Report, ReportUnreadableError
from samdrift_evaluation.schemas import schema
from samdrift_reports.examples import REPORT

Document = dict[str, Any]


def test_what_is_written_keeps_the_published_schema_and_is_read_back_the_same() -> None:
    document = json.loads(REPORT.to_bytes())
    Draft202012Validator(schema("report")).validate(document)
    assert Report.from_bytes(REPORT.to_bytes()) == REPORT
    assert Report.from_bytes(REPORT.to_bytes()).digest == REPORT.digest


@pytest.mark.parametrize("name", ["report", "comparison"])
def test_the_schema_is_itself_one_and_describes_closed_objects(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))
    assert schema(name)["additionalProperties"] is False
    assert all(each["additionalProperties"] is False for each in schema(name)["$defs"].values() if "properties" in each)


def _with(change: Callable[[Document], object]) -> bytes:
    document = json.loads(REPORT.to_bytes())
    change(document)
    return json.dumps(document).encode()


BROKEN: dict[str, Callable[[Document], object]] = {
    "format": lambda d: d.update(format="samdrift-report/2"),
    "no digest": lambda d: d.update(subject="latest"),
    "local time": lambda d: d.update(made_at="2026-11-24T12:00:00+01:00"),
    "naive time": lambda d: d.update(made_at="2026-11-24T12:00:00"),
    "impossible time": lambda d: d.update(made_at="2026-13-24T12:00:00Z"),
    "unknown field": lambda d: d.update(passed=True),
    "field gone": lambda d: d.pop("limits"),
    "bare number": lambda d: d["lines"][0].update(figure=0.74),
    "no interval": lambda d: d["lines"][0]["figure"].pop("low"),
    "text as number": lambda d: d["lines"][0]["figure"].update(value="0.99"),
    "interval reversed": lambda d: d["lines"][0]["figure"].update(low=0.9, high=0.1),
    "infinite": lambda d: d["lines"][0]["figure"].update(high=float("inf")),
    "not a number": lambda d: d["lines"][0]["figure"].update(value=float("nan")),
    "certain": lambda d: d["lines"][0]["figure"].update(confidence=1.0),
    "fewer than none": lambda d: d["lines"][0]["figure"].update(n=-1),
    "figure twice": lambda d: d["lines"].append(d["lines"][0]),
    "curve twice": lambda d: d["curves"].append(d["curves"][0]),
    "mixed points": lambda d: d["curves"][0]["points"].append([0.1, 0.2, 0.1]),
    "infinite point": lambda d: d["curves"][0]["points"].append([0.1, float("inf")]),
    "empty evidence": lambda d: d["checklist"][0].update(evidence=""),
    "limits a text": lambda d: d.update(limits="none"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_report_is_refused(kind: str) -> None:
    with pytest.raises(ReportUnreadableError):
        Report.from_bytes(_with(BROKEN[kind]))


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"format": ["samdrift-report/1"]}'])
def test_what_is_no_report_at_all_is_refused(data: bytes) -> None:
    with pytest.raises(ReportUnreadableError):
        Report.from_bytes(data)


def test_a_refusal_names_the_place() -> None:
    with pytest.raises(ReportUnreadableError, match=r"lines/0/figure.*0\.99"):
        Report.from_bytes(_with(BROKEN["text as number"]))


def test_reports_cannot_be_made_ambiguous() -> None:
    with pytest.raises(EvaluationError, match="auc of all cases twice"):
        replace(REPORT, lines=(*REPORT.lines, REPORT.lines[0]))
    with pytest.raises(EvaluationError, match="UTC"):
        replace(REPORT, made_at=datetime(2026, 11, 24, tzinfo=timezone(timedelta(hours=1))))
    with pytest.raises(EvaluationError, match="UTC"):
        replace(REPORT, made_at=datetime(2026, 11, 24))  # noqa: DTZ001 - a naive time is what is refused


def test_any_change_changes_the_digest() -> None:
    later = replace(REPORT, made_at=datetime(2030, 1, 1, tzinfo=UTC))
    assert len({REPORT.digest, later.digest, replace(REPORT, limits=()).digest}) == 3


def test_figures_and_curves_are_found_by_name() -> None:
    assert REPORT.figure("auc") == REPORT.lines[0].figure
    assert REPORT.figure("auc", "density=dense") is not None
    assert REPORT.figure("nothing") is None
    assert isinstance(REPORT.curve("roc"), Curve)
    assert REPORT.curve("nothing") is None
