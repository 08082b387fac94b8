"""An image at full resolution for the viewer: one is made at a time, so that readers cannot fill the memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

import numpy as np

from samdrift_mammography.picture import png
from samdrift_platform.errors import UnavailableError

#: Larger images are shown at every second pixel (24 x 30 cm at 0.07 mm are 15 million).
MOST_PIXELS = 24_000_000
#: Longer side of a small picture, in pixels.
SMALL = 900
#: How many may wait for their turn, and how long, in seconds: who waits keeps one of the server's threads.
MOST_WAITING, LONGEST_WAIT_S = 8, 20.0
#: Level of compression: the network is near, and the reader waits.
_LEVEL = 1

_in_line, _at_work = BoundedSemaphore(MOST_WAITING + 1), BoundedSemaphore(1)


class BusyError(UnavailableError):
    """Too many images are asked for at full resolution. Try again in a moment."""


@contextmanager
def a_turn() -> Iterator[None]:
    """Alone with its image, from reading its bytes to the picture.

    Raises:
        BusyError: too many wait already, or those before take too long.
    """
    if not _in_line.acquire(blocking=False):
        raise BusyError
    try:
        if not _at_work.acquire(timeout=LONGEST_WAIT_S):
            raise BusyError
        try:
            yield
        finally:
            _at_work.release()
    finally:
        _in_line.release()


def full_picture(data: bytes, *, low: float, high: float, longest: int | None = None) -> bytes:
    """A DICOM file's image as an 8-bit PNG, `low` to `high` of its grey range (0-1) stretched to black to white.

    `longest` is how many pixels the longer side may have; None: all that there are, up to `MOST_PIXELS` in the picture.
    The stretching is done on the decoded grey values, so that a narrow window shows all steps that the image has.

    Raises:
        UnreadableFileError: the pixels cannot be decoded.
    """
    from samdrift_mammography.pixels import read_picture

    grey = read_picture(data).grey
    step = -(-max(grey.shape) // longest) if longest else 1 + (grey.size > MOST_PIXELS)
    grey = np.ascontiguousarray(grey[::step, ::step])
    width = max(high - low, 1 / 255)
    grey -= np.float32(255 * low)
    grey *= np.float32(1 / width)
    return png(grey, level=_LEVEL)
