"""Headers of safetensors files: what they list, what is refused, that no weight is read."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from cutwise.errors import ModelImportError
from cutwise.importers import load_bytes, load_model
from cutwise.importers.hugging_face.safetensors_header import read_header, shards_of
from tests.core.importers.safetensors_files import saved, write


def refusal_of(path: Path) -> str:
    start = time.process_time()
    with pytest.raises(ModelImportError) as error:
        read_header(path)
    assert time.process_time() - start < 2
    assert str(error.value).startswith(f"{path.name}: ")
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_table_lists_shapes_dtypes_and_bytes(tmp_path: Path) -> None:
    """3 x 5 numbers of two bytes and 7 of four: 30 + 28 bytes."""
    file = saved(tmp_path / "m.safetensors", {"a.weight": ("BF16", (3, 5)), "a.bias": ("F32", (7,))})
    table = read_header(file)
    assert {name: (w.shape, w.dtype) for name, w in table.weights.items()} == {
        "a.weight": ((3, 5), "bf16"),
        "a.bias": ((7,), "fp32"),
    }
    assert (table.parameters, table.size_bytes, table.dtype) == (22, 58, "bf16")
    assert dict(table.dtypes) == {"bf16": 15, "fp32": 7}
    assert str(table) == "22 parameters in 2 tensors (bf16, fp32, 58 bytes)"


def test_masks_and_positions_are_no_parameters(tmp_path: Path) -> None:
    """Causal masks of GPT-2, position ids of BERT, frequencies of Llama; a bias of a projection is one."""
    buffers = {
        "h.0.attn.bias": ("F32", (1, 1, 4, 4)),
        "gpt_neox.layers.0.attention.masked_bias": ("F32", ()),
        "embeddings.position_ids": ("I64", (1, 4)),
        "model.layers.0.self_attn.rotary_emb.inv_freq": ("F32", (2,)),
    }
    file = saved(tmp_path / "m.safetensors", {"layers.0.self_attn.q_proj.bias": ("F32", (4,)), **buffers})
    assert read_header(file).parameters == 4


def test_packed_weights_count_as_stored_and_leave_the_dtype_open(tmp_path: Path) -> None:
    table = read_header(saved(tmp_path / "m.safetensors", {"q": ("I32", (8, 8))}))
    assert (table.parameters, table.dtype) == (64, "fp32")


def test_shards_are_found_by_their_names(tmp_path: Path) -> None:
    files = [
        saved(tmp_path / f"model-0000{n}-of-00003.safetensors", {f"w{n}": ("F32", (n,))}) for n in (1, 2, 3)
    ]
    saved(tmp_path / "other-00001-of-00003.safetensors", {"x": ("F32", (9,))})
    saved(tmp_path / "model-00001-of-00002.safetensors", {"x": ("F32", (9,))})
    assert list(shards_of(files[1])) == files
    table = read_header(*shards_of(files[1]))
    assert (table.parameters, table.file) == (6, "model-00001-of-00003.safetensors and 2 more")
    alone = saved(tmp_path / "model.safetensors", {"x": ("F32", (9,))})
    assert shards_of(alone) == (alone,)


def test_headers_of_all_shards_share_one_limit(tmp_path: Path) -> None:
    files = [saved(tmp_path / f"{n}.safetensors", {f"w{n}": ("F32", (1,))}) for n in (1, 2)]
    length = int.from_bytes(files[0].read_bytes()[:8], "little")
    assert read_header(*files, most=2 * length).parameters == 2
    with pytest.raises(
        ModelImportError, match=r"2.safetensors: has a header of .* bytes; at most 1 are read"
    ):
        read_header(*files, most=length + 1)


def test_fifty_gigabytes_of_weights_are_not_read(tmp_path: Path) -> None:
    """12.5 billion floats, a hole in the file."""
    file = saved(tmp_path / "m.safetensors", {"w": ("F32", (12_500, 1_000_000))})
    assert file.stat().st_size > 50e9
    start = time.process_time()
    assert read_header(file).parameters == 12_500_000_000
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (5, "is described by no JSON object"),
        ({"dtype": "F7", "shape": [1], "data_offsets": [0, 1]}, "has dtype 'F7'; known are F64, "),
        ({"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]}, "has dtype ['F32']"),
        ({"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}, "has shape [-1], which is no list of"),
        ({"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}, "has shape [True]"),
        ({"dtype": "F32", "shape": [1.0], "data_offsets": [0, 4]}, "has shape [1.0]"),
        ({"dtype": "F32", "shape": [1] * 33, "data_offsets": [0, 4]}, "which is no list of at most 32 sizes"),
        (
            {"dtype": "F32", "shape": [2**62] * 32, "data_offsets": [0, 4]},
            "takes 4 bytes, its shape and dtype",
        ),
        ({"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}, "takes 4 bytes, its shape and dtype take 8"),
        ({"dtype": "F32", "shape": [99], "data_offsets": [0, 396]}, "lies at [0, 396], outside the 40 bytes"),
        ({"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}, "lies at [4, 0]"),
        ({"dtype": "F32", "shape": [1]}, "lies at None"),
    ],
)
def test_a_tensor_that_cannot_be_is_refused_by_its_name(tmp_path: Path, entry: Any, says: str) -> None:
    header = json.dumps({"w": entry}).encode()
    message = refusal_of(write(tmp_path / "m.safetensors", header, data_bytes=40))
    assert "tensor 'w'" in message
    assert says in message


@pytest.mark.parametrize(
    ("header", "length", "says"),
    [
        (b'{"a": {}', None, "its header is no JSON"),
        (b"[1, 2, 3]", None, "its header is no JSON object"),
        (b'{"\xff": 1}', None, "its header is no JSON"),
        (b'{"a":' + b"[" * 10**5, None, "its header is no JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", None, "its header is no JSON"),
        (b"{}", 2**63, "names a header of 9,223,372,036,854,775,808 bytes and is 10 bytes long"),
        (b"{}", 3, "names a header of 3 bytes and is 10 bytes long"),
        (b"{}", 0, "names a header of 0 bytes"),
        (b"", None, "names a header of 0 bytes"),
    ],
)
def test_a_damaged_header_is_refused(tmp_path: Path, header: bytes, length: int | None, says: str) -> None:
    assert says in refusal_of(write(tmp_path / "m.safetensors", header, length=length))


def test_tensors_on_the_same_bytes_are_refused(tmp_path: Path) -> None:
    entry = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    header = json.dumps({"v": entry, "w": entry}).encode()
    message = refusal_of(write(tmp_path / "m.safetensors", header, data_bytes=4))
    assert "tensors 'v' and 'w' lie on the same bytes" in message


def test_a_header_of_more_than_100_megabytes_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "m.safetensors", b"{", data_bytes=200 * 10**6, length=150 * 10**6)
    assert "has a header of 150,000,000 bytes; at most 100,000,000 are read here" in refusal_of(file)


def test_an_upload_and_a_path_are_refused_with_the_number_of_parameters(tmp_path: Path) -> None:
    file = saved(tmp_path / "m.safetensors", {"w": ("F16", (1000, 1000))})
    for load in (lambda: load_model(file), lambda: load_bytes(file.name, file.read_bytes())):
        with pytest.raises(ModelImportError) as error:
            load()
        said = (
            "m.safetensors: holds weights without a graph: 1,000,000 parameters in 1 tensors (fp16, 2,000,000"
        )
        assert str(error.value).startswith(said)


def test_a_length_no_file_has_is_still_taken_for_a_damaged_safetensors_file(tmp_path: Path) -> None:
    with pytest.raises(ModelImportError, match=r"m\.safetensors: names a header of "):
        load_model(write(tmp_path / "m.safetensors", b"{}", length=2**62))
