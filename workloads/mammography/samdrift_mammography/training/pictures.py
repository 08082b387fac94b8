"""A labelled image's pixels: DICOM, or any picture that Pillow opens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from samdrift_mammography.errors import NoBreastError, TrainingDataError, UnreadableFileError
from samdrift_mammography.film import Film, canonical
from samdrift_mammography.pixels import Picture, read_picture
from samdrift_mammography.training.labels import LabelledImage
from samdrift_mammography.views import Projection


def film_of(image: LabelledImage) -> Film:
    """The image in canonical form.

    Raises:
        TrainingDataError: as `picture_of`, and `canonical_of`.
    """
    return canonical_of(image, picture_of(image))


def canonical_of(image: LabelledImage, picture: Picture) -> Film:
    """The image's `picture` in canonical form.

    Raises:
        TrainingDataError: there is no breast in it.
    """
    try:
        return canonical(picture.grey, pixel_mm=picture.pixel_mm, oblique=image.projection is Projection.MLO)
    except NoBreastError as error:
        raise _unusable(image, "shows no breast") from error


def _unusable(image: LabelledImage, why: str) -> TrainingDataError:
    return TrainingDataError(f"The image of line {image.line} of the label file {why}. Correct it, or take it out.")


def picture_of(image: LabelledImage) -> Picture:
    """Grey values 0-255, dense tissue bright, and the side of a pixel; a pixel size in the label file goes first.

    Raises:
        TrainingDataError: the image cannot be read, or a picture's label has no `pixel_mm`.
    """
    from PIL import Image, UnidentifiedImageError

    data = image.path.read_bytes()
    if data[128:132] == b"DICM":
        try:
            read = read_picture(data)
        except UnreadableFileError as error:
            raise _unusable(image, f"cannot be read ({error.code})") from error
        return replace(read, pixel_mm=image.pixel_mm) if image.pixel_mm else read
    try:
        with Image.open(image.path) as picture:
            grey = np.asarray(picture.convert("F"), dtype=np.float32)
            top = 255.0 if picture.mode in ("L", "P", "RGB", "RGBA") else 65535.0
    except (UnidentifiedImageError, OSError) as error:
        raise _unusable(image, "is neither DICOM nor a picture") from error
    if image.pixel_mm is None:
        raise _unusable(image, "is not DICOM and has no pixel_mm")
    return Picture(grey=grey * np.float32(255 / top), pixel_mm=image.pixel_mm, pixel_mm_assumed=False)
