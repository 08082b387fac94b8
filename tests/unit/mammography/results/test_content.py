"""The content tree, and references by position in it, against a walk of the written dataset."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.sr.coding import Code

from samdrift_mammography.results.content import ContentItem, container, coordinates, dataset_of, image, reference, text

NAME = Code("1", "99TEST", "name")


def at(document: Dataset, path: list[int]) -> Dataset:
    """The item at `path`, as PS3.3 section C.17.3.2.5 says it: the root is 1, positions begin at 1."""
    assert path[0] == 1
    for position in path[1:]:
        document = document.ContentSequence[position - 1]
    return document


def references(document: Dataset) -> Iterator[Dataset]:
    for item in document.get("ContentSequence", []):
        if "ReferencedContentItemIdentifier" in item:
            yield item
        yield from references(item)


trees = st.recursive(
    st.builds(lambda: text("CONTAINS", NAME, "leaf")),
    lambda children: st.builds(
        lambda below: container("CONTAINS", NAME, *below), st.lists(children, min_size=1, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=20)
@given(before=st.lists(trees, max_size=3), between=st.lists(trees, max_size=3))
def test_a_reference_finds_its_target_wherever_both_are(before: list[ContentItem], between: list[ContentItem]) -> None:
    target = image("CONTAINS", "1.2", "1.2.3.4")
    library = container("CONTAINS", NAME, *between, target)
    root = container("", NAME, *before, library, container("CONTAINS", NAME, reference("HAS PROPERTIES", target)))
    document = dataset_of(root)
    (found,) = references(document)
    assert found.RelationshipType == "HAS PROPERTIES"
    assert "ValueType" not in found
    pointed_at = at(document, list(found.ReferencedContentItemIdentifier))
    assert pointed_at.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "1.2.3.4"


def test_of_two_items_that_look_alike_the_one_that_is_meant_is_found() -> None:
    first, second = image("CONTAINS", "1.2", "1.2.3"), image("CONTAINS", "1.2", "1.2.3")
    document = dataset_of(container("", NAME, first, second, reference("HAS PROPERTIES", second)))
    assert document.ContentSequence[2].ReferencedContentItemIdentifier == [1, 2]


def test_a_reference_to_what_is_not_in_the_tree_is_an_error_and_not_a_wrong_path() -> None:
    with pytest.raises(KeyError):
        dataset_of(container("", NAME, reference("HAS PROPERTIES", image("CONTAINS", "1.2", "1.2.3"))))


def test_points_are_written_column_first() -> None:
    source = image("CONTAINS", "1.2", "1.2.3")
    place = coordinates(NAME, "POLYLINE", [(1.0, 2.0), (3.0, 4.0)], source)
    written = dataset_of(container("", NAME, source, place)).ContentSequence[1]
    assert list(written.GraphicData) == [1.0, 2.0, 3.0, 4.0]
    assert written.ContentSequence[0].ReferencedContentItemIdentifier == [1, 1]
