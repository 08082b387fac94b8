"""Whom the exam is about, as the image's header says (dk-core 3.8.0: DkCorePatient)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from samdrift_mammography.results.fhir.coding import CPR

if TYPE_CHECKING:
    from pydicom import Dataset

DK_CORE_PATIENT = "http://hl7.dk/fhir/core/StructureDefinition/dk-core-patient"

#: dk-core's invariant "cpr": ten digits, of which the first four are a day and a month that exist.
_CPR = re.compile(
    r"(?:(?:0[1-9]|[12]\d|3[01])(?:01|03|05|07|08|10|12)|(?:0[1-9]|[12]\d|30)(?:04|06|09|11)|(?:0[1-9]|[12]\d)02)\d{6}"
)
_GENDERS = {"F": "female", "M": "male", "O": "other"}


def patient(heading: Dataset) -> dict[str, Any]:
    """The Patient of an image's heading. What the header does not say is not there."""
    found: dict[str, Any] = {"resourceType": "Patient", "gender": _GENDERS.get(heading.PatientSex, "unknown")}
    if identifier := _identifier(str(heading.PatientID or ""), str(heading.get("IssuerOfPatientID") or "")):
        found["identifier"] = [identifier]
    if name := _name(heading):
        found["name"] = [name]
    if len(born := str(heading.PatientBirthDate or "")) == 8:
        found["birthDate"] = f"{born[:4]}-{born[4:6]}-{born[6:]}"
    if _is_danish(found):
        found["meta"] = {"profile": [DK_CORE_PATIENT]}
    return found


def is_cpr(patient_id: str) -> bool:
    """Whether a Patient ID has the form of a civil registration number, with or without the dash."""
    return _CPR.fullmatch(_digits(patient_id)) is not None


def _digits(patient_id: str) -> str:
    return re.sub(r"^(\d{6})-(\d{4})$", r"\1\2", patient_id.strip())


def _identifier(patient_id: str, issuer: str) -> dict[str, Any] | None:
    if is_cpr(patient_id):
        return {"use": "official", "system": CPR, "value": _digits(patient_id)}
    if not patient_id:
        return None
    local: dict[str, Any] = {"value": patient_id}
    return local | ({"assigner": {"display": issuer}} if issuer else {})


def _name(heading: Dataset) -> dict[str, Any] | None:
    """Person Name (PS3.5 section 6.2): family, given, middle, prefix and suffix, between ^."""
    parts = (str(heading.PatientName or "").split("=")[0].split("^") + [""] * 5)[:5]
    family, given, middle, prefix, suffix = (part.strip() for part in parts)
    if not family:
        return None
    said = {"given": [*given.split(), *middle.split()], "prefix": prefix.split(), "suffix": suffix.split()}
    return {"use": "official", "family": family, **{name: values for name, values in said.items() if values}}


def _is_danish(found: Mapping[str, Any]) -> bool:
    """What the profile asks for is there; it is not claimed otherwise."""
    return "name" in found and any(each.get("system") == CPR for each in found.get("identifier", ()))
