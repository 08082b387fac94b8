"""The share of a GPU that a replica is lent."""

from __future__ import annotations

import pytest

from samdrift_mammography import settings
from samdrift_mammography.workload import MammographyWorkload
from samdrift_platform.errors import SettingError


def test_replicas_run_on_the_cpu_by_default() -> None:
    assert MammographyWorkload().resources.gpus == 0.0


def test_a_share_is_asked_of_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.GPUS.name, "0.5")
    assert MammographyWorkload().resources.gpus == 0.5


@pytest.mark.parametrize("text", ["-0.1", "1.5", "half", "nan"])
def test_what_is_no_share_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(settings.GPUS.name, text)
    with pytest.raises(SettingError, match="0 to 1"):
        settings.gpus()
