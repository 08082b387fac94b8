"""Run the loopback: `python -m samdrift_rpa.loopback --folder F --port P --faults error-after:3,drop-after:4`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from samdrift_rpa.loopback.app import create_app
from samdrift_rpa.loopback.faults import Faults
from samdrift_rpa.loopback.log import Log


def main(argv: Sequence[str] | None = None) -> None:
    """Serve on 127.0.0.1 until it is told to stop."""
    options = _parser().parse_args(argv)
    app = create_app(
        Log(options.folder),
        Faults.parse(options.faults),
        slow_s=options.slow_s,
        notices_repeats=options.notice_repeats,
    )
    uvicorn.run(app, host="127.0.0.1", port=options.port, log_level="critical")  # its faults are meant


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m samdrift_rpa.loopback", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the log is kept")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--faults", default="", help="fault:n, separated by commas; n: at every n-th request")
    parser.add_argument("--slow-s", type=float, default=1.5, help="how long a slow answer takes, in seconds")
    parser.add_argument("--notice-repeats", action="store_true", help="answer a repeated key from the log")
    return parser


if __name__ == "__main__":
    main()
