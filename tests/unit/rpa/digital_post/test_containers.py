"""Letters that come in a container: each is a case, once, and of a broken one nothing is used."""

from __future__ import annotations

import io
import lzma
import tarfile
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_platform.checks import MemoryStore
from samdrift_platform.contract import Item, Verdict
from samdrift_platform.errors import InputError
from samdrift_rpa import submission
from samdrift_rpa.digital_post import container, inflating
from samdrift_rpa.digital_post.container import check, is_container, letters_in
from samdrift_rpa.digital_post.engine import PostEngine
from samdrift_rpa.digital_post.generator import Written, write, write_container
from samdrift_rpa.digital_post.process import process
from samdrift_rpa.digital_post.refusal import MessageRefusedError
from samdrift_rpa.testing import items_of, try_item

LETTERS = {f"{n}.xml": write(Written(number=n, title="Carport", text="Hej", kle="02.34.02")) for n in (1, 2, 3)}


def packed(tar: bytes, **options: Any) -> bytes:
    return lzma.compress(tar, **{"format": lzma.FORMAT_ALONE, **options})


def tar_of(*entries: tarfile.TarInfo, kind: int = tarfile.USTAR_FORMAT) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=kind) as archive:
        for number, content in enumerate(LETTERS.values()):
            letter = tarfile.TarInfo(f"{number}.xml")
            letter.size = len(content)
            archive.addfile(letter, io.BytesIO(content))
            if number < len(entries):
                archive.addfile(entries[number], io.BytesIO(b"x" * entries[number].size))
    return made.getvalue()


def entry(name: str = "x", kind: bytes = tarfile.REGTYPE, *, link: str = "", size: int = 0) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size = kind, link, size
    return made


def items_in(store: MemoryStore, content: bytes) -> list[Item]:
    return items_of(process, [{"message": store.put(content)}], store)


def message_of(item: Item) -> str:
    case: Any = item.payload["case"]
    return str(case["message"])


UUIDS = [Written(number=n, title="", text="").message_uuid for n in (1, 2, 3)]


