"""A mammogram made by code, a key, and the keep-list, for exports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.filebase import DicomBytesIO

from samdrift_mammography.deidentified.header import Dates, Maker
from samdrift_mammography.deidentified.image import deidentify
from samdrift_mammography.deidentified.keep_list import shipped_keep_list
from samdrift_mammography.deidentified.key import ExportKey
from samdrift_mammography.views import View
from samdrift_testing.screening_study import mammogram, part10

KEY = ExportKey(secret=bytes(range(32)))


@pytest.fixture
def maker() -> Maker:
    return Maker(keep=shipped_keep_list(), key=KEY)


@pytest.fixture
def shifting() -> Maker:
    return Maker(keep=shipped_keep_list(), key=KEY, dates=Dates.SHIFT)


Leaving = Callable[..., Dataset]


@pytest.fixture
def leaving(maker: Maker) -> Leaving:
    """What leaves in place of one view, after `change` had its way with it; nobody looks for text, which takes time."""

    def made(change: Callable[[Dataset], None] = lambda _: None, *, by: Maker = maker, **tags: Any) -> Dataset:
        image = mammogram(View.RCC, **tags)
        change(image)
        return dcmread(DicomBytesIO(deidentify(part10(image), by, reviewed=True).data))

    return made
