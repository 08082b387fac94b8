"""What an exam's documents say, before it is put into the form of any of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID, uuid5

from samdrift_mammography.deadline import DENMARK
from samdrift_mammography.errors import DocumentError
from samdrift_mammography.results.finding import Finding, finding
from samdrift_mammography.results.source_image import SourceImage, read_source_image
from samdrift_mammography.results.wording import Language, Wording
from samdrift_mammography.views import View
from samdrift_platform.contract import Item
from samdrift_platform.digest import digest_of

# Of all identifiers that are made here: the same document has the same identifier in every installation.
_NAMESPACE = UUID("6f0a6ba3-2d6c-5c0e-9d53-3f5c3c6f1c55")


@dataclass(frozen=True, kw_only=True)
class Report:
    """One exam's result, with what its documents need of the images."""

    #: The exam's item.
    reference: str
    #: As `reading` wrote it, without the documents.
    result: Mapping[str, Any]
    #: Each instance once, in hanging order; at least one.
    images: tuple[SourceImage, ...]
    #: Marks of an exam that was scored; those of one that was not are nobody's result.
    findings: tuple[Finding, ...]
    #: Small pictures (PNG) of a scored exam, one for each standard view that was scored, in hanging order.
    pictures: tuple[tuple[SourceImage, bytes], ...]
    #: When the images arrived, in Danish time: the date of every document. A retry has the same.
    received_at: datetime
    wording: Wording

    @property
    def primary(self) -> SourceImage:
        """The image whose patient and study the documents belong to: the first in hanging order.

        Images of one exam have one study, except films of CBIS-DDSM, of which every view has its own.
        """
        return self.images[0]

    @property
    def scored(self) -> bool:
        """Whether a model gave the exam a score."""
        return self.result["score"] is not None

    @property
    def algorithm(self) -> tuple[str, str]:
        """Name and version of the model that was asked; without one, that none was."""
        model = self.result["model"]
        return (model["name"], str(model["version"])) if model else (self.wording.say("no model"), "0")

    @property
    def parameters(self) -> Sequence[str]:
        """What else decided: the model's content and the policy."""
        model = self.result["model"]
        return [*([f"model {model['digest']}"] if model else []), f"policy {self.result['policy']}"]

    def sentences(self) -> list[str]:
        """The result for a person, the notice first, and what it rests on last."""
        rests = self.wording.say("This rests on %(images)s images.") % {"images": len(self.images)}
        return [*self.wording.result(self.result), rests]

    def uid(self, *names: str) -> str:
        """A UID (PS3.5 section B.2) for what `names` name in this report: same item, same result, same UID."""
        return _uid(self._seed, *names)

    @property
    def device_uid(self) -> str:
        """Identifies the model as an observer, the same in all its reports."""
        model = self.result["model"]
        return _uid("device", *self.algorithm, model["digest"] if model else "")

    def tracking_uid(self, found: Finding) -> str:
        """Identifies one mark in every document of the report."""
        return self.uid("mark", str(found.number))

    @cached_property
    def _seed(self) -> str:
        return digest_of({"item": self.reference, "result": dict(self.result), "language": self.wording.language})


def report_of(
    item: Item,
    result: Mapping[str, Any],
    *,
    files: Sequence[bytes],
    pictures: Sequence[bytes | None],
    language: Language,
) -> Report:
    """The report of an exam; `files` and `pictures` (PNG) are those of the payload's images, in their order.

    Raises:
        DocumentError: the exam has no image, its images are of several patients, or the header of one lacks an
            identifier that a reference needs.
    """
    images: Sequence[Mapping[str, Any]] = item.payload["images"]  # type: ignore[assignment] # split wrote them
    sources = [read_source_image(data, image) for data, image in zip(files, images, strict=True)]
    _require_one_woman(sources)
    scored = result["score"] is not None
    return Report(
        reference=item.reference,
        result=result,
        images=tuple(_distinct(sources)),
        findings=tuple(_findings(result["views"], sources)) if scored else (),
        pictures=tuple(_pictures(sources, pictures)) if scored else (),
        received_at=datetime.fromisoformat(str(item.payload["received_at"])).astimezone(DENMARK),
        wording=Wording(language),
    )


def _require_one_woman(sources: Sequence[SourceImage]) -> None:
    """Images of one study must name one patient; films of CBIS-DDSM have a study and a patient for each view."""
    if not sources:
        raise DocumentError("The exam has no image, so no document can be about it.")
    named = [source for source in sources if source.heading.PatientID]
    studies = {source.study_instance_uid for source in named}
    if len({(source.study_instance_uid, source.heading.PatientID) for source in named}) > len(studies):
        raise DocumentError(
            "Images of one study carry different patient numbers, so no document can be about one woman. "
            "Correct them at the source and send them again."
        )


def _distinct(sources: Sequence[SourceImage]) -> Iterable[SourceImage]:
    """Each instance once: two files that carry one identifier are one thing to refer to."""
    first: dict[str, SourceImage] = {}
    for source in sources:
        first.setdefault(source.sop_instance_uid, source)
    return first.values()


def _pictures(sources: Sequence[SourceImage], pictures: Sequence[bytes | None]) -> Iterator[tuple[SourceImage, bytes]]:
    shown: set[View] = set()
    for source, png in zip(sources, pictures, strict=True):
        if png and source.view and source.view not in shown:
            shown.add(source.view)
            yield source, png


def _findings(views: Sequence[Mapping[str, Any]], sources: Sequence[SourceImage]) -> Iterator[Finding]:
    marked = ((mark, source) for view, source in zip(views, sources, strict=True) for mark in view["marks"])
    for number, (mark, source) in enumerate(marked, start=1):
        yield finding(number, mark, source)


def _uid(*names: str) -> str:
    return f"2.25.{uuid5(_NAMESPACE, chr(31).join(names)).int}"
