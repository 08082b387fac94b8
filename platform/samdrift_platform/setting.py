"""A workload's own setting: one environment variable, read when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from samdrift_platform.errors import SettingError


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One environment variable and what it means."""

    name: str
    default: str
    help: str

    def value(self, environment: Mapping[str, str] | None = None) -> str:
        """The value in `environment` (the process's own by default), or the default when it is empty or not there."""
        return (os.environ if environment is None else environment).get(self.name) or self.default

    def positive(self, most: float) -> float:
        """The value as a number above 0 and at most `most`.

        Raises:
            SettingError: it is none.
        """
        text = self.value()
        try:
            number = float(text)
        except ValueError:
            number = 0.0
        if not 0.0 < number <= most:
            raise SettingError(
                f"{self.name} is {text!r}; it must be a number above 0 and at most {most:.12g}. "
                "See docs/reference/settings.md.",
                field=self.name,
            )
        return number
