"""Files of the newer formats made to harm their reader: one sentence each, in little time and memory."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import struct
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cutwise.errors import ModelImportError
from cutwise.importers import load_bytes
from cutwise.importers.gate.reading import read_here
from tests.core.importers.fuzz import mutated
from tests.core.importers.gguf_files import head, llama, text, value

MADE = Path(__file__).with_name("made")
CONFIG = {
    "model_type": "llama", "vocab_size": 101, "hidden_size": 64, "intermediate_size": 96,
    "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 256,
}  # fmt: skip
SECONDS = 20.0
HUGE, LARGEST = 2**40, 2**64 - 1
DENSE = {"class_name": "Dense", "config": {"name": "d", "units": 3, "batch_input_shape": [None, 3]}}


class Touch:
    """Unpickling this writes a file into the folder for temporary files."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {tempfile.gettempdir()}/cutwise-was-executed",)


def zipped(entries: dict[str, Any], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content if isinstance(content, bytes | str) else json.dumps(content))
    return buffer.getvalue()


def dense(**config: Any) -> bytes:
    """One dense layer with these settings beside its own."""
    return keras([{**DENSE, "config": {**DENSE["config"], **config}}])


def keras(config: Any, kind: str = "Sequential") -> bytes:
    return zipped({"metadata.json": "{}", "config.json": {"class_name": kind, "config": config}})


def functional(layers: list[Any], inputs: Any = (("x", 0, 0),), outputs: Any = (("y", 0, 0),)) -> bytes:
    return keras(
        {"name": "n", "layers": layers, "input_layers": inputs, "output_layers": outputs}, "Functional"
    )


