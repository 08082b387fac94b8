"""What the dispatcher wants served, from a real journal: new statements, new signatures, statements tampered with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from samdrift_platform.contract import ModelUse
from samdrift_platform.governance import Governance
from samdrift_platform.ledger import statements
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.orders import Orders
from samdrift_platform.settings import Settings
from samdrift_registry.deployments import Slot
from samdrift_registry.keys import signing_key
from samdrift_registry.statements import Kind, Statement, sign_statement
from samdrift_testing import governed
from samdrift_testing.models import take_in, write_number
from samdrift_testing.tallying import Tallying

MODEL = "one-number"


class Judging(Tallying):
    """Needs one model."""

    name = "judging"
    models: Mapping[str, ModelUse] = {MODEL: ModelUse(suite="none", policy="none")}


class House:
    """A home with a ledger, two versions of a model, and the orders that follow from what is stated."""

    def __init__(self, home: Path, ledger: Ledger) -> None:
        self.home, self.ledger = home, ledger
        self.governance = Governance(ledger, home)
        self.orders = Orders([Judging(), Tallying()], Settings(home=home), ledger)
        self.digests = {
            version: take_in(home, MODEL, version, write_number(home / f"source {version}", float(version)))
            for version in (1, 2)
        }

    def serve(self, version: int, slot: Slot = Slot.CHAMPION) -> None:
        governed.serve(self.ledger, self.home, MODEL, version, self.digests[version], slot=slot)

    def stop(self, workload: str) -> None:
        self.governance.stop(workload, "tested", actor="olga", now=datetime.now(UTC))

    def sign_stop(self, workload: str) -> None:
        """State a stop without looking at any other statement."""
        now = datetime.now(UTC)
        stop = Statement(
            kind=Kind.STOPPED, subject=f"workload:{workload}", facts={"reason": "tested"}, made_at=now, made_by="olga"
        )
        with self.ledger.write() as connection:
            statements.add(connection, sign_statement(stop, signing_key(self.home / "keys")), now=now)

    def tamper(self, kind: str) -> None:
        """Edit the newest statement of a kind, as somebody with the database's password."""
        with self.ledger.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("DROP TRIGGER statements_append_only ON statements"))
            else:
                connection.execute(sa.text("DROP TRIGGER statements_no_update"))
            newest = f"(SELECT max(seq) FROM statements WHERE kind = '{kind}')"
            document = "replace(document, 'tested', 'edited')"
            connection.execute(sa.text(f"UPDATE statements SET document = {document} WHERE seq = {newest}"))

    def served(self) -> dict[str, str]:
        """Of the workload that needs a model."""
        return self.orders.current().crews["judging"].describe()


@pytest.fixture
def house(tmp_path: Path, ledger: Ledger) -> House:
    return House(tmp_path / "home", ledger)


def test_new_statements_are_followed(house: House) -> None:
    assert house.orders.current().missing == {"judging": f"no version is deployed of {MODEL}"}
    assert house.orders.current().crews["tallying"].models == {}
    house.serve(1)
    assert house.served() == {MODEL: f"1@{house.digests[1]}"}
    house.serve(2, Slot.SHADOW)
    (shadow,) = house.orders.current().in_shadow
    assert (shadow.version, house.orders.trouble) == (2, "")
    house.serve(2)
    assert house.served() == {MODEL: f"2@{house.digests[2]}"}
    house.stop("judging")
    assert house.orders.current().crews["judging"].safe
    assert not house.orders.current().crews["tallying"].safe


def test_while_nothing_is_stated_nothing_is_read(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.serve(1)
    before = house.orders.current()
    monkeypatch.setattr(house.orders, "_read", lambda: pytest.fail("read again"))
    assert house.orders.current() is before


def test_where_the_record_does_not_hold_what_served_serves_on(house: House) -> None:
    house.serve(1)
    assert house.served() == {MODEL: f"1@{house.digests[1]}"}
    house.serve(2)
    house.tamper("deployed")
    assert house.served() == {MODEL: f"1@{house.digests[1]}"}
    assert house.orders.trouble


def test_at_the_start_nothing_is_served_of_a_record_that_does_not_hold(house: House) -> None:
    house.serve(1)
    house.tamper("deployed")
    found = house.orders.current()
    assert "judging" not in found.crews
    assert found.missing["judging"] == house.orders.trouble != ""


def test_a_stop_is_obeyed_though_the_record_of_deployments_does_not_hold(house: House) -> None:
    house.serve(1)
    house.orders.current()
    house.tamper("deployed")
    house.sign_stop("judging")
    assert house.orders.current().crews["judging"].safe


def test_where_nobody_can_know_whether_a_workload_was_stopped_all_are(house: House) -> None:
    house.serve(1)
    house.stop("tallying")
    house.tamper("stopped")
    found = house.orders.current()
    assert {name: assignment.safe for name, assignment in found.crews.items()} == {"judging": True, "tallying": True}
    assert house.orders.trouble


def test_evidence_that_is_signed_again_is_handed_on(house: House) -> None:
    from samdrift_platform.governance.rotating import rotate_key

    house.serve(1)
    before = house.orders.current().crews["judging"]
    rotate_key(house.ledger, house.home, actor=governed.OPERATOR)
    after = house.orders.current().crews["judging"]
    assert after == before, "nothing is loaded anew"
    assert after.models[MODEL].proof != before.models[MODEL].proof
