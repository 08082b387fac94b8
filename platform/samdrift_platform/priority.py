"""Admission classes: clinical work goes first."""

from __future__ import annotations

from enum import IntEnum


class Priority(IntEnum):
    """The class of a workload, most urgent first."""

    #: A patient waits.
    CLINICAL = 0
    #: A building, a road or a kitchen waits.
    OPERATIONAL = 1
    #: An office waits.
    ADMINISTRATIVE = 2
    #: Nobody waits: training, re-evaluation.
    BACKGROUND = 3
