"""Free ports on the loopback address."""

from __future__ import annotations

import secrets
import socket

#: Below the range that the kernel gives out by itself, and with room for servers that open a second port 10000 higher.
_RANGE = range(20_000, 30_000)


def free_ports(count: int) -> list[int]:
    """`count` different ports that nobody listens on now."""
    found: set[int] = set()
    while len(found) < count:
        port = secrets.choice(_RANGE)
        if _is_free(port):
            found.add(port)
    return list(found)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
