"""Programs that `torch.export.save` wrote (`.pt2`): held to be numbers and plain operators, and rebuilt from those.

torch 2.13 runs a stranger's code in five places when it reads or first calls such a program: it unpickles sample
inputs, custom constants and whatever is marked `use_pickle`; loads compiled libraries; evaluates symbolic shapes as
Python; executes the texts of guards; and writes names into source that it compiles. MLflow's check, which is off by
default, looks into the first two. So everything in the archive is on a list here, and torch is handed an archive made
anew of what was checked, never the stranger's bytes.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import Any

from samdrift_registry.errors import DisguisedFileError, UntrustedTypeError
from samdrift_registry.pickles import check_tensors

#: Paths below the archive's one folder (torch/export/pt2_archive/constants.py, torch 2.13).
_PROGRAM = re.compile(r"models/\w+\.json")
_CONFIG = re.compile(r"data/(weights|constants)/\w+_(weights|constants)_config\.json")
_SAMPLES = re.compile(r"data/sample_inputs/\w+\.pt")
_NUMBERS = re.compile(r"data/(weights/weight|constants/tensor)_\d+")
_TEXT = re.compile(r"(\.data/)?(version|serialization_id)|archive_format|archive_version|byteorder")
_TEXT_CONTENT = re.compile(rb"[A-Za-z0-9._-]{1,64}\n?")
#: What `torch.save` puts beside its pickle: bytes of storages, and marks.
_BESIDE_TENSORS = re.compile(
    r"data/\d+|(\.data/)?(version|serialization_id)|byteorder|\.format_version|\.storage_alignment"
)

#: Operators that compute. The pure-Python ones work on sizes.
_OPERATOR = re.compile(
    r"torch\.ops\.aten\.(?!from_file\b)(?!\w*unsafe)\w+\.\w+|torch\.ops\.aten\._unsafe_view\.default"
    r"|_operator\.(add|sub|mul|floordiv|truediv|mod|pow|neg|getitem|eq|ne|lt|le|gt|ge|and_|or_|not_)"
    r"|math\.(ceil|floor|trunc|sqrt)|torch\.sym_(int|float|max|min|not|ite|sum)"
)
#: Parameters, inputs and operators' results. A name is written into Python source, so it is letters, digits and dots.
_NAME = re.compile(r"[A-Za-z0-9_.]{0,300}")
#: Shapes: arithmetic as SymPy's `srepr` writes it. No dot, so no attribute; no name but these; no power of powers.
_EXPRESSION = re.compile(r"(?!.*\*\*)[A-Za-z0-9_ +\-*/(),'<>=]{0,2000}")
_IN_EXPRESSIONS = re.compile(
    r"[suf]\d+|zuf\d+|Symbol|Integer|Add|Mul|Mod|Max|Min|FloorDiv|CleanDiv|CeilDiv|PythonMod"
    r"|positive|nonnegative|integer|True|False|oo|int_oo"
)
_WORD = re.compile(r"[A-Za-z_]\w*")
#: Guards: comparisons of numbers, once the sizes of inputs are replaced.
_SIZE = re.compile(r"L(\['\w+'\]|\[\d+\])+\.size\(\)\[\d+\]")
_COMPARISON = re.compile(r"(?!.*\*\*)(max|min|[0-9 +\-*/%(),<>=!]){0,500}")
#: Texts that operators are handed: a mode, or what einsum multiplies.
_VALUE = re.compile(r"[A-Za-z0-9_.,> -]{0,100}")
#: How inputs nest (torch/utils/_pytree.py).
_TUPLES = frozenset({None, "builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict"})
_KEYS = re.compile(r'null|\[("\w*"(, ?"\w*")*)?\]')


def check_program(place: str, data: bytes) -> None:
    """Return when the archive holds a program of plain operators, numbers, and sample inputs that are tensors.

    Raises:
        DisguisedFileError: something in it is not what an exported program consists of.
        UntrustedTypeError: an operator, type, shape, guard or name in it could do more than compute.
    """
    _checked(place, data)


def rebuilt(place: str, data: bytes) -> bytes:
    """An archive made of what was checked: without sample inputs (a pickle) and remarks. Raises as `check_program`."""
    path, program, records = _checked(place, data)
    records |= {path: json.dumps(program).encode()} | {each: b"" for each in records if _SAMPLES.fullmatch(each)}
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for each, content in records.items():
            archive.writestr(f"program/{each}", content)
    return made.getvalue()


def _checked(place: str, data: bytes) -> tuple[str, Any, dict[str, bytes]]:
    """Path and content of the program, without remarks; and all records."""
    try:
        records = _records(place, data)
        for path, content in records.items():
            _check_record(f"{place}:{path}", path, content)
        (path,) = (path for path in records if _PROGRAM.fullmatch(path))
        program = _without_remarks(json.loads(records[path]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DisguisedFileError.about(f"{place} is not an exported program ({type(error).__name__})") from error
    _check_texts(f"{place}:{path}", program)
    return path, program, records


def _records(place: str, data: bytes) -> dict[str, bytes]:
    """Path below the archive's one folder -> content. PyTorch packs without compression, and each path once."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = archive.infolist()
            if _as_pytorch_packs(members, len(data)):
                return {member.filename.partition("/")[2]: archive.read(member) for member in members}
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise DisguisedFileError.about(f"{place} is not an archive of PyTorch's") from error
    raise DisguisedFileError.about(f"{place} is not an archive of PyTorch's")


