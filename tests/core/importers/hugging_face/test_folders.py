"""The folder of a published model as a path, as a zip file and as several files chosen together."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cutwise.costs.graph_cost import price
from cutwise.errors import ModelImportError
from cutwise.importers import load_bytes, load_model
from cutwise.importers.hugging_face.config_file import from_config
from cutwise.importers.hugging_face.stated.adapter import adapter_options
from cutwise.importers.several_files import one_upload
from cutwise.scenario.scenario_file import FORMAT, scenario_from_dict
from tests.core.importers.safetensors_files import saved

TINY = {
    "model_type": "llama", "vocab_size": 101, "hidden_size": 64, "intermediate_size": 96,
    "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 256,
}  # fmt: skip
# As meta-llama/Llama-2-70b-hf: 80 layers, 15 shards of its 723 tensors; here in 30.
LLAMA_70B = {
    "model_type": "llama", "vocab_size": 32000, "hidden_size": 8192, "intermediate_size": 28672,
    "num_hidden_layers": 80, "num_attention_heads": 64, "num_key_value_heads": 8,
    "max_position_embeddings": 4096,
}  # fmt: skip
ADAPTER = {
    "peft_type": "LORA", "r": 16, "lora_alpha": 32, "lora_dropout": 0.05,
    "target_modules": ["q_proj", "v_proj"], "base_model_name_or_path": "org/base",
}  # fmt: skip


def folder_of(
    folder: Path, config: Mapping[str, Any], *, shards: int = 0, index: bool = True, dtype: str = "BF16"
) -> Path:
    """A folder as `save_pretrained` leaves it, the weights being holes in files."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    weights = from_config(config, {}).weights
    names = sorted(weights)
    for number in range(shards):
        part = {name: (dtype, weights[name].shape) for name in names[number::shards]}
        saved(folder / f"model-{number + 1:05}-of-{shards:05}.safetensors", part)
    if shards and index:
        places = {
            name: f"model-{at % shards + 1:05}-of-{shards:05}.safetensors" for at, name in enumerate(names)
        }
        written = {"metadata": {"total_size": 1}, "weight_map": places}
        (folder / "model.safetensors.index.json").write_text(json.dumps(written))
    return folder


def zip_of(folder: Path, *, prefix: str = "", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, prefix + path.name)
    return buffer.getvalue()


@pytest.mark.parametrize("index", [True, False])
def test_a_folder_is_read_like_its_configuration_with_all_shards(tmp_path: Path, index: bool) -> None:
    folder = folder_of(tmp_path / "tiny", TINY, shards=3, index=index)
    graph = load_model(folder, dims={"sequence": 32})
    assert not graph.warnings
    assert graph.provenance["dtype"] == "bf16"
    assert graph.provenance["weights"].startswith(f"{graph.parameters:,} parameters in ")
    assert graph == load_model(folder / "config.json", dims={"sequence": 32})


def test_thirty_shards_of_seventy_billion_parameters_take_less_than_a_second(tmp_path: Path) -> None:
    """Published: 68,976,648,192 parameters of Llama 2 70B (Touvron et al. 2023, as transformers counts)."""
    folder = folder_of(tmp_path / "llama", LLAMA_70B, shards=30)
    load_model("sample:two_tower")
    # Of computing: a machine that does other things at the same time takes longer by the clock.
    start = time.process_time()
    graph = load_model(folder)
    took_s = time.process_time() - start
    assert graph.parameters == 68_976_648_192
    assert "68,976,648,192 parameters in 723 tensors" in graph.provenance["weights"]
    assert len(graph.warnings) == 1
    assert took_s < 1


@pytest.mark.parametrize("index", [True, False])
def test_missing_shards_are_named_and_weighed(tmp_path: Path, index: bool) -> None:
    folder = folder_of(tmp_path / "tiny", TINY, shards=4, index=index)
    for name in ("model-00002-of-00004.safetensors", "model-00004-of-00004.safetensors"):
        (folder / name).unlink()
    held = {
        name: w for at, (name, w) in enumerate(sorted(from_config(TINY, {}).weights.items())) if at % 2 == 0
    }
    there = sum(weight.elements for weight in held.values())
    graph = load_model(folder)
    assert graph.warnings[-1] == (
        "2 files of the weights are missing (model-00002-of-00004.safetensors, "
        f"model-00004-of-00004.safetensors): the others hold {there:,} of the {graph.parameters:,} "
        "parameters that the configuration describes"
    )


def test_an_index_without_any_of_its_files_leaves_the_configuration_alone(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "tiny", TINY, shards=2)
    for path in folder.glob("*.safetensors"):
        path.unlink()
    assert len(load_model(folder).warnings) == 1


