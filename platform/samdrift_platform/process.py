"""How every process of the platform begins: quiet libraries, structured logs, an event that says when to stop."""

from __future__ import annotations

import ctypes
import logging
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import structlog

from samdrift_platform import masking
from samdrift_platform.telemetry import silence

_PR_SET_PDEATHSIG = 1  # prctl(2)
#: Opened here and not in a child: between fork and exec, a lock of the loader may belong to a thread that is gone.
_LIBC = ctypes.CDLL(None)
#: Of this process, once it has begun; threads do not inherit the context of logs.
_NAME: dict[str, str] = {}


def begin(name: str) -> threading.Event:
    """Prepare this process, called `name` in the logs; the event is set by SIGTERM and SIGINT."""
    silence()
    configure_logs(name)
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopping


def configure_logs(name: str) -> None:
    """One JSON object a line on standard error, with time, level and process; nothing personal gets out of here."""
    masking.install()
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            masking.mask_event,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    structlog.contextvars.bind_contextvars(process=name)
    _NAME["name"] = name


def current_name() -> str:
    """What this process is called in the logs; a command is called by its program."""
    return _NAME.get("name") or Path(sys.argv[0]).name or "python"


def die_with_parent() -> None:
    """Ask the kernel to end this process with its parent, so that a killed platform leaves nobody behind (Linux)."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
