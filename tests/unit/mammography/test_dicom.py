from __future__ import annotations

import warnings
from dataclasses import asdict
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from samdrift_mammography.dicom import read_header
from samdrift_mammography.errors import UnreadableFileError
from samdrift_mammography.pixels import read_picture
from samdrift_mammography.reasons import REJECTIONS
from samdrift_mammography.sop_classes import FOR_PROCESSING, SECONDARY_CAPTURE
from samdrift_mammography.views import View
from samdrift_platform import pseudonyms


def code(value: str, modifier: str | None = None) -> list[Any]:
    from pydicom import Dataset

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", "view"
    if modifier:
        item.ViewModifierCodeSequence = code(modifier)
    return [item]


@pytest.mark.parametrize(
    ("tags", "view"),
    [
        ({}, View.RMLO),
        ({"ViewPosition": "CC"}, View.RCC),
        ({"ImageLaterality": "L"}, View.LMLO),
        # the code sequence is believed before View Position
        ({"ViewPosition": "CC", "ViewCodeSequence": code("399368009")}, View.RMLO),
        ({"ViewPosition": None, "ViewCodeSequence": code("R-10242")}, View.RCC),
        ({"ViewPosition": "", "ViewCodeSequence": code("399162004")}, View.RCC),
        # Patient Orientation only when nothing better is filled in
        ({"ViewPosition": None, "PatientOrientation": "CC"}, View.RCC),
        ({"ViewPosition": None, "PatientOrientation": ["P", "L"]}, View.RCC),
        ({"ViewPosition": "", "PatientOrientation": ["P", "F"]}, View.RMLO),
        ({"ViewPosition": None, "ImageLaterality": None, "PatientOrientation": ["A", "R"]}, View.LCC),
        ({"ViewPosition": "", "ImageLaterality": "", "PatientOrientation": ["A", "FR"]}, View.LMLO),
        ({"ViewPosition": "", "PatientOrientation": ["H", "A"]}, None),
        ({"ViewPosition": "", "PatientOrientation": ["P"]}, None),
        ({"ViewPosition": "XCCL", "PatientOrientation": ["P", "L"]}, None),
        ({"ImageLaterality": "B", "PatientOrientation": ["P", "L"]}, None),
        # the side: Image Laterality, then Laterality
        ({"ImageLaterality": None, "Laterality": "L"}, View.LMLO),
        ({"ImageLaterality": "", "Laterality": "L"}, View.LMLO),
        ({"ImageLaterality": "R", "Laterality": "L"}, View.RMLO),
        ({"ImageLaterality": None}, None),
        ({"ImageLaterality": "B"}, None),
        # other projections are not standard, and the weaker element does not overrule the stronger
        ({"ViewPosition": "XCCL"}, None),
        ({"ViewPosition": "ML"}, None),
        ({"ViewPosition": "MLO", "ViewCodeSequence": code("399260004")}, None),
    ],
)
def test_the_view_is_read_in_the_order_of_belief(mammogram: Any, tags: dict[str, Any], view: View | None) -> None:
    assert read_header(mammogram(**tags)).view == view


