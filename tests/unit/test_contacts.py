"""E-mail addresses, telephone numbers, nine-digit CPR numbers in what people write: found by form, and only those."""

from __future__ import annotations

import re
import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_platform.contacts import ADDRESS, TELEPHONE, mask_contacts
from samdrift_platform.ledger.plain import plain_text

#: Eight digits with no meaning: the first is 2 to 9, as of all Danish numbers.
EIGHT = st.from_regex(r"[2-9][0-9]{7}", fullmatch=True)
WORDS = st.text(string.ascii_letters + "æøåÆØÅ ", max_size=12).map(lambda text: f"{text}: ")
LOCAL = st.from_regex(r"[a-zæøå0-9]{1,12}([._+-][a-zæøå0-9]{1,12}){0,2}", fullmatch=True)
DOMAIN = st.from_regex(r"([a-z0-9]{1,12}(-[a-z0-9]{1,8})?\.){1,3}(dk|org|com|eu)", fullmatch=True)
AFTER = st.sampled_from(["", ".", ",", " tak", ")", "\n", "; og", "?"])
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def in_pairs(number: str, gap: str) -> str:
    return gap.join(number[at : at + 2] for at in range(0, 8, 2))


@given(before=WORDS, local=LOCAL, domain=DOMAIN, at=st.sampled_from(["@", "%40"]), after=AFTER)
def test_an_address_is_masked_wherever_it_stands(before: str, local: str, domain: str, at: str, after: str) -> None:
    assert mask_contacts(f"{before}{local}{at}{domain}{after}") == f"{before}{ADDRESS}{after}"


@given(number=EIGHT, gap=st.sampled_from(["", " ", "\u00a0", ".", "-"]), after=AFTER, data=st.data())
def test_a_number_that_is_said_to_be_a_telephones_is_masked_in_every_grouping(
    number: str, gap: str, after: str, data: st.DataObject
) -> None:
    words = [
        "tlf. ",
        "Tlf.: ",
        "tlf.nr. ",
        "telefon ",
        "Mobil: ",
        "ring på ",
        "Ring til ",
        "phone ",
        "+45 ",
        "0045",
        "(+45) ",
    ]
    said = data.draw(st.sampled_from(words[:2] + words[3:]))
    grouped = data.draw(st.sampled_from([in_pairs(number, gap), f"{number[:4]}{gap}{number[4:]}"]))
    masked = mask_contacts(f"Aftalt. {said}{grouped}{after}")
    assert not re.search(r"\d", masked.replace("+45", "").replace("0045", ""))
    assert TELEPHONE in masked
    assert masked.endswith(after)


@given(
    before=st.sampled_from(["", "Aftalt. ", "hun har ", "Kontakt: ", "(privat) ", "x\n"]),
    number=EIGHT,
    gap=st.sampled_from([" ", "\u00a0"]),
    after=AFTER,
    wide=st.booleans(),
)
def test_four_pairs_are_masked(before: str, number: str, gap: str, after: str, wide: bool) -> None:
    written = in_pairs(number, gap)
    assert mask_contacts(f"{before}{written.translate(FULL_WIDTH) if wide else written}{after}") == (
        f"{before}{TELEPHONE}{after}"
    )


AMOUNTS = st.integers(0, 10**10).map(lambda ore: f"{ore / 100:,.2f}".translate(str.maketrans(",.", ".,")))
NO_CONTACTS = st.one_of(
    st.uuids().map(str),
    st.uuids().map(lambda key: f"<{key}@post.example.org>"),  # a Message-ID, which people look for
    AMOUNTS,
    AMOUNTS.map(lambda amount: f"{amount.replace('.', ' ')} kr."),
    st.from_regex(r"[0-9]{8}", fullmatch=True).map(lambda number: f"CVR {number}"),
    EIGHT,
    EIGHT.map(lambda number: f"DK{number}"),
    EIGHT.map(lambda number: f"CVR-nr. {in_pairs(number, ' ')}"),
    st.from_regex(r"57[0-9]{11}", fullmatch=True),  # GLN, EAN
    st.from_regex(r"57[0-9]{11}", fullmatch=True).map(lambda n: " ".join(n[at : at + 2] for at in range(0, 13, 2))),
    st.from_regex(r"DK[0-9]{2} [0-9]{4} [0-9]{4} [0-9]{4} [0-9]{2}", fullmatch=True),  # IBAN
    st.from_regex(r"(F|INV|S)[-/]?20[0-9]{2}[-/][0-9]{1,9}", fullmatch=True),  # numbers of invoices and cases
    st.integers(0, 10**12).map(str),
    st.from_regex(r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}(\.[0-9]{2})?", fullmatch=True),  # KLE, FORM
    st.datetimes().map(lambda time: time.isoformat()),
    st.dates().map(lambda day: f"{day:%d.%m.%Y}"),
    st.ip_addresses(v=4).map(str),
    st.binary(min_size=32, max_size=32).map(lambda data: f"sha256:{data.hex()}"),
    st.binary(min_size=32, max_size=32).map(lambda data: f"3@sha256:{data.hex()}"),  # a model's version
)


@given(
    before=WORDS.filter(lambda text: not re.search(r"(cpr|tlf|tel|ring|mobil|phone|call|sms)", text, re.IGNORECASE)),
    said=NO_CONTACTS,
    after=AFTER,
)
def test_numbers_of_things_stay(before: str, said: str, after: str) -> None:
    assert mask_contacts(f"{before}{said}{after}") == f"{before}{said}{after}"


BORN = st.dates(date(1940, 1, 1), date(2025, 12, 31)).filter(lambda day: day.day < 10)


@given(born=BORN, serial=st.from_regex(r"[0-9]{4}", fullmatch=True), data=st.data())
def test_a_cpr_number_without_its_zero_is_masked_where_its_form_or_a_word_tells(
    born: date, serial: str, data: st.DataObject
) -> None:
    short = f"{born:%d%m%y}"[1:]
    written = data.draw(
        st.sampled_from([f"{short}-{serial}", f"cpr {short}{serial}", f"CPR-nr.: {short} {serial}"])
        | st.just(f"personnummer er {short}{serial}")
    )
    assert mask_contacts(f"Se {written}.") == "Se " + re.sub(r"[- ]?\d{4}$", "-xxxx", written) + "."
    assert mask_contacts(f"Sag {short}{serial}.") == f"Sag {short}{serial}."  # nine digits that may be anything


@given(st.text(max_size=200))
def test_masking_again_changes_nothing(text: str) -> None:
    once = mask_contacts(text)
    assert mask_contacts(once) == once


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "a." * 50_000 + "@", "1 " * 50_000, "2" * 100_000, "a@" + "b." * 50_000]
)
def test_long_texts_take_no_time_to_speak_of(text: str) -> None:
    assert len(mask_contacts(text)) == len(text)


def test_what_the_ledger_keeps_of_a_text_holds_neither() -> None:
    kept = plain_text("Ring til 22 34 56 78 eller skriv til opdigtet@example.org om 251248-9996.")
    assert kept == f"Ring til {TELEPHONE} eller skriv til {ADDRESS} om 251248-xxxx."
