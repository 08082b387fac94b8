"""Why a file does not leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from samdrift_evaluation.errors import SamdriftError

#: Code -> sentence. The codes of unreadable files (`reasons.REJECTIONS`) are told as well.
SENTENCES: Mapping[str, str] = {
    "burned-in-text": "Text may be burned into the image. Look at it; if it names nobody, put the file's digest on the "
    "list of reviewed files.",
    "not-one-grey-frame": "The image has several frames or colours; only single grey frames are exported.",
    "undecodable": "The pixels cannot be decoded, so nobody can tell what they show.",
    "would-leak": "What identifies the woman also stands in an attribute that would leave. Correct it at the source.",
    "no-identifier": "The identifier of the image, series or study is missing. Correct it and export again.",
    "twice": "Another file of this export has the same identifier and other content. Find out which one is right.",
}


class RefusedError(SamdriftError):
    """This file is not exported. The code says why; nothing of its content is told."""

    status: ClassVar[int] = 422

    def __init__(self, code: str, *, field: str | None = None) -> None:
        """`field` is the DICOM keyword at fault; its value is never told."""
        super().__init__(SENTENCES.get(code, f"The file cannot be read ({code})."), field=field)
        self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the code between processes."""
        return (_rebuild, (self.code, self.field))


def _rebuild(code: str, field: str | None) -> RefusedError:
    return RefusedError(code, field=field)
