"""A structured report's content tree (PS3.3 section C.17.3), from which references by position are computed.

A by-reference item names its target by the path of 1-based positions from the root (Referenced Content Item
Identifier, section C.17.3.2.5). Such a path is right only for the finished tree: here an item refers to another *item*,
and the paths are computed when the dataset is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pydicom import Dataset
from pydicom.sr.coding import Code

Path: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class ContentItem:
    """One item of the tree; it is itself and equals no other, because others refer to it."""

    #: To its parent; empty for the root.
    relationship: str = ""
    #: Value Type; empty for an item by reference.
    value_type: str = ""
    concept: Code | None = None
    #: The attributes that carry the value.
    value: Dataset = field(default_factory=Dataset)
    children: tuple[ContentItem, ...] = ()
    #: The item that this one stands for, when it is by reference.
    target: ContentItem | None = None


def container(relationship: str, concept: Code, *children: ContentItem) -> ContentItem:
    """CONTAINER, whose parts are to be shown apart (Continuity of Content SEPARATE)."""
    value = Dataset()
    value.ContinuityOfContent = "SEPARATE"
    return ContentItem(
        relationship=relationship, value_type="CONTAINER", concept=concept, value=value, children=children
    )


def code(relationship: str, concept: Code, meant: Code, *children: ContentItem) -> ContentItem:
    """CODE."""
    value = Dataset()
    value.ConceptCodeSequence = [coded(meant)]
    return ContentItem(relationship=relationship, value_type="CODE", concept=concept, value=value, children=children)


def text(relationship: str, concept: Code, said: str) -> ContentItem:
    """TEXT, of any length."""
    value = Dataset()
    value.TextValue = said
    return ContentItem(relationship=relationship, value_type="TEXT", concept=concept, value=value)


def number(relationship: str, concept: Code, quantity: str, unit: Code) -> ContentItem:
    """NUM; `quantity` is a decimal string of at most 16 characters."""
    measured = Dataset()
    measured.NumericValue = quantity
    measured.MeasurementUnitsCodeSequence = [coded(unit)]
    value = Dataset()
    value.MeasuredValueSequence = [measured]
    return ContentItem(relationship=relationship, value_type="NUM", concept=concept, value=value)


def date(relationship: str, concept: Code, day: str) -> ContentItem:
    """DATE, as YYYYMMDD."""
    value = Dataset()
    value.Date = day
    return ContentItem(relationship=relationship, value_type="DATE", concept=concept, value=value)


def time(relationship: str, concept: Code, clock: str) -> ContentItem:
    """TIME, as HHMMSS."""
    value = Dataset()
    value.Time = clock
    return ContentItem(relationship=relationship, value_type="TIME", concept=concept, value=value)


def uid_reference(relationship: str, concept: Code, uid: str) -> ContentItem:
    """UIDREF."""
    value = Dataset()
    value.UID = uid
    return ContentItem(relationship=relationship, value_type="UIDREF", concept=concept, value=value)


def image(relationship: str, sop_class_uid: str, sop_instance_uid: str, *children: ContentItem) -> ContentItem:
    """IMAGE, without a concept name."""
    referenced = Dataset()
    referenced.ReferencedSOPClassUID = sop_class_uid
    referenced.ReferencedSOPInstanceUID = sop_instance_uid
    value = Dataset()
    value.ReferencedSOPSequence = [referenced]
    return ContentItem(relationship=relationship, value_type="IMAGE", value=value, children=children)


def coordinates(
    concept: Code, graphic_type: str, points: Sequence[tuple[float, float]], selected_from: ContentItem
) -> ContentItem:
    """SCOORD, a property; `points` are (column, row) in pixels of the image item `selected_from`.

    The top left corner of the top left pixel is 0, 0 (PS3.3 section C.18.6.1.2).
    """
    value = Dataset()
    value.GraphicData = [ordinate for point in points for ordinate in point]
    value.GraphicType = graphic_type
    source = reference("SELECTED FROM", selected_from)
    return ContentItem(
        relationship="HAS PROPERTIES", value_type="SCOORD", concept=concept, value=value, children=(source,)
    )


def reference(relationship: str, target: ContentItem) -> ContentItem:
    """An item by reference."""
    return ContentItem(relationship=relationship, target=target)


def coded(meant: Code) -> Dataset:
    """A code as an item of a code sequence (PS3.3 section 8)."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = meant.value, meant.scheme_designator, meant.meaning
    return item


def dataset_of(root: ContentItem) -> Dataset:
    """The tree as attributes of a document; KeyError when an item refers to one that is not in the tree."""
    paths = {id(item): path for item, path in _walk(root, (1,))}
    return _written(root, paths)


def _walk(item: ContentItem, path: Path) -> Iterator[tuple[ContentItem, Path]]:
    yield item, path
    for position, child in enumerate(item.children, start=1):
        yield from _walk(child, (*path, position))


def _written(item: ContentItem, paths: dict[int, Path]) -> Dataset:
    written = Dataset()
    if item.relationship:
        written.RelationshipType = item.relationship
    if item.target is not None:
        written.ReferencedContentItemIdentifier = list(paths[id(item.target)])
        return written
    written.ValueType = item.value_type
    if item.concept is not None:
        written.ConceptNameCodeSequence = [coded(item.concept)]
    written.update(item.value)
    if item.children:
        written.ContentSequence = [_written(child, paths) for child in item.children]
    return written
