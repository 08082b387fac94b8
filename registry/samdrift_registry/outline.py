"""A document before it has a form: headings, facts, tables. One source for the page and for the Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from samdrift_evaluation.report_page import page

if TYPE_CHECKING:
    from jinja2 import Template

Language = Literal["da", "en"]
#: Stands wherever something is asked for and nobody has given it.
MISSING = {"en": "missing", "da": "mangler"}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Names with what is known of them; None: missing."""

    rows: Sequence[tuple[str, str | None]]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows below each other; None: missing."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | None]]


@dataclass(frozen=True, kw_only=True)
class Points:
    """Sentences, one a line."""

    items: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Quotation:
    """Somebody else's text, as it is: neither markup nor script in it means anything."""

    label: str
    text: str


Block: TypeAlias = Facts | Table | Points | Paragraph | Quotation


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading with what stands below it."""

    heading: str
    blocks: Sequence[Block] = ()
    #: 2 below the title, 3 below that.
    level: int = 2


@dataclass(frozen=True, kw_only=True)
class Outline:
    """The whole document."""

    title: str
    language: Language
    #: What nobody may miss; stands right below the title.
    notice: str = ""
    sections: Sequence[Section] = field(default_factory=tuple)
    footer: str = ""


def to_html(outline: Outline) -> str:
    """One self-contained file: no script, no request to anywhere."""
    from markupsafe import Markup

    missing = MISSING[outline.language]
    body = _template().render(outline=outline, missing=missing, kind=lambda block: type(block).__name__)
    return page(outline.title, Markup(body), outline.footer, outline.language)  # noqa: S704 - autoescaped


def to_markdown(outline: Outline) -> str:
    """GitHub-flavoured Markdown. What comes from people cannot become markup."""
    parts = [f"# {_plain(outline.title)}", f"**{_plain(outline.notice)}**" if outline.notice else ""]
    for section in outline.sections:
        parts.append(f"{'#' * section.level} {_plain(section.heading)}")
        parts += [_markdown(block, MISSING[outline.language]) for block in section.blocks]
    parts += [f"---\n\n{_plain(outline.footer)}"] if outline.footer else []
    return "\n\n".join(part for part in parts if part) + "\n"


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = Path(__file__).parent / "templates"
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("outline.html")


def _markdown(block: Block, missing: str) -> str:
    if isinstance(block, Facts):
        return "\n".join(f"- {_plain(name)}: {_value(value, missing)}" for name, value in block.rows)
    if isinstance(block, Table):
        return _table(block, missing)
    if isinstance(block, Points):
        return "\n".join(f"- {_plain(item)}" for item in block.items)
    if isinstance(block, Quotation):
        lines = "\n".join(f"    {line}".rstrip() for line in block.text.splitlines())  # a code block: nothing is markup
        return f"{_plain(block.label)}:\n\n{lines}"
    return _plain(block.text)


def _table(table: Table, missing: str) -> str:
    lines = [f"**{_plain(table.caption)}**", "", _row([_plain(name) for name in table.columns])]
    lines.append(_row(["---"] * len(table.columns)))
    lines += [_row([_value(cell, missing) for cell in row]) for row in table.rows]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _value(value: str | None, missing: str) -> str:
    return f"**{missing}**" if value is None else _plain(value)


def _plain(text: str) -> str:
    """`text` in one line, with everything escaped that Markdown or HTML would read as markup."""
    return re.sub(r"([\\`*_\[\]<>|#&])", r"\\\1", " ".join(text.split()))
