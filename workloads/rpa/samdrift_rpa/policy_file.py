"""The policy of a process is a JSON file: the operator's, which a setting names, or the shipped example."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from samdrift_platform.digest import digest_of_bytes
from samdrift_platform.errors import SettingError
from samdrift_platform.setting import Setting

P = TypeVar("P", bound=BaseModel)

_SHIPPED = Path(__file__).parent / "policies"


def shipped(process: str) -> Path:
    """The example that comes with the process of this name."""
    return _SHIPPED / f"{process}.json"


def read_policy_file(kind: type[P], process: str, setting: Setting, path: Path | None = None) -> tuple[P, str]:
    """What stands in `path`, in the file that `setting` names, or in the shipped one, and the digest of that file.

    Raises:
        SettingError: it cannot be read, or is no such policy; the message says which file and why.
    """
    path = path or (Path(setting.value()) if setting.value() else shipped(process))
    try:
        content = path.read_bytes()
        return kind.model_validate_json(content), digest_of_bytes(content)
    except (OSError, ValidationError) as error:
        raise SettingError(f"The policy {path} cannot be used: {error}", field=setting.name) from error
