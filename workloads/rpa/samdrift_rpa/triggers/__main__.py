"""The watched folders as a process that `samdrift up` keeps running: `python -m samdrift_rpa.triggers`."""

from __future__ import annotations

import sys
from pathlib import Path

import structlog

from samdrift_platform.client import Client
from samdrift_platform.errors import SamdriftError
from samdrift_platform.process import begin
from samdrift_rpa import settings
from samdrift_rpa.processes import installed
from samdrift_rpa.services import FILE_DROP
from samdrift_rpa.triggers.file_drop import FileDrop


def main() -> int:
    """Take files in until told to stop."""
    stopping = begin(FILE_DROP)
    try:
        with Client.from_environment(waits_s=(0.2, 0.5, 1.0)) as client:
            FileDrop(folder=Path(settings.FILE_DROP.value()), processes=installed(), desk=client).run(stopping)
    except SamdriftError as error:
        structlog.get_logger(__name__).error("the watched folders cannot be used", why=error.message)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
