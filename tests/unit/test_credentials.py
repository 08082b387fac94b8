"""Credentials: by reference, read when they change, every read in the audit chain, the value nowhere."""

from __future__ import annotations

import copy
import os
import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from samdrift_platform.credentials import Credential, CredentialError, Reference, credential, in_chain
from samdrift_platform.errors import UnavailableError
from samdrift_platform.ledger import audit
from samdrift_platform.ledger.database import Ledger
from samdrift_platform.secret import Secret, hide
from samdrift_platform.setting import Setting

PASSWORD = 'kø/ben "havn" 1234'


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.touch(mode=0o600)
    path.write_text(PASSWORD + "\n", encoding="utf-8")
    return path


class Journal:
    def __init__(self) -> None:
        self.events: list[audit.Event] = []

    def __call__(self, event: audit.Event) -> None:
        self.events.append(event)

    @property
    def actions(self) -> list[str]:
        return [event.action for event in self.events]


def opened(reference: str, journal: Journal) -> Credential:
    found = Reference.of(reference, setting="SAMDRIFT_X")
    return Credential(found, reader="delivery", purpose="sign in to the case system", journal=journal)


def test_a_file_is_read_once_and_the_read_is_recorded(kept: Path) -> None:
    journal = Journal()
    found = opened(f"file:{kept}", journal)
    assert [found.open().reveal() for _ in range(3)] == [PASSWORD] * 3
    (event,) = journal.events
    assert (event.actor, event.action, event.subject) == ("delivery", "credential.read", f"credential:file:{kept}")
    assert event.details == {"for": "sign in to the case system"}
    assert PASSWORD not in repr(event)


def test_a_file_that_changes_is_read_again(kept: Path) -> None:
    journal = Journal()
    found = opened(f"file:{kept}", journal)
    found.open()
    new = kept.with_name("new")
    new.touch(mode=0o600)
    new.write_text("another password")
    new.replace(kept)
    assert found.open().reveal() == "another password"
    assert journal.actions == ["credential.read"] * 2


def test_a_secret_that_went_away_is_not_remembered(kept: Path) -> None:
    journal = Journal()
    found = opened(f"file:{kept}", journal)
    found.open()
    kept.unlink()
    with pytest.raises(CredentialError):
        found.open()
    assert journal.actions == ["credential.read", "credential.refused"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_file_that_others_may_read_is_refused(kept: Path, mode: int) -> None:
    kept.chmod(mode)
    journal = Journal()
    with pytest.raises(CredentialError, match=f"{mode:04o}"):
        opened(f"file:{kept}", journal).open()
    assert journal.actions == ["credential.refused"]


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe secret", b"x" * 70_000])
def test_what_is_no_secret_is_refused_without_its_content(kept: Path, content: bytes) -> None:
    kept.write_bytes(content)
    with pytest.raises(CredentialError) as refused:
        opened(f"file:{kept}", Journal()).open()
    told = "".join(traceback.format_exception(refused.value))
    assert "xxxx" not in told
    assert "secret'" not in told


def test_folders_and_names_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(CredentialError):
            opened(f"file:{path}", Journal()).open()


def test_an_environment_variable_is_read_again_when_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal()
    found = opened("env:CASE_SYSTEM_PASSWORD", journal)
    with pytest.raises(CredentialError, match="CASE_SYSTEM_PASSWORD"):
        found.open()
    monkeypatch.setenv("CASE_SYSTEM_PASSWORD", "first one")
    assert found.open() == Secret("first one") == found.open()
    monkeypatch.setenv("CASE_SYSTEM_PASSWORD", "second one")
    assert found.open().reveal() == "second one"
    assert journal.actions == ["credential.refused", "credential.read", "credential.read"]


@pytest.mark.parametrize(
    "text", ["hunter2hunter2", "env:1A", "env:A B", "file:relative", "FILE:/x", "vault:x", "file:/" + "x" * 200]
)
def test_a_setting_that_holds_the_secret_itself_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(CredentialError) as refused:
        Reference.of(text, setting="SAMDRIFT_X")
    assert text not in "".join(traceback.format_exception(refused.value))


def test_a_read_that_cannot_be_recorded_hands_out_nothing(kept: Path) -> None:
    def away(event: audit.Event) -> None:
        raise UnavailableError

    found = Credential(Reference.of(f"file:{kept}", setting="X"), reader="r", purpose="p", journal=away)
    for _ in range(2):
        with pytest.raises(UnavailableError):
            found.open()


def test_a_secret_shows_itself_nowhere(kept: Path) -> None:
    secret = opened(f"file:{kept}", Journal()).open()
    shown = f"{secret} {secret!r} {[secret]} {secret!s:>30}"
    assert PASSWORD not in shown
    assert "***" in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.deepcopy(secret)
    with pytest.raises(TypeError):
        hash(secret)
    assert secret != PASSWORD


@pytest.mark.parametrize("written", [PASSWORD, quote(PASSWORD, safe=""), repr(PASSWORD), 'kø/ben \\"havn\\" 1234'])
def test_an_opened_secret_is_struck_out_however_a_program_writes_it(kept: Path, written: str) -> None:
    opened(f"file:{kept}", Journal()).open()
    assert "havn" not in hide(f"login failed for ({written})")


def test_short_values_do_not_tear_words_apart() -> None:
    Secret("item")
    assert hide("an item") == "an item"


def test_reads_stand_in_the_chain_of_the_home(
    sqlite_ledger: Ledger, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = sqlite_ledger
    monkeypatch.setenv("SAMDRIFT_DATABASE_URL", ledger.url)
    setting = Setting(name="SAMDRIFT_TEST_PASSWORD", default="", help="Where it lies.")
    assert credential(setting, purpose="a test") is None
    monkeypatch.setenv(setting.name, f"file:{kept}")
    found = credential(setting, purpose="a test")
    assert found is not None
    assert found.open().reveal() == PASSWORD
    with ledger.read() as connection:
        (record,) = audit.events_of(connection, f"credential:file:{kept}")
    assert (record.action, record.details) == ("credential.read", {"for": "a test"})
    assert PASSWORD.encode() not in Path(ledger.url.removeprefix("sqlite:///")).read_bytes()
    assert os.fspath(kept) in repr(found)
    in_chain(ledger)(audit.Event(actor="r", action="credential.read", subject="credential:env:X"))


def test_no_command_takes_a_secret_on_its_line() -> None:
    from typer.main import get_command

    from samdrift_platform.cli.program import app

    secret_words = ("password", "secret", "passphrase", "api-key", "apikey", "pin-code")
    for names in _options(get_command(app)):
        for name in names:
            assert not any(word in name for word in secret_words), name
            assert name not in {"--token", "--key", "--credential"}


def _options(command: object) -> Iterator[list[str]]:
    for parameter in getattr(command, "params", []):
        yield [*parameter.opts, *parameter.secondary_opts]
    for inner in getattr(command, "commands", {}).values():
        yield from _options(inner)
