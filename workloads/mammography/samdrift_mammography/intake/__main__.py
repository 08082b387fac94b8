"""The intake as a process that `samdrift up` keeps running: `python -m samdrift_mammography.intake`."""

from __future__ import annotations

import sys

import structlog

from samdrift_mammography.intake.dimse import Entity
from samdrift_mammography.intake.running import Intake, watched_folder
from samdrift_mammography.services import INTAKE
from samdrift_platform.errors import SamdriftError
from samdrift_platform.process import begin
from samdrift_platform.settings import load


def main() -> int:
    """Receive until told to stop; the exit status is not 0 when a part of it failed."""
    stopping = begin(INTAKE)
    try:
        intake = Intake.of(load(), Entity(), watched_folder())
        with intake.started():
            return 0 if intake.run(stopping) else 1
    except SamdriftError as error:
        structlog.get_logger(__name__).error("the intake cannot start", why=error.message)
        return 1


if __name__ == "__main__":
    sys.exit(main())
