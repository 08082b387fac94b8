from __future__ import annotations

from pathlib import Path

import pytest

from samdrift_rpa.digital_post.engine import PostEngine
from samdrift_rpa.digital_post.policy import PostPolicy, read_post_policy


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pseudonyms need a key, and the schemas of whoever runs the tests decide nothing here."""
    monkeypatch.setenv("SAMDRIFT_HOME", str(tmp_path / "home"))
    for name in ("SAMDRIFT_DATA", "SAMDRIFT_RPA_RULES", "SAMDRIFT_RPA_KLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def policy() -> PostPolicy:
    return read_post_policy()


@pytest.fixture
def engine(policy: PostPolicy) -> PostEngine:
    return PostEngine(policy=policy, schemas=None)
