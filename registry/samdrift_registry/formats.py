"""What a file really is, whatever its name: a model is taken in only if no part of it can run code when it is loaded.

The lists are the platform's. MLflow stores the list of types that skops may load in the model's own `MLmodel`, where
whoever made the model writes it; that list is never read here.
"""

from __future__ import annotations

import json
import pickletools
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

from samdrift_registry.errors import DisguisedFileError, UntrustedTypeError

#: Types beyond skops' own that scikit-learn's trees and LightGBM's scikit-learn models need. Each holds numbers.
TRUSTED_TYPES = frozenset(
    {
        "collections.OrderedDict",
        "lightgbm.basic.Booster",
        "lightgbm.sklearn.LGBMClassifier",
        "lightgbm.sklearn.LGBMRegressor",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss._loss.CyHalfSquaredError",
        "sklearn._loss._loss.CyPinballLoss",
        "sklearn._loss.link.IdentityLink",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss.loss.HalfSquaredError",
        "sklearn._loss.loss.PinballLoss",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.tree._tree.Tree",
    }
)
#: What a saved tensor's pickle may name: it rebuilds arrays from bytes, and nothing else.
TENSOR_NAMES = frozenset(
    {
        "collections.OrderedDict",
        "torch._utils._rebuild_tensor_v2",
        *(f"torch.{kind}Storage" for kind in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Byte")),
        "torch.BoolStorage",
        "torch.storage.UntypedStorage",
    }
)
#: Shapes in an exported program are read by a symbolic parser that evaluates text: only arithmetic gets there. No dot,
#: so no attribute; no name but these.
_PLAIN_EXPRESSION = re.compile(r"[A-Za-z0-9_ +\-*/(),'<>=]*")
_NAMES_IN_EXPRESSIONS = re.compile(
    r"[suf]\d+|zuf\d+|Symbol|Integer|Add|Mul|Pow|Mod|Max|Min|FloorDiv|CleanDiv|CeilDiv|PythonMod"
    r"|positive|nonnegative|integer|True|False|oo|int_oo"
)
#: Binary pickles of the protocols 2 to 5 begin with these two bytes.
_PICKLES = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
_MOST_NESTED = 3


def check_contents(folder: Path) -> str:
    """Look into every file of `folder`; the kind of model that it holds.

    Returns:
        "skops", "lightgbm", "torch.export" or "safetensors"; "files" when it holds none of these.

    Raises:
        DisguisedFileError: a file is not what its name says, or is a pickle.
        UntrustedTypeError: a skops file or a saved tensor names types that are not on the platform's lists.
    """
    kinds = {_check(folder, path) for path in sorted(folder.rglob("*")) if path.is_file()}
    return next((kind for kind in ("torch.export", "skops", "lightgbm", "safetensors") if kind in kinds), "files")


def _check(folder: Path, path: Path) -> str:
    relative = path.relative_to(folder).as_posix()
    with path.open("rb") as file:
        begins = file.read(4)
    if begins.startswith(_PICKLES):
        raise DisguisedFileError.about(f"{relative} is a pickle")
    check, kind = _CHECKS.get(PurePosixPath(relative).suffix, (_check_text, "files"))
    check(relative, path)
    return kind


def _check_text(relative: str, path: Path) -> None:
    """Everything else that is admitted is text."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise DisguisedFileError.about(f"{relative} is not text in UTF-8") from error
    if "\0" in text:
        raise DisguisedFileError.about(f"{relative} is not text")


def _check_safetensors(relative: str, path: Path) -> None:
    """A header of at most 100 MB of JSON, and as many bytes as it says (huggingface/safetensors, README, "Format")."""
    data = path.read_bytes()
    try:
        size = int.from_bytes(data[:8], "little")
        tensors: dict[str, Any] = json.loads(data[8 : 8 + size])
        ends = [tensor["data_offsets"][1] for name, tensor in tensors.items() if name != "__metadata__"]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise DisguisedFileError.about(f"{relative} is not a safetensors file") from error
    if 8 + size + max(ends, default=0) != len(data):
        raise DisguisedFileError.about(f"{relative} holds more or less than its header says")


def _check_lightgbm(relative: str, path: Path) -> None:
    _check_text(relative, path)
    with path.open(encoding="utf-8") as file:
        if file.readline().strip() != "tree":
            raise DisguisedFileError.about(f"{relative} is not LightGBM's text format")


def _check_skops(relative: str, path: Path) -> None:
    from skops.io import get_untrusted_types

    try:
        types = set(get_untrusted_types(file=path))
    except Exception as error:  # a stranger's file may break skops in any way; each of them means no
        raise DisguisedFileError.about(f"{relative} is not a skops file ({type(error).__name__})") from error
    _refuse_strange(relative, types - TRUSTED_TYPES)


def _check_torch_export(relative: str, path: Path) -> None:
    try:
        _check_archive(relative, path.read_bytes(), nested=0)
    except (zipfile.BadZipFile, ValueError, KeyError) as error:
        raise DisguisedFileError.about(f"{relative} is not an exported program ({type(error).__name__})") from error


def _check_archive(relative: str, data: bytes, *, nested: int) -> None:
    """Every pickle inside names tensors only, and every symbolic expression is plain arithmetic."""
    if nested > _MOST_NESTED:
        raise DisguisedFileError.about(f"{relative} is packed too deep")
    with zipfile.ZipFile(BytesIO(data)) as archive:
        for name in archive.namelist():
            _check_member(f"{relative}:{name}", archive.read(name), nested=nested)


def _check_member(place: str, data: bytes, *, nested: int) -> None:
    if data.startswith(b"PK\x03\x04"):
        _check_archive(place, data, nested=nested + 1)
    elif data.startswith(_PICKLES) or place.endswith((".pkl", ".pickle")):
        _refuse_strange(place, set(pickled_names(data)) - TENSOR_NAMES)
    elif place.endswith(".json"):
        for expression in _expressions(json.loads(data)):
            _check_expression(place, expression)


def pickled_names(data: bytes) -> Iterator[str]:
    """Every `module.name` that a pickle would import, found without running it; "?" where it cannot be told."""
    texts: list[str] = []
    for opcode, argument, _ in pickletools.genops(data):
        if opcode.name in ("GLOBAL", "INST"):
            yield str(argument).replace(" ", ".")
        elif opcode.name == "STACK_GLOBAL":
            yield ".".join(texts[-2:]) if len(texts) >= 2 else "?"
        elif opcode.name in ("EXT1", "EXT2", "EXT4", "PERSID"):
            yield "?"
        elif isinstance(argument, str) and "UNICODE" in opcode.name:
            texts.append(argument)
        elif opcode.name in ("BINGET", "LONG_BINGET", "GET"):
            texts.append("?")  # a remembered value: what it was is not followed, so a name made of it is refused


def _expressions(document: Any) -> Iterator[str]:
    if isinstance(document, Mapping):
        for name, value in document.items():
            if name == "expr_str" and isinstance(value, str):
                yield value
            yield from _expressions(value)
    elif isinstance(document, list):
        for value in document:
            yield from _expressions(value)


def _check_expression(place: str, expression: str) -> None:
    names = re.findall(r"[A-Za-z_]\w*", expression)
    plain = _PLAIN_EXPRESSION.fullmatch(expression) is not None
    if not plain or not all(_NAMES_IN_EXPRESSIONS.fullmatch(name) for name in names):
        raise DisguisedFileError.about(
            f"{place} holds the expression {expression[:60]!r}, which is not plain arithmetic"
        )


def _refuse_strange(place: str, names: set[str]) -> None:
    if names:
        raise UntrustedTypeError.about(f"{place} names {', '.join(sorted(names))}")


_CHECKS: Mapping[str, tuple[Callable[[str, Path], None], str]] = {
    ".safetensors": (_check_safetensors, "safetensors"),
    ".skops": (_check_skops, "skops"),
    ".lgb": (_check_lightgbm, "lightgbm"),
    ".pt2": (_check_torch_export, "torch.export"),
}
