from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_platform.checks import MemoryStore
from samdrift_rpa.driving_licence.application import Category, HeldCategory, read_application
from samdrift_rpa.driving_licence.checks import Code, IncompleteError, age_on, check
from samdrift_rpa.driving_licence.completeness import Missing, what_is_missing
from samdrift_rpa.driving_licence.generator import BORN_1948, BORN_1977, BORN_2016, Wanted, photo, write
from samdrift_rpa.driving_licence.rules import Rules, read_rules

#: As Færdselsstyrelsen lists them for citizens, typed from there; A and B have a lower age on a condition.
LISTED = {
    "LK": 15,
    "AM": 18,
    "A1": 18,
    "A2": 20,
    "A": 24,
    "B": 18,
    "BE": 18,
    "C1": 18,
    "C1E": 18,
    "C": 21,
    "CE": 21,
    "D1": 21,
    "D1E": 21,
    "D": 24,
    "DE": 24,
    "TR/MR": 16,
}
BORN = date(2016, 12, 25)


@pytest.fixture(scope="module")
def rules() -> Rules:
    return read_rules()


def codes(rules: Rules, wanted: Wanted, **changes: object) -> set[Code]:
    application = read_application(write(wanted, "sha256:" + "0" * 64)).model_copy(update=changes)
    return {each.code for each in check(application, rules)}


def birthday(years: int) -> date:
    return BORN.replace(year=BORN.year + years)


def test_every_category_has_a_rule(rules: Rules) -> None:
    assert {str(category): rule.age_years for category, rule in rules.ages.items()} == LISTED


@pytest.mark.parametrize("category", LISTED)
def test_old_enough_from_the_birthday_on(rules: Rules, category: str) -> None:
    wanted = Wanted(number="A-1", cpr=BORN_2016, category=category, received_on=birthday(LISTED[category]))
    assert Code.AGE_REACHED in codes(rules, wanted)
    the_day_before = replace(wanted, received_on=wanted.received_on - timedelta(days=1))
    assert Code.AGE_NOT_REACHED in codes(rules, the_day_before)


def test_accompanied_from_17(rules: Rules) -> None:
    wanted = Wanted(number="A-1", cpr=BORN_2016, received_on=birthday(17))
    assert Code.AGE_NOT_REACHED in codes(rules, wanted)
    assert Code.AGE_REACHED_ON_CONDITION in codes(rules, wanted, accompanied=True)
    too_young = replace(wanted, received_on=birthday(17) - timedelta(days=1))
    assert Code.AGE_NOT_REACHED in codes(rules, too_young, accompanied=True)


def test_two_years_of_a2_lower_the_age_of_a(rules: Rules) -> None:
    wanted = Wanted(number="A-1", cpr=BORN_2016, category="A", received_on=birthday(22))
    held = [HeldCategory(category=Category.A2, since=birthday(20))]
    assert Code.AGE_REACHED_ON_CONDITION in codes(rules, wanted, held=held)
    later = [HeldCategory(category=Category.A2, since=birthday(20) + timedelta(days=1))]
    assert Code.AGE_NOT_REACHED in codes(rules, wanted, held=later)
    other = [HeldCategory(category=Category.A1, since=birthday(18))]
    assert Code.AGE_NOT_REACHED in codes(rules, wanted, held=other)


@pytest.mark.parametrize(
    ("issued_on", "received_on", "code"),
    [
        (date(2026, 8, 24), date(2026, 11, 24), Code.CERTIFICATE_VALID),
        (date(2026, 8, 23), date(2026, 11, 24), Code.CERTIFICATE_TOO_OLD),
        (date(2026, 11, 30), date(2027, 2, 28), Code.CERTIFICATE_VALID),  # February has no 30th
        (date(2026, 11, 30), date(2027, 3, 1), Code.CERTIFICATE_TOO_OLD),
        (date(2026, 11, 24), date(2026, 11, 24), Code.CERTIFICATE_VALID),
        (date(2026, 11, 25), date(2026, 11, 24), Code.CERTIFICATE_IN_FUTURE),
    ],
)
def test_three_months(rules: Rules, issued_on: date, received_on: date, code: Code) -> None:
    wanted = Wanted(number="A-1", received_on=received_on, certificate_age_days=(received_on - issued_on).days)
    assert code in codes(rules, wanted)


def test_remarks_and_what_a_number_says_are_laid_out(rules: Rules) -> None:
    assert Code.NO_REMARKS in codes(rules, Wanted(number="A-1"))
    assert Code.REMARKS in codes(rules, Wanted(number="A-1", remarks=True))
    assert Code.REPLACEMENT_NUMBER not in codes(rules, Wanted(number="A-1", cpr=BORN_1948))
    replacement = "85" + BORN_1948[2:]
    assert codes(rules, Wanted(number="A-1", cpr=replacement)) >= {Code.REPLACEMENT_NUMBER, Code.AGE_REACHED}
    assert Code.MODULUS_11 in codes(rules, Wanted(number="A-1", cpr=BORN_1977))


def test_a_category_without_certificate(rules: Rules) -> None:
    wanted = Wanted(number="A-1", category="LK", without=frozenset({"doctors_certificate"}))
    assert codes(rules, wanted) >= {Code.CERTIFICATE_NOT_NEEDED}
    with pytest.raises(IncompleteError):
        codes(rules, replace(wanted, category="B"))


@given(born=st.dates(date(1900, 1, 1), date(2020, 12, 31)), days=st.integers(0, 40_000))
def test_age_is_what_counting_birthdays_gives(born: date, days: int) -> None:
    day = born + timedelta(days=days)
    birthdays = 0
    for year in range(born.year + 1, day.year + 1):
        leap_day = (born.month, born.day) == (2, 29) and not (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
        birthdays += (date(year, 3, 1) if leap_day else date(year, born.month, born.day)) <= day
    assert age_on(born, day) == birthdays


@pytest.mark.parametrize(
    ("without", "missing"),
    [
        ("photo", [Missing.PHOTO]),
        ("category", [Missing.CATEGORY]),
        ("doctors_certificate", [Missing.CERTIFICATE]),
        ("person", [Missing.CPR, Missing.NAME]),
    ],
)
def test_what_is_missing(rules: Rules, without: str, missing: list[Missing]) -> None:
    store = MemoryStore()
    wanted = Wanted(number="A-1", without=frozenset({without}))
    assert what_is_missing(read_application(write(wanted, store.put(photo()))), rules, store) == missing


def test_what_is_there_and_is_no_use(rules: Rules) -> None:
    store = MemoryStore()
    wanted = Wanted(number="A-1", cpr="310299-0000", name=" ")
    application = read_application(write(wanted, store.put(b"%PDF-1.7")))
    assert what_is_missing(application, rules, store) == [Missing.CPR_FORM, Missing.NAME, Missing.PHOTO_FILE]
    gone = application.model_copy(update={"photo": "sha256:" + "f" * 64})
    assert Missing.PHOTO_FILE in what_is_missing(gone, rules, store)
