from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from samdrift_platform.errors import SettingError
from samdrift_rpa.digital_post.policy import read_post_policy
from samdrift_rpa.driving_licence.rules import read_rules
from samdrift_rpa.invoices.policy import read_policy
from samdrift_rpa.policy_file import shipped

Read = Callable[[], object]
POLICIES: dict[str, tuple[str, Read]] = {
    "invoices": ("SAMDRIFT_RPA_POLICY", read_policy),
    "digital_post": ("SAMDRIFT_RPA_POST_POLICY", read_post_policy),
    "driving_licence": ("SAMDRIFT_RPA_LICENCE_RULES", read_rules),
}


@pytest.mark.parametrize("process", POLICIES)
@pytest.mark.parametrize("content", ["", "{", "[]", '{"unknown": 1}', None])
def test_a_file_that_is_no_policy_is_named(
    process: str, content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting, read = POLICIES[process]
    path = tmp_path / "policy.json"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv(setting, str(path))
    with pytest.raises(SettingError, match=r"policy\.json cannot be used") as caught:
        read()
    assert caught.value.field == setting


def test_the_operators_file_stands_in_for_the_shipped_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "own.json"
    path.write_text(json.dumps(json.loads(shipped("invoices").read_text()) | {"amount_limit": "17"}))
    monkeypatch.setenv("SAMDRIFT_RPA_POLICY", str(path))
    assert read_policy().amount_limit == 17
    assert read_policy().digest == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setenv("SAMDRIFT_RPA_POLICY", "")
    assert read_policy().amount_limit != 17
