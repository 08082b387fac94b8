"""Run it: `python -m samdrift_rpa.loopback.legacy_form --folder F --port P --faults error-after-saving:3`.

Its one user is read from the environment, as a real system's would not be shown on a command line.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import uvicorn

from samdrift_rpa.loopback.legacy_form.app import create_app
from samdrift_rpa.loopback.legacy_form.faults import Faults
from samdrift_rpa.loopback.legacy_form.log import Log

#: User and password, separated by a colon.
USER = "SAMDRIFT_LEGACY_FORM_USER"


def main(argv: Sequence[str] | None = None) -> None:
    """Serve on 127.0.0.1 until it is told to stop."""
    options = _parser().parse_args(argv)
    user, _, password = os.environ[USER].partition(":")
    app = create_app(
        Log(options.folder),
        Faults.parse(options.faults),
        users={user: password},
        slow=partial(asyncio.sleep, options.slow_s),
    )
    uvicorn.run(app, host="127.0.0.1", port=options.port, log_level="critical")  # its faults are meant


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m samdrift_rpa.loopback.legacy_form", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the log is kept")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--faults", default="", help="fault:n, separated by commas; n: with every n-th application")
    parser.add_argument("--slow-s", type=float, default=1.5, help="how long a slow answer takes, in seconds")
    return parser


if __name__ == "__main__":
    main()
