"""`samdrift up` as processes: it gets ready, survives losing Ray and its own processes, and ends when it is told to."""

from __future__ import annotations

import json
import signal
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from samdrift_platform.client import Client
from samdrift_platform.nightly import RETENTION
from samdrift_platform.supervisor import MODULES
from samdrift_platform.weekly import WATCH
from samdrift_testing.ports import free_ports
from samdrift_testing.trees import Tree, samdrift

#: Seconds. A claim whose worker died comes back after its lease, so the tests make that short.
LEASE_S, READY_S, PATIENCE_S = 3, 240, 240
#: Prefect's states in which a run stays.
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up") / "home"


@pytest.fixture(scope="module")
def up(home: Path, plugin_site: Path) -> Iterator[Tree]:
    """A running platform that hosts the plug-in's errands; the tests of this module use it one after the other."""
    ports = free_ports(2)
    environment = {
        "PYTHONPATH": str(plugin_site),
        "SAMDRIFT_HOME": str(home),
        "SAMDRIFT_WORKLOADS": "errands",
        "SAMDRIFT_PORT": str(ports[0]),
        "SAMDRIFT_PREFECT_PORT": str(ports[1]),
        "SAMDRIFT_LEASE_S": str(LEASE_S),
    }
    with Tree(samdrift("up", "--json"), environment, home.parent / "up.out") as tree:
        tree.wait_until("the token is written", (home / "token").exists, timeout_s=READY_S)
        tree.wait_until("the platform is ready", lambda: _ready(environment["SAMDRIFT_PORT"]), timeout_s=READY_S)
        tree.url, tree.prefect_url = (f"http://127.0.0.1:{port}" for port in ports)
        yield tree


@pytest.fixture
def client(up: Tree, home: Path) -> Iterator[Client]:
    with Client(up.url, (home / "token").read_text()) as client:
        yield client


def test_secrets_are_for_their_owner_alone(up: Tree, home: Path) -> None:
    secrets = [home / "token", home / "ray_token", *(home / "keys").glob("*sign*")]
    assert len(secrets) >= 3
    for path in (home, *secrets):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    words = " ".join(word for _, words in _commands(up) for word in words)
    assert (home / "token").read_text() not in words
    assert (home / "ray_token").read_text() not in words


def test_a_second_platform_on_the_same_home_is_refused(up: Tree, home: Path, tmp_path: Path) -> None:
    with Tree(samdrift("up"), {"SAMDRIFT_HOME": str(home)}, tmp_path / "second.out") as second:
        assert second.finish(timeout_s=READY_S) == 1
        assert "Another Samdrift runs on" in second.tail()


def test_a_port_that_is_taken_is_named_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        environment = {"SAMDRIFT_HOME": str(tmp_path / "home"), "SAMDRIFT_PORT": port, "SAMDRIFT_PREFECT_PORT": "0"}
        with Tree(samdrift("up"), environment, tmp_path / "taken.out") as second:
            assert second.finish(timeout_s=READY_S) == 1
            assert f"Cannot listen on 127.0.0.1:{port}" in second.tail()


def test_it_ends_when_it_is_told_to_before_it_is_ready(tmp_path: Path) -> None:
    home = tmp_path / "home"
    ports = dict(zip(("SAMDRIFT_PORT", "SAMDRIFT_PREFECT_PORT"), map(str, free_ports(2)), strict=True))
    environment = {"SAMDRIFT_HOME": str(home), **ports}
    with Tree(samdrift("up", "--json"), environment, tmp_path / "early.out") as early:
        early.wait_until("the token is written", (home / "token").exists, timeout_s=READY_S)
        early.process.send_signal(signal.SIGTERM)
        assert early.finish(timeout_s=READY_S) == 0


def test_prefect_keeps_the_schedules_of_the_platform_and_of_workloads(up: Tree) -> None:
    up.wait_until("all are scheduled", lambda: len(_scheduled(up.prefect_url)) == 3, timeout_s=READY_S)
    assert _scheduled(up.prefect_url) == {
        "watch": (WATCH.cron, "UTC"),
        "retention": (RETENTION.cron, "UTC"),
        "errands-list": ("45 6 * * 1-5", "Europe/Copenhagen"),
    }


def test_prefect_has_planned_the_next_run_of_each_schedule(up: Tree) -> None:
    """Its scheduler is a service of its own inside the server: it may fail while everything else works."""
    up.wait_until("runs are planned", lambda: len(_planned(up.prefect_url)) == 3, timeout_s=READY_S)
    assert _planned(up.prefect_url) == {"watch", "retention", "errands-list"}


