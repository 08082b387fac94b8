from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from samdrift_evaluation.estimate import Estimate, Figure, TooFew
from samdrift_evaluation.gate import Judgement, judge, read_policy
from samdrift_evaluation.gate_policy import (
    FOLDER,
    REQUIRED_FACTS,
    AlarmAction,
    Approvals,
    EvidenceBy,
    PolicyUnreadableError,
)
from samdrift_evaluation.report import Line, Report
from samdrift_evaluation.schemas import schema

RULE: dict[str, Any] = {"figure": "auc", "bound": "low", "at_least": 0.7}


def estimate(low: float = 0.65, high: float = 0.85, value: float = 0.75, n: int = 100, **more: Any) -> Estimate:
    return Estimate(value=value, low=low, high=high, n=n, method="by hand", **more)


def report(*lines: tuple[str, str | None, Figure], suite: str = "sums", **settings: Any) -> Report:
    return Report(
        suite=suite,
        subject="sha256:" + "0" * 64,
        made_at=datetime(2026, 1, 1, tzinfo=UTC),
        made_by="a test",
        data=(),
        lines=tuple(Line(name=name, subgroup=subgroup, figure=figure) for name, subgroup, figure in lines),
        settings=settings,
    )


def policy(*rules: dict[str, Any], **more: Any) -> bytes:
    document = {"name": "sums", "version": 1, "reason": "Sums should be right.", "rules": list(rules or (RULE,))}
    text: str = yaml.safe_dump({**document, **more})
    return text.encode()


def judged(figure: Figure, rule: dict[str, Any] = RULE, **more: Any) -> Judgement:
    return judge(report(("auc", None, figure)), read_policy(policy(rule, **more)))


def refusal(judgement: Judgement) -> str:
    assert not judgement.passed
    (only,) = judgement.refusals
    return str(only)


# --- bounds -----------------------------------------------------------------------------------------------------------


@given(
    st.floats(-1, 1), st.floats(0, 1), st.sampled_from(["low", "high"]), st.sampled_from(["at_least", "at_most"]),
    st.floats(-1, 1),
)  # fmt: skip
def test_the_named_bound_decides_and_never_the_point(
    low: float, width: float, bound: str, side: str, limit: float
) -> None:
    figure = estimate(low=low, high=low + width, value=low + width / 2)
    looked_at = low if bound == "low" else low + width
    expected = looked_at >= limit if side == "at_least" else looked_at <= limit
    assert judged(figure, {"figure": "auc", "bound": bound, side: limit}).passed is expected


@given(st.floats(0, 1), st.floats(-1, 1))
def test_a_margin_is_a_limit_on_the_bad_side_that_must_not_be_touched(margin: float, bound: float) -> None:
    low = {"figure": "auc", "bound": "low", "margin": "worse"}
    high = {"figure": "auc", "bound": "high", "margin": "worse"}
    figure = estimate(low=bound, high=bound, value=bound)
    assert judged(figure, low, margins={"worse": margin}).passed is (bound > -margin)
    assert judged(figure, high, margins={"worse": margin}).passed is (bound < margin)


def test_a_refusal_says_what_by_how_much_and_what_would_help() -> None:
    told = refusal(judged(estimate()))
    assert told.startswith(
        "auc is 0.75 [0.65, 0.85], n = 100; its low bound 0.65 must be at least 0.7: missed by 0.05."
    )
    # Half the width must go from 0.10 to 0.05; widths fall with the root of n.
    assert "about 400 such cases instead of 100" in told
    assert "only a better model" in refusal(judged(estimate(value=0.69)))
    assert "only just" in refusal(judged(estimate(value=0.7)))


