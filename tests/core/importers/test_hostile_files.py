"""Files made to harm whoever reads them: refused in one sentence, in little time, with nothing executed."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import random
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto, helper

from cutwise import sample_models
from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.importers import load_bytes, load_model
from cutwise.importers.gate.reading import read_here
from cutwise.read_limits import MODEL_OPS
from tests.core.importers.onnx_files import integers, model, node, save, weight

SAMPLES = Path(sample_models.__file__).parent


class Touch:
    """Unpickling this writes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.marker}",)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "executed"


def message_of(path: Path, **options: Any) -> str:
    start = time.perf_counter()
    with pytest.raises(ModelImportError) as error:
        load_model(path, **options)
    assert time.perf_counter() - start < 90
    assert "\n" not in str(error.value)
    return str(error.value)


def upload_message_of(path: Path) -> str:
    with pytest.raises(ModelImportError) as error:
        load_bytes(path.name, path.read_bytes())
    return str(error.value)


@pytest.mark.parametrize("name", ["evil.pt", "evil.pkl", "evil.onnx", "evil.json", "evil"])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_is_never_executed_whatever_it_is_called(
    tmp_path: Path, marker: Path, name: str, protocol: int
) -> None:
    path = tmp_path / name
    path.write_bytes(pickle.dumps(Touch(marker), protocol=protocol))
    assert "holds pickled Python objects; loading it would run code" in message_of(path)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("m/data.pkl",), "holds pickled Python objects"),
        (("m/data.pkl", "m/code/__torch__.py"), "is a TorchScript archive; loading it would run code"),
        (("m/archive_format", "m/data/sample_inputs/model.pt"), "holds no exported program"),
    ],
)
def test_archives_are_refused_by_their_names_and_never_unpacked(
    tmp_path: Path, marker: Path, names: tuple[str, ...], says: str
) -> None:
    path = tmp_path / "evil.pt"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, pickle.dumps(Touch(marker)))
    assert says in message_of(path)
    assert says in upload_message_of(path)
    assert not marker.exists()


def test_a_zip_bomb_is_refused_without_unpacking(tmp_path: Path) -> None:
    path = tmp_path / "bomb.onnx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.onnx", bytes(200 * 2**20))
    assert path.stat().st_size < 2**20
    assert "is a zip archive and is not unpacked" in message_of(path)


def test_a_zip_with_a_lying_directory_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", b"x")
    data = bytearray(buffer.getvalue())
    data[-10:-6] = b"\xff\xff\xff\x7f"
    path = tmp_path / "evil.zip"
    path.write_bytes(data)
    assert "is a zip archive" in message_of(path)


