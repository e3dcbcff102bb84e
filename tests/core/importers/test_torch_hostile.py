"""torch.export archives made to harm whoever reads them: one sentence each, in little time, nothing run."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import pickle
import random
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.importers import load_bytes, load_model
from cutwise.importers.gate.reading import read_here
from cutwise.importers.torch_format import archive as torch_archive
from tests.core.importers.torch_archives import (
    Json,
    document,
    graph_of,
    node,
    open_program,
    perceptron,
    save,
    tensor,
    tied_program,
)


def refusal_of(path: Path) -> str:
    start = time.process_time()
    with pytest.raises(ModelImportError) as error:
        read_here(path, {})
    assert time.process_time() - start < 5
    assert "\n" not in str(error.value)
    return str(error.value)


class Touch:
    """Unpickling this writes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.marker}",)


def test_a_pickle_among_the_sample_inputs_is_never_opened(tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    evil = pickle.dumps(Touch(marker))
    places = (
        "data/sample_inputs/model.pt",
        "data/weights/weight_0",
        "data/constants/tensor_0",
        "../../evil.py",
    )
    path = save(tmp_path / "net.pt2", perceptron(), others={f"net/{place}": evil for place in places})
    assert len(load_model(path)) == len(load_bytes("a.pt2", path.read_bytes())) == 3
    assert not marker.exists()
    assert not (tmp_path.parent / "evil.py").exists()


@pytest.mark.parametrize("hint", ["", "#4"])
@pytest.mark.parametrize("dims", [{}, {"x:0": 3}])
def test_a_size_that_is_code_is_never_evaluated(tmp_path: Path, hint: str, dims: dict[str, int]) -> None:
    marker = tmp_path / "executed"
    bombs = (
        f"__import__('os').system('touch {marker}')",
        f"Symbol(__import__('os').system('touch {marker}'))",
        f"exec(\"open('{marker}', 'w')\")",
        f"[open('{marker}', 'w') for _ in (1,)]",
    )
    for bomb in bombs:
        program = document(
            {"x": tensor("s0#2", 4), "y": tensor("s0#2", bomb + hint)}, [node("exp", "y", self="x")]
        )
        path = save(tmp_path / "net.pt2", program)
        if hint and not dims:
            assert load_model(path).ops[-1].output.shape == (2, 4)
        else:
            with pytest.raises(ModelImportError, match="cannot be computed"):
                load_model(path, dims=dims)
        assert not marker.exists()


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("Pow(Integer(9), Integer(999999999))", "cannot be computed"),
        ("Pow(Pow(Pow(Pow(9, 8), 8), 8), 8)", "cannot be computed"),
        ("u0", "data decide the size 'u0'; say what it is"),
        ("Integer(-3)", "is -3, which is no size"),
        ("Rational(1, 2)", "is 1/2, which is no size"),
        ("FloorDiv(Integer(1), Integer(0))", "cannot be computed"),
        ("(" * 300, "is no expression"),
        ("-" * 90 + "1", "levels of brackets"),
        ("-" * 3000 + "1", "is no expression"),
        ("1+" * 3000 + "1", "holds a size of 6001 characters"),
        ("'" + "a" * 2000, "is no expression"),
        ("2", ""),
    ],
)
def test_absurd_sizes_are_refused(tmp_path: Path, expression: str, says: str) -> None:
    entry = {"as_expr": {"expr_str": expression}}
    program = document({"x": tensor(2, 4), "y": tensor(2, 4)}, [node("exp", "y", self="x")])
    program["graph_module"]["graph"]["tensor_values"]["y"]["sizes"][1] = entry
    path = save(tmp_path / "net.pt2", program)
    if says:
        assert says in refusal_of(path)
    else:
        assert read_here(path, {}).ops[-1].output.shape == (2, 2)


def changed(*keys: Any, value: Any) -> Json:
    """The perceptron with one entry replaced."""
    program = perceptron()
    place: Any = program
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return program


