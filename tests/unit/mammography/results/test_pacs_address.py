from __future__ import annotations

import pytest

from samdrift_mammography.results.pacs_address import DimseAddress, WebAddress, address_of
from samdrift_platform.errors import SettingError


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("dicom://PACS@127.0.0.1:104", DimseAddress(ae_title="PACS", host="127.0.0.1", port=104)),
        ("dicom://PACS_1@pacs.example:11112", DimseAddress(ae_title="PACS_1", host="pacs.example", port=11112)),
        ("dicom://A B@[::1]:104", DimseAddress(ae_title="A B", host="::1", port=104)),
        ("dicom-tls://PACS@pacs:2762", DimseAddress(ae_title="PACS", host="pacs", port=2762, tls=True)),
        ("https://pacs.example/dicom-web/", WebAddress(url="https://pacs.example/dicom-web")),
        ("http://127.0.0.1:8042/dicom-web", WebAddress(url="http://127.0.0.1:8042/dicom-web")),
    ],
)
def test_addresses(text: str, found: DimseAddress | WebAddress) -> None:
    assert address_of(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pacs.example",
        "ftp://pacs.example/",
        "dicom://127.0.0.1:104",
        "dicom://PACS@127.0.0.1",
        "dicom://PACS@127.0.0.1:0",
        "dicom://PACS@127.0.0.1:65536",
        "dicom://PACS@127.0.0.1:²",
        "dicom://SEVENTEENLETTERSX@127.0.0.1:104",
        "dicom://BACK\\SLASH@127.0.0.1:104",
        "dicom:// PACS@127.0.0.1:104",
        "https://",
        "https://pacs.example/?token=1",
        "https://pacs.example/#x",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(SettingError):
        address_of(text)


@pytest.mark.parametrize("text", ["https://ris:geheim@pacs.example/", "ftp://ris:geheim@pacs.example/"])
def test_a_password_in_an_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(SettingError) as refused:
        address_of(text)
    assert "geheim" not in str(refused.value)
