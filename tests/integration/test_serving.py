"""Which version answers: promotion, rollback, canary, shadow and stop, on a real Ray while work goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from samdrift_platform.assignments import portion
from samdrift_platform.contract import Item
from samdrift_platform.governance.journal import Journal
from samdrift_platform.ledger import audit, benefits, canaries, objections, scores
from samdrift_platform.ledger.agreement import Agreement, agreement
from samdrift_platform.ledger.items import WorkItem
from samdrift_platform.ledger.tables import effects, shadow_runs
from samdrift_platform.ledger.tables import scores as recorded_scores
from samdrift_registry.deployments import Slot, last_of
from samdrift_registry.statements import Kind, model_subject
from samdrift_testing import governed
from samdrift_testing.models import take_in, write_number
from samdrift_testing.station import Station, running_station

MODEL = "one-number"
#: Version -> its number: four good ones, then those that cannot be loaded, and those that fail at work.
NUMBERS = {1: 1.0, 2: 2.0, 3: 3.5, 4: 40.0, 5: -1.0, 6: -2.0, 7: -3.0, 8: -4.0}
UNLOADABLE, DEADLY, RAISES, EXITS = 5, 6, 7, 8


@pytest.fixture(scope="module")
def oracle(plugin_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station of its own: what serves is this module's to change."""
    with running_station(tmp_path_factory.mktemp("oracle"), plugin_site, workloads=("oracle", "errands")) as running:
        yield running


