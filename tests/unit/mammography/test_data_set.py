from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from samdrift_mammography.intake.data_set import DataSetBuffer, Room


def test_fragments_are_put_together() -> None:
    room = Room(size_bytes=100)
    buffer = DataSetBuffer(room, largest_bytes=50)
    assert [buffer.write(fragment) for fragment in (b"ab", b"", b"cde")] == [2, 0, 3]
    assert (buffer.getvalue(), buffer.tell(), buffer.overflowed, room.taken_bytes) == (b"abcde", 5, False, 5)
    buffer.release()
    assert (buffer.getvalue(), room.taken_bytes) == (b"", 0)


def test_one_byte_too_many_is_too_many() -> None:
    room = Room(size_bytes=100)
    buffer = DataSetBuffer(room, largest_bytes=50)
    buffer.write(bytes(50))
    assert not buffer.overflowed
    buffer.write(b"x")
    buffer.write(b"y")
    assert (buffer.overflowed, buffer.getvalue(), room.taken_bytes) == (True, b"", 0)


def test_a_buffer_that_is_dropped_gives_its_room_back() -> None:
    room = Room(size_bytes=100)
    buffer = DataSetBuffer(room, largest_bytes=50)
    buffer.write(bytes(30))
    del buffer
    assert room.taken_bytes == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.one_of(st.integers(0, 60), st.none())), max_size=60))
def test_the_room_is_never_overdrawn_and_never_lost(steps: list[tuple[int, int | None]]) -> None:
    """Four buffers are written to and released in any order; a plain sum says what the room must say."""
    room = Room(size_bytes=100)
    buffers: dict[int, DataSetBuffer] = {}
    for which, count in steps:
        buffer = buffers.setdefault(which, DataSetBuffer(room, largest_bytes=50))
        if count is None:
            buffer.release()
            del buffers[which], buffer
        else:
            buffer.write(bytes(count))
        lengths = [len(each.getvalue()) for each in buffers.values()]
        assert room.taken_bytes == sum(lengths) <= 100
        assert max(lengths, default=0) <= 50
