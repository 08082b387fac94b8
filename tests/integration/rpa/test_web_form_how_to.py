"""The page object of the how-to guide, as it stands there, in a register that is written as old applications are."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest

from samdrift_rpa.receivers.unset import UnsetReceiver
from samdrift_rpa.receivers.web_form import WebFormReceiver
from samdrift_rpa.web.browser import CHROMIUM
from samdrift_testing.permit_form import PASSWORD, PermitRegister
from samdrift_testing.serving import serving

pytestmark = [pytest.mark.integration, pytest.mark.browser]

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "automate-a-web-form.md"
MODULES = ("try_it", "permits", "permits.form", "permits.receiver")


@pytest.fixture(autouse=True)
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "permits").mkdir()
    (tmp_path / "permits" / "__init__.py").touch()
    for place, source in re.findall(r"```python\n# (\S+\.py)\n(.*?)```", GUIDE.read_text(), re.DOTALL):
        (tmp_path / place).write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    for name in MODULES:
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is missing; install it with: apt-get install chromium")
def test_its_page_object_enters_a_permit_once() -> None:
    register = PermitRegister()
    with serving(register.app()) as url:
        document = b'{"cpr": "251248-9996", "kind": "Square"}'
        assert importlib.import_module("try_it").try_it(url, PASSWORD, document) == {"case_number": "P-1"}
    (saved,) = register.saved
    assert (saved["cpr"], saved["kind"], saved["terms"]) == ("251248-9996", "Square", "yes")


def test_its_receiver_is_made_of_settings_and_says_which_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = importlib.import_module("permits.receiver")
    assert isinstance(receiver.permit_register(), UnsetReceiver)
    monkeypatch.setenv("PERMITS_URL", "https://permits.example.dk")
    monkeypatch.setenv("PERMITS_PASSWORD", "env:PERMITS_SECRET")
    assert isinstance(receiver.permit_register(), WebFormReceiver)
