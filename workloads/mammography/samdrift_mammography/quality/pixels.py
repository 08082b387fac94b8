"""What the pixels of an image say about whether it can be scored, and what else in them a person should know."""

from __future__ import annotations

from samdrift_mammography.errors import WrongSideError
from samdrift_mammography.pixels import Picture
from samdrift_mammography.quality.burned_in import burned_in_text
from samdrift_mammography.quality.side import shown_side
from samdrift_mammography.views import View


def pixel_findings(picture: Picture, view: View) -> tuple[str, ...]:
    """What forbids nothing, as codes of `reasons.IMAGE_FINDINGS`.

    Raises:
        WrongSideError: the breast is on the other side than `view` says.
    """
    side = shown_side(picture.grey, picture.pixel_mm)
    if side is not None and side is not view.laterality:
        raise WrongSideError
    return ("burned-in-text",) if burned_in_text(picture.grey, picture.pixel_mm) else ()
