"""How sure a model is, in words of every page and question alike."""

from __future__ import annotations

import math


def in_percent(confidence: float) -> str:
    """`59 %`, rounded down: it never reads as more than it is, nor as enough where it is too little.

    A model is never certain, and rules nothing out: beyond the last whole per cent it says `> 99 %` and `< 1 %`.
    """
    hundredths = round(confidence * 100, 6)  # 0.29 * 100 is a little less than 29
    if hundredths > 99:
        return "> 99 %"
    return "< 1 %" if hundredths < 1 else f"{math.floor(hundredths)} %"
