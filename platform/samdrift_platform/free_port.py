"""A port for a server that is started a moment later, by a process of its own."""

from __future__ import annotations

import secrets
import socket

#: Below the range from which the kernel takes ports for connections and for servers on "any port" (32768 and up on
#: Linux, 49152 and up elsewhere): nobody gets one of these by chance before the server has it.
_RANGE = range(30_000, 32_000)


def free_port(host: str = "127.0.0.1") -> int:
    """A port of `host` at which a server can listen now."""
    port = secrets.choice(_RANGE)
    while not can_listen(host, port):
        port = secrets.choice(_RANGE)
    return port


def can_listen(host: str, port: int) -> bool:
    """Whether nobody else has the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError:
        return False
    return True
