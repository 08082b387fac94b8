"""Which effects a made plan has: what its building asks for, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from samdrift_energy_forecast.delivery import FOLDER, MAIL
from samdrift_platform.contract import Effect


def wanted(payload: Mapping[str, Any]) -> dict[str, JsonValue]:
    """Who is to get the plan, as an item's `payload` says and its result keeps; each address once."""
    delivery = payload["building"].get("delivery") or {}
    return {"email": list(dict.fromkeys(delivery.get("email", ()))), "folder": bool(delivery.get("folder"))}


def planned(result: Mapping[str, Any]) -> Iterator[Effect]:
    """The effects of an item with this result; a rejected one, and a building that names nobody, have none.

    A folder is written first: it is here, and a mail server that is away must not hold it up.
    """
    delivery = result.get("delivery", {})
    asked = {name: result.get(name) for name in ("plan", "version")}
    if delivery.get("folder"):
        yield Effect(step="folder", receiver=FOLDER, request=asked)
    if delivery.get("email"):
        yield Effect(step="mail", receiver=MAIL, request={**asked, "to": delivery["email"]})