@given(st.integers(20, 5000), st.floats(0.7051, 0.99), st.floats(0.05, 0.5))
def test_the_promised_number_of_cases_is_about_enough(n: int, value: float, half: float) -> None:
    """Once so many cases narrow the interval by the root of n, the same point passes; with a tenth fewer not."""
    figure = estimate(low=value - half, high=value + half, value=value, n=n)
    judgement = judged(figure)
    if judgement.passed:
        return
    if "no number of cases" in refusal(judgement):
        assert value - 0.7 <= half / 99
        return
    needed = int(refusal(judgement).split("with about ")[1].split(" such")[0].replace(",", ""))

    def then(cases: float) -> bool:
        narrowed = half * math.sqrt(n / cases)
        return judged(estimate(low=value - narrowed, high=value + narrowed, value=value)).passed

    assert then(needed * (1 + 1e-9))
    assert not then(needed * 0.9 - 1)


def test_a_margin_is_named_where_it_is_missed() -> None:
    told = refusal(
        judged(estimate(-0.08, 0.0, -0.04), {"figure": "auc", "bound": "low", "margin": "m"}, margins={"m": 0.05})
    )
    assert "must lie above -0.05 (margin m): missed by 0.03" in told


def test_refusals_come_first_and_the_rest_in_the_policy_s_order() -> None:
    rules = [
        {"figure": name, "bound": "low", "at_least": limit} for name, limit in (("a", 0.6), ("b", 0.7), ("c", 0.1))
    ]
    found = report(*((name, None, estimate()) for name in "abc"))
    judgement = judge(found, read_policy(policy(*rules)))
    assert [reason.about for reason in judgement.reasons] == ["b", "a", "c"]
    assert [reason.about for reason in judgement.refusals] == ["b"]


# --- what is not there ------------------------------------------------------------------------------------------------


def test_what_was_not_measured_does_not_pass() -> None:
    assert "auc was not measured" in refusal(judge(report(), read_policy(policy())))


@pytest.mark.parametrize(("too_few", "passed"), [("refuse", False), ("allow", True)])
def test_too_few_cases_refuse_unless_the_policy_lets_them(too_few: str, passed: bool) -> None:
    judgement = judged(TooFew(n=7, reason="at least 20 are needed"), {**RULE, "too_few": too_few})
    assert judgement.passed is passed
    assert "too few: n = 7, at least 20 are needed" in str(judgement.reasons[0])
    assert judged(TooFew(n=7, reason="few")).passed is False


def test_each_subgroup_is_held_and_a_report_without_any_does_not_slip_through() -> None:
    each = read_policy(policy({**RULE, "subgroups": "each"}))
    good, bad = estimate(low=0.71), estimate()
    found = report(("auc", None, bad), ("auc", "density=fatty", good), ("auc", "density=dense", bad))
    assert [reason.about for reason in judge(found, each).refusals] == ["auc (density=dense)"]
    assert "auc (each subgroup) was not measured" in refusal(judge(report(("auc", None, good)), each))


def test_a_named_subgroup_must_be_there() -> None:
    named = read_policy(policy({**RULE, "subgroups": ["density=dense"]}))
    assert "auc (density=dense) was not measured" in refusal(judge(report(("auc", None, estimate(low=0.9))), named))


def test_an_interval_of_less_confidence_does_not_count() -> None:
    """Otherwise a supplier passes with the same data and a narrower interval."""
    narrow = estimate(low=0.74, high=0.76, confidence=0.5)
    assert "confidence 0.5; the policy asks for 0.95" in refusal(judged(narrow))
    assert judged(estimate(low=0.74, confidence=0.9), confidence=0.9).passed


# --- how figures were made --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"threshold": 0.1}, None), ({"threshold": 0.2}, "is 0.2; the policy asks for 0.1"), ({}, "is not stated")],
)
def test_settings_are_held_to_the_policy(settings: dict[str, Any], said: str | None) -> None:
    asked = read_policy(policy(settings={"threshold": 0.1}))
    judgement = judge(report(("auc", None, estimate(low=0.8)), **settings), asked)
    assert judgement.passed is (said is None)
    if said:
        assert f"setting threshold {said}" in refusal(judgement)


