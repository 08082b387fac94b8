"""Reads MeMo XML as a stream: a small tree without the files' contents, and the contents, each decoded beside it.

A message of 100 MB is one text node of base64. Here it never lies in memory: expat hands it over in pieces. Expat is
told what no MeMo needs: no document type (and so no entity), no other encoding, no depth, no endless text (OWASP XML
External Entity Prevention). It opens no file and no connection.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any
from xml.parsers import expat

from samdrift_rpa.digital_post import refusal
from samdrift_rpa.digital_post.content import Base64Content, NotBase64Error
from samdrift_rpa.digital_post.memo import MEMO
from samdrift_rpa.digital_post.refusal import MessageRefusedError
from samdrift_rpa.digital_post.stored import PIECE_BYTES

#: A MeMo is nested about ten deep.
DEEPEST = 24
MOST_ELEMENTS = 20_000
#: Characters of all text outside the files' contents.
MOST_TEXT = 4_000_000
MOST_FILES = 500
#: Bytes of one tag or comment: expat looks at an unfinished one again and again (CVE-2023-52425, up to expat 2.5).
MOST_MARKUP_BYTES = 1_000_000
_CONTENT, _HEADER = f"{{{MEMO}}}content", f"{{{MEMO}}}MessageHeader"
_FILE = f"{{{MEMO}}}File"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass
class Streamed:
    """The tree without contents, and the contents in the order of their `content` elements."""

    root: Any
    #: What `keep` made of each content, and its size in bytes.
    contents: list[tuple[str, int]] = field(default_factory=list)


class _HeaderReadError(Exception):
    """All that was asked for has been read."""


def read_stream(
    file: IO[bytes], *, keep: Callable[[IO[bytes]], str] | None, most_bytes: int, header_only: bool = False
) -> Streamed:
    """Read the message in `file`.

    Args:
        file: bytes from their beginning.
        keep: takes each decoded content and returns its reference; None: contents are checked and forgotten.
        most_bytes: bytes of the message that are read at most.
        header_only: stop behind the `MessageHeader`.

    Raises:
        MessageRefusedError: it is too large, not XML in UTF-8, hostile, or a content is missing or not base64.
    """
    reader = _Reader(keep, header_only)
    try:
        read = 0
        while piece := file.read(PIECE_BYTES):
            if not read and (piece.startswith(_UTF_16) or b"\0" in piece[:4]):  # expat would read it all the same
                raise MessageRefusedError("encoding", refusal.OTHER_ENCODING, encoding="'UTF-16'")
            read += len(piece)
            if read > most_bytes:
                raise MessageRefusedError("too_large", refusal.TOO_LARGE, limit=f"{most_bytes / 1e6:g}")
            reader.parse(piece)
        reader.parse(b"", final=True)
    except _HeaderReadError:
        return Streamed(root=reader.partial())
    except expat.ExpatError as error:
        raise MessageRefusedError("not_xml", refusal.NOT_XML, line=str(error.lineno)) from error
    except ValueError as error:  # lxml knows characters and namespaces that no XML may have, and expat does not
        raise MessageRefusedError("not_xml", refusal.NO_XML_NAME) from error
    finally:
        reader.close()
    return Streamed(root=reader.finished(), contents=reader.contents)


class _Reader:
    def __init__(self, keep: Callable[[IO[bytes]], str] | None, header_only: bool) -> None:
        from lxml import etree

        self.contents: list[tuple[str, int]] = []
        self._builder = etree.TreeBuilder()
        self._keep, self._header_only = keep, header_only
        self._path: list[str] = []
        self._elements = self._characters = 0
        #: Bytes that were handed over, and those of them up to which something was told.
        self._given = self._told = 0
        self._content: Base64Content | None = None
        self._parser = self._made()

    def _made(self) -> Any:
        parser: Any = expat.ParserCreate("UTF-8", "}")
        parser.buffer_text, parser.buffer_size = True, PIECE_BYTES
        parser.XmlDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.CommentHandler = parser.ProcessingInstructionHandler = self._passed_over
        return parser

    def parse(self, piece: bytes, *, final: bool = False) -> None:
        self._given += len(piece)
        self._parser.Parse(piece, final)
        if self._given - self._told > MOST_MARKUP_BYTES:
            raise MessageRefusedError("text_too_long", refusal.TEXT_TOO_LONG)

    def partial(self) -> Any:
        """The tree so far, its open elements closed."""
        while self._path:
            self._builder.end(self._path.pop())
        return self._builder.close()

    def finished(self) -> Any:
        return self._builder.close()

    def close(self) -> None:
        if self._content is not None:
            self._content.close()

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.upper() != "UTF-8":
            raise MessageRefusedError("encoding", refusal.OTHER_ENCODING, encoding=repr(encoding[:20]))

    def _passed_over(self, *_: object) -> None:
        self._told = self._given

    def _doctype(self, *_: object) -> None:
        raise MessageRefusedError("doctype", refusal.DOCTYPE)

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._told, self._elements = self._given, self._elements + 1
        if self._content is not None or len(self._path) >= DEEPEST or self._elements > MOST_ELEMENTS:
            raise MessageRefusedError("too_deep", refusal.TOO_DEEP)
        self._count(sum(map(len, attributes.values())))
        tag = _tag(name)
        self._builder.start(tag, {_tag(key): value for key, value in attributes.items()})
        self._path.append(tag)
        if tag == _CONTENT and self._path[-2:-1] == [_FILE]:
            if len(self.contents) >= MOST_FILES:
                raise MessageRefusedError("many_files", refusal.MANY_FILES, most=str(MOST_FILES))
            self._content = Base64Content()

    def _end(self, name: str) -> None:
        self._told, tag = self._given, self._path.pop()
        if self._content is not None:
            self._take(self._content)
        self._builder.end(tag)
        if self._header_only and tag == _HEADER:
            raise _HeaderReadError

    def _text(self, text: str) -> None:
        self._told = self._given
        if self._content is None:
            self._count(len(text))
            self._builder.data(text)
            return
        try:
            self._content.feed(text)
        except NotBase64Error as error:
            raise self._not_base64() from error

    def _take(self, content: Base64Content) -> None:
        try:
            content.finish()
        except NotBase64Error as error:
            raise self._not_base64() from error
        if not content.size_bytes:
            raise MessageRefusedError("missing_attachment", refusal.NO_CONTENT, number=str(len(self.contents) + 1))
        reference = self._keep(content.file) if self._keep else ""
        self.contents.append((reference, content.size_bytes))
        content.close()
        self._content = None

    def _not_base64(self) -> MessageRefusedError:
        return MessageRefusedError("not_base64", refusal.NOT_BASE64, number=str(len(self.contents) + 1))

    def _count(self, characters: int) -> None:
        self._characters += characters
        if self._characters > MOST_TEXT:
            raise MessageRefusedError("text_too_long", refusal.TEXT_TOO_LONG)


def _tag(name: str) -> str:
    """Expat writes `uri}local`, lxml `{uri}local`."""
    return f"{{{name}" if "}" in name else name
