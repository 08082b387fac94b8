"""Where the official rules lie: they belong to their publishers and are installed by the user, never shipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from samdrift_platform.errors import SettingError
from samdrift_rpa.settings import DATA, RULES

#: In a store of installed rules: the name of the set that is in use.
CURRENT = "current"


def official_folder() -> Path | None:
    """Where the official rules for invoices lie, None when they are not installed.

    Raises:
        SettingError: the operator named a folder that does not hold them, or the installed ones are damaged. Falling
            back silently would accept invoices by weaker rules than the operator believes.
    """
    named = RULES.value()
    if named and not holds_rules(Path(named)):
        raise SettingError(
            f"{RULES.name} is {named!r}, where the official rules were not found. {RULES.help}", field=RULES.name
        )
    return next((folder for folder in folders() if holds_rules(folder)), None)


def folders() -> Iterator[Path]:
    """Where rules and schemas may lie, in the order in which they count: named, installed, among the real data."""
    if RULES.value():
        yield Path(RULES.value())
        return
    installed = installed_folder()
    if installed is not None:
        yield installed
    if DATA.value():
        yield Path(DATA.value()) / "rpa"


def store() -> Path:
    """Where `samdrift rpa rules install` puts rules: in the home folder of the installation."""
    from samdrift_platform.settings import load

    return load().home / "rpa" / "rules"


def installed_folder() -> Path | None:
    """The installed set that is in use; None: nothing was installed.

    Raises:
        SettingError: the set is gone, or a file of it is not what was installed.
    """
    current = store() / CURRENT
    if not current.is_file():
        return None
    from samdrift_rpa.rules.receipt import verify

    folder = store() / current.read_text(encoding="utf-8").strip()
    verify(folder)
    return folder


def holds_rules(folder: Path) -> bool:
    """`folder` has official rules for some invoice."""
    stylesheets = ("oioubl/xslt-*/OIOUBL_Invoice_Schematron.xslt", "peppol/xslt-*/PEPPOL-EN16931-UBL.xslt")
    return any(any(folder.glob(pattern)) for pattern in stylesheets)