GRAPH = ("graph_module", "graph")
DAMAGED = {
    "another version": (changed("schema_version", "major", value=9), "is written in schema 9 of"),
    "no version": (changed("schema_version", value=None), "states no schema version"),
    "no graph": (changed("graph_module", value={}), "cannot be read as torch-export (KeyError: 'graph')"),
    "a list for a graph": (changed(*GRAPH, value=[]), "cannot be read as torch-export (TypeError"),
    "a loop": (
        changed(*GRAPH, "nodes", 0, "inputs", 0, "arg", value={"as_tensor": {"name": "y"}}),
        "tensor 'y' is read before any op has made it",
    ),
    "two makers": (
        changed(*GRAPH, "nodes", 1, "outputs", value=[{"as_tensor": {"name": "fc"}}]),
        "tensor 'fc' is made twice",
    ),
    "no shape": (
        changed(*GRAPH, "nodes", 1, "outputs", value=[{"as_tensor": {"name": "z"}}]),
        "tensor 'z' has no shape",
    ),
    "no nodes": (changed(*GRAPH, "nodes", value=[]), "tensor 'y' is read before any op has made it"),
    "endless axes": (
        changed(*GRAPH, "tensor_values", "y", value=tensor(*[1] * 65)), "tensor 'y' has 65 axes",
    ),
    "huge tensors": (
        changed(*GRAPH, "tensor_values", "y", value=tensor(2**20, 2**20)), "has 1.1e+12 elements",
    ),
    "negative sizes": (changed(*GRAPH, "tensor_values", "y", value=tensor(-1)), "is -1, which is no size"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_program_is_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    program, says = DAMAGED[name]
    assert says in refusal_of(save(tmp_path / "net.pt2", program))


def test_300_000_nodes_are_refused(tmp_path: Path) -> None:
    call = b'{"target":"torch.ops.aten.relu.default","inputs":[],"outputs":[{"as_tensor":{"name":"t"}}]}'
    program = json.dumps(changed(*GRAPH, "nodes", value="NODES")).encode()
    text = program.replace(b'"NODES"', b"[" + b",".join([call] * 300_000) + b"]")
    assert "has more than 50000 nodes" in refusal_of(save(tmp_path / "net.pt2", text))


def test_recurrent_layers_without_end_are_refused(tmp_path: Path) -> None:
    tensors = {name: tensor(4, 4) for name in ("p_w", "p_r")} | {"x": tensor(2, 3, 4), "y": tensor(2, 3, 4)}
    lstm = node("lstm", "y", input="x", params=["p_w", "p_r"], num_layers=10**9, has_biases=False)
    program = document(tensors, [lstm], parameters={"p_w": "w", "p_r": "r"})
    assert "has 2 parameters for 1000000000 layers" in refusal_of(save(tmp_path / "net.pt2", program))


def test_deep_module_paths_do_not_hold_up_the_reader(tmp_path: Path) -> None:
    program = perceptron()
    deep = ".".join("abc" * 100_000)
    for call in program["graph_module"]["graph"]["nodes"]:
        call["metadata"]["nn_module_stack"] = f"L__self__,{deep},Net"
    start = time.process_time()
    assert len(graph_of(tmp_path, program)) == 3
    assert time.process_time() - start < 2


BOMBS = {
    "zip bomb": (b"[" + b" " * (80 << 20) + b"]", zipfile.ZIP_DEFLATED, "unpacks to 80 MB"),
    "high ratio": (
        b'{"a": [' + b"1," * (4 << 20) + b"1]}",
        zipfile.ZIP_DEFLATED,
        "times its own size are read",
    ),
    "deep lists": (b"[" * 200_000 + b"]" * 200_000, zipfile.ZIP_STORED, "nests lists or objects too deeply"),
    "long number": (b'{"x": ' + b"9" * 5_000_000 + b"}", zipfile.ZIP_STORED, "is no valid JSON"),
    "no JSON": (b"\x80\x04K\x01.", zipfile.ZIP_STORED, "is no valid JSON"),
    "a list": (b"[]", zipfile.ZIP_STORED, "is no JSON object"),
    "unusual packing": (b"{}", zipfile.ZIP_LZMA, "packed in an unusual way"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_archive_is_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    text, method, says = BOMBS[name]
    assert says in refusal_of(save(tmp_path / "net.pt2", text, method=method))


def test_a_directory_that_lies_about_sizes_is_refused(tmp_path: Path) -> None:
    text = b'{"a": "' + b"b" * (65 << 20) + b'"}'
    path = save(tmp_path / "net.pt2", text, method=zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    entry = data.rfind(b"PK\x01\x02")
    struct.pack_into("<I", data, entry + 24, 20_000)
    path.write_bytes(data)
    assert "is damaged" in refusal_of(path)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.99])
def test_a_truncated_archive_is_refused(tmp_path: Path, kept: float) -> None:
    path = save(tmp_path / "net.pt2", perceptron(), others={"net/data/weights/weight_0": bytes(9000)})
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    assert "is a zip archive and is not unpacked" in refusal_of(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["net/models/model.json", "net/models/other.json"])
def test_two_programs_in_one_archive_are_refused(tmp_path: Path, second: str) -> None:
    path = save(tmp_path / "net.pt2", perceptron(), others={second: json.dumps(perceptron()).encode()})
    assert "holds 2 entries where one is expected" in refusal_of(path)


def test_entries_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "a.pt2", perceptron(), others={str(number): b"" for number in range(9)})
    monkeypatch.setattr(torch_archive, "ZIP_ENTRIES", 9)
    assert "has 10 entries, at most 9 are read" in refusal_of(path)
    path = save(tmp_path / "b.pt2", perceptron(), others={f"{n:060000}": b"" for n in range(75)})
    assert "is a zip archive" in refusal_of(path)


def test_300_mutated_programs_are_read_or_refused(tmp_path: Path) -> None:
    draw = random.Random(5)
    read = 0
    base = open_program() | {}
    for number in range(300):
        program = copy.deepcopy(draw.choice((perceptron(), base, tied_program("cpu"))))
        for _ in range(draw.choice((1, 1, 2, 4))):
            _mutate(program, draw)
        path = save(tmp_path / f"{number}.pt2", program)
        with contextlib.suppress(ModelImportError):
            price(read_here(path, {}), Workload())
            read += 1
    assert 20 < read < 280


def _mutate(program: Json, draw: random.Random) -> None:
    """Replaces, removes or repeats one entry somewhere in the tree."""
    place: Any = program
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = draw.choice(keys)
        if isinstance(place[key], dict | list) and draw.random() < 0.85:
            place = place[key]
            continue
        other = draw.choice(["x", "y", "", -1, 0, 7, 2**70, 1.5, None, True, [], {}, "relu", place[key]])
        if draw.random() < 0.2:
            del place[key]
        else:
            place[key] = other
        return
