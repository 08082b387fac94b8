"""What a request is about, read from the object store: the ledger holds its reference, and no personal data."""

from __future__ import annotations

import json
from typing import Any

from samdrift_platform.contract import JsonObject, Store
from samdrift_platform.errors import NotFoundError, ReceiverRefusedError


def stored_json(objects: Store, request: JsonObject, name: str) -> Any:
    """The JSON value of the object that `request` names as `name`.

    Raises:
        ReceiverRefusedError: it is not there any more, so trying again would not help.
    """
    try:
        return json.loads(objects.get(str(request[name])))
    except NotFoundError as error:
        raise ReceiverRefusedError(f"What was to be sent is not stored any more: {error.message}") from error
