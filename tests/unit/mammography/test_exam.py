from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_mammography.dicom import Header
from samdrift_mammography.exam import Exam, Image, group
from samdrift_mammography.views import Laterality, Projection, View


def image(
    view: str | None,
    *problems: str,
    uid: str | None = None,
    exam: str = "1.2",
    data: str | None = None,
    acquired: str = "",
    film: bool = False,
) -> Image:
    header = Header(
        sop_instance_uid=uid or f"1.2.{view}",
        exam=exam,
        laterality=Laterality(view[0]) if view else None,
        projection=Projection(view[1:]) if view else None,
        problems=problems,
        digitised_film=film,
        acquired=acquired,
    )
    return Image(object=data or f"sha256:{exam}{view}{uid}{problems}", header=header)


FOUR = [image(view) for view in View]


def only(images: list[Image]) -> Exam:
    (exam,) = group(images)
    return exam


def test_four_standard_views_make_an_exam_in_hanging_order_whatever_the_order_of_arrival() -> None:
    for order in permutations(FOUR):
        exam = only(list(order))
        assert [each.header.view for each in exam.images] == ["RCC", "LCC", "RMLO", "LMLO"]
        assert exam.obstacles == ()
        assert exam.missing == ()


@given(st.sets(st.sampled_from(list(View)), min_size=1, max_size=3))
def test_what_is_missing_is_named_and_forbids_the_score(present: set[View]) -> None:
    exam = only([each for each in FOUR if each.header.view in present])
    assert set(exam.missing) == set(View) - present
    assert exam.obstacles == ("missing-views",)


def test_the_same_file_twice_counts_once() -> None:
    assert len(only([*FOUR, FOUR[0]]).images) == 4


def test_a_view_taken_twice_is_kept_and_forbids_nothing() -> None:
    exam = only([*FOUR, image("RCC", uid="1.2.9")])
    assert len(exam.images) == 5
    assert exam.obstacles == ()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_of_a_repeated_view_the_newest_digital_exposure_is_scored_and_the_others_are_kept(order: Any) -> None:
    repeats = [
        image("RCC", uid="1.2.7", acquired="20261124101500"),
        image("RCC", uid="1.2.8", acquired="20261124101000"),
        image("RCC", uid="1.2.9", acquired="20261124120000", film=True),
    ]
    exam = only([*FOUR[1:], *(repeats[place] for place in order)])
    scored = [each.header.sop_instance_uid for each in exam.images if not each.problems]
    assert scored == ["1.2.7", "1.2.LCC", "1.2.RMLO", "1.2.LMLO"]
    assert [each.problems for each in exam.images if each.problems] == [("repeated-view",)] * 2
    assert exam.obstacles == ()


def test_an_image_that_cannot_be_scored_repeats_nothing() -> None:
    exam = only(
        [*FOUR[1:], image("RCC", uid="1.2.7", acquired="1"), image("RCC", "size-disagrees", uid="1.2.8", acquired="2")]
    )
    assert [each.problems for each in exam.images][:2] == [(), ("size-disagrees",)]
    assert exam.obstacles == ("size-disagrees",)
    assert exam.missing == ()


def test_two_images_with_one_identifier_forbid_the_score() -> None:
    assert only([*FOUR, image("RCC", data="sha256:other")]).obstacles == ("conflicting-copies",)


def test_images_of_two_women_in_one_study_forbid_the_score() -> None:
    def of(one: Image, subject: str | None) -> Image:
        return replace(one, header=replace(one.header, subject=subject))

    assert only([of(one, "hers") for one in FOUR]).obstacles == ()
    assert only([of(FOUR[0], None), *(of(one, "hers") for one in FOUR[1:])]).obstacles == ()
    assert only([of(FOUR[0], "another's"), *(of(one, "hers") for one in FOUR[1:])]).obstacles == ("several-patients",)


def test_an_implant_in_one_image_forbids_the_score_of_the_exam() -> None:
    exam = only([*FOUR, image("RCC", "implant", uid="1.2.9")])
    assert exam.obstacles == ("implant",)


def test_a_raw_image_with_a_processed_twin_forbids_nothing_but_without_one_the_view_is_missing() -> None:
    raw = image("RCC", "for-processing", uid="1.2.9")
    assert only([*FOUR, raw]).obstacles == ()
    assert only([*FOUR[1:], raw]).obstacles == ("missing-views",)
    assert only([*FOUR[1:], raw]).missing == (View.RCC,)


def test_another_view_is_kept_last_and_noted() -> None:
    exam = only([image(None), *FOUR])
    assert exam.images[-1].problems == ("not-standard-view",)
    assert exam.obstacles == ()


def test_exams_stay_apart() -> None:
    other = [image(view, exam="1.3", uid=f"1.3.{view}") for view in View]
    mixed = [each for pair in zip(FOUR, other, strict=True) for each in pair]
    assert [exam.identifier for exam in group(mixed)] == ["1.2", "1.3"]
    assert all(len(exam.images) == 4 for exam in group(mixed))
