"""TensorFlow Lite files, held against counts by the schema's own generated reader (see make_files.py)."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

import cutwise
from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.importers import load_bytes, load_model
from cutwise.importers.gate.reading import read_here
from cutwise.importers.tflite_format.flatbuffer import FlatbufferError, FlatTable, root
from cutwise.importers.tflite_format.operators import NAMES
from cutwise.importers.tflite_format.schema_tables import main_graph

MADE = Path(__file__).parents[1] / "made"
COUNTS = json.loads((MADE / "tflite.json").read_text())
FILES = [name for name in COUNTS if name.endswith(".tflite")]


@pytest.mark.parametrize("name", FILES)
def test_parameters_and_multiply_adds_are_those_of_the_generated_reader(name: str) -> None:
    graph = load_model(MADE / name)
    cost = price(graph, Workload(mode="inference"))
    assert graph.parameters == COUNTS[name]["parameters"]
    assert cost.macs == COUNTS[name]["macs"]
    assert not cost.unpriced
    assert graph == load_bytes(name, (MADE / name).read_bytes())


def test_numbers_keep_the_formats_of_the_file() -> None:
    """8 x 8 x 3 inputs and 4 x 4 x 4 results of one byte each; int8 weights are never trained."""
    graph = load_model(MADE / "small-int8.tflite")
    cost = price(graph, Workload(mode="inference"))
    assert list(cost.output_bytes[:2]) == [192, 64]
    assert {weight.dtype for weight in graph.weights.values()} == {"int8", "int32"}
    assert price(graph, Workload()).trainable_parameters == 0
    assert 'plan it with mode = "inference"' in graph.warnings[0]
    assert "weights in int8 are counted as they are stored" in graph.warnings[1]
    assert cutwise.plan(graph, cutwise.Scenario(workload=Workload(mode="inference"))).delay_s > 0


def test_operators_are_known_by_the_schemas_numbers() -> None:
    assert (NAMES[3], NAMES[32], NAMES[114], NAMES[126], NAMES[150]) == (
        "CONV_2D", "CUSTOM", "QUANTIZE", "BATCH_MATMUL", "GELU",
    )  # fmt: skip


def test_a_weight_that_is_unpacked_first_is_the_stored_one() -> None:
    """What reads constants alone makes constants: of DEQUANTIZE nothing is left but the stored weight."""
    plain, half = (load_model(MADE / f"small-{kind}.tflite") for kind in ("fp32", "fp16"))
    assert [op.kind for op in half.ops] == [op.kind for op in plain.ops]
    assert {weight.id for weight in half.weights.values()} == {weight.id for weight in plain.weights.values()}
    assert {weight.dtype for weight in half.weights.values()} == {"fp16"}


@pytest.mark.parametrize("name", FILES[:1])
def test_a_file_that_ends_or_points_anywhere_is_one_sentence_or_a_graph(tmp_path: Path, name: str) -> None:
    """Cut at every place, and every four bytes replaced by offsets that lead astray."""
    whole, path = (MADE / name).read_bytes(), tmp_path / "a.tflite"
    broken = [whole[:end] for end in range(8, len(whole), 24)]
    for at in range(0, len(whole) - 4, 16):
        lies = (struct.pack("<I", lie) for lie in (0, 0xFFFFFFFF, 0x7FFFFFFF, len(whole)))
        broken += [whole[:at] + lie + whole[at + 4 :] for lie in lies]
    refused = 0
    for content in broken:
        path.write_bytes(content[:4] + b"TFL3" + content[8:])
        try:
            read_here(path, {})
        except ModelImportError as error:
            refused += 1
            assert "\n" not in str(error)  # noqa: PT017
    assert refused > len(broken) / 4


def test_a_table_is_never_read_behind_the_end() -> None:
    for data in (b"", b"\1\0\0", struct.pack("<I", 2**31), struct.pack("<Ii", 4, -8), bytes(8)):
        with pytest.raises(FlatbufferError):
            main_graph(root(memoryview(data)))
    listed = struct.pack("<HHHHiiI", 6, 8, 4, 0, 8, 4, 2**30)
    with pytest.raises(FlatbufferError, match="a list that goes on behind the end of the file"):
        FlatTable(memoryview(listed), 8).numbers(0, "i")
