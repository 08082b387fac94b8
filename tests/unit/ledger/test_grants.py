from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa

from samdrift_platform.errors import SignInError
from samdrift_platform.ledger import audit, grants
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.ledger.grants import LIFETIME, GrantKind
from samdrift_testing.work import NOW, seconds, undone


def issue(ledger: Ledger, kind: GrantKind) -> str:
    with ledger.write() as connection:
        return grants.issue(connection, kind, "olga", now=NOW)


def whose(ledger: Ledger, kind: GrantKind, secret: str, *, after_s: float = 0) -> str:
    with ledger.read() as connection:
        return grants.subject_of(connection, kind, secret, now=NOW + seconds(after_s))


def redeem(ledger: Ledger, secret: str, *, after_s: float = 0) -> str:
    with ledger.write() as connection:
        return grants.redeem(connection, secret, now=NOW + seconds(after_s))


def test_a_link_opens_one_session_once(ledger: Ledger) -> None:
    link = issue(ledger, GrantKind.LINK)
    session = redeem(ledger, link)
    assert whose(ledger, GrantKind.SESSION, session) == "olga"
    with pytest.raises(SignInError, match="used before"):
        redeem(ledger, link)


def test_a_link_redeemed_by_eight_at_once_opens_one_session(ledger: Ledger) -> None:
    link = issue(ledger, GrantKind.LINK)
    barrier = Barrier(8)

    def race(number: int) -> str | None:
        barrier.wait(timeout=30)
        try:
            return redeem(ledger, link)
        except SignInError:
            return None

    with ThreadPoolExecutor(8) as pool:
        sessions = [session for session in pool.map(race, range(8)) if session]
    assert len(sessions) == 1


def test_a_link_that_was_rolled_back_can_still_be_used(ledger: Ledger) -> None:
    link = issue(ledger, GrantKind.LINK)
    with undone(ledger) as connection:
        grants.redeem(connection, link, now=NOW)
    assert redeem(ledger, link)


@pytest.mark.parametrize("kind", list(GrantKind))
def test_a_secret_ends_with_its_lifetime(ledger: Ledger, kind: GrantKind) -> None:
    secret = issue(ledger, kind)
    lifetime = LIFETIME[kind].total_seconds()
    assert whose(ledger, kind, secret, after_s=lifetime - 1) == "olga"
    with pytest.raises(SignInError):
        whose(ledger, kind, secret, after_s=lifetime)


def test_an_old_link_opens_nothing(ledger: Ledger) -> None:
    link = issue(ledger, GrantKind.LINK)
    with pytest.raises(SignInError):
        redeem(ledger, link, after_s=LIFETIME[GrantKind.LINK].total_seconds())


@pytest.mark.parametrize("kind", [GrantKind.SESSION, GrantKind.TOKEN])
def test_only_a_link_can_be_redeemed(ledger: Ledger, kind: GrantKind) -> None:
    with pytest.raises(SignInError):
        redeem(ledger, issue(ledger, kind))


@pytest.mark.parametrize("kind", list(GrantKind))
@pytest.mark.parametrize("other", list(GrantKind))
def test_a_secret_is_good_for_one_kind_only(ledger: Ledger, kind: GrantKind, other: GrantKind) -> None:
    secret = issue(ledger, kind)
    if kind is other:
        assert whose(ledger, other, secret) == "olga"
    else:
        with pytest.raises(SignInError):
            whose(ledger, other, secret)


def test_a_revoked_secret_is_worth_nothing(ledger: Ledger) -> None:
    session = redeem(ledger, issue(ledger, GrantKind.LINK))
    with ledger.write() as connection:
        grants.revoke(connection, session)
    with pytest.raises(SignInError):
        whose(ledger, GrantKind.SESSION, session)


@pytest.mark.parametrize("secret", ["", "x", "' OR '1'='1", "a\0b"])
def test_a_made_up_secret_is_worth_nothing(ledger: Ledger, secret: str) -> None:
    issue(ledger, GrantKind.SESSION)
    with pytest.raises(SignInError):
        whose(ledger, GrantKind.SESSION, secret)


def test_the_secret_itself_stands_nowhere_in_the_database(ledger: Ledger) -> None:
    secrets = [issue(ledger, kind) for kind in GrantKind]
    secrets.append(redeem(ledger, secrets[0]))
    with ledger.engine.begin() as connection:
        for table in ("grants", "audit_events"):
            text = repr(connection.execute(sa.text(f"SELECT * FROM {table}")).all())
            assert not [secret for secret in secrets if secret in text]


def test_issuing_is_audited(ledger: Ledger) -> None:
    redeem(ledger, issue(ledger, GrantKind.LINK))
    with ledger.read() as connection:
        found = audit.events_of(connection, "subject:olga")
    assert [record.action for record in found] == ["grant.link", "grant.session"]
