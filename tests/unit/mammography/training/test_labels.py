from __future__ import annotations

from pathlib import Path

import pytest

from samdrift_mammography.errors import TrainingDataError
from samdrift_mammography.training import labels, mini_mias
from samdrift_mammography.training.labels import Lesion, Severity
from samdrift_mammography.views import Laterality, Projection

HEADER = (
    "file,woman,laterality,view,label,lesion_x,lesion_y,lesion_radius,"
    "lesion_left,lesion_top,lesion_width,lesion_height,density,pixel_mm"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def read(folder: Path, *rows: str, header: str = HEADER) -> list[labels.LabelledImage]:
    (folder / "labels.csv").write_text("\n".join((header, *rows)) + "\n")
    return labels.read(folder / "labels.csv", folder)


def test_an_image_counts_by_its_worst_finding_and_keeps_the_places_it_has(folder: Path) -> None:
    first, second = read(
        folder,
        "b.png,w1,L,MLO,benign,10,20,5,,,,,C,0.1",
        "b.png,w1,L,MLO,malignant,,,,30,40,10,20,C,0.1",
        "b.png,w1,L,MLO,benign,,,,,,,,C,0.1",
        "a.png,w1,R,CC,normal,,,,,,,,C,",
    )
    assert (first.name, first.severity, first.lesions, first.pixel_mm) == ("a", Severity.NORMAL, (), None)
    assert (second.severity, second.woman, second.pixel_mm) == (Severity.MALIGNANT, "w1", 0.1)
    assert second.lesions == (Lesion(x=10, y=20, radius=5), Lesion(x=35, y=50, radius=10))
    assert (second.laterality, second.projection) == (Laterality.LEFT, Projection.MLO)
    assert second.subgroups == {"density": "C"}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a.png,w1,X,MLO,normal,,,,,,,,,", "Line 2.*laterality"),
        ("a.png,w1,L,MLO,ill,,,,,,,,,", "Line 2.*label is none of normal, benign, malignant"),
        ("a.png,w1,L,XCCL,normal,,,,,,,,,", "Line 2.*view"),
        ("a.png,,L,MLO,normal,,,,,,,,,", "Line 2.*woman is empty"),
        ("a.png,w1,L,MLO,benign,1,2,,,,,,,", "Line 2.*lesion_x is there without"),
        ("a.png,w1,L,MLO,benign,1,2,far,,,,,,", "Line 2.*lesion_radius is not a number"),
        ("a.png,w1,L,MLO,benign,nan,2,3,,,,,,", "Line 2.*lesion_x lies outside"),
        ("c.png,w1,L,MLO,normal,,,,,,,,,", "Line 2.*not there"),
        ("../a.png,w1,L,MLO,normal,,,,,,,,,", "Line 2.*leads out"),
    ],
)
def test_a_wrong_value_is_named_by_line_and_column(folder: Path, row: str, said: str) -> None:
    with pytest.raises(TrainingDataError, match=said):
        read(folder, row)


def test_no_message_repeats_who_it_is_about(folder: Path) -> None:
    """The published fictitious number stands for any that a label file might hold."""
    with pytest.raises(TrainingDataError) as raised:
        read(folder, "2512489996.png,2512489996,L,MLO,normal,,,,,,,,,")
    assert "2512489996" not in str(raised.value)


def test_rows_of_one_image_that_disagree_are_refused(folder: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"Line 3.*woman differs from line 2"):
        read(folder, "a.png,w1,L,MLO,normal,,,,,,,,,", "a.png,w2,L,MLO,normal,,,,,,,,,")


def test_a_missing_column_is_named(folder: Path) -> None:
    with pytest.raises(TrainingDataError, match="no column woman"):
        read(folder, "a.png,L,MLO,normal", header="file,laterality,view,label")


def test_a_file_that_is_no_csv_says_so(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TrainingDataError, match="CSV in UTF-8"):
        labels.read(tmp_path / "labels.csv", tmp_path)


MINI_MIAS = """\
image,patient,laterality,view,tissue_FGD,class,severity,lesion_x_crop,lesion_y_crop,lesion_radius,crop_x0,crop_y0,width,height
b,1,L,MLO,F,CIRC,B,10,20,5,0,0,100,100
b,1,L,MLO,F,CALC,M,,,,0,0,100,100
a,1,R,MLO,F,NORM,N,,,,0,0,100,100
"""


def test_mini_mias_is_read_through_a_label_file(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(MINI_MIAS)
    (tmp_path / "png").mkdir()
    for name in "ab":
        (tmp_path / "png" / f"{name}.png").write_bytes(b"")
    first, second = mini_mias.images(tmp_path)
    assert (first.name, first.severity, first.lesions, first.pixel_mm) == ("a", Severity.NORMAL, (), 0.2)
    assert (second.name, second.severity, second.woman) == ("b", Severity.MALIGNANT, "1")
    assert second.lesions == (Lesion(x=10, y=20, radius=5),)
    assert second.findings == ("calcification", "circumscribed mass")
    assert second.subgroups == {"density": "fatty"}


@pytest.mark.parametrize("value", [None, "/nowhere"])
def test_without_the_data_the_message_names_the_missing_file(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("SAMDRIFT_DATA", raising=False)
    if value:
        monkeypatch.setenv("SAMDRIFT_DATA", value)
    with pytest.raises(TrainingDataError, match=r"mini-mias/labels\.csv"):
        mini_mias.folder()
