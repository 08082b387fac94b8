"""Free ports on the loopback address, of which each is given to one process of tests only."""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
import tempfile
from functools import cache
from pathlib import Path

#: Below the range that the kernel gives out by itself, so that no connection and no server on "any port" gets one.
_RANGE = range(20_000, 30_000)
_given: set[int] = set()


def free_ports(count: int) -> list[int]:
    """`count` different ports that nobody listens on, and that no other run of tests gets while this one goes on."""
    found: list[int] = []
    while len(found) < count:
        port = secrets.choice(_RANGE)
        if port not in _given and _is_ours(port) and _is_free(port):
            _given.add(port)
            found.append(port)
    return found


def _is_ours(port: int) -> bool:
    """A byte of a file is locked for each port: the kernel gives it back when this process ends, however it does."""
    try:
        fcntl.lockf(_register(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:  # another run of tests has it
        return False
    return True


@cache
def _register() -> int:
    """Opened once and never closed: to close it would give back every port."""
    file = Path(tempfile.gettempdir()) / f"samdrift-ports-of-tests-{os.getuid()}"
    return os.open(file, os.O_RDWR | os.O_CREAT, 0o600)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
