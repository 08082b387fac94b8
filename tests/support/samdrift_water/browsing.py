"""Asks an application for pages, in process, and reads what they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

import anyio
import httpx
from fastapi import FastAPI


def get(app: FastAPI, path: str, **headers: str) -> httpx.Response:
    """One request to the application, in process."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://portal") as browser:
            return await browser.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return anyio.run(ask)


@dataclass
class Element:
    tag: str
    attributes: Mapping[str, str | None]


class Outline(HTMLParser):
    """The elements of a page in order: an independent reading of what a template wrote."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs)))

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]
