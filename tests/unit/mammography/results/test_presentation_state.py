"""The presentation state, read back from its bytes."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pydicom
import pytest
from pydicom import Dataset

from samdrift_mammography.results.file import part10 as written
from samdrift_mammography.results.presentation_state import presentation_state
from samdrift_mammography.views import View
from samdrift_testing.reported_exam import SPOT, reported_exam
from samdrift_testing.screening_study import COLUMNS, ROWS, SPOT_COLUMN, SPOT_ROW, mammogram, part10, pixels, uid


def files(tags: Mapping[View, dict[str, Any]]) -> dict[View, bytes]:
    return {view: part10(mammogram(view, **tags.get(view, {}))) for view in View}


def state(tags: Mapping[View, dict[str, Any]] | None = None, **facts: Any) -> Dataset | None:
    exam = reported_exam(files=files(tags) if tags else None, **facts)
    made = presentation_state(exam.report())
    return made and pydicom.dcmread(BytesIO(written(made)))


def found(**arguments: Any) -> Dataset:
    made = state(**arguments)
    assert made is not None
    return made


def of(item: Dataset) -> str:
    (image,) = item.ReferencedImageSequence
    return str(image.ReferencedSOPInstanceUID)


def test_each_marked_image_has_its_circle_on_the_spot() -> None:
    made = found()
    assert [of(item) for item in made.GraphicAnnotationSequence] == [uid("image", 1, v) for v in (View.LCC, View.LMLO)]
    for annotation in made.GraphicAnnotationSequence:
        (circle,) = annotation.GraphicObjectSequence
        assert circle.GraphicType == "CIRCLE"
        column, row, rim_column, rim_row = circle.GraphicData
        assert (column, row) == pytest.approx((SPOT_COLUMN, SPOT_ROW), abs=0.01)
        assert (abs(rim_column - column), rim_row) == pytest.approx((30, row), abs=0.01)


def test_the_notice_is_written_over_each_image() -> None:
    for annotation in found().GraphicAnnotationSequence:
        said = annotation.TextObjectSequence[0].UnformattedTextValue
        assert said.startswith("Forskningsdemonstrator. Ikke medicinsk udstyr. En radiolog afgør.\r\nScore 10 af 10.")


def test_it_refers_to_the_marked_images_and_no_others() -> None:
    (series,) = found(marks={View.RMLO: [SPOT]}).ReferencedSeriesSequence
    assert [item.ReferencedSOPInstanceUID for item in series.ReferencedImageSequence] == [uid("image", 1, View.RMLO)]


def test_images_of_different_size_are_shown_whole() -> None:
    smaller = pixels(View.LMLO)[: ROWS - 100]
    made = found(tags={View.LMLO: {"Rows": ROWS - 100, "PixelData": smaller.tobytes()}})
    corners = {of(area): list(area.DisplayedAreaBottomRightHandCorner) for area in made.DisplayedAreaSelectionSequence}
    assert corners == {
        uid("image", 1, View.LCC): [COLUMNS, ROWS],
        uid("image", 1, View.LMLO): [COLUMNS, ROWS - 100],
    }


def test_each_image_keeps_its_own_window() -> None:
    sigmoid = {"WindowCenter": [3415, 3463], "WindowWidth": [838, 750], "VOILUTFunction": "SIGMOID"}
    windows = {of(item): item for item in found(tags={View.LCC: sigmoid}).SoftcopyVOILUTSequence}
    own = windows[uid("image", 1, View.LCC)]
    assert (own.WindowCenter, own.WindowWidth, own.VOILUTFunction) == (3415, 838, "SIGMOID")
    assert windows[uid("image", 1, View.LMLO)].WindowWidth == 4096


@pytest.mark.parametrize(("photometric", "shape"), [("MONOCHROME1", "INVERSE"), ("MONOCHROME2", "IDENTITY")])
def test_what_is_white_stays_white(photometric: str, shape: str) -> None:
    tags = {view: {"PhotometricInterpretation": photometric} for view in View}
    assert found(tags=tags).PresentationLUTShape == shape


@pytest.mark.parametrize(
    "tags",
    [
        {View.LMLO: {"StudyInstanceUID": uid("study", "another")}},
        {View.LMLO: {"RescaleSlope": 2}},
        {View.LMLO: {"PhotometricInterpretation": "MONOCHROME1"}},
    ],
    ids=["study", "slope", "photometric"],
)
def test_there_is_none_that_would_be_false_of_one_image(tags: dict[View, dict[str, Any]]) -> None:
    assert state(tags) is None
    assert state(tags, marks={View.LCC: [SPOT]}) is not None


def test_one_and_one_point_naught_are_the_same_slope() -> None:
    assert found(tags={View.LCC: {"RescaleSlope": "1"}, View.LMLO: {"RescaleSlope": "1.0"}}).RescaleSlope == 1


def test_the_same_report_gives_the_same_state_again() -> None:
    report = reported_exam().report()
    first, second = presentation_state(report), presentation_state(report)
    assert first == second is not None


@pytest.mark.parametrize("facts", [{"marks": {}}, {"score": None}])
def test_there_is_none_without_marks(facts: dict[str, Any]) -> None:
    assert state(**facts) is None


@pytest.mark.parametrize(
    ("marks", "side"), [({View.LCC: [SPOT], View.LMLO: [SPOT]}, "L"), ({View.LCC: [SPOT], View.RCC: [SPOT]}, "")]
)
def test_the_side_is_told_when_it_is_one(marks: dict[View, Any], side: str) -> None:
    assert found(marks=marks).Laterality == side
