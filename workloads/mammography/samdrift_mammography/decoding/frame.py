"""One compressed frame and what its decoder must know of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A single-frame grey image as it stands in Pixel Data."""

    transfer_syntax: str
    rows: int
    columns: int
    #: Bits Allocated (0028,0100): 8 or 16.
    bits_allocated: int
    #: Bits Stored (0028,0101).
    bits_stored: int
    #: All fragments, joined.
    data: bytes

    @property
    def pixels(self) -> int:
        """How many values it decodes to."""
        return self.rows * self.columns
