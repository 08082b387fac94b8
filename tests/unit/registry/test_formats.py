"""What a file really is, whatever its name."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samdrift_registry.errors import DisguisedFileError, ForbiddenFormatError, UntrustedTypeError, VerificationError
from samdrift_registry.exported_program import check_program, rebuilt
from samdrift_registry.formats import check_contents
from samdrift_registry.origin import describe
from samdrift_registry.pickles import check_tensors, is_pickle

SUFFIXES = ["txt", "json", "md", "yaml", "safetensors", "skops", "lgb", "pt2"]


class Hostile:
    def __reduce__(self) -> Any:
        return print, ("owned",)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_of_any_protocol_is_refused_under_any_name(tmp_path: Path, suffix: str, protocol: int) -> None:
    (tmp_path / f"model.{suffix}").write_bytes(pickle.dumps(Hostile(), protocol))
    with pytest.raises(ForbiddenFormatError, match=f"model.{suffix} is a pickle"):
        check_contents(tmp_path)


@pytest.mark.parametrize("text", ["", "R. Smith made this.", "c\n\n.", "card\nof\n.", "(S'a'\n.", "tree\n", "{}"])
def test_text_is_not_taken_for_a_pickle(text: str) -> None:
    assert not is_pickle(io.BytesIO(text.encode()))


@given(st.binary(max_size=64))
def test_any_bytes_get_an_answer(data: bytes) -> None:
    assert is_pickle(io.BytesIO(data)) in (True, False)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", b""),
        ("model.safetensors", b"\x02\0\0\0\0\0\0\0{}more"),
        ("model.safetensors", b"\x02\0\0\0\0\0\0\0[]"),
        ("model.safetensors", b"\x21\0\0\0\0\0\0\0" + b'{"w":{"data_offsets":[0,"many"]}}'),
        ("model.lgb", b"not a tree"),
        ("model.skops", b"not a zip"),
        ("model.pt2", b"PK\x03\x04"),
        ("notes.txt", b"\xff\xfe"),
        ("notes.txt", b"\0"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DisguisedFileError, match=name):
        check_contents(tmp_path)


def test_our_own_folders_and_lightgbms_text_are_known(model: Path, tmp_path: Path) -> None:
    assert check_contents(model) == "safetensors"
    (tmp_path / "trees").mkdir()
    (tmp_path / "trees" / "model.lgb").write_text("tree\nversion=v4\n")
    assert check_contents(tmp_path / "trees") == "lightgbm"


# What MLmodel says.


@pytest.mark.parametrize("text", ["{", "a: &a [*a]\n*b", "\x00"])
def test_an_mlmodel_that_is_not_yaml_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "MLmodel").write_text(text)
    with pytest.raises(DisguisedFileError, match="MLmodel is not YAML"):
        describe(tmp_path, "skops")


def test_a_model_that_is_python_code_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text("flavors: {python_function: {loader_module: my.loader}}\n")
    with pytest.raises(ForbiddenFormatError, match=r"is Python code, run by 'my\.loader'"):
        describe(tmp_path, "files")


def test_a_signature_of_anything_but_texts_is_left_out(tmp_path: Path) -> None:
    bomb = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9) if n else 'x'}]" for n in range(12))
    (tmp_path / "MLmodel").write_text(f"{bomb}\nsignature: {{inputs: '[]', outputs: *l11, 3: three}}\n")
    (tmp_path / "requirements.txt").write_text("scikit-learn==1.9.1\n\nskops==0.16.0\n")
    told = describe(tmp_path, "skops")
    assert (told.signature, told.requirements) == ({"inputs": "[]"}, ("scikit-learn==1.9.1", "skops==0.16.0"))


# Pickles of tensors.


def test_names_that_a_pickle_takes_from_its_stack_are_not_believed() -> None:
    """The last two texts are harmless, and dropped: what is called is the two before."""
    texts = b"".join(b"\x8c" + bytes([len(text)]) + text for text in (b"os", b"system", b"torch._utils", b"_rebuild"))
    with pytest.raises(DisguisedFileError, match="more than rebuild tensors"):
        check_tensors("data.pkl", b"\x80\x04" + texts + b"00\x93\x8c\x04true\x85R.")


def test_a_pickle_that_names_something_else_is_refused() -> None:
    with pytest.raises(UntrustedTypeError, match=r"posix\.system"):
        check_tensors("data.pkl", b"\x80\x02cposix\nsystem\nX\x04\0\0\0true\x85R.")


@pytest.mark.parametrize("data", [b"", b"\x80\x02", b"\x80\x02X\xff\0\0\0a.", pickle.dumps(Hostile(), 4)])
def test_a_pickle_that_cannot_be_told_is_refused(data: bytes) -> None:
    with pytest.raises(VerificationError):
        check_tensors("data.pkl", data)


# Exported programs, made by hand as torch 2.13 writes them.

SIZES = [{"as_expr": {"expr_str": "Symbol('s31', positive=True, integer=True)", "hint": {"as_int": 2}}}, {"as_int": 3}]
NESTED = json.dumps([1, {"type": "builtins.tuple", "context": "null", "children_spec": []}])
SAMPLE = b"\x80\x02)."


def program() -> dict[str, Any]:
    relu = {"name": "self", "arg": {"as_tensor": {"name": "x"}}, "kind": 1}
    node = {"target": "torch.ops.aten.relu.default", "inputs": [relu], "metadata": {"stack_trace": 'File "a\'b"'}}
    graph = {"nodes": [node], "tensor_values": {"x": {"sizes": SIZES}}}
    calls = [{"fqn": "", "signature": {"in_spec": NESTED, "forward_arg_names": ["x"]}}]
    module = {"graph": graph, "module_call_graph": calls, "metadata": {}}
    return {"graph_module": module, "guards_code": ["L['x'].size()[0] >= 3"], "torch_version": "2.13.0+cpu"}


def packed(root: str, records: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path, content in records.items():
            archive.writestr(f"{root}/{path}", content)
    return made.getvalue()


def records(told: dict[str, Any] | None = None) -> dict[str, bytes]:
    weights = {"config": {"0.weight": {"path_name": "weight_0", "use_pickle": False}}}
    return {
        "data/weights/weight_0": b"\0\0\0\0",
        "data/weights/model_weights_config.json": json.dumps(weights).encode(),
        "data/constants/model_constants_config.json": b'{"config": {}}',
        "models/model.json": json.dumps(told or program()).encode(),
        "data/sample_inputs/model.pt": packed("archive", {"data.pkl": SAMPLE, "version": b"3"}),
        "archive_format": b"pt2",
        ".data/version": b"6\n",
    }


def test_a_program_is_rebuilt_without_the_pickle_and_the_remarks() -> None:
    data = packed("model", records())
    check_program("m.pt2", data)
    with zipfile.ZipFile(io.BytesIO(rebuilt("m.pt2", data))) as archive:
        assert archive.read("program/data/sample_inputs/model.pt") == b""
        assert archive.read("program/data/weights/weight_0") == b"\0\0\0\0"
        told = json.loads(archive.read("program/models/model.json"))
    assert told["graph_module"]["graph"]["nodes"][0]["metadata"] == {}
    assert "torch_version" not in told
    assert told["guards_code"] == program()["guards_code"]


def _node(told: dict[str, Any]) -> dict[str, Any]:
    node: dict[str, Any] = told["graph_module"]["graph"]["nodes"][0]
    return node


def _guard(told: dict[str, Any], text: str) -> None:
    told["guards_code"] = [text]


def _shape(told: dict[str, Any], text: str) -> None:
    told["graph_module"]["graph"]["tensor_values"]["x"]["sizes"] = [{"as_expr": {"expr_str": text}}]


def _target(told: dict[str, Any], text: str) -> None:
    _node(told)["target"] = text


def _name(told: dict[str, Any], text: str) -> None:
    _node(told)["inputs"][0]["arg"]["as_tensor"]["name"] = text


def _argument(told: dict[str, Any], text: str) -> None:
    told["graph_module"]["module_call_graph"][0]["signature"]["forward_arg_names"] = [text]


def _key(told: dict[str, Any], text: str) -> None:
    told["graph_module"]["graph"]["tensor_values"][text] = {}


def _nesting(told: dict[str, Any], text: str) -> None:
    told["graph_module"]["module_call_graph"][0]["signature"]["in_spec"] = text


_ENUM = '{"__enum__": true, "fqn": "os:system", "name": "x"}'


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (_guard, "__import__('os').system('true')"),
        (_guard, "L['x'].size()[0] >= 9**9**9"),
        (_guard, "L['x'].size().__class__ == 0"),
        (_guard, "L['x').size()[0], os"),
        (_shape, "__import__('os').system('true')"),
        (_shape, "Symbol('s1').__class__"),
        (_shape, "Pow(Integer(9), Pow(Integer(9), Integer(9)))"),
        (_shape, "open('s1')"),
        (_target, "torch.serialization.os.system"),
        (_target, "torch.ops.aten.from_file.default"),
        (_target, "torch.ops.aten._sparse_coo_tensor_unsafe.default"),
        (_target, "torch.ops.mine.anything.default"),
        (_target, "torch.ops.aten.relu.default.__class__"),
        (_target, "_operator.attrgetter"),
        (_target, "_operator.call"),
        (_target, "math.factorial"),
        (_name, "x=__import__('os').system('true')"),
        (_argument, "x=print('owned')"),
        (_key, "x: print('owned')"),
        (_nesting, json.dumps([1, {"type": "collections.defaultdict", "context": '["os", "system"]'}])),
        (_nesting, json.dumps([1, {"type": "builtins.dict", "context": f"[{_ENUM}]", "children_spec": []}])),
        (_nesting, json.dumps([1, {"type": "builtins.tuple", "context": "null", "children_spec": 3}])),
        (_nesting, "no JSON"),
    ],
)
def test_a_program_that_could_do_more_than_compute_is_refused(
    change: Callable[[dict[str, Any], str], None], text: str
) -> None:
    told = program()
    change(told, text)
    with pytest.raises(UntrustedTypeError, match="does not just compute"):
        check_program("m.pt2", packed("model", records(told)))


_PICKLED = json.dumps({"config": {"w": {"path_name": "weight_0", "use_pickle": True}}}).encode()
_OBJECT = json.dumps({"config": {"o": {"path_name": "opaque_obj_0", "use_pickle": False}}}).encode()


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("data/aotinductor/model/model.so", b"\x7fELF"),
        ("data/weights/model.pt", pickle.dumps(Hostile(), 2)),
        ("data/weights/model_weights_config.json", _PICKLED),
        ("data/constants/model_constants_config.json", _OBJECT),
        ("data/constants/custom_obj_0", b"x"),
        ("data/sample_inputs/model.pt", b"cos\nsystem\n(S'true'\ntR."),
        ("data/sample_inputs/model.pt", packed("archive", {"data.pkl": SAMPLE, "code/owned.py": b""})),
        ("models/other.json", json.dumps(program()).encode()),
        ("models/model.json", b"[]"),
        ("extra/run.sh", b""),
        ("byteorder", b"cos\nsystem\n"),
    ],
)
def test_what_is_no_part_of_a_program_is_refused(path: str, content: bytes) -> None:
    with pytest.raises(DisguisedFileError):
        check_program("m.pt2", packed("model", records() | {path: content}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_that_two_readers_could_read_differently_is_refused() -> None:
    twice, compressed, elsewhere = (io.BytesIO(packed("model", records())) for _ in range(3))
    with zipfile.ZipFile(twice, "a") as archive:
        archive.writestr("model/models/model.json", "{}")
    with zipfile.ZipFile(compressed, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model/data/weights/weight_1", bytes(1000))
    with zipfile.ZipFile(elsewhere, "a") as archive:
        archive.writestr("other/data/weights/weight_1", b"")
    for made in (twice, compressed, elsewhere):
        with pytest.raises(DisguisedFileError, match="not an archive of PyTorch's"):
            check_program("m.pt2", made.getvalue())


@given(place=st.integers(min_value=0, max_value=4000), value=st.integers(min_value=0, max_value=255))
def test_a_damaged_archive_gets_an_answer(place: int, value: int) -> None:
    data = bytearray(packed("model", records()))
    data[place % len(data)] = value
    with suppress(VerificationError):
        check_program("m.pt2", bytes(data))
