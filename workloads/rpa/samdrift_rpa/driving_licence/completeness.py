"""What an application lacks: codes that are counted and that its sender can act on."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from samdrift_platform.contract import Store
from samdrift_platform.cpr import NotACprNumberError, parse
from samdrift_platform.errors import NotFoundError
from samdrift_rpa.driving_licence.application import Application
from samdrift_rpa.driving_licence.photo import media_type_of
from samdrift_rpa.driving_licence.rules import Rules


class Missing(StrEnum):
    """One thing without which nobody can decide."""

    #: No CPR number.
    CPR = "cpr"
    #: Something stands where the CPR number should, and no number can read so.
    CPR_FORM = "cpr_form"
    #: No name.
    NAME = "name"
    #: No category.
    CATEGORY = "category"
    #: No photo (§ 3, stk. 2).
    PHOTO = "photo"
    #: The photo's object is not there, or is no picture.
    PHOTO_FILE = "photo_file"
    #: No doctor's certificate (§ 3, stk. 4).
    CERTIFICATE = "certificate"
    #: The certificate says no date.
    CERTIFICATE_DATE = "certificate_date"
    #: The certificate does not say whether there are remarks.
    CERTIFICATE_REMARKS = "certificate_remarks"


#: For people, by language.
LABELS: Mapping[Missing, Mapping[str, str]] = {
    Missing.CPR: {"da": "CPR-nummer", "en": "CPR number"},
    Missing.CPR_FORM: {"da": "Et CPR-nummer, der kan være et", "en": "A CPR number that can be one"},
    Missing.NAME: {"da": "Navn", "en": "Name"},
    Missing.CATEGORY: {"da": "Kategori", "en": "Category"},
    Missing.PHOTO: {"da": "Foto", "en": "Photo"},
    Missing.PHOTO_FILE: {"da": "Et foto i JPEG eller PNG", "en": "A photo in JPEG or PNG"},
    Missing.CERTIFICATE: {"da": "Lægeattest", "en": "Doctor's certificate"},
    Missing.CERTIFICATE_DATE: {"da": "Lægeattestens dato", "en": "Date of the doctor's certificate"},
    Missing.CERTIFICATE_REMARKS: {
        "da": "Om lægeattesten har bemærkninger",
        "en": "Whether the doctor's certificate has remarks",
    },
}


def what_is_missing(application: Application, rules: Rules, store: Store) -> list[Missing]:
    """Everything that is missing, in the order of the form; nothing when it is complete."""
    found = [*_of_person(application)]
    if application.category is None:
        found.append(Missing.CATEGORY)
    if application.photo is None:
        found.append(Missing.PHOTO)
    elif not _is_picture(application.photo, store):
        found.append(Missing.PHOTO_FILE)
    if application.category not in rules.without_certificate:
        found += _of_certificate(application)
    return found


def _of_person(application: Application) -> list[Missing]:
    found = []
    number = (application.person.cpr or "").strip()
    if not number:
        found.append(Missing.CPR)
    elif not _is_cpr(number):
        found.append(Missing.CPR_FORM)
    if not (application.person.name or "").strip():
        found.append(Missing.NAME)
    return found


def _of_certificate(application: Application) -> list[Missing]:
    certificate = application.doctors_certificate
    if certificate is None:
        return [Missing.CERTIFICATE]
    found = []
    if certificate.issued_on is None:
        found.append(Missing.CERTIFICATE_DATE)
    if certificate.remarks is None:
        found.append(Missing.CERTIFICATE_REMARKS)
    return found


def _is_cpr(text: str) -> bool:
    try:
        parse(text)
    except NotACprNumberError:
        return False
    return True


def _is_picture(reference: str, store: Store) -> bool:
    try:
        return media_type_of(store.get(reference)) is not None
    except NotFoundError:
        return False
