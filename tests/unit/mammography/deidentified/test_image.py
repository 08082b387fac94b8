"""What leaves of an image, and what does not leave at all."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.filebase import DicomBytesIO
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

from samdrift_mammography.deidentified.header import Maker
from samdrift_mammography.deidentified.image import deidentify
from samdrift_mammography.deidentified.keep_list import shipped_keep_list
from samdrift_mammography.deidentified.key import ExportKey
from samdrift_mammography.deidentified.refusal import SENTENCES, RefusedError
from samdrift_mammography.views import View
from samdrift_testing.screening_study import mammogram, part10, screening_study

Leaving = Callable[..., Dataset]


def test_the_pixels_stay_and_the_view_and_what_it_takes_to_show_them(leaving: Leaving) -> None:
    before, left = mammogram(View.RCC), leaving()
    before.file_meta = dcmread(DicomBytesIO(part10(before))).file_meta
    assert np.array_equal(left.pixel_array, before.pixel_array)
    for keyword in ("ImageLaterality", "PhotometricInterpretation", "ImagerPixelSpacing", "Modality", "SOPClassUID"):
        assert left.get(keyword) == before.get(keyword)
    assert left.ViewCodeSequence[0].CodeMeaning == "cranio-caudal"


def test_the_file_says_what_was_done_to_it(leaving: Leaving, shifting: Maker) -> None:
    left = leaving()
    assert left.PatientIdentityRemoved == "YES"
    assert [code.CodeValue for code in left.DeidentificationMethodCodeSequence] == ["113100", "113108"]
    assert left.LongitudinalTemporalInformationModified == "REMOVED"
    moved = leaving(by=shifting)
    assert [code.CodeValue for code in moved.DeidentificationMethodCodeSequence] == ["113100", "113108", "113107"]
    assert moved.LongitudinalTemporalInformationModified == "MODIFIED"


def test_images_of_one_exam_and_one_woman_stay_together_and_exports_with_one_key_do(maker: Maker) -> None:
    first = [deidentify(data, maker, reviewed=True) for data in screening_study(1).values()]
    second = [deidentify(data, maker, reviewed=True) for data in screening_study(2).values()]
    assert len({each.study for each in first}) == len({each.study for each in second}) == 1
    assert first[0].study != second[0].study
    assert len({each.woman for each in [*first, *second]}) == 1
    assert len({each.image for each in [*first, *second]}) == 8
    assert [each.laterality + each.view for each in first] == ["RCC", "LCC", "RMLO", "LMLO"]
    assert [deidentify(data, maker, reviewed=True) for data in screening_study(1).values()] == first


def test_with_another_key_nothing_is_the_same(maker: Maker) -> None:
    data = screening_study(1)[View.RCC]
    other = Maker(keep=shipped_keep_list(), key=ExportKey(secret=bytes(range(1, 33))))
    one, two = (deidentify(data, each, reviewed=True) for each in (maker, other))
    assert not {one.woman, one.study, one.image} & {two.woman, two.study, two.image}


def test_a_number_with_its_hyphen_is_the_same_woman(maker: Maker) -> None:
    plain, hyphened = (
        deidentify(part10(mammogram(View.RCC, PatientID=each)), maker, reviewed=True) for each in _WRITTEN
    )
    assert plain.woman == hyphened.woman


_WRITTEN = ("2512489996", "251248-9996")


def test_dates_go_or_are_moved_back_and_intervals_stay(leaving: Leaving, shifting: Maker) -> None:
    assert leaving(StudyDate="20241105").StudyDate == ""
    first, second = (leaving(by=shifting, StudyDate=day).StudyDate for day in ("20241105", "20241112"))
    days = [np.datetime64(f"{day[:4]}-{day[4:6]}-{day[6:]}") for day in (first, second)]
    assert days[1] - days[0] == np.timedelta64(7, "D")
    assert first < "20241105"
    another = leaving(by=shifting, StudyDate="20241105", PatientID="0108589995").StudyDate
    assert another != first
    assert leaving(by=shifting, StudyDate="20241399").StudyDate == ""


@pytest.mark.parametrize(
    ("age", "left"),
    [("055Y", "050Y"), ("050Y", "050Y"), ("104Y", "090Y"), ("555M", "040Y"), ("sixty", ""), ("", ""), (None, None)],
)
def test_of_the_age_the_decade_leaves(age: str | None, left: str | None, leaving: Leaving) -> None:
    assert leaving(PatientAge=age).get("PatientAge") == left


@pytest.mark.parametrize(("age", "band"), [("055Y", "50-59"), ("104Y", "90+"), ("732.0m", "60-69"), (None, "")])
def test_the_list_tells_the_age_as_people_write_it(age: str | None, band: str, maker: Maker) -> None:
    assert deidentify(part10(mammogram(View.RCC, PatientAge=age)), maker, reviewed=True).age_band == band


def test_a_compressed_image_leaves_decoded(maker: Maker) -> None:
    image = dcmread(DicomBytesIO(screening_study(1)[View.RCC]))
    values = image.pixel_array.copy()
    image.compress(RLELossless, generate_instance_uid=False)
    buffer = DicomBytesIO()
    image.save_as(buffer, enforce_file_format=True)
    left = dcmread(DicomBytesIO(deidentify(buffer.getvalue(), maker, reviewed=True).data))
    assert left.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert np.array_equal(left.pixel_array, values)


def test_bits_above_the_stored_ones_do_not_leave(leaving: Leaving) -> None:
    def write_on_top(image: Dataset) -> None:
        values = np.frombuffer(image.PixelData, "<u2").copy()
        assert values.max() < 2**12 == 2**image.BitsStored
        image.PixelData = (values | 0x8000).tobytes()

    assert leaving(write_on_top).pixel_array.max() < 2**12


def refusal(image: Dataset | bytes, maker: Maker) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        deidentify(image if isinstance(image, bytes) else part10(image), maker)
    return caught.value


@pytest.mark.parametrize(
    ("tags", "code", "field"),
    [
        ({"Manufacturer": "Berggren Imaging"}, "would-leak", "Manufacturer"),
        ({"ManufacturerModelName": "Nancy"}, "would-leak", "ManufacturerModelName"),
        ({"StudyID": "A4711X9", "BodyPartExamined": "A4711X9"}, "would-leak", "BodyPartExamined"),
        ({"BurnedInAnnotation": "YES"}, "burned-in-text", None),
        ({"RecognizableVisualFeatures": "YES"}, "burned-in-text", None),
        ({"NumberOfFrames": 2}, "not-one-grey-frame", None),
        ({"SeriesInstanceUID": None}, "no-identifier", "SeriesInstanceUID"),
        ({"BitsStored": 40}, "undecodable", None),
    ],
)
def test_what_cannot_leave_is_refused_and_nothing_is_quoted(
    tags: dict[str, Any], code: str, field: str | None, maker: Maker
) -> None:
    error = refusal(mammogram(View.RCC, **tags), maker)
    assert (error.code, error.field) == (code, field)
    assert error.message == SENTENCES[code]
    assert pickle.loads(pickle.dumps(error)).code == code  # noqa: S301 - our own


def test_words_that_the_export_itself_writes_accuse_nobody(maker: Maker) -> None:
    tags: dict[str, Any] = {
        "OperatorsName": "Option^Patient",
        "ReferringPhysicianName": "Caudal^Basic",
        "StationName": "MAMMO1",
    }
    assert deidentify(part10(mammogram(View.RCC, **tags)), maker, reviewed=True).view == "CC"


@pytest.mark.parametrize(("data", "code"), [(b"", "empty"), (b"text", "not-dicom")])
def test_what_is_no_image_is_refused(data: bytes, code: str, maker: Maker) -> None:
    assert refusal(data, maker).code == code


def label(image: Dataset, value: int) -> None:
    """Letters of that stored value in the corner opposite to the breast."""
    values = np.frombuffer(image.PixelData, "<u2").reshape(image.Rows, image.Columns).copy()
    corner = values[20:40, 10:60] if image.PatientOrientation[0] == "P" else values[20:40, -60:-10]
    corner[::2, ::3] = value
    corner[:, ::10] = value
    image.PixelData = values.tobytes()


def test_text_outside_the_breast_is_refused_until_a_person_has_looked(maker: Maker) -> None:
    image = mammogram(View.RCC)
    label(image, 4000)
    data = part10(image)
    assert refusal(data, maker).code == "burned-in-text"
    assert deidentify(data, maker, reviewed=True).view == "CC"


def test_text_that_the_window_hides_is_found_all_the_same(maker: Maker) -> None:
    image = mammogram(View.RCC, WindowCenter="1400", WindowWidth="800", VOILUTFunction="LINEAR")
    assert deidentify(part10(image), maker).view == "CC"
    label(image, 900)
    assert refusal(image, maker).code == "burned-in-text"
