"""`RAY_ADDRESS` makes the platform join a cluster that somebody else started, and leave it running."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import httpx

from samdrift_platform.client import Client
from samdrift_platform.telemetry import QUIET
from samdrift_testing.ports import free_ports
from samdrift_testing.trees import Tree, samdrift

#: Whatever takes this long would never come, in seconds.
PATIENCE_S = 240.0


def test_it_joins_and_leaves(plugin_site: Path, tmp_path: Path) -> None:
    ray_port, port = free_ports(2)
    token = tmp_path / "token"
    token.write_text(secrets.token_hex(32))
    ray = {
        **QUIET,
        "PYTHONPATH": str(plugin_site),
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "HOME": str(tmp_path),
    }
    argv = [str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", f"--port={ray_port}"]
    argv += ["--include-dashboard=false", "--num-cpus=2", "--object-store-memory=100000000"]
    address = {"RAY_ADDRESS": f"127.0.0.1:{ray_port}"}
    home = {"SAMDRIFT_HOME": str(tmp_path / "home"), "SAMDRIFT_WORKLOADS": "errands", "SAMDRIFT_PORT": str(port)}
    home |= {"SAMDRIFT_PREFECT_PORT": "0"}
    with Tree(argv, ray, tmp_path / "ray.out") as cluster:
        cluster.wait_until("the cluster runs", lambda: "runtime started" in cluster.tail(), timeout_s=PATIENCE_S)
        with Tree(samdrift("up"), {**ray, **address, **home}, tmp_path / "up.out") as up:
            up.wait_until("it is ready", lambda: _ready(port), timeout_s=PATIENCE_S)
            with Client(f"http://127.0.0.1:{port}", (tmp_path / "home" / "token").read_text()) as client:
                submission = client.submit("errands", {"errands": [{"name": "milk"}]}, reference="joined")
                assert client.wait(submission["id"], timeout_s=PATIENCE_S)["items"] == {"done": 1}
            up.process.terminate()
            assert up.finish(timeout_s=PATIENCE_S) == 0
        assert _nodes(ray | address) == 1, "the cluster is still there"


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=10).is_success
    except httpx.TransportError:
        return False


def _nodes(environment: dict[str, str]) -> int:
    """How many nodes the cluster says it has, asked by a process of its own."""
    program = "import ray; ray.init(log_to_driver=False); print(len(ray.nodes()))"
    asked = {**os.environ, **environment}
    done = subprocess.run([sys.executable, "-c", program], env=asked, capture_output=True, text=True, check=True)
    return int(done.stdout.strip().splitlines()[-1])