def test_prefect_runs_what_a_workload_scheduled(up: Tree) -> None:
    with httpx.Client(base_url=f"{up.prefect_url}/api", timeout=60) as prefect:
        deployment = prefect.get("/deployments/name/scheduled/errands-list").json()
        run = prefect.post(f"/deployments/{deployment['id']}/create_flow_run", json={}).raise_for_status().json()
        state = f"/flow_runs/{run['id']}"
        up.wait_until("the run has ended", lambda: prefect.get(state).json()["state_type"] in ENDED, timeout_s=READY_S)
        assert prefect.get(state).json()["state_type"] == "COMPLETED"


@pytest.mark.parametrize("victim", ["gcs_server", "raylet"])
def test_ray_gone(up: Tree, client: Client, victim: str) -> None:
    """Submitting goes on meanwhile; replicas that live on finish, and a dispatcher that lost them starts again."""
    assert _run_errands(client, f"with {victim}", 2)["items"] == {"done": 2}
    next(member for member, words in _commands(up) if Path(words[0]).name.startswith(victim)).kill()
    assert _run_errands(client, f"without {victim}", 20)["items"] == {"done": 20}


@pytest.mark.parametrize(("name", "module"), MODULES.items())
def test_a_killed_process_is_started_again_and_nothing_is_lost(
    up: Tree, client: Client, home: Path, name: str, module: str
) -> None:
    document = {"errands": [{"name": f"{name}/{number}", "act": "tell"} for number in range(20)]}
    submission = client.submit("errands", document, reference=name)
    killed = _process(up, module)
    killed.kill()
    assert client.wait(submission["id"], timeout_s=PATIENCE_S)["items"] == {"done": 20}
    up.wait_until(
        f"a new {name} is ready", lambda: _ready_pid(up, home, name) not in (None, killed.pid), timeout_s=READY_S
    )
    assert _process(up, module).pid == _ready_pid(up, home, name)


def test_it_ends_when_it_is_told_to(up: Tree, client: Client) -> None:
    done = _run_errands(client, "last of all", 5)
    assert done["items"] == {"done": 5}
    members = _members(up)
    up.process.send_signal(signal.SIGINT)
    assert up.finish(timeout_s=READY_S) == 0
    told = json.loads(up.output.read_text())
    assert told["url"] == up.url
    assert told["sign_in"].startswith(up.url + "/sign-in?link=")
    _, alive = psutil.wait_procs(members, timeout=READY_S)
    assert alive == [], "nobody is left behind"


def _run_errands(client: Client, name: str, number: int) -> dict[str, Any]:
    document = {"errands": [{"name": f"{name}/{one}"} for one in range(number)]}
    submission = client.submit("errands", document, reference=name)
    return client.wait(submission["id"], timeout_s=PATIENCE_S)


def _ready(port: str) -> bool:
    """All parts, the registry too: its key is made in its first scan."""
    try:
        parts = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=10).json()["parts"]
        return all(part["ready"] for part in parts)
    except httpx.TransportError:
        return False


def _scheduled(url: str) -> dict[str, tuple[str, str]]:
    """Deployment -> cron and time zone, as Prefect knows them."""
    try:
        answer = httpx.post(f"{url}/api/deployments/filter", json={}, timeout=20)
    except httpx.TransportError:
        return {}
    found = answer.json() if answer.is_success else []
    times = {one["name"]: one["schedules"][0]["schedule"] for one in found if one["schedules"]}
    return {name: (time["cron"], time["timezone"]) for name, time in times.items()}


def _planned(url: str) -> set[str]:
    """Schedules of which Prefect itself has planned a run."""
    wanted = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    try:
        answer = httpx.post(f"{url}/api/flow_runs/filter", json=wanted, timeout=20)
    except httpx.TransportError:
        return set()
    found = answer.json() if answer.is_success else []
    return {run["parameters"]["schedule"] for run in found if run["auto_scheduled"]}


def _members(up: Tree) -> list[psutil.Process]:
    parent = psutil.Process(up.process.pid)
    return [parent, *parent.children(recursive=True)]


def _commands(up: Tree) -> Iterator[tuple[psutil.Process, list[str]]]:
    """Each process with the words of its command; those that have just ended are left out."""
    for member in _members(up):
        with suppress(psutil.NoSuchProcess):
            if words := member.cmdline():
                yield member, words


def _process(up: Tree, module: str) -> psutil.Process:
    return next(member for member, words in _commands(up) if module in words)


def _ready_pid(up: Tree, home: Path, name: str) -> int | None:
    """The process that reported itself ready under this name; None also while nobody answers."""
    bearer = {"Authorization": f"Bearer {(home / 'token').read_text()}"}
    try:
        reported = (
            httpx.get(f"{up.url}/v1/processes", headers=bearer, timeout=20).raise_for_status().json()["processes"]
        )
    except httpx.HTTPError:
        return None
    return next((one["pid"] for one in reported if one["name"] == name and one["ready"]), None)
