"""What pynetdicom says by itself: nothing."""

from __future__ import annotations

import logging


def silence() -> None:
    """Its log quotes what peers send, and its handlers format every PDU. We log what matters ourselves."""
    from pynetdicom import _config

    _config.LOG_HANDLER_LEVEL = "none"
    logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)
