from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import DataElement, Dataset
from pydicom.config import IGNORE

from samdrift_mammography.results.matching import matches


def dataset(**values: Any) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


FOUND = dataset(
    SOPInstanceUID="1.2.3",
    ProcedureStepState="IN PROGRESS",
    ProcedureStepLabel="Mammography [triage]",
    PatientID="",
    ScheduledProcedureStepStartDateTime="20261124081500.000000+0000",
    ReferencedRequestSequence=[dataset(StudyInstanceUID="1.2", AccessionNumber="")],
)


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({}, True),
        ({"SpecificCharacterSet": "ISO_IR 100"}, True),
        ({"ProcedureStepState": None}, True),
        ({"ProcedureStepState": "IN PROGRESS"}, True),
        ({"ProcedureStepState": "SCHEDULED"}, False),
        ({"ProcedureStepLabel": "Mammo*"}, True),
        ({"ProcedureStepLabel": "Mammography [triag?]"}, True),
        ({"ProcedureStepLabel": "Mammography [a-z]*"}, False),
        ({"ProcedureStepLabel": "*"}, True),
        ({"SOPInstanceUID": ["1.2.4", "1.2.3"]}, True),
        ({"SOPInstanceUID": "1.2"}, False),
        ({"PatientID": "2512489996"}, False),
        ({"PatientName": "Berggren*"}, False),
        ({"ReferencedRequestSequence": [dataset(StudyInstanceUID="1.2")]}, True),
        ({"ReferencedRequestSequence": [dataset(StudyInstanceUID="1.3")]}, False),
        ({"ReferencedRequestSequence": [dataset(StudyInstanceUID="")]}, True),
        ({"ReferencedRequestSequence": []}, True),
        ({"ScheduledWorkitemCodeSequence": [dataset(CodeValue="110004")]}, False),
        ({"ScheduledProcedureStepStartDateTime": "20261124"}, True),
        ({"ScheduledProcedureStepStartDateTime": "20261125"}, False),
        ({"ScheduledProcedureStepStartDateTime": "2026"}, True),
        ({"ScheduledProcedureStepStartDateTime": "2026-2027"}, True),
        ({"ScheduledProcedureStepStartDateTime": "2027-2028"}, False),
        ({"ScheduledProcedureStepStartDateTime": "202611-"}, True),
        ({"ScheduledProcedureStepStartDateTime": "-202610"}, False),
        ({"ScheduledProcedureStepStartDateTime": "20261124081500.000000+0000"}, True),
        ({"ScheduledProcedureStepStartDateTime": "20261124091500+0100"}, True),
        ({"ScheduledProcedureStepStartDateTime": "20261124081500+0100"}, False),
        ({"ScheduledProcedureStepStartDateTime": "20261124091500+0100-20261124"}, True),
    ],
)
def test_keys(query: dict[str, Any], fits: bool) -> None:
    assert matches(FOUND, dataset(**query)) is fits


def test_a_month_that_does_not_exist_matches_nothing() -> None:
    query = Dataset()
    query.add(DataElement("ScheduledProcedureStepStartDateTime", "DT", "202613", validation_mode=IGNORE))
    assert not matches(FOUND, query)


moments = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2100, 1, 1))  # noqa: DTZ001 - a zone follows
zones = st.integers(-11, 14).map(lambda hours: timezone(timedelta(hours=hours)))


@given(moments, moments, zones, moments, zones)
def test_ranges_compare_moments_whatever_their_zone(
    found: datetime, first: datetime, first_zone: timezone, last: datetime, last_zone: timezone
) -> None:
    def written(moment: datetime) -> str:
        return moment.strftime("%Y%m%d%H%M%S.%f%z")

    moment, begin, end = found.replace(tzinfo=UTC), first.replace(tzinfo=first_zone), last.replace(tzinfo=last_zone)
    step = dataset(ScheduledProcedureStepStartDateTime=written(moment))
    query = dataset(ScheduledProcedureStepStartDateTime=f"{written(begin)}-{written(end)}")
    assert matches(step, query) is (begin <= moment <= end)
