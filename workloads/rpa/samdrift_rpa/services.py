"""What this workload wants kept running beside the platform's processes. Importing this is light."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from samdrift_rpa import settings

FILE_DROP = "rpa-file-drop"


def services() -> Mapping[str, Sequence[str]]:
    """The watched folders, where the operator has named one."""
    if not settings.FILE_DROP.value():
        return {}
    return {FILE_DROP: [sys.executable, "-m", "samdrift_rpa.triggers"]}
