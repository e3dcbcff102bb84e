"""What every registered model format keeps, shown on one small file of each."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import cutwise
from cutwise import importers
from cutwise.cli.listings import formats
from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers import IMPORTERS
from cutwise.importers.gate.graph_wire import from_lines, to_lines
from cutwise.importers.gate.guard import read_guarded
from cutwise.importers.gate.reading import read_here, recognised
from tests.core.importers import gguf_files, onnx_files, safetensors_files, torch_archives


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A file of the format, how it is written, and other sizes for all dimensions it leaves open."""

    file: str
    written: Callable[[Path], object]
    dims: Mapping[str, int] = field(default_factory=dict)


LLAMA = {
    "model_type": "llama", "vocab_size": 101, "hidden_size": 64, "intermediate_size": 96,
    "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 256,
}  # fmt: skip


def as_json(document: object) -> Callable[[Path], object]:
    return lambda path: path.write_text(json.dumps(document), encoding="utf-8")


EXAMPLES = {
    "cutwise-graph": Example(
        file="toy.json",
        written=as_json({"format": "cutwise-graph/1", "ops": [{"id": "x", "kind": "input"}]}),
    ),
    "msr-fiddle": Example(
        file="toy.json",
        written=as_json({"nodes": [{"id": 1, "cpuLatency": 1, "fpgaLatency": 1, "size": 8}], "edges": []}),
    ),
    "onnx": Example(
        file="toy.onnx",
        written=lambda path: onnx_files.save(
            path, [onnx_files.node("Relu", "x", "y")], {"x": ("batch", 3, "length")}, ["y"]
        ),
        dims={"length": 5},
    ),
    "torch-export": Example(
        file="toy.pt2",
        written=lambda path: torch_archives.save(path, torch_archives.open_program()),
        dims={"x:2": 16},
    ),
    "hf_config": Example(file="config.json", written=as_json(LLAMA), dims={"sequence": 32}),
    "safetensors": Example(
        file="model.safetensors",
        written=lambda path: (
            as_json(LLAMA)(path.with_name("config.json")),
            safetensors_files.saved(path, {"lm_head.weight": ("F16", (101, 64))}),
        ),
        dims={"sequence": 32},
    ),
    "gguf": Example(
        file="toy.gguf",
        written=lambda path: path.write_bytes(gguf_files.head(gguf_files.llama())),
        dims={"sequence": 32},
    ),
    "keras": Example(
        file="toy.keras",
        written=lambda path: keras_archive(path),
        dims={"input:1": 16},
    ),
    "tflite": Example(
        file="small.tflite", written=lambda path: path.write_bytes((MADE / "small-fp32.tflite").read_bytes())
    ),
    "diffusers": Example(
        file="unet.json",
        written=as_json(
            {"_class_name": "UNet2DConditionModel", "block_out_channels": [32] * 4, "sample_size": 8}
        ),
    ),
    "hf_folder": Example(file="tiny.zip", written=lambda path: zipped_folder(path), dims={"sequence": 32}),
}


MADE = Path(onnx_files.__file__).with_name("made")
CONV = {"name": "a", "filters": 2, "kernel_size": 3, "batch_input_shape": [None, None, 3]}
KERAS = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Conv1D", "config": CONV}]}}


def keras_archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", json.dumps(KERAS))


def zipped_folder(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny/config.json", json.dumps(LLAMA))


BATCH = {"batch"}
"""The open dimension that the workload sets."""
every_importer = pytest.mark.parametrize("name", list(IMPORTERS))


def saved(name: str, folder: Path) -> Path:
    path = folder / EXAMPLES[name].file
    EXAMPLES[name].written(path)
    return path


def content(graph: ModelGraph) -> ModelGraph:
    return from_lines(to_lines(graph))


@every_importer
def test_its_example_is_recognised_and_read(name: str, tmp_path: Path) -> None:
    path = saved(name, tmp_path)
    graph = cutwise.load_model(path)
    assert recognised(path).name == name
    assert path.suffix in IMPORTERS[name].suffixes
    assert len(graph) > 0
    assert content(graph) == graph
    assert cutwise.plan(graph).delay_s >= 0


@every_importer
def test_the_guard_reads_what_is_read_in_place(name: str, tmp_path: Path) -> None:
    path = saved(name, tmp_path)
    assert read_guarded(path) == read_here(path, {})


@every_importer
def test_every_open_dimension_changes_the_graph_and_no_other_is_taken(name: str, tmp_path: Path) -> None:
    path, dims = saved(name, tmp_path), EXAMPLES[name].dims
    graph = read_here(path, {})
    assert set(graph.dims) - BATCH == set(dims)
    for dim, size in dims.items():
        assert read_here(path, {dim: size}) != graph
    with pytest.raises(ModelImportError, match=r"^\S+: .*colour"):
        read_here(path, {"colour": 3})


@every_importer
def test_a_file_cut_short_is_one_sentence_or_a_graph(name: str, tmp_path: Path) -> None:
    path = saved(name, tmp_path)
    whole = path.read_bytes()
    for share in (0.2, 0.5, 0.9):
        path.write_bytes(whole[: int(share * len(whole))])
        try:
            assert len(read_here(path, {})) >= 0
        except ModelImportError as error:
            assert str(error).startswith(f"{path.name}: ")  # noqa: PT017
            assert "\n" not in str(error)  # noqa: PT017


@every_importer
def test_it_is_described_and_does_not_take_noise(name: str, tmp_path: Path) -> None:
    importer = IMPORTERS[name]
    assert importer.name == name
    assert importer.about
    assert all(suffix.startswith(".") for suffix in importer.suffixes)
    assert {"name": name, "about": importer.about, "suffixes": list(importer.suffixes)} in formats()
    noise = tmp_path / "noise"
    noise.write_bytes(b"\xff" * 100)
    assert importer.sniff(noise.read_bytes(), noise) is False


def test_every_format_has_an_example() -> None:
    assert set(EXAMPLES) == set(IMPORTERS)


def test_every_module_with_an_importer_is_registered() -> None:
    folder = Path(importers.__file__).parent
    declared = [path for path in folder.rglob("*.py") if "\nIMPORTER = " in path.read_text(encoding="utf-8")]
    assert len(declared) == len(IMPORTERS)
