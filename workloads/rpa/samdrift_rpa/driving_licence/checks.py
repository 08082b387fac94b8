"""What the rules say about a complete application. They recommend nothing: a person reads them and decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from samdrift_platform.cpr import Cpr, NotACprNumberError, parse
from samdrift_platform.errors import SamdriftError
from samdrift_rpa.driving_licence.application import Application
from samdrift_rpa.driving_licence.rules import AgeRule, Rules


class Code(StrEnum):
    """What was found."""

    #: Old enough for the category.
    AGE_REACHED = "age_reached"
    #: Below the ordinary age, and the condition for the lower one is in the application.
    AGE_REACHED_ON_CONDITION = "age_reached_on_condition"
    #: Too young on the day on which the application came in.
    AGE_NOT_REACHED = "age_not_reached"
    #: The certificate is not too old.
    CERTIFICATE_VALID = "certificate_valid"
    #: The certificate is too old.
    CERTIFICATE_TOO_OLD = "certificate_too_old"
    #: The certificate is dated after the application.
    CERTIFICATE_IN_FUTURE = "certificate_in_future"
    #: The category needs none.
    CERTIFICATE_NOT_NEEDED = "certificate_not_needed"
    #: The doctor made no remarks.
    NO_REMARKS = "no_remarks"
    #: The doctor made remarks.
    REMARKS = "remarks"
    #: A replacement number: who the applicant is must be seen from something else.
    REPLACEMENT_NUMBER = "replacement_number"
    #: Modulus 11 does not hold. Numbers without it have been given out since 2007: look whether it was mistyped.
    MODULUS_11 = "modulus_11"


_SENTENCES: Mapping[Code, tuple[str, str]] = {
    Code.AGE_REACHED: ("Alderskravet er opfyldt.", "Old enough for the category."),
    Code.AGE_REACHED_ON_CONDITION: (
        "Under den almindelige alder, men betingelsen for den lavere er oplyst.",
        "Below the ordinary age; the condition for the lower age is stated.",
    ),
    Code.AGE_NOT_REACHED: ("Alderskravet er ikke opfyldt.", "Not old enough for the category."),
    Code.CERTIFICATE_VALID: ("Lægeattesten er ikke for gammel.", "The doctor's certificate is not too old."),
    Code.CERTIFICATE_TOO_OLD: ("Lægeattesten er for gammel.", "The doctor's certificate is too old."),
    Code.CERTIFICATE_IN_FUTURE: (
        "Lægeattesten er dateret efter ansøgningen.",
        "The doctor's certificate is dated after the application.",
    ),
    Code.CERTIFICATE_NOT_NEEDED: ("Kategorien kræver ingen lægeattest.", "The category needs no certificate."),
    Code.NO_REMARKS: ("Lægeattesten har ingen bemærkninger.", "The certificate has no remarks."),
    Code.REMARKS: (
        "Lægeattesten har bemærkninger; den slags plejer at gå til Færdselsstyrelsen.",
        "The certificate has remarks; such applications usually go to Færdselsstyrelsen.",
    ),
    Code.REPLACEMENT_NUMBER: (
        "CPR-nummeret er et erstatningsnummer; identiteten må ses af andet.",
        "The CPR number is a replacement number; identity must be seen from something else.",
    ),
    Code.MODULUS_11: (
        "Modulus 11 går ikke op for CPR-nummeret; det er tilladt siden 2007, men se efter tastefejl.",
        "Modulus 11 does not hold for the CPR number; that is allowed since 2007, but look for a slip of the pen.",
    ),
}
#: What a person should look at twice.
NOTABLE = frozenset(
    {
        Code.AGE_REACHED_ON_CONDITION,
        Code.AGE_NOT_REACHED,
        Code.CERTIFICATE_TOO_OLD,
        Code.CERTIFICATE_IN_FUTURE,
        Code.REMARKS,
        Code.REPLACEMENT_NUMBER,
        Code.MODULUS_11,
    }
)


class IncompleteError(SamdriftError):
    """Only complete applications are held to the rules. Ask `what_is_missing` first."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One rule that the application was held to, and what came of it. No personal data."""

    #: What it is about, by language.
    about: Mapping[str, str]
    code: Code

    @property
    def says(self) -> Mapping[str, str]:
        """What was found, by language."""
        return says(self.code)

    @property
    def is_notable(self) -> bool:
        """Whether a person should look at it twice."""
        return self.code in NOTABLE


def says(code: Code) -> Mapping[str, str]:
    """What a code means, by language."""
    danish, english = _SENTENCES[code]
    return {"da": danish, "en": english}


AGE = {"da": "Alder", "en": "Age"}
CERTIFICATE = {"da": "Lægeattestens alder", "en": "Age of the certificate"}
REMARKS = {"da": "Lægens bemærkninger", "en": "The doctor's remarks"}
IDENTITY = {"da": "Identitet", "en": "Identity"}


def check(application: Application, rules: Rules) -> list[Check]:
    """Hold a complete application to the rules, as of the day on which it came in.

    Raises:
        IncompleteError: what a rule needs is missing.
    """
    if application.category is None:
        raise IncompleteError
    try:
        cpr = parse(application.person.cpr or "")
    except NotACprNumberError as error:
        raise IncompleteError from error
    found = [Check(about=AGE, code=_age(application, cpr, rules.ages[application.category]))]
    found += _certificate(application, rules)
    if cpr.is_replacement:
        found.append(Check(about=IDENTITY, code=Code.REPLACEMENT_NUMBER))
    elif not cpr.modulus_11_holds:
        found.append(Check(about=IDENTITY, code=Code.MODULUS_11))
    return found


def age_on(born: date, day: date) -> int:
    """Whole years on `day`; somebody born on 29 February is a year older on 1 March of other years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _age(application: Application, cpr: Cpr, rule: AgeRule) -> Code:
    age = age_on(cpr.born, application.received_on)
    if age >= rule.age_years:
        return Code.AGE_REACHED
    sooner = rule.sooner
    if sooner is None or age < sooner.age_years:
        return Code.AGE_NOT_REACHED
    held = any(
        each.category is sooner.held and age_on(each.since, application.received_on) >= sooner.held_years
        for each in application.held
    )
    on_condition = (sooner.accompanied and application.accompanied) or (sooner.held is not None and held)
    return Code.AGE_REACHED_ON_CONDITION if on_condition else Code.AGE_NOT_REACHED


def _certificate(application: Application, rules: Rules) -> list[Check]:
    if application.category in rules.without_certificate:
        return [Check(about=CERTIFICATE, code=Code.CERTIFICATE_NOT_NEEDED)]
    certificate = application.doctors_certificate
    if certificate is None or certificate.issued_on is None or certificate.remarks is None:
        raise IncompleteError
    remarks = Code.REMARKS if certificate.remarks else Code.NO_REMARKS
    code = _certificate_age(certificate.issued_on, application.received_on, rules.certificate_months)
    return [Check(about=CERTIFICATE, code=code), Check(about=REMARKS, code=remarks)]


def _certificate_age(issued_on: date, received_on: date, months: int) -> Code:
    if issued_on > received_on:
        return Code.CERTIFICATE_IN_FUTURE
    return Code.CERTIFICATE_VALID if received_on <= _months_after(issued_on, months) else Code.CERTIFICATE_TOO_OLD


def _months_after(day: date, months: int) -> date:
    """The same day of the month, or its last where that has none."""
    whole = day.month - 1 + months
    year, month = day.year + whole // 12, whole % 12 + 1
    for last in range(day.day, 27, -1):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    return date(year, month, day.day)
