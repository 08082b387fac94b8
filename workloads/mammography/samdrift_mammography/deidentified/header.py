"""The header of an image without the woman: built anew from the keep-list, never by taking things out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

from samdrift_mammography.deidentified.keep_list import Action, KeepList
from samdrift_mammography.deidentified.key import ExportKey
from samdrift_mammography.quality.age import age_years
from samdrift_platform.pseudonyms import written_once

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset
    from pydicom.sr.coding import Code

#: Value representations whose values are bytes or binary numbers (PS3.5 section 6.2).
_BINARY = frozenset({"US", "SS", "UL", "SL", "FL", "FD", "OB", "OW", "UN"})
#: A number in letters that is no identifier: up to eight digits before the point (PS3.5 section 6.2, DS and IS).
_NUMBER = re.compile(r"[+-]?\d{0,8}(\.\d*)?([eE][+-]?\d{1,2})?")
#: A term: letters, digits and a little punctuation, without a run of digits that could number a person.
_TERM = re.compile(r"(?!.*\d{6})[A-Za-z0-9 .,_/\\()+:-]{0,64}", re.ASCII)
#: Codes of the schemes below: SNOMED CT and DICOM are numbers, SNOMED RT has an axis and hexadecimal digits.
_CODE = re.compile(r"\d{3,9}|\d{11,18}|[A-Z]\d?-[0-9A-F]{4,5}", re.ASCII)
#: Coding schemes whose codes are public; one of a hospital's own may number anything.
SCHEMES = frozenset({"SCT", "SRT", "SNM3", "DCM"})
#: PS3.16 CID 7050: what was done, as the header says it.
_BASIC = ("113100", "DCM", "Basic Application Confidentiality Profile")
_CHARACTERISTICS = ("113108", "DCM", "Retain Patient Characteristics Option")
_MODIFIED_DATES = ("113107", "DCM", "Retain Longitudinal Temporal Information Modified Dates Option")


class Dates(StrEnum):
    """What becomes of dates."""

    #: None leaves.
    REMOVE = "remove"
    #: They are moved back by the woman's own number of days; times of day go.
    SHIFT = "shift"


@dataclass(frozen=True, kw_only=True)
class Maker:
    """Makes headers by one keep-list and one key."""

    keep: KeepList
    key: ExportKey
    dates: Dates = Dates.REMOVE

    def header(self, image: Dataset) -> Dataset:
        """What may leave of `image`, with the statement of what was done (PS3.15 section E.1.1). `image` stays."""
        woman = self.woman(image)
        made = self._kept(image, woman)
        made.PatientID = woman  # also where the source has none, or damage hides it
        for keyword, action in self.keep.actions.items():
            # a sequence is not part of every object; the other empty ones are
            if action is Action.EMPTY and (keyword in image or not keyword.endswith("Sequence")):
                setattr(made, keyword, None)
        self._say(made)
        return made

    def woman(self, image: Dataset) -> str:
        """The pseudonym of the woman; of the study, where the file says no Patient ID."""
        number = written_once(str(image.get("PatientID") or ""))
        if number:
            return self.key.pseudonym("patient", number)
        return self.key.pseudonym("study", str(image.get("StudyInstanceUID")))

    def _kept(self, image: Dataset, woman: str) -> Dataset:
        from pydicom import Dataset
        from pydicom.datadict import keyword_for_tag

        made = Dataset()
        for tag in image.keys():  # noqa: SIM118 - iterating a Dataset would parse every element, kept or not
            action = self.keep.actions.get(keyword_for_tag(tag))
            if action is None or tag.is_private:
                continue
            element = image[tag]
            value = self._value(element, action, woman, image)
            if value is not None:
                made.add_new(element.tag, element.VR, value)
        return made

    def _value(self, element: DataElement, action: Action, woman: str, within: Dataset) -> Any:
        """What leaves of one attribute; None: nothing."""
        text = "" if element.VR in _BINARY or element.VR == "SQ" else str(element.value or "").strip()
        match action:
            case Action.ITEMS:
                return self._items(element, woman)
            case Action.KEEP:
                return plain(element)
            case Action.MEANING:
                return _meaning(within)
            case Action.PSEUDONYM:
                return woman
            case Action.UID:
                return self.key.uid(text) if text else None
            case Action.DATE:
                return self._date(text, woman)
            case Action.DECADE:
                return _decade(text)
            case Action.EMPTY:
                return None  # `header` makes them all

    def _items(self, element: DataElement, woman: str) -> list[Dataset] | None:
        if element.VR != "SQ":
            return None
        items = [self._kept(item, woman) for item in element.value]
        # a code whose scheme is not public comes out without one, and says nothing
        return [item for item in items if len(item) and not _half_a_code(item)]

    def _date(self, text: str, woman: str) -> str:
        if self.dates is Dates.REMOVE or not re.fullmatch(r"\d{8}", text):
            return ""
        try:
            day = datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007 - a day has no time zone
            return f"{day - self.key.moved_back(woman):%Y%m%d}"
        except (ValueError, OverflowError):  # no such day, or before the year 1
            return ""

    def _say(self, made: Dataset) -> None:
        from pydicom import Dataset

        shifted = [_MODIFIED_DATES] if self.dates is Dates.SHIFT else []
        made.SpecificCharacterSet = "ISO_IR 192"
        made.PatientIdentityRemoved = "YES"
        made.DeidentificationMethod = ["Samdrift", f"{self.keep.name} {self.keep.version}"]
        made.LongitudinalTemporalInformationModified = "MODIFIED" if shifted else "REMOVED"
        made.DeidentificationMethodCodeSequence = []
        for value, scheme, meaning in (_BASIC, _CHARACTERISTICS, *shifted):
            code = Dataset()
            code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
            made.DeidentificationMethodCodeSequence.append(code)


def plain(element: DataElement) -> Any:
    """The value, if it is a number, a term or bytes of the pixels; None for anything that could name somebody."""
    if element.VR in _BINARY:
        return element.value
    if element.VR == "UI":
        return element.value if element.keyword == "SOPClassUID" and _is_standard(str(element.value)) else None
    several = element.value if element.VM > 1 else [element.value]
    texts = ["" if each is None else str(each) for each in several]
    return element.value if all(_fits(element, text) for text in texts) else None


def _fits(element: DataElement, text: str) -> bool:
    if element.VR in ("DS", "IS"):
        return _NUMBER.fullmatch(text) is not None
    if element.keyword == "PatientSex":
        return text in ("F", "M", "O", "")
    if element.keyword == "CodeValue":
        return _CODE.fullmatch(text) is not None
    if element.keyword == "CodingSchemeDesignator":
        return text in SCHEMES
    return element.VR in ("CS", "SH", "LO", "AS") and _TERM.fullmatch(text) is not None


def _is_standard(uid: str) -> bool:
    return uid.startswith("1.2.840.10008.")


def _half_a_code(item: Dataset) -> bool:
    return "CodeMeaning" in item and not ("CodeValue" in item and "CodingSchemeDesignator" in item)


def _decade(age: str) -> str:
    """PS3.5 section 6.2, AS: "055Y" -> "050Y", and however else an age is written; what is no age goes."""
    years = age_years(age)
    return "" if years is None else f"{min(int(years) // 10 * 10, 90):03d}Y"


def _meaning(item: Dataset) -> str:
    """Of the code in `item`; its value where the vocabulary does not hold it."""
    from pydicom.sr.coding import Code

    value, scheme = str(item.get("CodeValue") or ""), str(item.get("CodingSchemeDesignator") or "")
    told = Code(value=value, scheme_designator=scheme, meaning="")
    return next((code.meaning for code in _vocabulary() if code == told), value if _CODE.fullmatch(value) else "code")


@cache
def _vocabulary() -> tuple[Code, ...]:
    """Views, their modifiers and regions: PS3.16 CID 4014, 4015 and 4009. SNOMED's old codes equal their new ones."""
    from pydicom.sr.codedict import codes

    return tuple(
        getattr(group, name)
        for group in (codes.cid4014, codes.cid4015, codes.cid4009)
        for name in dir(group)
        if name[0].isupper()
    )
