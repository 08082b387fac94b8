"""PS3.15 table E.1-1, by the copy of it that dicom-anonymizer (Kitware) was made from: nothing of it gets through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dicomanonymizer.dicomfields_selector import dicom_anonymization_database_selector
from pydicom import Dataset
from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag
from pydicom.tag import BaseTag, Tag

from samdrift_mammography.deidentified.header import Maker
from samdrift_mammography.deidentified.image import deidentify
from samdrift_mammography.deidentified.keep_list import Action, shipped_keep_list
from samdrift_mammography.views import View
from samdrift_testing.personal_data import Scanner
from samdrift_testing.screening_study import mammogram, part10

TABLE = dicom_anonymization_database_selector("dicomfields_2026c")["ALL_TAGS"]
#: Single attributes of the table; its ranges (curves, overlays) have tests of their own.
PROFILE = [Tag(*each) for each in TABLE if len(each) == 2 and each[0] > 0x0002]
#: The woman in person, as a value of each representation that can hold her. Published as fictitious.
NUMBER, NAME = "2512489996", "Berggren^Nancy Ann"
PLANTED: dict[str, Any] = {
    "PN": NAME,
    "DA": "19481225",
    "DT": "19481225112233",
    "TM": "112233",
    "AS": "055Y",
    "UI": "1.2.826.0.1.3680043.8.498.19481225",
    "CS": "BERGGREN",
    "AE": "BERGGREN",
    "SH": "Berggren",
    "IS": "19481225",
    "DS": "19481225.5",
    "AT": Tag(0x1948, 0x1225),
    "UR": f"https://example.org/{NUMBER}",
    "FL": 19481225.0,
    "FD": 19481225.0,
    "US": 19481,
    "SS": 19481,
    "UL": 19481225,
    "SL": 19481225,
    "SV": 19481225,
    "UV": 19481225,
}
BYTES = b"Berggren 2512489996 "
NOTHING_OF = Scanner((NAME, NUMBER, "19481225", "112233", "055Y", "19481225.5", "Berggren"))


def representation(tag: BaseTag) -> str:
    """Text for attributes that are newer than the dictionary here."""
    return dictionary_VR(tag).split(" or ")[0] if dictionary_has_tag(tag) else "LT"


def planted(tag: BaseTag) -> Any:
    vr = representation(tag)
    if vr == "SQ":
        item = Dataset()
        item.PatientName, item.PatientID, item.TextValue = NAME, NUMBER, NAME
        return [item]
    return BYTES if vr in ("OB", "OW", "OD", "OF", "OL", "OV", "UN") else PLANTED.get(vr, f"{NAME} {NUMBER}"[:64])


#: Without these no exam can be put together at all; they are planted by the study that the test begins with.
NEEDED = {"PixelData", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID"}


def plant_all(image: Dataset) -> None:
    for tag in PROFILE:
        if keyword_for_tag(tag) not in NEEDED:
            image.add_new(tag, representation(tag), planted(tag))


def test_the_table_is_all_there() -> None:
    assert len(PROFILE) > 600
    assert {Tag("PatientName"), Tag("PatientID"), Tag("AccessionNumber"), Tag("StudyDate")} <= set(PROFILE)


def test_of_every_attribute_of_the_table_nothing_leaves(maker: Maker) -> None:
    image = mammogram(View.RCC)
    plant_all(image)
    uids = {str(element.value) for element in image.iterall() if element.VR == "UI"} - {str(image.SOPClassUID)}
    left = deidentify(part10(image), maker, reviewed=True).data
    header = left.split(b"\xe0\x7f\x10\x00")[0]
    assert NOTHING_OF.text("the header", header) == []
    assert [uid for uid in uids if uid.encode() in header] == []


def test_each_attribute_by_itself_is_removed_emptied_or_replaced(maker: Maker) -> None:
    """By the keep-list, without making a file of each: fast enough for hundreds."""
    wrong = [keyword_for_tag(tag) for tag in PROFILE if not harmless(tag, maker)]
    assert wrong == []


def harmless(tag: BaseTag, maker: Maker) -> bool:
    """Whether nothing of what was planted in the attribute alone is left in it."""
    keyword = keyword_for_tag(tag)
    image = Dataset()
    image.add_new(tag, representation(tag), planted(tag))
    value = maker.header(image).get(tag)
    text = "" if value is None else str(value.value)
    match maker.keep.actions.get(keyword):
        case None:
            return value is None
        case Action.PSEUDONYM:
            return len(text) == 12 and NAME not in text
        case Action.UID:
            return text.startswith("2.25.")
        case Action.DECADE:
            return text == "050Y"
        case Action.KEEP:
            return tag in RETAINED and text in ("", "F")
        case _:
            return text in ("", "None", "<Sequence, length 0>", "[]")


#: In the table, and kept all the same: sex, by the option 113108 that every file names.
RETAINED = {Tag("PatientSex")}


def test_what_is_kept_as_it_is_stands_not_in_the_table_but_for_the_option_that_is_named() -> None:
    kept = {Tag(name) for name, action in shipped_keep_list().actions.items() if action is Action.KEEP}
    assert kept & set(PROFILE) <= RETAINED


def overlay(image: Dataset) -> None:
    image.add_new(0x60003000, "OW", BYTES)
    image.add_new(0x60000022, "LO", NAME)
    image.add_new(0x60004000, "LT", NAME)


def curve(image: Dataset) -> None:
    image.add_new(0x50003000, "OW", BYTES)
    image.add_new(0x50000022, "LO", NAME)


def private(image: Dataset) -> None:
    block = image.private_block(0x0009, "BERGGREN", create=True)
    block.add_new(0x01, "LO", NAME)
    block.add_new(0x02, "OB", BYTES)
    image.private_block(0x0019, "X", create=True).add_new(0x03, "SQ", planted(Tag("RequestAttributesSequence")))


def inside_a_code(image: Dataset) -> None:
    code = image.ViewCodeSequence[0]
    code.CodeMeaning = NAME
    code.PatientName = NAME
    code.private_block(0x0009, "BERGGREN", create=True).add_new(0x01, "LO", NAME)
    code.MappingResource = "BERGGREN"


def code_of_ones_own(image: Dataset) -> None:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = NUMBER, "99BERGGREN", NAME
    image.ViewModifierCodeSequence = image.AnatomicRegionSequence = [code]


def number_as_a_code(image: Dataset) -> None:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = NUMBER, "SCT", NAME
    image.AnatomicRegionSequence = [code]


def number_as_a_number(image: Dataset) -> None:
    image.KVP = image.OrganDose = NUMBER
    image.InstanceNumber = "0108589995"
    image.ExposureInuAs = "0108589995"


def words_where_terms_belong(image: Dataset) -> None:
    image.ViewPosition = NUMBER
    image.ImageType = ["ORIGINAL", "PRIMARY", "", NUMBER]
    image.ManufacturerModelName = f"model {NUMBER}"
    image.BodyPartExamined = "X 251248-9996"


def trailing(image: Dataset) -> None:
    image.add_new(0xFFFCFFFC, "OB", BYTES)


def behind_the_pixels(image: Dataset) -> None:
    image.PixelData += BYTES


HIDING = [
    overlay,
    curve,
    private,
    inside_a_code,
    code_of_ones_own,
    number_as_a_code,
    number_as_a_number,
    words_where_terms_belong,
    trailing,
    behind_the_pixels,
]


@pytest.mark.parametrize("hide", HIDING, ids=lambda hide: hide.__name__)
def test_there_is_no_place_to_hide(hide: Callable[[Dataset], None], maker: Maker) -> None:
    image = mammogram(View.RCC)
    hide(image)
    assert NOTHING_OF.text("the file", deidentify(part10(image), maker, reviewed=True).data) == []


def test_nothing_leaves_in_the_preamble_or_the_file_meta_information(maker: Maker) -> None:
    data = part10(mammogram(View.RCC, SourceApplicationEntityTitle=None))
    left = deidentify(BYTES.ljust(128, b" ")[:128] + data[128:], maker, reviewed=True).data
    assert left[:128] == bytes(128)
    assert NOTHING_OF.text("the file", left) == []