@pytest.mark.parametrize(
    ("name", "head", "says"),
    [
        ("big.onnx", b"", "is no model file of a known kind"),
        ("big.onnx", b"\x08\x08\x3a\x80\x80\x80\x80\x0c", "is 3.0 GB; an ONNX file holds at most 2 GB"),
        ("big.json", b'{"format": "cutwise-graph/1"', "is 3072 MB of JSON; at most 64 MB are read"),
        ("big.pt", b"", "holds pickled Python objects"),
    ],
)
def test_three_sparse_gigabytes_are_refused_at_once(
    tmp_path: Path, name: str, head: bytes, says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(head)
    os.truncate(path, 3 * 2**30)
    start = time.perf_counter()
    assert says in message_of(path)
    assert time.perf_counter() - start < 5


def test_weights_larger_than_the_memory_given_are_passed_over(tmp_path: Path) -> None:
    """A 400 MB file whose one weight is (10,000 × 10,000) floats, read inside the guard's limit."""
    dims = b"\x08\x90\x4e\x08\x90\x4e\x10\x01\x42\x01w"
    payload = b"\x4a" + onnx_varint(400_000_000)
    tensor = dims + payload
    net = model([node("MatMul", "x w", "y")], {"x": (1, 10_000)}, ["y"])
    graph = net.graph.SerializeToString() + b"\x2a" + onnx_varint(len(tensor) + 400_000_000) + tensor
    net.ClearField("graph")
    path = tmp_path / "large.onnx"
    path.write_bytes(net.SerializeToString() + b"\x3a" + onnx_varint(len(graph) + 400_000_000) + graph)
    os.truncate(path, path.stat().st_size + 400_000_000)
    assert load_model(path).parameters == 10**8


def onnx_varint(value: int) -> bytes:
    coded = bytearray()
    while value > 0x7F:
        coded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(coded + bytes([value]))


def test_a_graph_that_would_take_minutes_to_plan_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    op = {"id": "x", "kind": "input"}
    ops = [op] + [{"id": str(number), "inputs": ["x"]} for number in range(MODEL_OPS)]
    path.write_text(json.dumps({"format": "cutwise-graph/1", "ops": ops}))
    with pytest.raises(ModelImportError, match=r"large\.json: has 50,001 ops, at most 50,000 are read; e"):
        load_model(path)

    names = [str(number) for number in range(501)]
    readers = [{"id": f"r{number}", "inputs": names} for number in range(1001)]
    ops = [{"id": name, "kind": "input"} for name in names] + readers
    path.write_text(json.dumps({"format": "cutwise-graph/1", "ops": ops}))
    with pytest.raises(ModelImportError, match="has 501,501 inputs of ops, at most 500,000 are read"):
        load_model(path)


def test_a_repeated_key_among_very_many_is_found(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    keys = "".join(f'"{number}":0,' for number in range(300_000))
    path.write_text('{"format": "cutwise-graph/1", "ops": [], "unknown": {' + keys + '"299999": 1}}')
    with pytest.raises(ModelImportError, match="the key '299999' stands twice in one object"):
        load_model(path)


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"a":' * 200_000, '{"format": "cutwise-graph/1", "ops": ' + "[" * 10**5]
)
def test_deeply_nested_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "deep.json"
    path.write_text('{"format": "cutwise-graph/1", "ops": ' + text)
    assert "nests lists or objects too deeply" in message_of(path)
    assert "nests lists or objects too deeply" in upload_message_of(path)


def test_json_that_needs_more_memory_than_it_has_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.json"
    path.write_bytes(b'{"format": "cutwise-graph/1", "ops": [' + b"[]," * 20_000_000 + b"[]]}")
    assert "needs more memory to read than it is given" in message_of(path)


@pytest.fixture
def opened() -> Iterator[Callable[[], list[str]]]:
    """Names of the files opened since the fixture was set up."""
    names: list[str] = []
    active = [True]
    sys.addaudithook(
        lambda event, args: names.append(str(args[0])) if active[0] and event == "open" else None
    )
    yield lambda: names
    active[0] = False


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/passwd", "secret.bin"])
def test_data_outside_the_file_is_never_opened(
    tmp_path: Path, location: str, opened: Callable[[], list[str]]
) -> None:
    """A named pipe stands where the data should be: whoever opens it waits for ever."""
    folder = tmp_path / "models"
    folder.mkdir()
    for place in (tmp_path, folder):
        os.mkfifo(place / "secret.bin")
    far = TensorProto(
        name="w", data_type=TensorProto.FLOAT, dims=(4, 3, 1, 1), data_location=TensorProto.EXTERNAL
    )
    far.external_data.add(key="location", value=location)
    path = save(folder / "net.onnx", [node("Conv", "x w", "y")], {"x": (1, 3, 5, 5)}, ["y"], [far])
    assert read_here(path, {}).parameters == 12
    assert not [name for name in opened() if "secret" in name or "passwd" in name]
    assert load_model(path).parameters == 12


def function(name: str, calls: list[str]) -> Any:
    nodes = [helper.make_node(call, ["a"], [f"t{n}"], domain="f") for n, call in enumerate(calls)]
    nodes += [node("Sum", " ".join(f"t{n}" for n in range(len(calls))) or "a", "b")]
    return helper.make_function(
        "f", name, ["a"], ["b"], nodes, [helper.make_opsetid("", 17), helper.make_opsetid("f", 1)]
    )


def with_functions(path: Path, functions: list[Any]) -> Path:
    call = helper.make_node(functions[0].name, ["x"], ["y"], domain="f")
    return save(
        path, [call], {"x": (1, 3)}, ["y"], functions=functions, domains=[helper.make_opsetid("f", 1)]
    )


def test_thirty_functions_that_call_each_other_twice_are_refused(tmp_path: Path) -> None:
    functions = [function(f"F{n}", [f"F{n + 1}"] * 2) for n in range(30)] + [function("F30", [])]
    message = message_of(with_functions(tmp_path / "net.onnx", functions))
    assert "its functions would expand to 2.15e+09 nodes, at most 50000 are read" in message


def test_functions_that_call_themselves_are_refused(tmp_path: Path) -> None:
    functions = [function("F0", ["F1"]), function("F1", ["F0"])]
    assert "function 'F0' calls itself" in message_of(with_functions(tmp_path / "net.onnx", functions))


HUGE = 2**40
BOMBS = {
    "ConstantOfShape": [node("ConstantOfShape", "square", "big"), node("Add", "x big", "y")],
    "Range": [node("Range", "zero huge one", "r"), node("Cast", "r", "big", to=1), node("Add", "x big", "y")],
    "Tile": [node("Tile", "x square", "y")],
    "Expand": [node("Expand", "x square", "y")],
    "Pad": [node("Pad", "x pads", "y")],
    "Resize": [node("Resize", "x - - square", "y")],
    "OneHot": [node("Cast", "x", "i", to=7), node("OneHot", "i huge values", "y")],
}


@pytest.mark.parametrize("name", BOMBS)
def test_an_operator_that_would_fill_the_memory_is_refused_unevaluated(tmp_path: Path, name: str) -> None:
    numbers = {"zero": 0, "one": 1, "huge": HUGE}
    scalars = [helper.make_tensor(key, TensorProto.INT64, [], [value]) for key, value in numbers.items()]
    stored = [
        *scalars,
        integers("square", 2**20, 2**20),
        integers("pads", 0, 0, 0, HUGE),
        weight("values", 2),
    ]
    path = save(tmp_path / "net.onnx", BOMBS[name], {"x": (1, 1)}, ["y"], stored)
    start = time.perf_counter()
    message = message_of(path)
    assert "makes a tensor of" in message or "does not fit" in message or "does not follow" in message
    assert time.perf_counter() - start < 5


def test_a_loop_of_a_billion_turns_is_not_run(tmp_path: Path) -> None:
    turns = helper.make_tensor("turns", TensorProto.INT64, [], [10**9])
    yes = helper.make_tensor("yes", TensorProto.BOOL, [], [True])
    body = helper.make_graph(
        [node("Identity", "go", "again"), node("Relu", "state", "next")],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, [1, 3]),
        ],
        [
            helper.make_tensor_value_info("again", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, [1, 3]),
        ],
    )
    path = save(
        tmp_path / "net.onnx",
        [node("Loop", "turns yes x", "y", body=body)],
        {"x": (1, 3)},
        ["y"],
        [turns, yes],
    )
    start = time.perf_counter()
    assert price(load_model(path), Workload()).row("next").forward_flops == 3 * 10**9
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("dims", "says"),
    [((2**30, 2**30), "claims 1.15e+18 elements"), ((-3, 4), "has the negative size -3")],
)
def test_weights_of_absurd_sizes_are_refused(tmp_path: Path, dims: tuple[int, ...], says: str) -> None:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=dims)
    path = save(tmp_path / "net.onnx", [node("MatMul", "x w", "y")], {"x": (1, 3)}, ["y"], [tensor])
    assert f"weight 'w' {says}" in message_of(path)