def test_another_suite_s_report_does_not_count() -> None:
    asked = read_policy(policy(suite="sums"))
    good = ("auc", None, estimate(low=0.8))
    assert judge(report(good), asked).passed
    assert "suite is guesses; the policy asks for sums" in refusal(judge(report(good, suite="guesses"), asked))


# --- the file ---------------------------------------------------------------------------------------------------------


def test_a_bare_policy_has_the_strict_defaults() -> None:
    read = read_policy(policy())
    assert read.digest.startswith("sha256:")
    assert read.approvals == Approvals(people=2, roles=(("clinical", "domain"), ("technical",)), valid_days=30)
    assert read.required_facts == REQUIRED_FACTS
    assert (read.evidence, read.least_shadow_items, read.confidence) == (EvidenceBy.OWN, 0, 0.95)
    assert read.watch.alarm_action is AlarmAction.NONE
    assert str(read) == "sums/1"


def test_everything_can_be_said() -> None:
    read = read_policy(
        policy(
            evidence="supplier",
            approvals={"people": 3, "roles": [["domain"], ["clinical", "technical"]], "valid_days": 7},
            required_facts=["purpose"],
            shadow={"least_items": 200},
            watch={"psi": 0.1, "ks_p": 0.01, "alarm_action": "stop"},
        )
    )
    assert read.evidence is EvidenceBy.SUPPLIER
    assert read.approvals == Approvals(people=3, roles=(("domain",), ("clinical", "technical")), valid_days=7)
    assert read.required_facts == ("purpose",)
    assert read.least_shadow_items == 200
    assert (read.watch.psi, read.watch.ks_p, read.watch.alarm_action) == (0.1, 0.01, AlarmAction.STOP)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"name: [", "not YAML"),
        (b"\xff\xfe\xfa", "not YAML"),
        (b"- a list", "not of type 'object'"),
        (b"", "not of type 'object'"),
        (policy(rules=[]), "rules"),
        (policy(name="Big Name"), "name"),
        (policy(version=0), "version"),
        (policy(more="than asked"), "more"),
        (policy(approvals={"people": 1}), "approvals/people"),
        (policy(approvals={"roles": [["boss"]]}), "boss"),
        (policy({"figure": "auc", "bound": "low"}), "rules/0"),
        (policy({**RULE, "bound": "middle"}), "middle"),
        (policy({**RULE, "margin": "m"}, margins={"m": 0.1}), "rules/0"),
        (policy({"figure": "auc", "bound": "low", "margin": "m"}), "the margin 'm' is not among the margins"),
        (policy(margins={"m": -0.05}), "margins/m"),
        (policy({**RULE, "at_least": math.nan}), "rules/0/at_least: nan is no limit"),
        (policy({**RULE, "at_least": -math.inf}), "rules/0/at_least: -inf is no limit"),
        (policy() + b"version: 2\n", "says version twice"),
        (policy().replace(b"at_least: 0.7", b"at_least: 0.7\n  at_least: 0.1"), "says at_least twice"),
        (policy() + b"watch: !!python/object/apply:os.system [echo]\n", "not YAML"),
    ],
)
def test_what_is_no_policy_is_refused_with_the_place(text: bytes, said: str) -> None:
    with pytest.raises(PolicyUnreadableError, match=said):
        read_policy(text)


def test_the_digest_is_of_the_bytes() -> None:
    assert read_policy(policy()).digest != read_policy(policy() + b"# a remark\n").digest


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema("gate_policy"))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_policies_can_be_read_and_are_named_as_their_files(path: Any) -> None:
    assert read_policy(path.read_bytes()).name == path.stem


def test_a_judgement_does_not_depend_on_how_the_report_travelled() -> None:
    found = report(("auc", None, estimate()), threshold=0.1)
    asked = read_policy(policy(settings={"threshold": 0.1}))
    assert judge(Report.from_bytes(found.to_bytes()), asked) == judge(found, asked)
    assert json.loads(found.to_bytes())["settings"] == {"threshold": 0.1}
