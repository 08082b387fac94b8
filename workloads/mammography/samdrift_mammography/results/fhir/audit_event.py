"""That somebody was given an exam's result (IHE BALP 1.1, PatientRead)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from samdrift_mammography.results.fhir.coding import DICOM, coding, of

PATIENT_READ = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientRead"

_ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_NETWORK_ADDRESS = "2"  # IP address


@dataclass(frozen=True, kw_only=True)
class Access:
    """Who was given the result, when and from where."""

    person: str
    #: IP address.
    client: str
    #: Name or address of the server, as the person asked for it.
    server: str
    at: datetime


def audit_event(access: Access, patient: Mapping[str, str], report: Mapping[str, str]) -> dict[str, Any]:
    """One read of `report`, about `patient`."""
    return {
        "resourceType": "AuditEvent",
        "meta": {"profile": [PATIENT_READ]},
        "type": coding("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest", "Restful Operation"),
        "subtype": [coding("http://hl7.org/fhir/restful-interaction", "read", "read")],
        "action": "R",
        "recorded": access.at.isoformat(),
        "outcome": "0",
        "agent": [_client(access), _server(access), _user(access)],
        "source": {"observer": {"display": access.server}},
        "entity": [
            {"what": dict(patient), "type": coding(_ENTITY_TYPE, "1", "Person"), "role": coding(_ROLE, "1", "Patient")},
            {
                "what": dict(report),
                "type": coding(_ENTITY_TYPE, "2", "System Object"),
                "role": coding(_ROLE, "4", "Domain Resource"),
            },
        ],
    }


def _client(access: Access) -> dict[str, Any]:
    return {
        "type": of(DICOM, "110152", "Destination Role ID"),
        "who": {"display": access.client},
        "requestor": False,
        "network": {"address": access.client, "type": _NETWORK_ADDRESS},
    }


def _server(access: Access) -> dict[str, Any]:
    return {
        "type": of(DICOM, "110153", "Source Role ID"),
        "who": {"display": access.server},
        "requestor": False,
        "network": {"address": access.server, "type": "1"},  # machine name
    }


def _user(access: Access) -> dict[str, Any]:
    return {
        "type": of("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP", "information recipient"),
        "who": {"identifier": {"value": access.person}},
        "requestor": True,
    }
