"""All settings in one table: environment variable `SAMDRIFT_<NAME>`, default, meaning.

`samdrift settings` prints the table, and `docs/reference/settings.md` is made from it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from samdrift_platform.errors import SettingError


def _setting(default: object, help_: str) -> Any:
    return field(default=default, metadata={"help": help_})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an operator may choose. Every field has a default that works on a laptop."""

    home: Path = _setting(Path(".samdrift"), "Folder that holds everything: ledger, objects, models, keys, logs.")
    database_url: str = _setting("", "SQLAlchemy URL of the ledger; empty: SQLite in the home folder.")
    object_url: str = _setting("", "fsspec URL of the object store, such as s3://bucket/prefix; empty: in the home.")
    mlflow_url: str = _setting("", "MLflow tracking URI; empty: SQLite in the home folder, no server.")
    host: str = _setting("127.0.0.1", "Address on which the control plane listens.")
    port: int = _setting(8700, "Port of the control plane.")
    prefect_port: int = _setting(8701, "Port on 127.0.0.1 of the Prefect server that keeps schedules; 0: none run.")
    tenant: str = _setting("demo", "The one tenant of this installation.")
    max_body_mib: int = _setting(512, "Largest request body, MiB.")
    workloads: str = _setting("", "Names of the workloads to host, separated by commas; empty: all that are installed.")
    cpus: int = _setting(0, "CPU cores for a local Ray; 0: as many as the machine has. A joined cluster tells its own.")
    reserved_clinical_share: float = _setting(0.5, "Share of the CPU cores that only CLINICAL work may use, 0 to 1.")
    chunk_s: float = _setting(0.5, "Longest batch of a class below CLINICAL, in seconds of work as measured so far.")
    lease_s: float = _setting(15.0, "A worker that is silent for this long loses its items, seconds.")
    poll_s: float = _setting(0.05, "How often an idle dispatcher or delivery looks for work, seconds.")
    cpu_watts: float = _setting(10.0, "Power of one busy CPU core, W: turns CPU seconds into energy (an assumption).")
    grid_g_co2_per_kwh: float = _setting(
        151.65, "Emission factor of the electricity, g CO2 per kWh (Denmark 2023, codecarbon 3.3.2)."
    )

    @property
    def ledger_url(self) -> str:
        """The ledger's SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{self.home.resolve() / 'ledger.db'}"

    @property
    def objects_url(self) -> str:
        """The object store's fsspec URL."""
        return self.object_url or f"file://{self.home.resolve() / 'objects'}"

    @property
    def tracking_url(self) -> str:
        """MLflow's tracking URI."""
        return self.mlflow_url or f"sqlite:///{self.home.resolve() / 'mlflow.db'}"

    @property
    def url(self) -> str:
        """Where the control plane answers."""
        return f"http://{self.host}:{self.port}"

    def environment(self) -> dict[str, str]:
        """The variables that give a child process the same settings."""
        values = {f"SAMDRIFT_{f.name.upper()}": str(getattr(self, f.name)) for f in fields(self)}
        return {**values, "SAMDRIFT_HOME": str(self.home.resolve())}


def table() -> list[tuple[str, str, str]]:
    """Variable, default and meaning of every setting."""
    return [(f"SAMDRIFT_{f.name.upper()}", str(f.default), f.metadata["help"]) for f in fields(Settings)]


def load(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Settings from the environment, with `overrides` that are not None on top.

    Raises:
        SettingError: a value that its type or range does not admit, naming the variable.
    """
    given = os.environ if environment is None else environment
    values = {}
    for setting in fields(Settings):
        variable = f"SAMDRIFT_{setting.name.upper()}"
        if given.get(variable):
            values[setting.name] = _parse(variable, given[variable], type(setting.default))
    values |= {name: value for name, value in overrides.items() if value is not None}
    settings = Settings(**values)
    if not 0 <= settings.reserved_clinical_share <= 1:
        raise SettingError("SAMDRIFT_RESERVED_CLINICAL_SHARE must lie between 0 and 1.")
    return settings


def _parse(variable: str, text: str, kind: Any) -> Any:
    try:
        return kind(text)
    except ValueError as error:
        raise SettingError(f"{variable}={text!r} is not a {kind.__name__}. See `samdrift settings`.") from error