def layer(kind: str, name: str, reads: list[Any], **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": reads}


NEST = '[{"class_name": "Sequential", "config": '
X = layer("InputLayer", "x", [], batch_input_shape=[None, 8])


def doubling(depth: int) -> dict[str, Any]:
    """A model that calls a model twice, that calls a model twice, …: 2^depth layers in a few kilobytes."""
    inner: dict[str, Any] = layer("Dense", "m", [], units=8)
    for _ in range(depth):
        both = {**inner, "inbound_nodes": [[["x", 0, 0, {}]], [["m", 0, 0, {}]]]}
        config = {
            "name": "m",
            "layers": [X, both],
            "input_layers": [["x", 0, 0]],
            "output_layers": [["m", 1, 0]],
        }
        inner = {"class_name": "Functional", "name": "m", "config": config, "inbound_nodes": []}
    return inner


def safetensors(length: int, header: bytes = b"{}") -> bytes:
    return struct.pack("<Q", length) + header


def lying_zip(real: int, claimed: int) -> bytes:
    """An archive whose directory claims another size of its first entry."""
    content = bytearray(zipped({"config.json": json.dumps(CONFIG), "pad": bytes(real)}))
    place = content.index(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", claimed)
    return bytes(content)


def hdf5(at: int, content: bytes) -> bytes:
    """The Keras file with `content` written over its bytes from `at` on."""
    whole = (MADE / "small-image.h5").read_bytes()
    return whole[:at] + content + whole[at + len(content) :]


def tflite(at: int, content: bytes) -> bytes:
    whole = (MADE / "small-fp32.tflite").read_bytes()
    return whole[:at] + content + whole[at + len(content) :]


EVIL = pickle.dumps(Touch()).hex()
FOLDER = {"config.json": CONFIG}
MANY = {f"layer{number}": number for number in range(3)}
ROOT_HEADER = 96  # where the root group's object header begins in the files that h5py writes
HOSTILE: dict[str, tuple[str, bytes]] = {
    # GGUF: lengths, counts, kinds and nesting
    "gguf of nothing": ("a.gguf", b"GGUF"),
    "gguf of version 0": ("a.gguf", head(llama(), version=0)),
    "gguf of version 1": ("a.gguf", head(llama(), version=1)),
    "gguf of a later version": ("a.gguf", head(llama(), version=2**31)),
    "gguf for big-endian machines": ("a.gguf", b"GGUF" + struct.pack(">I", 3) + bytes(40)),
    "gguf of countless tensors": ("a.gguf", head(llama(), counts=(LARGEST, 3))),
    "gguf of countless values": ("a.gguf", head(llama(), counts=(0, LARGEST))),
    "gguf with an endless name": (
        "a.gguf", head({})[:-16] + struct.pack("<QQ", 0, 1) + struct.pack("<Q", LARGEST),
    ),
    "gguf with an endless text": ("a.gguf", head({"general.architecture": struct.pack("<IQ", 8, LARGEST)})),
    "gguf with an endless array": ("a.gguf", head({"a": struct.pack("<IIQ", 9, 10, LARGEST), **llama()})),
    "gguf with endless texts": ("a.gguf", head({"a": struct.pack("<IIQ", 9, 8, LARGEST), **llama()})),
    "gguf with arrays of arrays": (
        "a.gguf", head({"a": struct.pack("<IIQ", 9, 9, 1) + bytes(64), **llama()}),
    ),
    "gguf of an unknown kind": ("a.gguf", head({"a": struct.pack("<I", 99), **llama()})),
    "gguf of an unknown kind in an array": ("a.gguf", head({"a": struct.pack("<IIQ", 9, 99, 4), **llama()})),
    "gguf that says everything twice": ("a.gguf", head({}, counts=(0, 2)) + 2 * (text("a") + value(1))),
    "gguf with a tensor of no end": ("a.gguf", head(llama(), {"w": (0, (HUGE, HUGE))})),
    "gguf with a tensor of many axes": ("a.gguf", head(llama(), {"w": (0, (1,) * 20)})),
    "gguf with a tensor of no type": ("a.gguf", head(llama(), {"w": (77, (4, 4))})),
    "gguf of countless layers": ("a.gguf", head(llama(block_count=2**31))),
    "gguf of no layers": ("a.gguf", head(llama(block_count=0))),
    "gguf of infinite width": ("a.gguf", head(llama(embedding_length=float("inf")))),
    "gguf with a name that is no text": ("a.gguf", head(llama("llama\xff\x00"))),
    "gguf with layers of sizes of their own": ("a.gguf", head(llama(feed_forward_length=[1, 2]))),
    # a folder in a zip file
    "zip bomb for a configuration": (
        "a.zip", zipped({"config.json": b" " * 2**26 + json.dumps(CONFIG).encode()}),
    ),
    "zip that lies about a size": ("a.zip", lying_zip(0, 2**31)),
    "zip in a zip": ("a.zip", zipped({"config.json": zipped(FOLDER)})),
    "zip of two configurations": (
        "a.zip", zipped({**FOLDER, "donfig.json": CONFIG}).replace(b"donfig", b"config"),
    ),
    "zip with a pickle in it": ("a.zip", zipped({**FOLDER, "data.pkl": pickle.dumps(Touch())})),
    "zip with a configuration of lists": ("a.zip", zipped({"config.json": "[" * 100_000})),
    "zip with a configuration that is a list": ("a.zip", zipped({"config.json": [1, 2]})),
    "zip with a configuration in no text": ("a.zip", zipped({"config.json": b"\xff\xfe{}"})),
    "zip with a configuration of long numbers": (
        "a.zip", zipped({"config.json": '{"model_type": ' + "9" * 10**5 + "}"}),
    ),
    "zip cut off": ("a.zip", zipped(FOLDER)[:-10]),
    "zip without a directory": ("a.zip", zipped(FOLDER)[:60]),
    "zip of nothing known": ("a.zip", zipped({"config.json": {"anything": 1}})),
    # Keras
    "keras without layers": ("a.keras", keras([])),
    "keras of code": ("a.keras", keras({"width": 3}, "Mine")),
    "keras that pickles a function": (
        "a.keras", functional([X, layer("Lambda", "y", [[["x", 0, 0, {}]]], function=EVIL)]),
    ),
    "keras in a circle": (
        "a.keras",
        functional([X, layer("ReLU", "y", [[["z", 0, 0, {}]]]), layer("ReLU", "z", [[["y", 0, 0, {}]]])]),
    ),
    "keras that reads itself": ("a.keras", functional([X, layer("ReLU", "y", [[["y", 0, 0, {}]]])])),
    "keras with references to nothing": ("a.keras", functional([X, layer("ReLU", "y", [[["q", 0, 0, {}]]])])),
    "keras with a result of no number": (
        "a.keras", functional([X, layer("ReLU", "y", [[["x", 0, 10**9, {}]]])]),
    ),
    "keras with outputs of nothing": ("a.keras", functional([X], outputs=[])),
    "keras with a layer of two names": ("a.keras", functional([X, X])),
    "keras of 2^16 layers": (
        "a.keras", keras([layer("InputLayer", "i", [], batch_input_shape=[None, 8]), doubling(16)]),
    ),
    "keras nested a thousand deep": (
        "a.keras", keras(json.loads(NEST * 60 + "[]" + "}]" * 60)),
    ),
    "keras with an endless width": (
        "a.keras", dense(units=10**400),
    ),
    "keras with a window larger than its input": (
        "a.keras", keras([{"class_name": "Conv1D", "config": {
            "name": "c", "filters": 1, "kernel_size": 99, "batch_input_shape": [None, 8, 2]}}]),
    ),
    "keras of endless sizes": (
        "a.keras", dense(batch_input_shape=[None, *[2**23] * 6]),
    ),
    "keras without sizes": ("a.keras", keras([{"class_name": "Dense", "config": {"name": "d", "units": 3}}])),
    "keras with a shape that is a text": (
        "a.keras", dense(batch_input_shape="ab"),
    ),
    "keras whose layers are numbers": ("a.keras", keras([1, 2, 3])),
    "keras of deep JSON": (
        "a.keras", zipped({"metadata.json": "{}", "config.json": '{"config": ' * 100_000}),
    ),
    "keras bomb": ("a.keras", zipped({"metadata.json": "{}", "config.json": b"[" + b" " * 2**27})),
    # HDF5
    "hdf5 of nothing": ("a.h5", b"\x89HDF\r\n\x1a\n"),
    "hdf5 of a later version": ("a.h5", hdf5(8, b"\x09")),
    "hdf5 with addresses of no size": ("a.h5", hdf5(13, b"\x00\x63")),
    "hdf5 with a root behind its end": ("a.h5", hdf5(64, struct.pack("<Q", HUGE))),
    "hdf5 whose root is its start": ("a.h5", hdf5(64, struct.pack("<Q", 0))),
    "hdf5 with an endless header": ("a.h5", hdf5(ROOT_HEADER + 8, b"\xff\xff\xff\xff")),
    "hdf5 of zeros": ("a.h5", b"\x89HDF\r\n\x1a\n" + bytes(4096)),
    # TensorFlow Lite
    "tflite of nothing": ("a.tflite", b"\x08\x00\x00\x00TFL3"),
    "tflite with a root behind its end": ("a.tflite", tflite(0, struct.pack("<I", 2**31))),
    "tflite whose root is itself": ("a.tflite", tflite(0, struct.pack("<I", 0))),
    "tflite of ones": ("a.tflite", b"\x10\x00\x00\x00TFL3" + b"\xff" * 400),
    "tflite cut off": ("a.tflite", tflite(0, b"")[:600]),
    # weights beside a configuration that was chosen alone
    "safetensors of an endless header": ("a.safetensors", safetensors(LARGEST)),
    "safetensors of a header of lists": ("a.safetensors", safetensors(100_000, b"{" + b"[" * 99_999)),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_one_sentence_and_at_once(tmp_path: Path, name: str) -> None:
    file, content = HOSTILE[name]
    path = tmp_path / file
    path.write_bytes(content)
    start = time.process_time()
    with pytest.raises(ModelImportError) as error:
        read_here(path, {})
    assert time.process_time() - start < SECONDS
    message = str(error.value)
    assert "\n" not in message
    assert 20 < len(message) < 2500
    assert not (Path(tempfile.gettempdir()) / "cutwise-was-executed").exists()


def test_there_are_sixty_of_them() -> None:
    assert len(HOSTILE) >= 60


@pytest.mark.parametrize("name", ["zip bomb for a configuration", "gguf with endless texts"])
def test_the_guard_answers_for_an_upload_in_the_same_words(tmp_path: Path, name: str) -> None:
    file, content = HOSTILE[name]
    with pytest.raises(ModelImportError) as error:
        load_bytes(file, content)
    path = tmp_path / file
    path.write_bytes(content)
    with pytest.raises(ModelImportError) as here:
        read_here(path, {})
    assert str(error.value) == str(here.value)


BASES = (
    "tiny-llama-q8_0.gguf",
    "small-image.keras",
    "small-text.h5",
    "small-fp32.tflite",
    "small-int8.tflite",
)


def test_mutated_files_of_every_format_are_read_or_refused(tmp_path: Path) -> None:
    """Bytes changed, inserted, removed, doubled and cut off: 300 variants, seeds 0 to 299."""
    refused = 0
    for seed in range(300):
        name = BASES[seed % len(BASES)]
        whole = (MADE / name).read_bytes()
        path = tmp_path / name
        # Most of a file is weights; what is read stands at its beginning and its end.
        part = len(whole) if seed % 2 else min(len(whole), 3000)
        path.write_bytes(mutated(whole[:part], random.Random(seed)) + whole[part:])
        start = time.process_time()
        try:
            read_here(path, {})
        except ModelImportError as error:
            refused += 1
            assert "\n" not in str(error)  # noqa: PT017
        assert time.process_time() - start < SECONDS
    assert refused > 30


def test_an_adapter_index_or_header_of_a_hostile_folder_is_left_aside(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    for name, content in (
        ("model.safetensors.index.json", b'{"weight_map": ' + b"[" * 50_000),
        ("model.safetensors.index.json", json.dumps({"weight_map": {"a": "../../../etc/passwd"}}).encode()),
        ("model.safetensors", safetensors(LARGEST)),
        ("model-00001-of-99999.safetensors", safetensors(2)),
        ("adapter_config.json", b"[" * 50_000),
        ("adapter_config.json", json.dumps({"peft_type": "LORA", "r": 10**300}).encode()),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert read_here(tmp_path / "config.json", {}).parameters > 0
        path.unlink()
