"""Pickles, found and looked into without ever being run.

A pickle is a program. What it may call is known only where it names it outright (the opcode GLOBAL), so a pickle that
takes names from its stack or its memory is not judged but refused.
"""

from __future__ import annotations

import pickletools
import warnings
from collections.abc import Iterator
from typing import BinaryIO

from samdrift_registry.errors import DisguisedFileError, UntrustedTypeError

#: Binary pickles of the protocols 2 to 5 begin with these two bytes.
_BEGINNINGS = frozenset(bytes([0x80, protocol]) for protocol in range(2, 6))
#: Opcodes that name something, and opcodes that call it. Text that is by chance a pickle of protocol 0 has not both.
_NAMES, _CALLS = frozenset({"GLOBAL", "INST", "STACK_GLOBAL"}), frozenset({"INST", "OBJ", "NEWOBJ", "REDUCE", "BUILD"})
#: What `torch.save` writes for tensors in tuples, lists and dicts. Storages are named by BINPERSID.
_TENSOR_OPCODES = frozenset(
    {
        *("PROTO", "STOP", "MARK", "GLOBAL", "REDUCE", "BINPERSID"),
        *("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"),
        *("EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_DICT", "SETITEM", "SETITEMS"),
        *("BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "NONE", "NEWTRUE", "NEWFALSE"),
        *("BINPUT", "LONG_BINPUT", "BINGET", "LONG_BINGET"),
    }
)
#: What the pickle of a tensor names: each rebuilds an array from bytes, or marks its sizes, and does nothing else.
TENSOR_NAMES = frozenset(
    {
        "__builtin__.set",
        "collections.OrderedDict",
        "torch.Size",
        "torch.Tensor",
        "torch._tensor._rebuild_from_type_v2",
        "torch._utils._rebuild_tensor_v2",
        *(f"torch.{kind}Storage" for kind in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Byte")),
        "torch.BoolStorage",
        "torch.storage.UntypedStorage",
    }
)


def is_pickle(file: BinaryIO) -> bool:
    """Whether `file` begins with a binary pickle, or with one of the older protocols that calls something."""
    begins = file.read(2)
    file.seek(0)
    return begins in _BEGINNINGS or _is_textual(file)


def check_tensors(place: str, data: bytes) -> None:
    """Return when this pickle rebuilds tensors and plain values, and can do nothing else.

    Raises:
        UntrustedTypeError: it names something else.
        DisguisedFileError: it is no pickle, or of a kind of which that cannot be told.
    """
    strange = set()
    try:
        for name, argument in _opcodes(data):
            if name not in _TENSOR_OPCODES:
                raise DisguisedFileError.about(f"{place} is a pickle that does more than rebuild tensors ({name})")
            if name == "GLOBAL":
                strange |= {str(argument).replace(" ", ".")} - TENSOR_NAMES
    except ValueError as error:
        raise DisguisedFileError.about(f"{place} is not a pickle of tensors") from error
    if strange:
        raise UntrustedTypeError.about(f"{place} names {', '.join(sorted(strange))}")


def _is_textual(file: BinaryIO) -> bool:
    """Protocols 0 and 1 have no mark at the start: such a pickle is known by being one up to its STOP."""
    try:
        with warnings.catch_warnings():  # bytes that are no pickle may look like texts with odd escapes
            warnings.simplefilter("ignore", DeprecationWarning)
            opcodes = {name for name, _ in _opcodes(file)}
    except ValueError:
        return False
    return bool(opcodes & _NAMES) and bool(opcodes & _CALLS)


def _opcodes(data: bytes | BinaryIO) -> Iterator[tuple[str, object]]:
    """Name and argument of each opcode up to STOP; ValueError where there is none."""
    try:
        for opcode, argument, _ in pickletools.genops(data):
            yield opcode.name, argument
    except (IndexError, OverflowError) as error:  # what the standard library lets through of broken arguments
        raise ValueError("not a pickle") from error
