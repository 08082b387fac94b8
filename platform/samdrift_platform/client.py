"""The Python client of the control plane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


class Client:
    """Speaks to a control plane; see `docs/reference/client.md`.

    (Signatures first; filled in with the control plane.)
    """

    def __init__(self, url: str, token: str, *, timeout_s: float = 30.0) -> None:
        self.url = url

    def put_object(self, data: bytes) -> str:
        """Store `data` and return its reference, `sha256:…`. Storing the same bytes twice is the same."""
        raise NotImplementedError

    def get_object(self, reference: str) -> bytes:
        """The bytes of an object."""
        raise NotImplementedError

    def submit(
        self,
        workload: str,
        document: Mapping[str, Any],
        *,
        reference: str,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Submit a document; the same `reference` with the same content returns the first answer."""
        raise NotImplementedError

    def submission(self, submission_id: str) -> dict[str, Any]:
        """One submission with its counts by state: `{"id", "workload", "reference", "items": {"done": 2}}`."""
        raise NotImplementedError

    def items(
        self, *, workload: str | None = None, submission_id: str | None = None, states: Sequence[str] = ()
    ) -> Iterator[dict[str, Any]]:
        """Items, oldest first: `{"id", "reference", "state", "payload", "result", "reason", "models", …}`."""
        raise NotImplementedError

    def wait(self, submission_id: str, *, timeout_s: float = 600.0) -> dict[str, Any]:
        """Wait until no item of the submission is queued or running; return the submission."""
        raise NotImplementedError
