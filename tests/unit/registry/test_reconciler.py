from __future__ import annotations

import os
import shutil
import signal
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from samdrift_registry.catalogue import ListedVersion, Listing
from samdrift_registry.copying import Limits, copy_folder
from samdrift_registry.errors import (
    MemoryUnreadableError,
    MlflowUnavailableError,
    OutOfSpaceError,
    UnreadableArtefactError,
)
from samdrift_registry.events import Change, Event, Found, Refused
from samdrift_registry.memory import Memory
from samdrift_registry.origin import Origin
from samdrift_registry.reconciler import Reconciler
from samdrift_registry.store import ManifestStore


class Folders:
    """A catalogue whose versions are folders; tests change it as someone with MLflow's client would."""

    def __init__(self) -> None:
        self.versions: dict[tuple[str, int], tuple[Path, str | None]] = {}
        self.aliases: dict[tuple[str, str], int] = {}
        self.failure: Exception | None = None
        self.fetched: list[tuple[str, int]] = []

    def listing(self) -> Listing:
        if isinstance(self.failure, MlflowUnavailableError):
            raise self.failure
        return Listing(
            versions=tuple(
                ListedVersion(name=name, version=version, source=str(folder), run_id=run_id)
                for (name, version), (folder, run_id) in self.versions.items()
            ),
            aliases=dict(self.aliases),
        )

    def fetch(self, listed: ListedVersion, folder: Path, limits: Limits) -> None:
        self.fetched.append((listed.name, listed.version))
        if self.failure:
            raise self.failure
        copy_folder(Path(listed.source), folder, limits)

    def origin(self, listed: ListedVersion) -> Origin:
        return Origin(registered_by="dan", declared={"purpose": "triage"})


@pytest.fixture
def catalogue(model: Path) -> Folders:
    folders = Folders()
    folders.versions["cow", 1] = (model, "r1")
    return folders


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def reconciler(catalogue: Folders, home: Path, **limits: int) -> Reconciler:
    return Reconciler("unused:", home, catalogue=catalogue, limits=Limits(**limits))


def test_a_new_version_is_copied_signed_and_verified(catalogue: Folders, home: Path, model: Path) -> None:
    scan = reconciler(catalogue, home).scan()
    (found,) = scan.found
    assert (found.name, found.version, found.run_id) == ("cow", 1, "r1")
    assert (found.registered_by, found.declared) == ("dan", {"purpose": "triage"})
    verified = ManifestStore(home).verified("cow", 1, found.digest)
    assert verified.folder == home / "models" / found.digest.removeprefix("sha256:")
    assert (verified.folder / "card.md").read_bytes() == (model / "card.md").read_bytes()
    assert (scan.refused, scan.departures, scan.waiting) == ((), (), ())


def test_our_copy_is_read_only_and_its_own(catalogue: Folders, home: Path, model: Path) -> None:
    (found,) = reconciler(catalogue, home).scan().found
    folder = ManifestStore(home).folder(found.digest)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert (modes, stat.S_IMODE(folder.stat().st_mode)) == ({0o444}, 0o555)
    (model / "card.md").write_text("# Changed afterwards at the source\n")
    ManifestStore(home).verified("cow", 1, found.digest)


def test_a_second_scan_does_nothing_twice(catalogue: Folders, home: Path) -> None:
    reconciler(catalogue, home).scan()
    manifest = (home / "manifests" / "cow" / "1.json").read_bytes()
    assert reconciler(catalogue, home).scan().found == ()
    assert catalogue.fetched == [("cow", 1)]
    assert (home / "manifests" / "cow" / "1.json").read_bytes() == manifest


def test_the_same_content_under_two_names_is_stored_once(catalogue: Folders, home: Path, model: Path) -> None:
    catalogue.versions["calf", 7] = (model, None)
    scan = reconciler(catalogue, home).scan()
    assert [found.name for found in scan.found] == ["calf", "cow"]
    assert len({found.digest for found in scan.found}) == len(list((home / "models").iterdir())) == 1


