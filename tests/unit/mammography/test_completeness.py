from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from samdrift_mammography.dicom import Header
from samdrift_mammography.exam import Image
from samdrift_mammography.intake.completeness import Before, due_at, is_raw_twin
from samdrift_mammography.views import Laterality, Projection, View

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
QUIET = timedelta(minutes=5)
EARLIER = NOW - timedelta(minutes=1)
SOON = NOW + timedelta(minutes=2)
THREE = (View.RCC, View.LCC, View.RMLO)


def image(view: str | None = "LMLO", problems: tuple[str, ...] = ()) -> Image:
    header = Header(
        sop_instance_uid="1.2.3",
        exam="1.2",
        laterality=Laterality(view[0]) if view else None,
        projection=Projection(view[1:]) if view else None,
        problems=problems,
        digitised_film=False,
    )
    return Image(object="sha256:" + "0" * 64, header=header)


@pytest.mark.parametrize(
    ("views", "due", "came", "expected"),
    [
        ((), None, image(), NOW + QUIET),  # the first image of an exam
        (THREE, SOON, image(), NOW),  # the fourth view
        (THREE, None, image(), NOW),  # the fourth view of an exam that was handed on without it
        (THREE, SOON, image("RCC"), NOW + QUIET),  # a repeated view leaves one missing
        (THREE, SOON, image(problems=("implant",)), NOW + QUIET),  # it cannot be scored
        (THREE, SOON, image(None), NOW + QUIET),  # not a standard view
        (tuple(View), EARLIER, image(None), EARLIER),  # complete and due: an extra image delays nothing
        (tuple(View), SOON, image("RCC"), SOON),  # nor does it where quiet is waited for
        (tuple(View), None, image("RCC"), NOW + QUIET),  # handed on and complete: more may follow
    ],
)
def test_when_an_exam_is_due(views: tuple[View, ...], due: datetime | None, came: Image, expected: datetime) -> None:
    assert due_at(Before(views=views, due_at=due), came, quiet=QUIET, now=NOW) == expected


@pytest.mark.parametrize(
    ("came", "expected"),
    [
        (image("RCC", ("for-processing",)), True),
        (image("LMLO", ("for-processing",)), False),  # all that there is of this view
        (image(None, ("for-processing",)), False),  # who knows what it shows
        (image("RCC"), False),
        (image("RCC", ("implant",)), False),
    ],
)
def test_raw_data_of_a_view_that_is_here_are_nothing_to_be_read(came: Image, expected: bool) -> None:
    assert is_raw_twin(Before(views=THREE), came) == expected
