"""What a request is about, read from the object store: the ledger holds its reference, and no personal data."""

from __future__ import annotations

import json
from typing import Any

from samdrift_platform.contract import JsonObject, Store
from samdrift_platform.errors import (
    InputError,
    NotFoundError,
    ReceiverRefusedError,
    SamdriftError,
    TryAgainError,
    UnavailableError,
)


def stored_bytes(objects: Store, request: JsonObject, name: str) -> bytes:
    """The object that `request` names as `name`.

    Raises:
        ReceiverRefusedError: it is not there any more, so trying again would not help.
        TryAgainError: the store does not answer.
    """
    try:
        return objects.get(str(request[name]))
    except (NotFoundError, KeyError, InputError) as error:
        told = error.message if isinstance(error, SamdriftError) else f"the request does not name its {name}"
        raise ReceiverRefusedError(f"What was to be sent is not stored any more: {told}") from error
    except (OSError, UnavailableError) as error:
        raise TryAgainError(f"The object store does not answer ({type(error).__name__}).") from error


def stored_json(objects: Store, request: JsonObject, name: str) -> Any:
    """The JSON value of the object that `request` names as `name`.

    Raises:
        ReceiverRefusedError: it is not there any more, so trying again would not help.
    """
    try:
        return json.loads(objects.get(str(request[name])))
    except NotFoundError as error:
        raise ReceiverRefusedError(f"What was to be sent is not stored any more: {error.message}") from error
