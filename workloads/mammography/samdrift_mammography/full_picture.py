"""An image at full resolution for the viewer: one is made at a time, so that readers cannot fill the memory."""

from __future__ import annotations

from threading import BoundedSemaphore

import numpy as np

from samdrift_mammography.picture import png
from samdrift_platform.errors import UnavailableError

#: Larger images are shown at every second pixel (24 x 30 cm at 0.07 mm are 15 million).
MOST_PIXELS = 24_000_000
#: Longer side of a small picture, in pixels.
SMALL = 900
#: How long a reader waits for others' images, in seconds.
LONGEST_WAIT_S = 20.0
#: Level of compression: the network is near, and the reader waits.
_LEVEL = 1

_one_at_a_time = BoundedSemaphore(1)


class BusyError(UnavailableError):
    """Too many images are asked for at full resolution. Try again in a moment."""


def full_picture(data: bytes, *, low: float, high: float, longest: int | None = None) -> bytes:
    """A DICOM file's image as an 8-bit PNG, `low` to `high` of its grey range (0-1) stretched to black to white.

    `longest` is how many pixels the longer side may have; None: all that there are, up to `MOST_PIXELS` in the picture.

    The stretching is done on the decoded grey values, so that a narrow window shows all steps that the image has.
    Memory: the decoded image, its grey values in float32 and the picture, of one image at a time.

    Raises:
        UnreadableFileError: the pixels cannot be decoded.
        BusyError: others' images take too long.
    """
    from samdrift_mammography.pixels import read_picture

    if not _one_at_a_time.acquire(timeout=LONGEST_WAIT_S):
        raise BusyError
    try:
        grey = read_picture(data).grey
        step = -(-max(grey.shape) // longest) if longest else 1 + (grey.size > MOST_PIXELS)
        grey = np.ascontiguousarray(grey[::step, ::step])
        width = max(high - low, 1 / 255)
        grey -= np.float32(255 * low)
        grey *= np.float32(1 / width)
        return png(grey, level=_LEVEL)
    finally:
        _one_at_a_time.release()