@pytest.mark.parametrize("kind", [tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize("compression", [lzma.FORMAT_ALONE, lzma.FORMAT_XZ])
def test_each_letter_is_a_case_that_refers_to_itself_alone(kind: int, compression: int) -> None:
    store = MemoryStore()
    content = packed(tar_of(entry("letters", tarfile.DIRTYPE), kind=kind), format=compression)
    items = items_in(store, content)
    assert [each.reference for each in items] == [f"digital_post/{uuid}" for uuid in UUIDS]
    assert [store.get(message_of(each)) for each in items] == list(LETTERS.values())


def test_a_letter_is_the_same_item_alone_and_in_every_container() -> None:
    store = MemoryStore()
    alone = {item.reference: item.payload for content in LETTERS.values() for item in items_in(store, content)}
    first = {item.reference: item.payload for item in items_in(store, write_container(LETTERS))}
    backwards = write_container(dict(reversed([*LETTERS.items()])))
    assert alone == first == {item.reference: item.payload for item in items_in(store, backwards)}
    twice = [{"message": store.put(write_container(LETTERS))}, {"message": store.put(backwards)}]
    assert len(items_of(process, twice, store)) == 3


def test_a_letter_that_is_none_is_refused_and_the_others_go_on(engine: PostEngine) -> None:
    store = MemoryStore()
    items = items_in(store, write_container({**LETTERS, "4.xml": b"<html/>", "5.xml": b""}))
    assert len(items) == 5
    outcomes = [try_item(process, each, store=store, engine=engine) for each in items]
    assert [each.code for each in outcomes] == ["", "", "", "not_memo", "not_xml"]


GOOD = packed(tar_of())


@pytest.mark.parametrize(
    ("code", "content"),
    [
        pytest.param("container", GOOD[:-20], id="cut short"),
        pytest.param("container", GOOD + b"more", id="something behind it"),
        pytest.param("container", packed(b"<memo/>" * 200), id="no tar"),
        pytest.param("container", packed(b""), id="empty"),
        pytest.param("container", packed(tar_of()[:3000]), id="a tar cut short"),
        pytest.param("container", packed(tar_of()[:2048] + b"x" + tar_of()[2049:]), id="a broken header in the middle"),
        pytest.param("container", packed(tar_of() + b"more"), id="something behind the tar"),
        pytest.param("container", b"\x5d\x00\x00\xff\xff" + GOOD[5:], id="asks for 4 GB of memory"),
        pytest.param("container", packed(tar_of(entry(size=5_000_000, kind=b"x"))), id="names of 5 MB"),
        pytest.param("container_letters", packed(b"\0" * 10240), id="no letter"),
        pytest.param("container_entry", packed(tar_of(entry("../x"))), id="a name that leads out"),
        pytest.param("container_entry", packed(tar_of(entry("a/../../x"))), id="another one"),
        pytest.param("container_entry", packed(tar_of(entry("/etc/passwd"))), id="an absolute name"),
        pytest.param("container_entry", packed(tar_of(entry("..\\x"))), id="a name with a backslash"),
        pytest.param("container_entry", packed(tar_of(entry(kind=tarfile.SYMTYPE, link="/etc/passwd"))), id="a link"),
        pytest.param("container_entry", packed(tar_of(entry(kind=tarfile.LNKTYPE, link="0.xml"))), id="a hard link"),
        pytest.param("container_entry", packed(tar_of(entry(kind=tarfile.CHRTYPE))), id="a device"),
        pytest.param("container_entry", packed(tar_of(entry(kind=tarfile.FIFOTYPE))), id="a pipe"),
    ],
)
def test_a_broken_container_is_one_refused_case_and_nothing_of_it_is_stored(
    engine: PostEngine, code: str, content: bytes
) -> None:
    store = MemoryStore()
    message = store.put(content)
    (item,) = items_of(process, [{"message": message}], store)
    assert item.payload["case"] == {"message": message}
    trial = try_item(process, item, store=store, engine=engine)
    assert (trial.verdict, trial.code) == (Verdict.REJECTED, code)
    assert list(store.objects) == [message]


def test_a_container_in_a_container_is_refused(engine: PostEngine) -> None:
    store = MemoryStore()
    (item,) = items_in(store, write_container({"inner": write_container(LETTERS)}))
    trial = try_item(process, item, store=store, engine=engine)
    assert trial.code == "container"
    assert "inside a container" in str(trial.outcome.reason)


@pytest.mark.parametrize(("limit", "value"), [("MOST_BYTES", 5_000), ("MOST_TIMES", 2), ("_FREE_BYTES", 0)])
def test_a_container_that_grows_too_much_is_refused(monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    store = MemoryStore()
    bomb = store.put(packed(tar_of(entry(size=50_000_000 if limit == "MOST_TIMES" else 5_000_000))))
    monkeypatch.setattr(inflating, limit, value)
    with pytest.raises(MessageRefusedError) as refused:
        check(store, bomb)
    assert refused.value.code == "container_too_large"


def test_too_many_letters_are_refused_in_one_container_and_in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    one = store.put(write_container(LETTERS))
    other = store.put(write_container({"4.xml": write(Written(number=4, title="", text=""))}))
    monkeypatch.setattr(submission, "MOST_CASES", 3)
    assert len(items_of(process, [{"message": one}], store)) == 3
    with pytest.raises(InputError, match="more than 3 cases"):
        items_of(process, [{"message": one}, {"message": other}], store)
    monkeypatch.setattr(container, "MOST_LETTERS", 2)
    with pytest.raises(MessageRefusedError):
        check(store, one)


@given(data=st.data())
def test_a_damaged_container_gives_letters_or_a_refusal(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([GOOD, packed(tar_of(), format=lzma.FORMAT_XZ)])))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(8, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    store = MemoryStore()
    reference = store.put(bytes(content))
    with suppress(MessageRefusedError):
        assert all(each in store.objects for each in letters_in(store, reference))


@given(data=st.data())
def test_a_damaged_tar_gives_letters_or_a_refusal(data: st.DataObject) -> None:
    content = bytearray(tar_of())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    store = MemoryStore()
    reference = store.put(packed(bytes(content), preset=0))
    with suppress(MessageRefusedError):
        assert len(list(letters_in(store, reference))) == 3  # a header that is broken loses no letter


def test_a_letter_does_not_begin_as_a_container_does() -> None:
    store = MemoryStore()
    assert not any(is_container(store, store.put(each)) for each in (*LETTERS.values(), b"", b"]]>", b"\xef\xbb\xbf<"))