@pytest.fixture(scope="module")
def digests(oracle: Station, tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    folder = tmp_path_factory.mktemp("numbers")
    return {
        version: take_in(oracle.settings.home, MODEL, version, write_number(folder / str(version), number))
        for version, number in NUMBERS.items()
    }


Serve = Callable[..., None]


@pytest.fixture
def serve(oracle: Station, digests: dict[int, str]) -> Serve:
    """Deploy a version of the oracle's model."""

    def deploy(version: int, slot: Slot = Slot.CHAMPION, *, share: float = 1.0) -> None:
        oracle.serve(MODEL, version, digests[version], slot, share=share)

    return deploy


@pytest.fixture
def champion(oracle: Station, serve: Serve) -> Iterator[None]:
    """Version 1 serves, alone; and again afterwards."""
    serve(1)
    settle(oracle, 1)
    # The report may still be that of the canary before: it was cleared a moment ago.
    oracle.wait_until(lambda: is_alone(oracle.crew("oracle")))
    yield
    for slot in (Slot.CANARY, Slot.SHADOW):
        if (MODEL, slot) in oracle.governance.deployments():
            oracle.governance.clear(MODEL, slot, "the test is over", actor=governed.OPERATOR, now=datetime.now(UTC))


def ask(station: Station, name: str, number: int = 3) -> UUID:
    return station.submit("oracle", name, [Item(reference=f"{name}/{n}", payload={}) for n in range(number)])


def answers(found: list[WorkItem]) -> Counter[object]:
    return Counter(item.result.get("number") for item in found)


def settle(station: Station, version: int) -> None:
    """Wait until every replica of the oracle serves the version."""
    station.wait_until(lambda: serves(station).get(MODEL, "").startswith(f"{version}@") and station.report().ready)


def serves(station: Station) -> dict[str, str]:
    crew = station.report().detail["crews"].get("oracle")
    return dict(crew["models"]) if crew else {}


def missing(station: Station) -> str:
    return str(station.report().detail["missing"].get("oracle", ""))


def compared(station: Station, version: int, number: int) -> Agreement:
    """The agreement of a shadow, once it has answered `number` items or given them up."""

    def found() -> Agreement:
        with station.ledger.read() as connection:
            return agreement(connection, MODEL, version)

    station.wait_until(lambda: found().n + found().failed >= number)
    return found()


def test_nothing_is_served_without_evidence_and_items_wait(oracle: Station, digests: dict[int, str]) -> None:
    """The first of this module: a champion can be replaced, but not taken away."""
    early = ask(oracle, "early")
    oracle.wait_until(lambda: "no version is deployed" in missing(oracle))
    assert not oracle.report().ready
    assert {item.state for item in oracle.items(early)} == {"queued"}
    oracle.serve(MODEL, 1, digests[1])
    found = oracle.finished(early)
    assert answers(found) == {1.0: 3}
    assert {str(item.models) for item in found} == {str({MODEL: f"1@{digests[1]}"})}
    settle(oracle, 1)


@pytest.mark.usefixtures("champion")
def test_every_item_is_answered_while_versions_change(oracle: Station, serve: Serve, digests: dict[int, str]) -> None:
    during = [ask(oracle, "during 0", 30)]
    for turn, version in enumerate((2, 3, 1, 2, 1), start=1):
        serve(version)
        during.append(ask(oracle, f"during {turn}", 30))
        settle(oracle, version)
    found = [item for each in during for item in oracle.finished(each)]
    assert {(str(item.state), item.attempt) for item in found} == {("done", 1)}
    for item in found:
        version = {1.0: 1, 2.0: 2, 3.5: 3}[item.result["number"]]
        assert item.models == {MODEL: f"{version}@{digests[version]}"}


@pytest.mark.usefixtures("champion")
@pytest.mark.parametrize(("version", "told"), [(UNLOADABLE, "ValueError"), (DEADLY, "")])
def test_what_cannot_be_loaded_replaces_nothing(oracle: Station, serve: Serve, version: int, told: str) -> None:
    serve(version)
    oracle.wait_until(lambda: missing(oracle) != "")
    assert told in missing(oracle) or "cannot be loaded" in missing(oracle)
    assert answers(oracle.finished(ask(oracle, f"beside version {version}"))) == {1.0: 3}
    serve(1)
    settle(oracle, 1)
    assert missing(oracle) == ""


@pytest.mark.usefixtures("champion")
def test_a_version_whose_files_were_changed_replaces_nothing(
    oracle: Station, serve: Serve, digests: dict[int, str]
) -> None:
    serve(4)
    settle(oracle, 4)
    serve(1)
    settle(oracle, 1)
    file = oracle.settings.home / "models" / digests[4].removeprefix("sha256:") / "model.safetensors"
    whole = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(whole[:-1] + b"\x00")
    deploy_unseen(oracle, 4, digests[4])
    oracle.wait_until(lambda: "not what was signed" in missing(oracle))
    assert answers(oracle.finished(ask(oracle, "beside changed files"))) == {1.0: 3}
    file.write_bytes(whole)
    serve(1)
    settle(oracle, 1)


def deploy_unseen(station: Station, version: int, digest: str) -> None:
    """Sign a deployment without looking at the files, as if they were changed just afterwards."""
    with Journal(station.ledger, station.settings.home).turn(datetime.now(UTC)) as turn:
        previous = last_of(turn.statements, MODEL, Slot.CHAMPION)
        facts = {"slot": Slot.CHAMPION, "share": 1.0, "reason": "unseen", "previous": previous}
        turn.keep(Kind.DEPLOYED, model_subject(MODEL, version), facts, by=governed.OPERATOR, digest=digest)


@pytest.mark.usefixtures("champion")
def test_a_canary_answers_its_share_of_the_references(oracle: Station, serve: Serve, digests: dict[int, str]) -> None:
    serve(2, Slot.CANARY, share=0.4)
    oracle.wait_until(lambda: knows_canary(oracle.crew("oracle")))
    found = oracle.finished(ask(oracle, "canary", 60))
    chosen = {item.reference for item in found if item.result["number"] == 2.0}
    assert chosen == {item.reference for item in found if portion(MODEL, item.reference) < 0.4}
    assert 10 < len(chosen) < 40
    for item in found:
        version = 2 if item.reference in chosen else 1
        assert item.models == {MODEL: f"{version}@{digests[version]}"}
        with oracle.ledger.read() as connection:
            slot = "canary" if version == 2 else "champion"
            assert scores.of_item(connection, item.id, MODEL, slot) == {"number": float(version), "small": 1.0}


def is_alone(crew: dict[str, Any]) -> bool:
    """It serves its champion, and there was no trouble with anything else."""
    return not (crew["canaries"] or crew["trouble"] or crew["loading"])


def knows_canary(crew: dict[str, Any]) -> bool:
    """Its replicas have loaded the canary, or found that they cannot."""
    return bool(crew["canaries"] or crew["trouble"]) and not crew["loading"]


@pytest.mark.usefixtures("champion")
@pytest.mark.parametrize("version", [RAISES, EXITS, UNLOADABLE, DEADLY])
def test_where_a_canary_cannot_the_champion_answers_and_it_is_counted(
    oracle: Station, serve: Serve, version: int
) -> None:
    serve(version, Slot.CANARY, share=0.5)
    oracle.wait_until(lambda: knows_canary(oracle.crew("oracle")))
    found = oracle.finished(ask(oracle, f"in spite of canary {version}", 20))
    assert answers(found) == {1.0: 20}
    assert {str(item.state) for item in found} == {"done"}
    with oracle.ledger.read() as connection:
        counted = canaries.failures(connection, MODEL, version)
    if version in (RAISES, UNLOADABLE):
        assert counted == sum(portion(MODEL, item.reference) < 0.5 for item in found)
    else:
        assert "put aside" in oracle.crew("oracle")["trouble"]


@pytest.mark.usefixtures("champion")
def test_a_shadow_scores_what_the_champion_answered_and_nothing_follows(oracle: Station, serve: Serve) -> None:
    serve(3, Slot.SHADOW)
    oracle.wait_until(lambda: any(crew["idle"] for crew in oracle.report().detail["shadows"].values()))
    found = oracle.finished(ask(oracle, "shadowed", 12))
    assert answers(found) == {1.0: 12}
    summed = compared(oracle, 3, 12)
    assert (summed.n, summed.failed, summed.planned) == (12, 0, 0)
    assert summed.agreeing is not None
    assert summed.agreeing.value == 1.0
    assert summed.differences["number"].mean_absolute == pytest.approx(2.5)
    with oracle.ledger.read() as connection:
        for item in found:
            assert scores.of_item(connection, item.id, MODEL, "shadow") == {"number": 3.5, "small": 1.0}
        ids = [item.id for item in found]
        assert connection.execute(sa.select(effects).where(effects.c.item_id.in_(ids))).all() == []
        spent = [t for t in benefits.totals(connection) if t.method.startswith("shadow run")]
    assert {total.kind for total in spent} == {"spent"}


@pytest.mark.usefixtures("champion")
def test_a_shadow_that_decides_otherwise_does_not_agree(oracle: Station, serve: Serve) -> None:
    serve(4, Slot.SHADOW)
    oracle.wait_until(lambda: any("/4" in name for name in oracle.report().detail["shadows"]))
    oracle.finished(ask(oracle, "contradicted", 5))
    summed = compared(oracle, 4, 5)
    assert summed.agreeing is not None
    assert summed.agreeing.value == 0.0


@pytest.mark.usefixtures("champion")
@pytest.mark.parametrize("version", [RAISES, EXITS, UNLOADABLE, DEADLY])
def test_a_shadow_that_fails_harms_nothing(oracle: Station, serve: Serve, version: int) -> None:
    serve(version, Slot.SHADOW)
    oracle.wait_until(lambda: any(f"/{version}" in name for name in oracle.report().detail["shadows"]))
    found = oracle.finished(ask(oracle, f"in spite of shadow {version}", 2))
    assert {(str(item.state), item.attempt) for item in found} == {("done", 1)}
    with oracle.ledger.read() as connection:
        summed = agreement(connection, MODEL, version)
    assert summed.n == 0
    assert summed.planned + summed.failed == 2


@pytest.mark.usefixtures("champion")
def test_no_champion_canary_or_shadow_sees_an_item_of_somebody_who_objected(oracle: Station, serve: Serve) -> None:
    she, another, now = "ab" * 32, "cd" * 32, datetime.now(UTC)
    serve(2, Slot.CANARY, share=0.99)
    oracle.wait_until(lambda: knows_canary(oracle.crew("oracle")))
    serve(3, Slot.SHADOW)
    oracle.wait_until(lambda: any("/3" in name for name in oracle.report().detail["shadows"]))
    with oracle.ledger.write() as connection:
        objections.record(connection, "oracle", she, actor=governed.OPERATOR, now=now)
    subjects = {"hers": she, "another's": another, "nobody's": None}
    asked = [Item(reference=name, payload={}, subject=subject) for name, subject in subjects.items()]
    found = {item.reference: item for item in oracle.finished(oracle.submit("oracle", "with an objection", asked))}
    assert (found["hers"].reason, found["hers"].models) == ("stopped: nobody can know", {})
    assert {found[name].result["number"] for name in ("another's", "nobody's")} <= {1.0, 2.0}
    with oracle.ledger.read() as connection:
        runs = sa.select(shadow_runs).where(shadow_runs.c.item_id == found["hers"].id)
        given = sa.select(recorded_scores).where(recorded_scores.c.item_id == found["hers"].id)
        assert [connection.execute(query).all() for query in (runs, given)] == [[], []]
        (event,) = [e for e in audit.events_of(connection, f"item:{found['hers'].id}") if e.action == "item.done"]
    assert event.details["objected"] is True


@pytest.mark.usefixtures("champion")
def test_a_stop_reaches_items_that_have_not_begun_within_two_seconds(oracle: Station) -> None:
    oracle.stop("oracle")
    stopped_at = datetime.now(UTC)
    late: list[WorkItem] = []
    asked = 0
    while len(late) < 3:
        found = oracle.finished(ask(oracle, f"after the stop {asked}", 1))
        late += [i for i in found if i.started_at and (i.started_at - stopped_at).total_seconds() > 2.0]
        asked += 1
    assert {(str(item.state), item.reason, str(item.models)) for item in late} == {
        ("done", "stopped: nobody can know", "{}")
    }
    oracle.resume("oracle")
    settle(oracle, 1)
    assert answers(oracle.finished(ask(oracle, "resumed"))) == {1.0: 3}


def test_a_stop_works_where_no_model_can_be_verified(plugin_site: Path, tmp_path: Path) -> None:
    with running_station(tmp_path, plugin_site, workloads=("oracle",)) as station:
        waiting = ask(station, "waiting")
        station.wait_until(lambda: "no version is deployed" in missing(station))
        station.stop("oracle")
        assert {item.reason for item in station.finished(waiting)} == {"stopped: nobody can know"}
