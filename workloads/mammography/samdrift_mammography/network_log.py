"""What pynetdicom and pydicom say by themselves: nothing."""

from __future__ import annotations

import logging


def silence() -> None:
    """Their logs quote what peers send, and pynetdicom formats every PDU. We log what matters ourselves."""
    from pynetdicom import _config

    _config.LOG_HANDLER_LEVEL = "none"
    for library in ("pynetdicom", "pydicom"):
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)
