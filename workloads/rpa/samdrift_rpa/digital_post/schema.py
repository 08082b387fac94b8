"""The MeMo schemas of Digitaliseringsstyrelsen, where the user has them: by version, never shipped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from samdrift_platform.errors import SettingError
from samdrift_rpa.digital_post import refusal
from samdrift_rpa.digital_post.memo import MemoVersion
from samdrift_rpa.digital_post.refusal import MessageRefusedError
from samdrift_rpa.rules.location import folders
from samdrift_rpa.settings import RULES

#: Below the folder of the rules. `xsd-1.2/MeMo_core.xsd` is still the core of 1.1; its own lies one folder down.
CORE = {
    MemoVersion.V1_1: "memo/xsd-1.1/MeMo_core.xsd",
    MemoVersion.V1_2: "memo/xsd-1.2/Version1.2/MeMo_core.xsd",
}
_QUOTED = 3


@dataclass(frozen=True, kw_only=True)
class Schemas:
    """The installed schemas."""

    folder: Path

    def check(self, version: MemoVersion, root: Any) -> None:
        """Hold the tree (without the files' contents, which were checked while they came in) to its schema.

        Raises:
            MessageRefusedError: it breaks it. Elements are named, and no value is quoted.
        """
        schema = _load(self.folder / CORE[version])
        if schema.validate(root):
            return
        broken = dict.fromkeys(_named(error) for error in schema.error_log)
        rules = "; ".join(list(broken)[:_QUOTED])
        raise MessageRefusedError("schema", refusal.SCHEMA, version=version, rules=rules)


def installed_schemas() -> Schemas | None:
    """Those that `samdrift rpa rules install` put in place, or among the real data; None: our own checks alone."""
    for folder in folders():
        if all((folder / core).is_file() for core in CORE.values()):
            return Schemas(folder=folder)
    return None


@cache
def _load(path: Path) -> Any:
    from lxml import etree

    try:
        return etree.XMLSchema(etree.parse(path, etree.XMLParser(no_network=True, load_dtd=False)))
    except (OSError, etree.XMLSchemaParseError) as error:
        raise SettingError(f"The schema {path} cannot be used: {error}", field=RULES.name) from error


def _named(error: Any) -> str:
    """`SCHEMAV_CVC_ELT_1 at senderID`: which rule of XML Schema, and where; libxml2's sentence quotes the value."""
    element = str(error.path or "").rpartition("/")[2].partition("[")[0].rpartition(":")[2]
    return f"{error.type_name} at {element or 'the root'}"