def test_a_scan_is_bounded_and_the_rest_waits(catalogue: Folders, home: Path, model: Path) -> None:
    catalogue.versions |= {("cow", version): (model, "r") for version in (2, 3)}
    first = reconciler(catalogue, home, versions=2).scan()
    assert ([f.version for f in first.found], [w.version for w in first.waiting]) == ([1, 2], [3])
    second = reconciler(catalogue, home, versions=2).scan()
    assert ([f.version for f in second.found], second.waiting) == ([3], ())


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / "model.pkl").write_bytes(b""), "model.pkl: Files of this kind can run code"),
        (lambda folder: (folder / "passwd.txt").symlink_to("/etc/passwd"), "passwd.txt: The path is a link"),
        (lambda folder: [(folder / f"{i}.txt").write_text("") for i in range(10)], "more than 10 files"),
        (lambda folder: (folder / "big.txt").write_bytes(b"x" * 5000), "larger than the limits"),
    ],
)
def test_a_version_that_breaks_a_rule_is_refused_once_for_good(
    catalogue: Folders, home: Path, model: Path, spoil: Callable[[Path], object], told: str
) -> None:
    spoil(model)
    scanner = reconciler(catalogue, home, files=10, size_bytes=4000)
    (refused,) = scanner.scan().refused
    assert refused.final
    assert told in refused.reason
    assert scanner.scan().refused == ()
    assert catalogue.fetched == [("cow", 1)]
    assert scanner.refusals() == (refused,)
    assert ManifestStore(home).list() == []
    assert not (home / "models").exists()
    assert list(home.glob("registry/staging/*")) == []


def test_an_unreadable_version_is_tried_three_times_and_does_not_hold_up_others(
    catalogue: Folders, home: Path, model: Path
) -> None:
    catalogue.versions["bull", 1] = (model.parent / "nowhere", None)
    scanner = reconciler(catalogue, home)
    scans = [scanner.scan() for _ in range(5)]
    assert [found.name for found in scans[0].found] == ["cow"]
    assert [[refused.final for refused in scan.refused] for scan in scans] == [[False], [False], [True], [], []]
    assert "nowhere is not a folder" in scanner.refusals()[0].reason


def test_a_version_that_comes_within_reach_is_taken_in(catalogue: Folders, home: Path) -> None:
    catalogue.failure = UnreadableArtefactError("the bucket does not answer")
    scanner = reconciler(catalogue, home)
    assert str(scanner.scan().refused[0]) == "cow version 1 is put off: the bucket does not answer"
    catalogue.failure = None
    assert len(scanner.scan().found) == 1
    assert scanner.refusals() == ()