def test_a_weight_that_holds_less_than_it_claims_is_refused(tmp_path: Path) -> None:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=(3, 4), raw_data=b"abc")
    path = save(tmp_path / "net.onnx", [node("MatMul", "x w", "y")], {"x": (1, 3)}, ["y"], [tensor])
    assert "weight 'w' does not hold the data its shape claims" in message_of(path)


def test_names_made_to_disturb_a_terminal_or_a_page_are_cleaned(tmp_path: Path) -> None:
    path = save(
        tmp_path / "net.onnx", [node("Relu", "x", "y", name="\x1b[2J\x00" + "n" * 999)], {"x": (1, 3)}, ["y"]
    )
    name = load_model(path).ops[1].id
    assert name.isprintable()
    assert len(name) == 200


def test_damaged_files_are_refused_or_read_and_nothing_else(tmp_path: Path) -> None:
    """Bytes changed, removed, doubled: 300 variants of two real files, seed 7."""
    rng = random.Random(7)
    whole = [(SAMPLES / f"{name}.onnx").read_bytes() for name in ("resnet18", "vgg16")]
    path = tmp_path / "net.onnx"
    for _ in range(300):
        data = bytearray(rng.choice(whole))
        for _ in range(rng.choice([1, 2, 8])):
            at, length = rng.randrange(len(data)), rng.randrange(1, 60)
            action = rng.randrange(3)
            if action == 0:
                data[at] = rng.randrange(256)
            elif action == 1:
                del data[at : at + length]
            else:
                data[at:at] = data[-length:]
        path.write_bytes(data)
        with contextlib.suppress(ModelImportError):
            read_here(path, {})
