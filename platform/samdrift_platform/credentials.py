"""Credentials by reference: a setting says where a secret lies, never what it is.

`env:NAME` is an environment variable, `file:/path` a file that nobody but its owner may read. Every read is an event of
the audit chain: which reference, which process, what for. A file that changes is read again, so a password is changed
without a restart. There is no third way, and none on a command line, which every user of the machine can list.
"""

from __future__ import annotations

import os
import re
import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from samdrift_platform.errors import SettingError
from samdrift_platform.secret import Secret
from samdrift_platform.setting import Setting

if TYPE_CHECKING:
    from samdrift_platform.ledger import audit
    from samdrift_platform.ledger.database import Ledger

#: Bytes of a file at most: a certificate with its key has fewer.
MOST_BYTES = 65_536
#: Characters of a reference at most: it stands in the audit chain's subject.
MOST_CHARACTERS = 180
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

#: Records that a credential was read, before it is handed out.
Journal: TypeAlias = "Callable[[audit.Event], None]"


class CredentialError(SettingError):
    """A credential cannot be read. The message names its reference and what to mend, and never repeats the value."""


class Source(StrEnum):
    """Where a secret lies."""

    #: An environment variable of the process that needs it.
    ENVIRONMENT = "env"
    #: A file with mode 0600 or 0400, of the process's user or of root.
    FILE = "file"


@dataclass(frozen=True, kw_only=True)
class Reference:
    """`env:NAME` or `file:/path`, as it stands in a setting."""

    source: Source
    name: str

    @classmethod
    def of(cls, text: str, *, setting: str) -> Reference:
        """Read the value of `setting`.

        Raises:
            CredentialError: it is no reference. Perhaps it is the secret itself, so it is not repeated.
        """
        source, _, name = text.partition(":")
        plain = len(text) <= MOST_CHARACTERS and text.isprintable()
        if plain and source == Source.ENVIRONMENT and _NAME.fullmatch(name):
            return cls(source=Source.ENVIRONMENT, name=name)
        if plain and source == Source.FILE and name.startswith("/"):
            return cls(source=Source.FILE, name=name)
        raise CredentialError(
            f"{setting} must say where the secret lies, env:NAME or file:/path, and not the secret itself.",
            field=setting,
        )

    def __str__(self) -> str:
        """As it is written in a setting."""
        return f"{self.source}:{self.name}"


class Credential:
    """One secret that is opened where it is needed."""

    def __init__(self, reference: Reference, *, reader: str, purpose: str, journal: Journal) -> None:
        """`reader` is the process ("delivery"); `purpose` is what it is for ("sign in to the case system")."""
        self.reference, self.reader, self.purpose = reference, reader, purpose
        self._journal = journal
        self._held: tuple[object, Secret] | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        """`Credential(file:/run/secrets/case_system)`."""
        return f"Credential({self.reference})"

    def open(self) -> Secret:
        """The secret as it is now; it is read, and the read recorded, when it is new or has changed.

        Raises:
            CredentialError: it is not there, empty, or others could read it.
            UnavailableError: the read cannot be recorded, so nothing is handed out.
        """
        with self._lock:
            try:
                stamp, read = _found(self.reference)
                if self._held is None or self._held[0] != stamp:
                    self._held = None
                    secret = read()
                    self._record("credential.read")
                    self._held = (stamp, secret)
            except CredentialError:
                self._held = None
                self._record("credential.refused")
                raise
            return self._held[1]

    def check(self) -> None:
        """Look whether it could be opened, without reading it.

        Raises:
            CredentialError: it is not there, or others could read it.
        """
        _found(self.reference)
        if self.reference.source is Source.FILE:
            try:
                state = Path(self.reference.name).stat()
            except OSError as error:
                raise _unreadable(self.reference, error) from error
            _check(self.reference, state)

    def _record(self, action: str) -> None:
        from samdrift_platform.ledger import audit

        details = {"for": self.purpose}
        self._journal(audit.Event(actor=self.reader, action=action, subject=str(self), details=details))

    def __str__(self) -> str:
        """The audit chain's subject: `credential:file:/run/secrets/case_system`."""
        return f"credential:{self.reference}"


def in_chain(ledger: Ledger) -> Journal:
    """Records reads in the audit chain of `ledger`."""
    from samdrift_platform.ledger import audit

    def record(event: audit.Event) -> None:
        with ledger.write() as connection:
            audit.append(connection, [event], now=datetime.now(UTC))

    return record


def credential(setting: Setting, *, purpose: str) -> Credential | None:
    """The credential that `setting` names, read by this process and recorded in its ledger; None: it names none.

    Raises:
        CredentialError: the setting is no reference.
    """
    text = setting.value()
    return opened_here(Reference.of(text, setting=setting.name), purpose=purpose) if text else None


def opened_here(reference: Reference, *, purpose: str) -> Credential:
    """A credential that this process reads, recorded in the ledger that the platform's settings name."""
    from samdrift_platform.ledger.database import Ledger
    from samdrift_platform.process import current_name
    from samdrift_platform.settings import load

    return Credential(reference, reader=current_name(), purpose=purpose, journal=in_chain(Ledger(load().ledger_url)))


def _found(reference: Reference) -> tuple[object, Callable[[], Secret]]:
    """What changes when the secret does, and how to read it."""
    if reference.source is Source.ENVIRONMENT:
        value = os.environ.get(reference.name, "")
        if not value:
            raise CredentialError(f"{reference}: the environment variable is not set, or empty.")
        return hash(value), lambda: Secret(value)
    path = Path(reference.name)
    try:
        state = path.stat()
    except OSError as error:
        raise _unreadable(reference, error) from error
    stamp = (state.st_dev, state.st_ino, state.st_mtime_ns, state.st_ctime_ns, state.st_size)
    return stamp, lambda: _read(reference, path)


def _unreadable(reference: Reference, error: OSError) -> CredentialError:
    return CredentialError(f"{reference} cannot be read: {error.strerror or type(error).__name__}.")


def _read(reference: Reference, path: Path) -> Secret:
    try:
        with path.open("rb") as file:
            _check(reference, os.fstat(file.fileno()))  # of what is open, not of a name that may point elsewhere by now
            data = file.read(MOST_BYTES + 1)
        value = data.decode().rstrip("\r\n")
    except OSError as error:
        raise _unreadable(reference, error) from error
    except UnicodeDecodeError:
        raise CredentialError(f"{reference} is not UTF-8 text.") from None  # the cause quotes bytes
    if not value or len(data) > MOST_BYTES:
        raise CredentialError(f"{reference} is empty or larger than {MOST_BYTES} bytes.")
    return Secret(value)


def _check(reference: Reference, state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise CredentialError(f"{reference} is not a file.")
    if state.st_mode & 0o077:
        mode = stat.S_IMODE(state.st_mode)
        raise CredentialError(f"{reference} has mode {mode:04o}: others could read it. `chmod 600` it.")
    if state.st_uid not in (0, os.geteuid()):
        raise CredentialError(f"{reference} belongs to another user, who could change it.")
