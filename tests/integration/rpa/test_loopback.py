from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid5

import httpx
import pytest

from samdrift_platform.errors import CannotTellError, ReceiverRefusedError, TryAgainError
from samdrift_rpa.documents import read_document
from samdrift_rpa.loopback.log import Kind
from samdrift_rpa.ubl import text

KEYS = [uuid5(UUID(int=0), str(n)) for n in range(10)]
VOUCHER: dict[str, Any] = {
    "document_number": "T-1",
    "lines": [
        {"account": "4000", "debit": "1.10", "credit": "0.00"},
        {"account": "6810", "debit": "0.00", "credit": "1.10"},
    ],
}
PARTY = {"name": "Fiktiv", "endpoint": {"scheme": "GLN", "value": "9520000000004"}}
ANSWER: dict[str, Any] = {
    "standard": "OIOUBL",
    "response_code": "BusinessAccept",
    "description": "",
    "issue_date": "2026-11-24",
    "profile": "Procurement-BilSim-1.0",
    "profile_scheme": "",
    "sender": PARTY,
    "receiver": PARTY,
    "document_type": "Invoice",
    "document_type_code": "380",
    "document_number": "T-1",
    "document_uuid": "",
    "document_issue_date": "2026-11-20",
}


def test_what_was_delivered_is_found_and_logged(loopback: Callable[..., Any]) -> None:
    peer = loopback()
    assert peer.erp.find(KEYS[0], {}) is None
    answer = peer.post(KEYS[0], VOUCHER)
    assert peer.erp.find(KEYS[0], {}) == answer
    assert peer.voucher_keys == [str(KEYS[0])]
    listed = httpx.get(f"{peer.url}/vouchers", trust_env=False).json()
    assert [one["voucher_id"] for one in listed] == [answer["voucher_id"]]


@pytest.mark.parametrize("fault", ["error-after", "drop-after", "slow-after"])
def test_it_fails_after_the_work_and_still_knows_of_it(loopback: Callable[..., Any], fault: str) -> None:
    peer = loopback(f"{fault}:1")
    with pytest.raises(TryAgainError):
        peer.post(KEYS[0], VOUCHER)
    found = peer.erp.find(KEYS[0], {})
    assert found["voucher_id"] == "V000001"
    assert peer.voucher_keys == [str(KEYS[0])]
    assert peer.log.faults(Kind.VOUCHER) == [fault]


def test_it_fails_before_the_work_and_says_that_nothing_happened(loopback: Callable[..., Any]) -> None:
    peer = loopback("error-before:1")
    with pytest.raises(TryAgainError):
        peer.post(KEYS[0], VOUCHER)
    assert peer.erp.find(KEYS[0], {}) is None
    assert peer.voucher_keys == []


def test_a_look_up_that_fails_cannot_tell(loopback: Callable[..., Any]) -> None:
    peer = loopback("error-on-find:1")
    peer.post(KEYS[0], VOUCHER)
    with pytest.raises(CannotTellError):
        peer.erp.find(KEYS[0], {})


def test_a_blind_repeat_would_be_seen(loopback: Callable[..., Any]) -> None:
    peer = loopback()
    first, second = (peer.post(KEYS[0], VOUCHER) for _ in range(2))
    assert first["voucher_id"] != second["voucher_id"]
    assert peer.voucher_keys == [str(KEYS[0])] * 2


def test_told_to_notice_repeats_it_answers_from_its_log(loopback: Callable[..., Any]) -> None:
    peer = loopback("", "--notice-repeats")
    first, second = (peer.post(KEYS[0], VOUCHER) for _ in range(2))
    assert first == second
    assert peer.voucher_keys == [str(KEYS[0])]


def test_its_log_and_its_faults_survive_a_kill(loopback: Callable[..., Any]) -> None:
    peer = loopback("error-after:3")
    answers = [peer.post(key, VOUCHER) for key in KEYS[:2]]
    peer.kill()
    assert peer.voucher_keys == [str(key) for key in KEYS[:2]]
    with pytest.raises(TryAgainError):
        peer.post(KEYS[2], VOUCHER)
    with pytest.raises(CannotTellError):
        peer.erp.find(KEYS[0], {})
    peer.start()
    assert peer.erp.find(KEYS[0], {}) == answers[0]
    with pytest.raises(TryAgainError):  # the third request, counted over the kill
        peer.post(KEYS[2], VOUCHER)


@pytest.mark.parametrize(
    "request_", [{}, {"lines": []}, {"lines": [{"debit": "1.10", "credit": "0"}]}, {"lines": [{"debit": "x"}]}]
)
def test_the_erp_system_refuses_what_is_no_voucher(loopback: Callable[..., Any], request_: dict[str, Any]) -> None:
    peer = loopback()
    with pytest.raises(ReceiverRefusedError, match="422"):
        peer.post(KEYS[0], request_)
    assert peer.voucher_keys == []


def test_the_access_point_takes_peppols_answer_whose_id_is_the_key(loopback: Callable[..., Any]) -> None:
    peer = loopback()
    peer.send(KEYS[0], ANSWER | {"standard": "Peppol BIS"})
    (entry,) = peer.log.entries(Kind.DOCUMENT)
    assert text(read_document(entry.body.encode()).root, "cbc:ID") == str(KEYS[0])


def test_the_access_point_takes_an_answer_whose_uuid_is_the_key(loopback: Callable[..., Any]) -> None:
    peer = loopback()
    assert peer.send(KEYS[0], ANSWER)["transmission_id"] == "D000001"
    (entry,) = peer.log.entries(Kind.DOCUMENT)
    assert text(read_document(entry.body.encode()).root, "cbc:UUID") == str(KEYS[0])
    for body, key in ((entry.body, KEYS[1]), ("<a/>", KEYS[1])):
        headers = {"Idempotency-Key": str(key)}
        response = httpx.post(f"{peer.url}/documents", content=body, headers=headers, trust_env=False)
        assert response.status_code == 422