def _as_pytorch_packs(members: list[zipfile.ZipInfo], size_bytes: int) -> bool:
    names = {member.filename for member in members}
    plain = all(member.compress_type == zipfile.ZIP_STORED and not member.flag_bits & 1 for member in members)
    bounded = sum(member.file_size for member in members) <= size_bytes
    return plain and bounded and len(names) == len(members) and len({name.partition("/")[0] for name in names}) == 1


def _check_record(place: str, path: str, content: bytes) -> None:
    if config := _CONFIG.fullmatch(path):
        _check_config(place, config[1], json.loads(content))
    elif _SAMPLES.fullmatch(path):
        _check_samples(place, content)
    elif not (
        _PROGRAM.fullmatch(path)
        or _NUMBERS.fullmatch(path)
        or (_TEXT.fullmatch(path) and _TEXT_CONTENT.fullmatch(content))
    ):
        raise DisguisedFileError.about(f"{place} is no part of a program of numbers and operators")


def _check_config(place: str, of: str, config: Any) -> None:
    """Every weight and constant lies there as bytes: none is pickled, none is an object."""
    for name, entry in config["config"].items():
        plain = entry["use_pickle"] is False and _NUMBERS.fullmatch(f"data/{of}/{entry['path_name']}")
        if not plain or not _NAME.fullmatch(name):
            raise DisguisedFileError.about(f"{place} says that {name[:60]!r} is not kept as plain numbers")


def _check_samples(place: str, content: bytes) -> None:
    for path, part in _records(place, content).items():
        if path == "data.pkl":
            check_tensors(f"{place}:{path}", part)
        elif not _BESIDE_TENSORS.fullmatch(path):
            raise DisguisedFileError.about(f"{place}:{path} is no part of saved tensors")


def _without_remarks(program: Any) -> Any:
    """Stack traces and the like: anything may stand there, and nothing that computes needs it."""
    for node in program["graph_module"]["graph"]["nodes"]:
        node["metadata"] = {}
    program["graph_module"]["metadata"] = {}
    program.pop("torch_version", None)
    return program


def _check_texts(place: str, program: Any) -> None:
    for key, text in _texts("", program):
        if not _RULES.get(key, _is_name)(text):
            raise UntrustedTypeError.about(f"{place} has the {key or 'key'} {text[:80]!r}, which does not just compute")


def _texts(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text in a JSON document, and the key that it stands under; keys stand under the empty one."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(key, each)
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield "", name
            yield from _texts(name, each)


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def _is_operator(text: str) -> bool:
    return _OPERATOR.fullmatch(text) is not None


def _is_arithmetic(text: str) -> bool:
    return _EXPRESSION.fullmatch(text) is not None and all(map(_IN_EXPRESSIONS.fullmatch, _WORD.findall(text)))


def _is_nesting(text: str) -> bool:
    """Tuples, lists and dicts, as JSON in a text."""
    try:
        _, spec = json.loads(text)
        return _nests(spec)
    except (ValueError, KeyError, TypeError):
        return False


def _nests(spec: Any) -> bool:
    context = spec["context"]
    plain = spec["type"] in _TUPLES and (context is None or _KEYS.fullmatch(context) is not None)
    return plain and set(spec) == {"type", "context", "children_spec"} and all(map(_nests, spec["children_spec"]))


def _is_value(text: str) -> bool:
    return _VALUE.fullmatch(text) is not None


def _is_number(text: str) -> bool:
    return text in ("Infinity", "-Infinity", "NaN")


def _is_guard(text: str) -> bool:
    return _COMPARISON.fullmatch(_SIZE.sub("0", text)) is not None


#: What may stand under a key; elsewhere, a name.
_RULES: Mapping[str, Callable[[str], bool]] = {
    **dict.fromkeys(("target", "as_operator"), _is_operator),
    **dict.fromkeys(("in_spec", "out_spec"), _is_nesting),
    **dict.fromkeys(("as_string", "as_strings"), _is_value),
    **dict.fromkeys(("as_float", "as_floats"), _is_number),
    "expr_str": _is_arithmetic,
    "guards_code": _is_guard,
}
