"""What a request is about, read from the object store: the ledger holds its reference, and no personal data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from samdrift_platform.contract import JsonObject, Store
from samdrift_platform.errors import (
    InputError,
    NotFoundError,
    ReceiverRefusedError,
    TryAgainError,
    UnavailableError,
)


@contextmanager
def reading() -> Iterator[None]:
    """What goes wrong with the object store inside, as a receiver says it.

    Raises:
        ReceiverRefusedError: an object is not there any more, so trying again would not help.
        TryAgainError: the store does not answer.
    """
    try:
        yield
    except (NotFoundError, InputError) as error:
        raise ReceiverRefusedError(f"What was to be sent is not stored any more: {error.message}") from error
    except (OSError, UnavailableError) as error:
        raise TryAgainError(f"The object store does not answer ({type(error).__name__}).") from error


def stored_bytes(objects: Store, request: JsonObject, name: str) -> bytes:
    """The object that `request` names as `name`. Raises as `reading` does, also where it names none."""
    if name not in request:
        raise ReceiverRefusedError(f"The request does not name its {name}.")
    with reading():
        return objects.get(str(request[name]))


def stored_json(objects: Store, request: JsonObject, name: str) -> Any:
    """The JSON value of the object that `request` names as `name`. Raises as `stored_bytes` does."""
    return json.loads(stored_bytes(objects, request, name))