def test_an_empty_folder_is_not_a_model(catalogue: Folders, home: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    catalogue.versions = {("cow", 1): (tmp_path / "empty", None)}
    assert "holds no file" in reconciler(catalogue, home).scan().refused[0].reason


@pytest.mark.parametrize("failure", [MlflowUnavailableError(), OutOfSpaceError()])
def test_what_is_not_the_versions_fault_does_not_count_against_it(
    catalogue: Folders, home: Path, failure: Exception
) -> None:
    catalogue.failure = failure
    for _ in range(4):
        with pytest.raises(type(failure)):
            reconciler(catalogue, home).scan()
    catalogue.failure = None
    assert len(reconciler(catalogue, home).scan().found) == 1


def test_departures_are_told_once_and_change_nothing_served(catalogue: Folders, home: Path, model: Path) -> None:
    catalogue.versions |= {("cow", 2): (model, "r2"), ("cow", 3): (model, "r3")}
    catalogue.aliases = {("cow", "champion"): 1, ("cow", "previous"): 1}
    scanner = reconciler(catalogue, home)
    first = scanner.scan()
    assert first.departures == ()
    del catalogue.versions["cow", 1]
    catalogue.versions["cow", 2] = (model.parent / "elsewhere", "r9")
    catalogue.aliases = {("cow", "champion"): 3, ("cow", "shadow"): 2}
    told = scanner.scan()
    assert [str(departure) for departure in told.departures] == [
        f"cow version 1 vanished in MLflow: {model} (run r1) -> nothing",
        f"cow version 2 source changed in MLflow: {model} (run r2) -> {model.parent / 'elsewhere'} (run r9)",
        "cow alias 'champion' moved in MLflow: 1 -> 3",
        "cow alias 'previous' moved in MLflow: 1 -> nothing",
        "cow alias 'shadow' moved in MLflow: nothing -> 2",
    ]
    assert (told.found, told.refused) == ((), ())
    assert scanner.scan().departures == ()
    for found in first.found:
        ManifestStore(home).verified("cow", found.version, found.digest)
        assert ManifestStore(home).get("cow", found.version).manifest.run_id == f"r{found.version}"


def test_a_deleted_model_that_is_made_anew_is_not_taken_for_the_old_one(
    catalogue: Folders, home: Path, model: Path
) -> None:
    scanner = reconciler(catalogue, home)
    (found,) = scanner.scan().found
    catalogue.versions = {}
    assert [departure.change for departure in scanner.scan().departures] == [Change.VANISHED]
    catalogue.versions = {("cow", 1): (shutil.copytree(model, model.parent / "anew"), "r2")}
    scan = scanner.scan()
    assert ([departure.change for departure in scan.departures], scan.found) == ([Change.SOURCE_CHANGED], ())
    assert ManifestStore(home).get("cow", 1).manifest.digest == found.digest


def test_a_reused_number_is_refused_even_when_the_memory_is_lost(catalogue: Folders, home: Path, model: Path) -> None:
    reconciler(catalogue, home).scan()
    (home / "registry" / "seen.json").unlink()
    catalogue.versions = {("cow", 1): (model, "another run")}
    (refused,) = reconciler(catalogue, home).scan().refused
    assert "Register a new version" in refused.reason


def test_a_refused_version_that_is_made_anew_gets_another_chance(catalogue: Folders, home: Path, model: Path) -> None:
    (model / "model.pkl").write_bytes(b"")
    scanner = reconciler(catalogue, home, versions=1)
    assert scanner.scan().refused[0].final
    (model / "model.pkl").unlink()
    catalogue.versions = {("ant", 1): (model, "r0"), ("cow", 1): (model, "r2")}
    assert [found.name for found in scanner.scan().found] == ["ant"]
    assert [found.name for found in scanner.scan().found] == ["cow"]


def test_an_event_that_could_not_be_told_is_told_again(catalogue: Folders, home: Path) -> None:
    def ledger_is_down(event: Event) -> None:
        raise ConnectionError

    scanner = reconciler(catalogue, home)
    with pytest.raises(ConnectionError):
        scanner.scan(ledger_is_down)
    told: list[Event] = []
    scanner.scan(told.append)
    assert [type(event) for event in told] == [Found]
    del catalogue.versions["cow", 1]
    with pytest.raises(ConnectionError):
        scanner.scan(ledger_is_down)
    assert len(scanner.scan().departures) == 1


def test_a_damaged_memory_is_named(catalogue: Folders, home: Path) -> None:
    reconciler(catalogue, home).scan()
    (home / "registry" / "seen.json").write_text('{"versions": [{}]}')
    with pytest.raises(MemoryUnreadableError, match=r"seen\.json"):
        reconciler(catalogue, home).scan()


def test_the_memory_survives_its_file(tmp_path: Path) -> None:
    listed = ListedVersion(name="cow", version=1, source="s", run_id=None)
    refused = Refused(name="cow", version=1, reason="no", final=True)
    memory = Memory().after(Listing(versions=(listed,), aliases={("cow", "champion"): 1}), {("cow", 1): refused})
    memory.save(tmp_path / "seen.json")
    assert Memory.load(tmp_path / "seen.json") == memory


def scan_and_die(catalogue: Folders, home: Path, told: Path, at: int) -> bool:
    """Scan in a child that kills itself just before its `at`-th operation on a file of the home; whether it died."""
    child = os.fork()
    if child == 0:
        left = at

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            on_file = event == "open" or event.startswith(("os.", "shutil."))
            if on_file and arguments and str(home) in str(arguments[0]):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        try:
            reconciler(catalogue, home).scan(lambda _: told.touch())
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")  # the child touches files only
def test_a_kill_at_any_file_operation_leaves_nothing_that_the_next_scan_does_not_finish(
    catalogue: Folders, tmp_path: Path, model: Path
) -> None:
    (model / "deep").mkdir()
    (model / "deep" / "more.json").write_text("{}")
    deaths, told = 0, tmp_path / "told"
    while scan_and_die(catalogue, home := tmp_path / f"home{deaths}", told, deaths + 1):
        deaths += 1
        for signed in ManifestStore(home).list():
            ManifestStore(home).verified("cow", 1, signed.manifest.digest)
        found = reconciler(catalogue, home).scan().found
        assert found or told.exists()
        (signed,) = ManifestStore(home).list()
        ManifestStore(home).verified("cow", 1, signed.manifest.digest)
        assert [path.name for path in (home / "models").iterdir()] == [signed.manifest.digest.removeprefix("sha256:")]
        left_over = [*home.glob("manifests/**/.*"), *home.glob("registry/.*"), *home.glob("registry/staging/*")]
        assert left_over == []
        told.unlink(missing_ok=True)
    assert deaths > 30
    assert len(ManifestStore(home).list()) == 1
