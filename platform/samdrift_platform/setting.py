"""A workload's own setting: one environment variable, read when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One environment variable and what it means."""

    name: str
    default: str
    help: str

    def value(self, environment: Mapping[str, str] | None = None) -> str:
        """The value in `environment` (the process's own by default), or the default when it is empty or not there."""
        return (os.environ if environment is None else environment).get(self.name) or self.default
