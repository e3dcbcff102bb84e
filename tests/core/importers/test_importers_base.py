"""What is recognised, what reads it, and what is refused with which words."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise import sample_models
from cutwise.errors import CutwiseError, ModelImportError
from cutwise.importers import load_bytes, load_model
from cutwise.importers.base import size_given
from cutwise.importers.gate.reading import recognised

FOLDER = Path(sample_models.__file__).parent
REFUSED = {
    row["kind"]: row["says"] for row in tomllib.loads((FOLDER / "expected.toml").read_text())["refused"]
}
TOY = {"format": "cutwise-graph/1", "ops": [{"id": "a", "kind": "input"}]}


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return buffer.getvalue()


def numpy_file() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


def safetensors() -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(4)


FILES = {
    "pickle": ("model.pkl", pickle.dumps({"weights": [1.0]})),
    "torch checkpoint": ("model.pt", zipped("model/data.pkl", "model/data/0", "model/version")),
    "TorchScript": ("model.pt", zipped("m/data.pkl", "m/code/__torch__.py", "m/constants.pkl")),
    "torch.export archive": ("model.pt2", zipped("model/data/aotinductor/model.so", "model/archive_format")),
    "safetensors": ("model.safetensors", safetensors()),
    "Hugging Face configuration": ("config.json", json.dumps({"model_type": "gpt2", "n_layer": 12}).encode()),
    "other JSON": ("data.json", b'{"layers": []}'),
    "text": ("model.onnx", b"please find the model attached"),
    "zip of pictures": ("model.onnx", zipped("cat.png")),
    "gzip": ("model.onnx.gz", gzip.compress(b"x" * 100)),
    "NumPy": ("model.npy", numpy_file()),
    "Git LFS pointer": ("model.onnx", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
    "empty": ("model.onnx", b""),
    "noise": ("model.bin.x", bytes(range(255, 99, -1)) * 3),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_recognised_file_that_is_not_read_is_refused_with_one_sentence(tmp_path: Path, kind: str) -> None:
    name, data = FILES[kind]
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ModelImportError) as error:
        load_model(path)
    message = str(error.value)
    assert message.startswith(f"{name}: ")
    assert REFUSED[kind] in message
    assert "\n" not in message


@pytest.mark.parametrize("kind", REFUSED)
def test_an_upload_is_refused_with_the_same_sentence(kind: str) -> None:
    name, data = FILES[kind]
    with pytest.raises(ModelImportError) as error:
        load_bytes(name, data)
    assert str(error.value).startswith(f"{name}: ")
    assert REFUSED[kind] in str(error.value)


@pytest.mark.parametrize("kind", ["pickle", "torch checkpoint", "TorchScript", "torch.export archive"])
def test_files_of_pytorch_are_refused_with_the_command_that_exports_the_model(kind: str) -> None:
    with pytest.raises(ModelImportError, match=r"cutwise export my_model\.py:build --out model\.pt2"):
        load_bytes(*FILES[kind])


def test_every_kind_of_file_in_the_table_is_tried() -> None:
    assert set(FILES) == set(REFUSED)


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".bin", ".pkl", ".ckpt"])
def test_unrecognised_bytes_under_a_pickle_suffix_are_taken_for_a_pickle(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(b"\xff\xfe\xfd" * 9)
    with pytest.raises(ModelImportError, match="holds pickled Python objects; loading it would run code"):
        load_model(path)


def test_a_text_pickle_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(pickle.dumps(os.getcwd, protocol=0))
    with pytest.raises(ModelImportError, match="holds pickled Python objects"):
        load_model(path)


@pytest.mark.parametrize("name", ["resnet18.onnx", "gpt2.onnx"])
def test_an_onnx_file_is_known_by_its_bytes_whatever_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "upload.dat"
    path.write_bytes((FOLDER / name).read_bytes())
    assert recognised(path).name == "onnx"


def test_importers_are_told_apart_by_content(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(TOY))
    assert recognised(path).name == "cutwise-graph"
    path.write_text(json.dumps({"nodes": [{"id": 1, "cpuLatency": 1, "fpgaLatency": 1}], "edges": []}))
    assert recognised(path).name == "msr-fiddle"


def test_a_format_named_only_at_the_end_of_a_long_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"name": "x" * 9000, "ops": TOY["ops"], "format": "cutwise-graph/1"}))
    assert len(load_model(path)) == 1


def test_a_missing_file_a_folder_and_a_device_are_told_apart(tmp_path: Path) -> None:
    for path, says in (
        (tmp_path / "none.onnx", r"cannot be read \(No such file or directory\); check the path"),
        (tmp_path, "is a folder without a model that is read here"),
        (Path("/dev/null"), r"it is a device\); give a file"),
        (tmp_path / "a\0b", "no file can have this name"),
    ):
        with pytest.raises(ModelImportError, match=says):
            load_model(path)


@pytest.mark.parametrize("size", [0, -1, True, 2.0, "7"])
def test_sizes_given_for_dimensions_are_whole_numbers(size: Any) -> None:
    path = FOLDER / "gpt2.onnx"
    with pytest.raises(ModelImportError, match=r"dims: 'sequence' is .*; give a whole number of at least 1"):
        load_model(path, dims={"sequence": size})


def test_a_path_may_be_text_bytes_or_path(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(TOY))
    assert load_model(str(path)) == load_model(path) == load_model(os.fsencode(path))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/a.json", "a.json"),
        ("C:\\x\\a.json", "a.json"),
        ("a\nb.json", "a_b.json"),
        ("..", "upload"),
    ],
)
def test_an_uploads_name_cannot_leave_its_folder(name: str, kept: str) -> None:
    assert load_bytes(name, json.dumps(TOY).encode()).provenance["file"] == kept


def test_the_public_face_reads_models_and_lists_samples() -> None:
    assert cutwise.load_model("sample:vgg16").name == "vgg16"
    assert "vgg16" in cutwise.samples()
    with pytest.raises(CutwiseError):
        cutwise.load_model("no-such-file.onnx")


def test_a_name_of_many_bytes_is_cut_where_a_file_system_would_refuse_it() -> None:
    name = "顔認識モデル" * 16 + ".json"
    kept = load_bytes(name, json.dumps(TOY).encode()).provenance["file"]
    assert kept.endswith(".json")
    assert len(kept.encode()) <= 120


def test_a_size_is_typed_as_people_write_it() -> None:
    assert size_given("tokens = 1.5 k", given_as="--dim") == ("tokens", 1500)


def test_a_size_of_thousands_of_digits_is_refused_in_one_sentence() -> None:
    with pytest.raises(ModelImportError, match="write NAME=SIZE with a whole size of at least 1"):
        size_given("a=" + "9" * 5000, given_as="--dim")