@pytest.mark.parametrize(
    ("tags", "problem"),
    [
        ({"SOPClassUID": FOR_PROCESSING}, "for-processing"),
        ({"PresentationIntentType": "FOR PROCESSING"}, "for-processing"),
        ({"BreastImplantPresent": "YES"}, "implant"),
        ({"PartialView": "YES"}, "partial-view"),
        ({"ViewCodeSequence": code("399368009", modifier="399163009")}, "modified-view"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.13.1.3"}, "tomosynthesis"),
        ({"EstimatedRadiographicMagnificationFactor": "1.8"}, "modified-view"),
        ({"EstimatedRadiographicMagnificationFactor": "1.05"}, None),
        ({"NumberOfFrames": 1}, None),
        ({"BreastImplantPresent": "NO", "PartialView": "NO"}, None),
        ({"PatientAge": "555M", "Modality": None}, None),
    ],
)
def test_what_forbids_a_score_is_noted_and_nothing_else(
    mammogram: Any, tags: dict[str, Any], problem: str | None
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns when the invalid age is written
        data = mammogram(**tags)
    assert read_header(data).problems == ((problem,) if problem else ())


def test_a_film_of_cbis_is_accepted_marked_and_grouped_by_its_case(real_file: bytes) -> None:
    header = read_header(real_file)
    assert (header.view, header.digitised_film, header.exam) == (View.RMLO, True, "Mass-Test_P_00173")


def test_scanned_film_may_also_come_as_a_radiograph_of_the_breast(mammogram: Any) -> None:
    data = mammogram(SOPClassUID=SECONDARY_CAPTURE, Modality="RG", BodyPartExamined="BREAST")
    assert read_header(data).digitised_film


@pytest.mark.parametrize("number", ["2512489996", "251248-9996", "Mass-Test_P_00173", "Mass-Test_P_2512489996_LEFT_CC"])
@pytest.mark.parametrize("kind", [None, SECONDARY_CAPTURE])
def test_the_number_of_a_patient_never_names_an_exam(mammogram: Any, number: str, kind: str | None) -> None:
    tags = {"PatientID": number} | ({"SOPClassUID": kind} if kind else {})
    assert read_header(mammogram(**tags)).exam == "1.2.826.0.1.3680043.8.498.2"


def test_one_woman_has_one_pseudonym_and_another_has_another(mammogram: Any) -> None:
    first, spaced, other = (
        read_header(mammogram(PatientID=number)).subject for number in ("2512489996", "2512489996 ", "0108589995")
    )
    assert first == spaced == pseudonyms.pseudonym("patient-id", "2512489996")
    assert other not in {first, None}


@pytest.mark.parametrize("number", [None, "", "  "])
def test_who_is_not_named_has_no_pseudonym(mammogram: Any, number: str | None) -> None:
    assert read_header(mammogram(PatientID=number)).subject is None


def test_films_of_cbis_ddsm_name_nobody(real_file: bytes) -> None:
    assert read_header(real_file).subject is None


def test_nothing_of_the_person_is_kept(mammogram: Any) -> None:
    header = asdict(read_header(mammogram()))
    del header["subject"]  # random digits: they may look like anything
    kept = repr(header)
    assert not any(personal in kept for personal in ("Berggren", "251248", "9996", "1948"))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "Modality": "CT"}, "not-a-mammogram"),
        ({"SOPClassUID": SECONDARY_CAPTURE, "Modality": "OT"}, "not-a-mammogram"),
        ({"SOPClassUID": SECONDARY_CAPTURE, "Modality": "RG", "BodyPartExamined": "CHEST"}, "not-a-mammogram"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.50", "PixelData": None}, "not-a-mammogram"),  # a CAD report
        ({"PixelData": None}, "truncated"),
        ({"StudyInstanceUID": None}, "no-identifier"),
        ({"SOPInstanceUID": None}, "no-identifier"),
    ],
)
def test_other_images_are_refused_with_a_code(mammogram: Any, tags: dict[str, Any], expected: str) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read_header(mammogram(**tags))
    assert caught.value.code == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"", "empty"), (b"%PDF-1.7", "not-dicom"), (b"\0" * 4096, "not-dicom"), (b"\0" * 128 + b"DICM", "truncated")],
)
def test_files_that_are_no_images_are_refused_with_a_code(data: bytes, expected: str) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read_header(data)
    assert caught.value.code == expected


