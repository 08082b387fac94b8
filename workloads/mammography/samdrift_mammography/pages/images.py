"""Pictures of an exam's views: the small one, the heat map, and the image itself at full resolution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from fastapi.responses import Response

from samdrift_mammography.pages.asking import SignedIn, reader_of, worklist_of
from samdrift_mammography.worklist import listing
from samdrift_platform.errors import NotFoundError
from samdrift_platform.portal.shell import Shell

#: Part of the grey range, from black (0) to white (1).
Grey = Annotated[float, Query(ge=0, le=1)]


def small(shell: SignedIn, item_id: UUID, number: int) -> Response:
    """The small picture of view `number`, counted from 0: the one that was kept, or else one made of the image now."""
    from samdrift_mammography.full_picture import SMALL, a_turn, full_picture

    view = _view(shell, item_id, number)
    if view.get("picture"):
        return _png(shell.object(_picture(view, "picture")))
    with a_turn():
        return _png(full_picture(_image(shell, item_id, number), low=0, high=1, longest=SMALL))


def heat_map(shell: SignedIn, item_id: UUID, number: int) -> Response:
    """The heat map of a view; not before the own decision, where the policy hides the score until then."""
    found = _picture(_view(shell, item_id, number), "heat_map")
    with worklist_of(shell) as connection:
        listed = listing.one(connection, item_id, reader_of(shell))
    if listed is None or listed.hidden:
        raise NotFoundError("The heat map is not shown before you have recorded your decision.")
    return _png(shell.object(found))


def full(shell: SignedIn, item_id: UUID, number: int, low: Grey = 0, high: Grey = 1) -> Response:
    """The image itself as an 8-bit picture at up to its own resolution, `low` to `high` stretched to black to white."""
    from samdrift_mammography.full_picture import a_turn, full_picture

    with a_turn():
        return _png(full_picture(_image(shell, item_id, number), low=low, high=high))


def _image(shell: Shell, item_id: UUID, number: int) -> bytes:
    """The DICOM file of a view, as it came."""
    images = shell.item(item_id).payload.get("images", ())
    if not 0 <= number < len(images):
        raise NotFoundError(f"There is no view {number} of this exam.")
    return shell.object(images[number]["object"])


def _view(shell: Shell, item_id: UUID, number: int) -> Mapping[str, Any]:
    views = shell.item(item_id).result.get("views", ())
    if not 0 <= number < len(views):
        raise NotFoundError(f"There is no view {number} of this exam.")
    view: Mapping[str, Any] = views[number]
    return view


def _picture(view: Mapping[str, Any], name: str) -> str:
    """Reference of one of a view's pictures."""
    if not view.get(name):
        raise NotFoundError("There is no such picture of this view.")
    return str(view[name]["object"])


def _png(data: bytes) -> Response:
    return Response(data, media_type="image/png")
