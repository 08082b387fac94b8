"""The Ray cluster: joined where RAY_ADDRESS says so, started here otherwise."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from samdrift_platform.errors import UnavailableError
from samdrift_platform.settings import Settings
from samdrift_platform.telemetry import QUIET

#: Bytes of shared memory: batches carry references, so a little is enough.
OBJECT_STORE_BYTES = 200 * 1024 * 1024


class ClusterError(UnavailableError):
    """The Ray cluster does not answer. Work stays queued; check RAY_ADDRESS or start the platform again."""


def environment(settings: Settings) -> dict[str, str]:
    """What a process that speaks to Ray finds in its environment: quiet, and a token for the cluster's ports.

    Ray runs any code that reaches its ports, so nobody without the token's file does. What an operator set stays.
    """
    if os.environ.get("RAY_AUTH_MODE") or os.environ.get("RAY_ADDRESS"):
        return dict(QUIET)
    token = _token(settings.home.resolve() / "ray_token")
    return {**QUIET, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}


def connect(settings: Settings) -> float:
    """Join or start Ray in this process; the number of CPU cores it has.

    A local cluster lives and dies with this process. Start the process with `environment(settings)`: Ray reads it when
    it is imported.
    """
    import ray

    try:
        ray.init(**_arguments(settings))
        return cores()
    except (ConnectionError, RuntimeError, TimeoutError) as error:
        raise ClusterError(f"{ClusterError.__doc__} ({error})") from error


def cores() -> float:
    """CPU cores of the connected cluster now; 0 while no worker has joined."""
    import ray

    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]  # ray ships no type here
    return resources.get("CPU", 0.0)


def may_grow() -> bool:
    """Whether nodes may join and leave: somebody else runs the cluster."""
    return bool(os.environ.get("RAY_ADDRESS"))


def _arguments(settings: Settings) -> dict[str, Any]:
    quiet = {"log_to_driver": False, "logging_level": "ERROR", "configure_logging": False}
    if os.environ.get("RAY_ADDRESS"):
        return {"address": os.environ["RAY_ADDRESS"], **quiet}
    return {
        "address": "local",
        "num_cpus": settings.cpus or os.cpu_count() or 1,
        "include_dashboard": False,
        "object_store_memory": OBJECT_STORE_BYTES,
        **quiet,
    }


def _token(path: Path) -> Path:
    """The token's file, made on first use and readable by its owner alone."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    return path