@given(share=st.floats(0, 1, exclude_max=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("compressed", [True, False])
def test_a_file_cut_off_anywhere_is_refused(mammogram: Any, real_file: bytes, compressed: bool, share: float) -> None:
    whole = real_file if compressed else mammogram()
    with pytest.raises(UnreadableFileError):
        read_header(whole[: int(share * len(whole))])


@given(place=st.integers(128, 1800), value=st.integers(0, 255))
@settings(
    max_examples=3 * settings().max_examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_changed_byte_in_the_header_is_read_or_refused_but_never_a_crash(
    small_compressed: bytes, place: int, value: int
) -> None:
    changed = small_compressed[:place] + bytes([value]) + small_compressed[place + 1 :]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom tells of what it skips
        assert code_of(changed) in {None, *REJECTIONS}


@pytest.fixture(scope="module")
def small_compressed(real_pixels: NDArray[np.uint16], real_file: bytes) -> bytes:
    """A real film of 60 kB, RLE compressed."""
    from pydicom import dcmread
    from pydicom.uid import RLELossless

    image = dcmread(BytesIO(real_file))
    pixels = np.ascontiguousarray(real_pixels[::6, ::6])
    image.Rows, image.Columns = pixels.shape
    image.compress(RLELossless, arr=pixels)
    file = BytesIO()
    image.save_as(file)
    return file.getvalue()


@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=5))
@settings(
    max_examples=2 * settings().max_examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_changed_bytes_in_the_pixels_are_read_or_refused_but_never_a_crash(
    small_compressed: bytes, changes: list[tuple[float, int]]
) -> None:
    changed = bytearray(small_compressed)
    for place, value in changes:
        changed[2_000 + int(place * (len(changed) - 2_010))] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom tells of what it skips
        assert picture_code_of(bytes(changed)) in {None, "undecodable"}


def picture_code_of(data: bytes) -> str | None:
    """The code with which a file's pixels are refused, None when they are read."""
    try:
        read_picture(data)
    except UnreadableFileError as error:
        return error.code
    return None


def code_of(data: bytes) -> str | None:
    """The code with which a file is refused, None when it is read."""
    try:
        read_header(data)
    except UnreadableFileError as error:
        return error.code
    return None


def test_both_photometric_interpretations_give_the_same_picture(
    mammogram: Any, real_pixels: NDArray[np.uint16]
) -> None:
    as_it_is = read_picture(mammogram()).grey
    inverted = read_picture(mammogram(65535 - real_pixels, PhotometricInterpretation="MONOCHROME1")).grey
    np.testing.assert_allclose(inverted, as_it_is, atol=1e-3)


def test_without_a_window_the_stored_range_becomes_0_to_255(mammogram: Any, real_pixels: NDArray[np.uint16]) -> None:
    picture = read_picture(mammogram())
    np.testing.assert_allclose(picture.grey, real_pixels / 257, atol=1e-3)
    assert (picture.pixel_mm, picture.pixel_mm_assumed) == (0.2, False)


def test_a_linear_window_is_applied_as_in_part_3(mammogram: Any, real_pixels: NDArray[np.uint16]) -> None:
    """PS3.3 C.11.2.1.2.1, written out by hand; of several windows the first."""
    center, width = 30_000, 20_000
    grey = read_picture(mammogram(WindowCenter=[center, 40_000], WindowWidth=[width, 100])).grey
    expected = ((real_pixels.astype(float) - (center - 0.5)) / (width - 1) + 0.5) * 255
    np.testing.assert_allclose(grey, np.clip(expected, 0, 255), atol=1e-2)


def test_a_sigmoid_window_is_applied_as_in_part_3(mammogram: Any, real_pixels: NDArray[np.uint16]) -> None:
    """PS3.3 C.11.2.1.3.1."""
    center, width = 30_000, 20_000
    grey = read_picture(mammogram(WindowCenter=center, WindowWidth=width, VOILUTFunction="SIGMOID")).grey
    expected = 255 / (1 + np.exp(-4 * (real_pixels.astype(float) - center) / width))
    np.testing.assert_allclose(grey, expected, atol=1e-2)


def test_film_without_a_pixel_size_is_taken_to_be_24_cm_long_and_its_edges_are_blanked(real_file: bytes) -> None:
    picture = read_picture(real_file)
    assert picture.pixel_mm_assumed
    assert picture.pixel_mm * picture.grey.shape[0] == pytest.approx(240)
    assert not picture.grey[: int(5 / picture.pixel_mm)].any()
    assert picture.grey[picture.grey.shape[0] // 2].any()


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"])
def test_other_encodings_of_the_same_image_are_read_alike(mammogram: Any, syntax: str) -> None:
    """Implicit VR, deflated, and the retired big-endian."""
    from pydicom import dcmread, dcmwrite
    from pydicom.uid import UID

    image = dcmread(BytesIO(mammogram()))
    if syntax.endswith("1.2.2"):
        image.PixelData = np.frombuffer(image.PixelData, "<u2").astype(">u2").tobytes()
    image.file_meta.TransferSyntaxUID = UID(syntax)
    file = BytesIO()
    dcmwrite(file, image, force_encoding=syntax.endswith("1.2.2"), **_encoding(syntax))
    assert read_header(file.getvalue()) == read_header(mammogram())
    np.testing.assert_array_equal(read_picture(file.getvalue()).grey, read_picture(mammogram()).grey)


def _encoding(syntax: str) -> dict[str, bool]:
    return {"implicit_vr": False, "little_endian": False} if syntax.endswith("1.2.2") else {}


@pytest.mark.parametrize("spacing", [[0.0, 0.0], [50, 50], [0.000001, 0.000001], None])
def test_a_pixel_size_that_cannot_be_is_not_believed(mammogram: Any, spacing: list[float] | None) -> None:
    picture = read_picture(mammogram(ImagerPixelSpacing=spacing))
    assert picture.pixel_mm_assumed
    assert picture.pixel_mm * max(picture.grey.shape) == pytest.approx(240)


def test_a_size_that_no_detector_has_is_noted_and_never_decoded(real_file: bytes) -> None:
    from pydicom import dcmread

    image = dcmread(BytesIO(real_file))
    image.Rows = image.Columns = 65535
    file = BytesIO()
    image.save_as(file)
    assert read_header(file.getvalue()).problems == ("unusable-size",)


def test_pixels_that_no_decoder_opens_are_refused_with_a_code(real_file: bytes) -> None:
    from pydicom import dcmread
    from pydicom.uid import JPEG2000Lossless

    image = dcmread(BytesIO(real_file))
    image.file_meta.TransferSyntaxUID = JPEG2000Lossless  # which the RLE bytes are not
    file = BytesIO()
    image.save_as(file)
    with pytest.raises(UnreadableFileError) as caught:
        read_picture(file.getvalue())
    assert caught.value.code == "undecodable"
