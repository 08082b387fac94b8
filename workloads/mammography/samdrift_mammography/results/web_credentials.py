"""What a DICOMweb service asks for before it answers. Secrets come from a file and are never shown."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from samdrift_mammography.results.tls import Trust
from samdrift_platform.errors import SettingError

_BEARER = "Bearer "


@dataclass(frozen=True, kw_only=True)
class WebAccess:
    """How to be let in, and whom to trust."""

    #: None: the service asks for nothing.
    auth: httpx.Auth | None = field(default=None, repr=False)
    trust: Trust = field(default_factory=Trust)

    @classmethod
    def of(cls, credentials: str, trust: Trust) -> WebAccess:
        """Read the file `credentials`: one line, `user:password` or `Bearer <token>`; empty: none are needed.

        Raises:
            SettingError: the file cannot be read, or holds neither; what it holds is not repeated.
        """
        return cls(auth=_auth(Path(credentials)) if credentials else None, trust=trust)


def _auth(path: Path) -> httpx.Auth:
    try:
        line = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"The credentials of the PACS cannot be read from {str(path)!r}.") from error
    user, colon, password = line.partition(":")
    if line.startswith(_BEARER) and "\n" not in line:
        return _Bearer(line)
    if not colon or "\n" in line:
        raise SettingError(f"{str(path)!r} must hold one line: user:password, or Bearer and a token.")
    return httpx.BasicAuth(user, password)


class _Bearer(httpx.Auth):
    """RFC 6750 section 2.1."""

    def __init__(self, value: str) -> None:
        self._value = value

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._value
        yield request
