"""The last look: does anything that identifies the woman stand in what is about to leave?

It does not trust the keep-list. What identifies is collected from the whole original, private and nested attributes
too: every person's name, every number of a person, a stay or an order, the date of birth, and whatever has the shape of
a civil registration number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from samdrift_platform.pseudonyms import written_once

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset

#: Numbers of persons, stays and orders, and where somebody lives (PS3.6 keywords).
IDENTIFYING = frozenset(
    {
        "PatientID",
        "OtherPatientIDs",
        "IssuerOfPatientID",
        "PatientBirthDate",
        "PatientAddress",
        "PatientTelephoneNumbers",
        "PatientTelecomInformation",
        "MilitaryRank",
        "MedicalRecordLocator",
        "AccessionNumber",
        "StudyID",
        "AdmissionID",
        "ServiceEpisodeID",
        "RequestedProcedureID",
        "ScheduledProcedureStepID",
        "PerformedProcedureStepID",
        "PlacerOrderNumberImagingServiceRequest",
        "FillerOrderNumberImagingServiceRequest",
        "DeviceSerialNumber",
        "StationName",
        "InstitutionName",
        "InstitutionAddress",
    }
)
#: Names and numbers with fewer letters and digits stand everywhere by chance.
LEAST = 4
#: From so many on they are found inside of other words, too.
LEAST_INSIDE = 6
_CPR_SHAPE = re.compile(r"(?<![0-9.])\d{6}[- ]?\d{4}(?![0-9])")


def leak(original: Dataset, made: Dataset) -> str | None:
    """Keyword of an attribute of `made` in which something identifying stands; None: none was found."""
    known = {word for element in original.iterall() for word in _identifying(element)}
    for element in _from_the_file(made):
        said = _said(element)
        if said == made.get("PatientID") or element.VR == "UI":  # made with the key, from nothing else
            continue
        if _CPR_SHAPE.search(said) or any(_names(said, word) for word in known):
            return str(element.keyword)
    return None


def _from_the_file(made: Dataset) -> Iterator[DataElement]:
    """All elements but those whose values are ours: what was done, and meanings of codes by the vocabulary."""
    for element in made:
        if element.VR == "SQ" and element.keyword != "DeidentificationMethodCodeSequence":
            for item in element.value:
                yield from _from_the_file(item)
        elif element.keyword not in ("CodeMeaning", "DeidentificationMethod", "DeidentificationMethodCodeSequence"):
            yield element


def _names(said: str, word: str) -> bool:
    if len(word) >= LEAST_INSIDE:
        return word in _folded(said)
    return word in {_folded(part) for part in re.split(r"[\W_]+", said)}


def _identifying(element: DataElement) -> Iterator[str]:
    """Words of the original that must not be found again, folded."""
    if element.VR == "PN":
        for part in re.split(r"[\^=\\ ]+", str(element.value or "")):
            yield from _worth(part)
    elif element.keyword in IDENTIFYING:
        for value in element.value if element.VM > 1 else [element.value]:
            yield from _worth(written_once(str(value or "")))


def _worth(word: str) -> Iterator[str]:
    folded = _folded(word)
    if len(folded) >= LEAST:
        yield folded


def _folded(text: str) -> str:
    """Letters and digits alone, in lower case: neither hyphen nor capital hides a number or name."""
    return re.sub(r"[\W_]", "", text.lower())


def _said(element: DataElement) -> str:
    """The value as text; bytes and numbers in binary say nothing."""
    if element.VR in ("OB", "OW", "SQ", "US", "SS", "UL", "SL", "FL", "FD") or element.value is None:
        return ""
    return "\\".join(map(str, element.value)) if element.VM > 1 else str(element.value)
