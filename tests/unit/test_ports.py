"""Ports of servers that are started later: nobody gets one by chance in between."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from samdrift_platform.free_port import can_listen, free_port
from samdrift_testing import ports

KERNELS_OWN = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_a_port_that_somebody_has_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        port = taken.getsockname()[1]
        assert not can_listen("127.0.0.1", port)
    assert can_listen("127.0.0.1", port)


@pytest.mark.skipif(not KERNELS_OWN.exists(), reason="the kernel does not say which ports it gives out by itself")
def test_the_kernel_gives_none_of_them_to_others() -> None:
    lowest = int(KERNELS_OWN.read_text().split()[0])
    if lowest < 32_000:
        pytest.skip(f"this kernel was told to give out ports from {lowest}")
    assert {port < lowest for port in (free_port(), *ports.free_ports(5))} == {True}


def test_two_runs_of_tests_get_no_port_twice() -> None:
    (port,) = ports.free_ports(1)
    program = f"from samdrift_testing import ports; print(ports._is_ours({port}), ports._is_ours({port + 10_000}))"
    asked = [sys.executable, "-c", program]
    support = Path(ports.__file__).parents[1]
    said = subprocess.run(asked, env={"PYTHONPATH": str(support)}, capture_output=True, text=True, check=True).stdout
    assert said.split() == ["False", "True"]
