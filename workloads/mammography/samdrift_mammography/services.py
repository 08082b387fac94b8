"""What this workload wants kept running beside the platform's processes."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from samdrift_mammography import settings

INTAKE = "mammography-intake"


def services() -> Mapping[str, Sequence[str]]:
    """The intake, where a sender or a folder is named in the settings."""
    if settings.CALLING_AE_TITLES.value() or settings.WATCHED_FOLDER.value():
        return {INTAKE: [sys.executable, "-m", "samdrift_mammography.intake"]}
    return {}
