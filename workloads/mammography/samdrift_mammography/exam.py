"""Images that belong together, and whether they make up an exam that can be scored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from samdrift_mammography.dicom import Header
from samdrift_mammography.views import View

#: Problems of one image that forbid the scoring of its exam.
BLOCKING = ("implant", "partial-view", "size-disagrees")
#: The images of one study carry different Patient IDs: nobody can tell whose exam it is.
SEVERAL_PATIENTS = "several-patients"


@dataclass(frozen=True, kw_only=True)
class Image:
    """One file of an exam."""

    #: Reference of the bytes in the object store.
    object: str
    header: Header
    #: Another image of the same view is scored instead.
    repeated: bool = False

    @property
    def problems(self) -> tuple[str, ...]:
        """Why this image is not scored, as codes of `reasons.IMAGE_PROBLEMS`."""
        unknown = ("not-standard-view",) if self.header.view is None else ()
        repeated = ("repeated-view",) if self.repeated else ()
        return self.header.problems + unknown + repeated


@dataclass(frozen=True, kw_only=True)
class Exam:
    """The images of one woman at one visit, in hanging order."""

    identifier: str
    images: tuple[Image, ...]

    @property
    def missing(self) -> tuple[View, ...]:
        """Standard views of which there is no image that can be scored."""
        present = {image.header.view for image in self.images if not image.problems}
        return tuple(view for view in View if view not in present)

    @property
    def obstacles(self) -> tuple[str, ...]:
        """Why the exam cannot be scored, as codes of `reasons.SENTENCES`; empty when it can."""
        found = [code for code in BLOCKING if any(code in image.problems for image in self.images)]
        identifiers = [image.header.sop_instance_uid for image in self.images]
        if len(set(identifiers)) < len(identifiers):
            found.append("conflicting-copies")
        if len({image.header.subject for image in self.images} - {None}) > 1:
            found.append(SEVERAL_PATIENTS)
        if self.missing:
            found.append("missing-views")
        return tuple(found)


def group(images: Iterable[Image]) -> list[Exam]:
    """Exams in the order of their first image; a file that comes twice counts once, a repeated view is kept.

    Of several images of one view that can be scored one is chosen: a digital exposure before digitised film, then the
    newest acquisition.
    """
    exams: dict[str, dict[str, Image]] = {}
    for image in images:
        exams.setdefault(image.header.exam, {})[image.object] = image
    return [_exam(name, sorted(found.values(), key=_hanging_order)) for name, found in exams.items()]


def _exam(identifier: str, images: Iterable[Image]) -> Exam:
    found = tuple(images)
    chosen: dict[View, Image] = {}
    for image in sorted(found, key=_preference):
        if image.header.view and not image.problems:
            chosen[image.header.view] = image  # the most preferred comes last
    return Exam(identifier=identifier, images=tuple(replace(one, repeated=_stands_back(one, chosen)) for one in found))


def _stands_back(image: Image, chosen: dict[View, Image]) -> bool:
    view = image.header.view
    return view is not None and not image.problems and chosen[view] is not image


def _preference(image: Image) -> tuple[bool, str, str, str]:
    header = image.header
    return not header.digitised_film, header.acquired, header.sop_instance_uid, image.object


def _hanging_order(image: Image) -> tuple[int, str, str]:
    order = list(View)
    view = image.header.view
    return order.index(view) if view else len(order), image.header.sop_instance_uid, image.object
