"""Code systems and identifier systems of the resources, and the short ways to name a code."""

from __future__ import annotations

from typing import Any

from pydicom.sr.coding import Code

from samdrift_mammography.results import codes

DICOM = "http://dicom.nema.org/resources/ontology/DCM"
LOINC = "http://loinc.org"
SNOMED_CT = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
#: Our own codes: a name that nobody else gives, since no standard has an exam's place among a reference population.
OWN = "urn:uuid:2f0f0f5c-64a5-5b7c-9d55-0f7d1c3d6a11"

#: The Danish civil registration number (dk-core: DkCoreCprIdentifier).
CPR = "urn:oid:1.2.208.176.1.2"
#: DICOM UIDs, written as urn:oid:… (FHIR R4B section 8.2.9, ImagingStudy).
DICOM_UID = "urn:dicom:uid"

_SYSTEMS = {"DCM": DICOM, "SCT": SNOMED_CT, "UCUM": UCUM, codes.OWN_SCHEME: OWN}


def concept(code: Code) -> dict[str, Any]:
    """A CodeableConcept of a DICOM code."""
    return of(_SYSTEMS[code.scheme_designator], code.value, code.meaning)


def of(system: str, code: str, display: str) -> dict[str, Any]:
    """A CodeableConcept of one coding."""
    return {"coding": [coding(system, code, display)]}


def coding(system: str, code: str, display: str) -> dict[str, Any]:
    """One coding."""
    return {"system": system, "code": code, "display": display}


def uid_identifier(uid: str) -> dict[str, Any]:
    """A DICOM UID as an identifier."""
    return {"system": DICOM_UID, "value": f"urn:oid:{uid}"}