def test_an_adapter_in_the_folder_says_how_it_is_trained(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "tiny", TINY, shards=1)
    (folder / "adapter_config.json").write_text(json.dumps(ADAPTER))
    saved(folder / "adapter_model.safetensors", {"a": ("F32", (16, 64)), "b": ("F32", (64, 16))})
    graph = load_model(folder)
    assert json.loads(graph.provenance["tuning"]) == {
        "kind": "lora", "rank": 16, "alpha": 32, "targets": ["*/q_proj", "*/v_proj"], "dropout_ratio": 0.05,
    }  # fmt: skip
    assert "an adapter of 2,048 parameters lies beside" in graph.warnings[-1]
    workload = {"tuning": json.loads(graph.provenance["tuning"])}
    cost = price(graph, scenario_from_dict({"format": FORMAT, "workload": workload}).workload)
    assert cost.trainable_parameters == 2 * 2 * 16 * (64 + 64)


@pytest.mark.parametrize(
    "change",
    [
        {"peft_type": "IA3"}, {"r": 0}, {"r": True}, {"r": 10**400}, {"lora_alpha": -1}, {"lora_dropout": 1},
        {"target_modules": []}, {"target_modules": None}, {"target_modules": ["a b"]},
        {"target_modules": ["x"] * 100}, {"target_modules": 7}, {"lora_alpha": "1"},
    ],
)  # fmt: skip
def test_an_adapter_that_makes_no_sense_is_left_aside(tmp_path: Path, change: Mapping[str, Any]) -> None:
    with pytest.raises(ModelImportError, match=r"^adapter_config\.json: "):
        adapter_options({**ADAPTER, **change})
    folder = folder_of(tmp_path / "tiny", TINY)
    (folder / "adapter_config.json").write_text(json.dumps({**ADAPTER, **change}))
    assert "the adapter beside the configuration is left aside" in load_model(folder).warnings[-1]


@pytest.mark.parametrize("prefix", ["", "tiny/", "a/b/"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_of_the_folder_is_the_same_model(tmp_path: Path, prefix: str, method: int) -> None:
    folder = folder_of(tmp_path / "tiny", {**TINY, "vocab_size": 100}, shards=2)
    path = tmp_path / "tiny.zip"
    path.write_bytes(zip_of(folder, prefix=prefix, method=zipfile.ZIP_STORED if not prefix else method))
    assert load_bytes("tiny.zip", path.read_bytes()) == load_model(folder) == load_model(path)


def test_several_files_chosen_together_are_one_upload(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "tiny", TINY, shards=2)
    chosen = [(path.name, path.read_bytes()) for path in folder.iterdir()]
    name, content = one_upload(chosen)
    assert (name, content) == one_upload(chosen[::-1])
    assert load_bytes(name, content) == load_model(folder)
    assert one_upload(chosen[:1]) == chosen[0]
    with pytest.raises(ModelImportError, match="2 of the files chosen are models; choose one of them"):
        one_upload([("a.onnx", b""), ("b.onnx", b"")])
    with pytest.raises(ModelImportError, match=r"a\.txt, b\.txt: 0 of the files chosen are models; choose a"):
        one_upload([("a.txt", b""), ("b.txt", b"")])


def test_a_folder_says_what_it_is_by_its_files(tmp_path: Path) -> None:
    with pytest.raises(ModelImportError, match=r"is a folder without a model that is read here \(conf"):
        load_model(tmp_path)
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "FluxPipeline", "vae": ["a", "b"]}))
    with pytest.raises(ModelImportError, match=r"^model_index\.json: is the list of parts of a diffuser"):
        load_model(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(TINY))
    assert load_model(tmp_path).provenance["family"] == "llama"
    for name in ("a.onnx", "b.onnx"):
        (tmp_path / name).write_bytes(b"x")
    assert load_model(tmp_path).provenance["family"] == "llama"
    (tmp_path / "config.json").unlink()
    (tmp_path / "model_index.json").unlink()
    with pytest.raises(ModelImportError, match=r"holds 2 models \(a\.onnx, b\.onnx\); give one of them"):
        load_model(tmp_path)


def test_a_folder_of_links_is_read_as_the_cache_keeps_it(tmp_path: Path) -> None:
    """Hugging Face's cache: `snapshots/<commit>` holds links into `blobs`, whose names say nothing."""
    folder = folder_of(tmp_path / "tiny", TINY, shards=2)
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "1"
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    for number, path in enumerate(folder.iterdir()):
        path.rename(blobs / str(number))
        (snapshot / path.name).symlink_to(blobs / str(number))
    graph = load_model(snapshot)
    assert graph.provenance["dtype"] == "bf16"
    assert load_model(snapshot / "model-00001-of-00002.safetensors") == graph
