"""What this workload wants kept running beside the platform's processes."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

INTAKE = "mammography-intake"


def services() -> Mapping[str, Sequence[str]]:
    """The intake, always: it also puts together the exams whose images came by web or API."""
    return {INTAKE: [sys.executable, "-m", "samdrift_mammography.intake"]}
