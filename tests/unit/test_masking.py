"""What processes write about themselves: numbers and secrets are masked on every way out, without anybody's doing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
import traceback

import pytest

from samdrift_platform.errors import InputError
from samdrift_platform.masking import MaskedError, clean, mask_event

#: Published as fictitious.
PERSON = "2512489996"
PASSWORD = "correct horse battery"

#: Every way in which a process of ours, or a library in it, may write; run in a process of its own.
TALKER = textwrap.dedent(
    """
    import asyncio, gc, logging, sys, threading, warnings
    from samdrift_platform import process
    from samdrift_platform.secret import Secret

    process.configure_logs("talker")
    P, S = sys.argv[1], Secret(sys.argv[2]).reveal()
    import structlog
    log = structlog.get_logger()

    class Thing:
        def __init__(self, text): self.text = text
        def __repr__(self): return f"Thing({self.text})"

    def fail(text=P):
        raise ValueError(f"no case for {text} with {S}")

    log.info(f"1 {P}", number=int(P), text=P, deep={P: [P.encode(), Thing(P), float(P)]}, thing=Thing(S))
    try:
        fail()
    except ValueError:
        log.exception("2")
        logging.getLogger("mine").exception("3 %s", P)
        logging.getLogger("ray").error("4", exc_info=True, stack_info=True)
    for name in ("uvicorn.error", "uvicorn.access", "prefect.flow_runs", "ray", "mlflow", "sqlalchemy.engine"):
        own = logging.StreamHandler()
        own.setFormatter(logging.Formatter("%(name)s %(message)s"))
        logger = logging.getLogger(name)
        logger.addHandler(own)
        logger.warning("5 %s %r %s", P, P[:6] + "\\N{EN DASH}" + P[6:], S)
        logger.warning("6", {"number": P}, extra={"cpr": P})
    logging.getLogger("python_multipart").error("Expected boundary character %r, got %r at index %d", 45, 50, 3)
    warnings.warn(f"7 {P}", stacklevel=1)
    logging.getLogger("bad").warning("8 %d", P)  # a fault in a log line quotes its arguments
    thread = threading.Thread(target=fail, name="worker")
    thread.start(); thread.join()

    class Ends:
        def __del__(self): fail()
    Ends(); gc.collect()
    async def forgotten():
        asyncio.get_running_loop().call_soon(fail); await asyncio.sleep(0)
    asyncio.run(forgotten())
    fail()
    """
)


def test_no_way_out_of_a_process_lets_a_number_or_a_secret_through() -> None:
    talker = [sys.executable, "-W", "always", "-c", TALKER, PERSON, PASSWORD]
    said = subprocess.run(talker, capture_output=True, text=True, timeout=60, check=False)
    out = said.stderr + said.stdout
    assert said.returncode == 1
    assert not re.search(r"9996|0x1p|battery", out), [line for line in out.splitlines() if "9996" in line]
    for nth in range(1, 8):
        assert re.search(rf'(?m)^.*\b{nth}\b.*251248-xxxx|"{nth}"|\b{nth}$', out), nth
    assert out.count("no case for 251248-xxxx with ***") >= 6
    assert "boundary character" not in out
    assert "A log entry could not be written" in out
    assert "Exception in thread worker" in out
    first = json.loads(next(line for line in out.splitlines() if '"1 251248' in line))
    assert first["number"] == first["text"] == "251248-xxxx"
    assert first["process"] == "talker"


def test_an_event_of_a_log_keeps_its_other_values() -> None:
    event = {"event": "taken", "items": 12, "seconds": 0.25, "names": ("a", "b"), "none": None, "yes": True}
    assert mask_event(None, "info", dict(event)) == {**event, "names": ["a", "b"]}


def test_what_nobody_is_quoted_in_is_raised_as_it_is() -> None:
    error = ValueError("no such case")
    assert clean(error) is error


def _raised(error: Exception, cause: Exception | None = None) -> Exception:
    def fail() -> None:
        raise error from cause

    with pytest.raises(type(error)) as caught:
        fail()
    return caught.value


@pytest.mark.parametrize(
    "error",
    [
        _raised(ValueError(f"{PERSON} has no case")),
        _raised(OSError(2, "No such file", f"/post/{PERSON}.xml")),
        _raised(InputError(f"{PERSON} has no case")),
        _raised(InputError("no case"), cause=KeyError(PERSON)),
        _raised(RuntimeError("no case"), cause=KeyError(PERSON)),
    ],
)
def test_what_leaves_a_process_quotes_nobody(error: Exception) -> None:
    found = clean(error)
    assert "9996" not in "".join(traceback.format_exception(found)) + repr(found) + repr(found.args)
    assert isinstance(found, InputError) == isinstance(error, InputError)
    assert isinstance(found, InputError | MaskedError)
    assert found.__traceback__ is not None
