"""The publishers' own rule tests: fragments that say which rule must fire on them, and which must not.

Format of the Norwegian validator, which the tests of EN 16931 (`tc434-ubl`) and of Peppol BIS Billing are written in:
one file a rule, a `testSet` of `test` elements, each with an `assert` and one UBL fragment.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from samdrift_platform.errors import InputError
from samdrift_rpa.documents import parse
from samdrift_rpa.rules.findings import codes
from samdrift_rpa.rules.official import OfficialRules
from samdrift_rpa.ubl import Element

_V = "{http://difi.no/xsd/vefa/validator/1.0}"
_SUCCESS, _FAILURES = f"{_V}success", (f"{_V}error", f"{_V}warning", f"{_V}fatal")
#: `configuration` of EN 16931's tests; all others are Peppol's.
_CORE = "tc434-ubl"


class NotLabelledError(InputError):
    """The file holds no rule tests: their root element is a `testSet` of the Norwegian validator's namespace."""


@dataclass(frozen=True, kw_only=True)
class LabelledTest:
    """One fragment and what is expected of it."""

    #: Where it stands: file and position, from 1.
    name: str
    #: It is judged by EN 16931's stylesheet, otherwise by Peppol's.
    core: bool
    #: Rule -> whether it must fire.
    expected: tuple[tuple[str, bool], ...]
    #: The fragment, far from a complete document.
    root: Element

    def disagreements(self, rules: OfficialRules) -> list[str]:
        """Rules that do not do what the label says; other rules that fire are no matter.

        The label's severity is not compared: where it differs the stylesheet is newer.
        """
        core, peppol = rules.billing_stylesheets()
        fired = codes(rules.failed(self.root, [core if self.core else peppol]))
        return [rule for rule, must_fire in self.expected if (rule in fired) is not must_fire]


def labelled_below(folder: Path) -> Iterator[LabelledTest]:
    """All tests in `folder`, at any depth; files that hold none are passed over."""
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(name for name in names if name.endswith(".xml")):
            path = Path(where) / name
            try:
                yield from labelled_in(path.read_bytes(), str(path.relative_to(folder)))
            except InputError:  # a document, or no XML: its own tests are elsewhere
                continue


def labelled_in(content: bytes, name: str) -> list[LabelledTest]:
    """The tests of one file; NotLabelledError or UnreadableDocumentError where it is none."""
    root = parse(content)
    if root.tag != f"{_V}testSet":
        raise NotLabelledError()
    core = root.get("configuration") == _CORE
    tests = enumerate(root.iterchildren(f"{_V}test"), 1)
    return [_test(f"{name}#{position}", core, element) for position, element in tests]


def _test(name: str, core: bool, element: Element) -> LabelledTest:
    from lxml import etree

    fragments = [child for child in element.iterchildren("{*}*") if not child.tag.startswith(_V)]
    if len(fragments) != 1:
        raise NotLabelledError(f"{name} has {len(fragments)} fragments; each test has one.")
    labels = [label for asserted in element.iterchildren(f"{_V}assert") for label in asserted.iterchildren("{*}*")]
    return LabelledTest(
        name=name,
        core=core,
        expected=tuple(
            ((label.text or "").strip(), label.tag != _SUCCESS)
            for label in labels
            if label.tag == _SUCCESS or label.tag in _FAILURES
        ),
        root=etree.fromstring(etree.tostring(fragments[0], with_tail=False)),  # a document of its own
    )
