from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from samdrift_mammography.errors import TrainingDataError
from samdrift_mammography.training.labels import LabelledImage, Severity
from samdrift_mammography.training.pictures import film_of, picture_of
from samdrift_mammography.views import Laterality, Projection


def labelled(path: Path, pixel_mm: float | None = 0.2) -> LabelledImage:
    return LabelledImage(
        path=path,
        woman="w",
        laterality=Laterality.LEFT,
        projection=Projection.CC,
        severity=Severity.NORMAL,
        pixel_mm=pixel_mm,
        line=17,
    )


@pytest.mark.parametrize(("mode", "top"), [("L", 255), ("I;16", 65535)])
def test_grey_values_are_0_to_255_whatever_the_depth(tmp_path: Path, mode: str, top: int) -> None:
    values = np.array([[0, top // 3, top]], dtype=np.uint8 if mode == "L" else np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    found = picture_of(labelled(tmp_path / "a.png", 0.05))
    np.testing.assert_allclose(found.grey, [[0, 85, 255]], atol=0.01)
    assert (found.pixel_mm, found.pixel_mm_assumed) == (0.05, False)


def test_a_pixel_size_in_the_label_file_goes_before_that_of_the_header(tmp_path: Path, mammogram: Any) -> None:
    (tmp_path / "a.dcm").write_bytes(mammogram())
    found = [picture_of(labelled(tmp_path / "a.dcm", told)).pixel_mm for told in (0.07, None)]
    assert found == [0.07, 0.2]


@pytest.mark.parametrize(
    ("content", "pixel_mm", "said"),
    [
        (b"neither", 0.2, "neither DICOM nor a picture"),
        (b"\0" * 128 + b"DICM" + b"rest", 0.2, "cannot be read"),
        (None, None, "has no pixel_mm"),
        (None, 0.2, "shows no breast"),
    ],
)
def test_an_image_that_cannot_be_used_is_named_by_its_line_alone(
    tmp_path: Path, content: bytes | None, pixel_mm: float | None, said: str
) -> None:
    """The published fictitious number stands for any that a file's name might hold."""
    path = tmp_path / "2512489996.png"
    if content is None:
        Image.fromarray(np.zeros((300, 200), np.uint8)).save(path)
    else:
        path.write_bytes(content)
    with pytest.raises(TrainingDataError, match=f"line 17 .*{said}") as raised:
        film_of(labelled(path, pixel_mm))
    assert "2512489996" not in str(raised.value)
