"""Keeps CPR numbers and opened secrets out of everything that a process writes about itself, by default.

There is one place for each way out: structured logs (`mask_event`), all of the standard library's logging, also the
handlers that uvicorn, Prefect, Ray and MLflow bring along, warnings, and what ends a process or a thread. Nobody who
writes a log line has to think of it. Names and addresses are not recognised: texts that may hold them are not logged.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, MutableMapping
from types import TracebackType
from typing import Any

from samdrift_platform.cpr import mask, mask_value
from samdrift_platform.errors import SamdriftError
from samdrift_platform.secret import hide

#: These write the very bytes of what was sent, one by one, where no pattern finds them.
TOO_TALKATIVE = ("python_multipart", "multipart")


class MaskedError(SamdriftError):
    """An error whose text quoted personal data or a secret: its kind and the rest of its text."""


def masked(text: str) -> str:
    """`text` without CPR numbers and without secrets that were opened in this process."""
    return hide(mask(text))


def masked_value(value: Any) -> Any:
    """The same in every depth of a value such as JSON holds it."""
    return mask_value(value, text=masked)


def mask_event(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor for structlog, after tracebacks were made into text and before the event is rendered."""
    return {masked(key): mask_value(each, text=masked, other=repr) for key, each in event.items()}


def clean(error: BaseException) -> BaseException:
    """`error` as it may leave the process: itself where its text and those of its causes are clean.

    Otherwise an error of ours keeps its class with its text masked, and any other becomes a MaskedError that has its
    name, text and traceback. Causes, which would be printed with it, are let go of.
    """
    told = "".join(traceback.format_exception(error))
    if masked(told) == told:
        return error
    if isinstance(error, SamdriftError):
        error.message = masked(error.message)
        error.args = tuple(masked_value(list(error.args)))
        found: BaseException = error
    else:
        found = MaskedError(f"{type(error).__name__}: {masked(str(error))}").with_traceback(error.__traceback__)
    found.__cause__, found.__suppress_context__ = None, True
    return found


def install() -> None:
    """Mask what this process writes from now on; again changes nothing."""
    if logging.Handler.format is not _format:
        setattr(logging.Handler, "format", _format)  # noqa: B010 - the one place that all handlers go through
        setattr(logging.Handler, "handleError", _say_logging_failed)  # noqa: B010 - as above
        warnings.formatwarning = _format_warning
    _hook(sys, "excepthook", _say_ended)
    _hook(threading, "excepthook", _say_thread_ended)
    _hook(sys, "unraisablehook", _say_unraisable)
    for name in TOO_TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _hook(module: Any, name: str, ours: Callable[..., None]) -> None:
    """Take the place of Python's own hook; one that somebody else set is theirs."""
    if getattr(module, name) is getattr(module, f"__{name}__"):
        setattr(module, name, ours)


# As they were when this module was imported; a test that replaces one gets it back.
_format_plainly: Callable[[logging.Handler, logging.LogRecord], str] = logging.Handler.format
_format_warning_plainly = warnings.formatwarning


def _format(handler: logging.Handler, record: logging.LogRecord) -> str:
    return masked(_format_plainly(handler, record))


def _say_logging_failed(handler: logging.Handler, record: logging.LogRecord) -> None:
    """Instead of the standard library's, which prints the record's arguments."""
    if logging.raiseExceptions and sys.stderr is not None:
        where = f"Logged from {record.pathname}, line {record.lineno}.\n"
        sys.stderr.write(f"A log entry could not be written.\n{masked(traceback.format_exc())}{where}")


def _format_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    return masked(_format_warning_plainly(message, category, filename, lineno, line))


def _say_ended(kind: type[BaseException], error: BaseException, frames: TracebackType | None) -> None:
    _write("".join(traceback.format_exception(kind, error, frames)))


def _say_thread_ended(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_type is SystemExit:
        return
    name = ended.thread.name if ended.thread is not None else "unknown"
    told = traceback.format_exception(ended.exc_type, ended.exc_value, ended.exc_traceback)
    _write(f"Exception in thread {name}:\n{''.join(told)}")


def _say_unraisable(what: Any) -> None:
    """Without the object itself, whose representation may be anybody's data."""
    told = traceback.format_exception(what.exc_type, what.exc_value, what.exc_traceback)
    _write(f"{what.err_msg or 'Exception ignored'}:\n{''.join(told)}")


def _write(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(masked(text))
        sys.stderr.flush()
