"""The two real four-view exams (CBIS-DDSM, CC BY 3.0) through the whole workload, without the platform's processes."""

from __future__ import annotations

from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian

from samdrift_mammography.demonstration import SHIPPED
from samdrift_mammography.reasons import BANNER
from samdrift_mammography.scoring import Engine
from samdrift_mammography.triage import reading_order
from samdrift_mammography.views import View
from samdrift_mammography.workload import workload
from samdrift_platform.checks import CHECKS, Example
from samdrift_platform.contract import Outcome


@pytest.mark.parametrize("check_one", CHECKS, ids=lambda check: check.__name__)
def test_contract(check_one: Any, whole: Example) -> None:
    check_one(workload, whole)


def exams(example: Example) -> list[Outcome]:
    return [outcome for outcome in example.outcomes(workload) if outcome.result.get("reading")]


def test_ten_files_become_two_scored_exams_and_two_refusals(whole: Example) -> None:
    outcomes = whole.outcomes(workload)
    assert [outcome.result.get("code") for outcome in outcomes] == ["empty", "truncated", None, None]
    assert [outcome.result["exam"] for outcome in exams(whole)] == ["Mass-Test_P_00173", "Mass-Test_P_00820"]
    for outcome in exams(whole):
        views = cast(list[Any], outcome.result["views"])
        assert [view["view"] for view in views] == list(View)
        assert all(view["score"] > 0 and view["digitised_film"] for view in views)
        assert outcome.result["score"] in range(1, 11)
        assert outcome.result["banner"] == BANNER


def test_the_exam_with_the_malignant_mass_is_read_first(whole: Example) -> None:
    """Two exams prove nothing about the model; this guards the order against a sign that is turned round."""
    first, _ = sorted(exams(whole), key=lambda outcome: reading_order(outcome.result, None))
    assert first.result["exam"] == "Mass-Test_P_00820"


def test_an_exam_with_a_lost_view_is_read_by_two(delivery: Any) -> None:
    example = delivery.example(0, 1, 2)
    (item,) = example.items(workload)
    assert item.payload["missing"] == ["LMLO"]
    assert item.payload["obstacles"] == ["missing-views"]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load(SHIPPED)


@pytest.fixture(scope="module")
def real(delivery: Any) -> bytes:
    """A right MLO view."""
    data: bytes = delivery.store.get(delivery.objects[2])
    return data


def changed(data: bytes, *, mirrored: bool = False, inverted: bool = False) -> bytes:
    """The same film, uncompressed, hung the other way round or with dense tissue dark."""
    image = pydicom.dcmread(BytesIO(data))
    pixels = image.pixel_array
    if mirrored:
        pixels = pixels[:, ::-1]
    if inverted:
        pixels, image.PhotometricInterpretation = 65535 - pixels, "MONOCHROME1"
    image.PixelData = np.ascontiguousarray(pixels).tobytes()
    image["PixelData"].is_undefined_length = False
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = BytesIO()
    image.save_as(file)
    return file.getvalue()


def test_the_same_bytes_give_the_same_answer(engine: Engine, real: bytes) -> None:
    one, other = asdict(engine.score(real, View.RMLO)), asdict(engine.score(real, View.RMLO))
    assert np.array_equal(one.pop("histogram"), other.pop("histogram"))
    assert one == other


def test_compression_and_photometric_interpretation_change_nothing(engine: Engine, real: bytes) -> None:
    expected = engine.score(real, View.RMLO).score
    assert engine.score(changed(real), View.RMLO).score == expected
    inverted = engine.score(changed(real, inverted=True), View.RMLO).score
    assert inverted == pytest.approx(expected, abs=0.05)


def test_the_same_breast_on_the_other_side_gets_the_same_score_and_mirrored_marks(real: bytes, engine: Engine) -> None:
    bold = Engine.load(SHIPPED)
    bold._marked_from = 0.0  # the real film has no mark of its own
    one, other = bold.score(real, View.RMLO), bold.score(changed(real, mirrored=True), View.LMLO)
    assert one.score == pytest.approx(other.score, abs=0.01)
    assert [(1 - mark.x, mark.y) for mark in one.marks] == [pytest.approx((m.x, m.y), abs=0.01) for m in other.marks]


def test_the_picture_shows_the_film_as_it_hung(engine: Engine, real: bytes, tmp_path: Path) -> None:
    with Image.open(BytesIO(engine.score(real, View.RMLO).png)) as picture:
        pixels = np.asarray(picture)
    assert pixels.shape[0] == 600  # 24 cm at 0.4 mm
    assert pixels[:, -100:].mean() > 3 * pixels[:, :100].mean()  # the chest wall is on the right
