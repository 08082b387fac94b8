"""A file without a name that two processes share."""

from __future__ import annotations

import os
import tempfile


def shared_file() -> int:
    """Its descriptor. In memory on Linux; elsewhere in the folder for temporary files."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("samdrift-decoding", 0)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
