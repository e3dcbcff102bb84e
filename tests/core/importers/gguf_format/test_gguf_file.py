"""GGUF files: the graph of their sizes, held against configurations and the `gguf` package's counts."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.importers import load_bytes, load_model
from cutwise.importers.gate.reading import read_here
from cutwise.importers.gguf_format.tensor_types import TENSOR_TYPES, weights_dtype_of
from cutwise.importers.hugging_face.config_file import from_config
from cutwise.problem.pricing import priced
from tests.core.importers.gguf_files import head, llama, value
from tests.shared_files import SHARED, needs

MADE = Path(__file__).parents[1] / "made"
COUNTS = json.loads((MADE / "gguf.json").read_text())
TINY = SHARED / "cases" / "models" / "tiny.gguf"
SIZES = {
    "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
    "max_position_embeddings": 256, "vocab_size": 101,
}  # fmt: skip
Q4_K, Q6_K, F32, F16 = 12, 14, 0, 1


def graph_of(path: Path, content: bytes, **dims: int) -> Any:
    path.write_bytes(content)
    return read_here(path, dims)


@pytest.mark.parametrize("name", [name for name in COUNTS if name.endswith(".gguf")])
def test_files_of_the_formats_own_library_hold_as_many_parameters_and_bytes(name: str) -> None:
    graph = load_model(MADE / name)
    stored = "q8_0" if "q8_0" in name else "fp16"
    assert graph.parameters == COUNTS[name]["parameters"]
    assert json.loads(graph.provenance["workload"]) == {"weights_dtype": stored}
    assert f"take {COUNTS[name]['size_bytes']:,} bytes" in graph.warnings[1]
    assert f'weights_dtype = "{stored}"' in graph.warnings[1]
    assert len(graph.warnings) == 2
    assert graph == load_bytes(name, (MADE / name).read_bytes())


def test_the_first_bytes_of_a_file_are_enough(tmp_path: Path) -> None:
    """Cut at every place: the same graph once all sizes are there, one sentence before."""
    whole = (MADE / "tiny-llama-f16.gguf").read_bytes()
    graph, read = load_model(MADE / "tiny-llama-f16.gguf"), 0
    path = tmp_path / "cut.gguf"
    for end in range(1, 2200):
        path.write_bytes(whole[:end])
        try:
            cut = read_here(path, {})
        except ModelImportError as error:
            assert not read, end
            assert str(error).startswith("cut.gguf: ")  # noqa: PT017
        else:
            read += 1
            assert cut.parameters in {graph.parameters, graph.parameters - 32 * 32}
            assert cut.provenance["config"] in graph.provenance["config"] or "tie_word" not in str(
                cut.warnings
            )
    assert read > 500


@needs(TINY)
def test_a_file_without_all_sizes_says_which_it_has_and_which_it_lacks() -> None:
    with pytest.raises(ModelImportError) as error:
        load_model(TINY)
    assert "says llama.embedding_length = 64, llama.block_count = 1, but not attention.head_count" in str(
        error.value
    )


@pytest.mark.parametrize(
    ("architecture", "values", "config"),
    [
        ("llama", {}, {"model_type": "llama", "num_key_value_heads": 2}),
        ("llama", {"attention.key_length": 32}, {"num_key_value_heads": 2, "head_dim": 32}),
        ("qwen2", {}, {"model_type": "qwen2", "num_key_value_heads": 2}),
        ("qwen3", {"attention.key_length": 16}, {"num_key_value_heads": 2, "head_dim": 16}),
        (
            "gemma2",
            {"attention.key_length": 16, "attention.sliding_window": 128},
            {"model_type": "gemma2", "num_key_value_heads": 2, "head_dim": 16, "sliding_window": 128},
        ),
        (
            "phi3",
            {"attention.sliding_window": 128, "rope.dimension_count": 8},
            {"num_key_value_heads": 2, "sliding_window": 128, "partial_rotary_factor": 0.5},
        ),
        ("gpt2", {"attention.head_count_kv": None}, {"model_type": "gpt2", "n_inner": 96}),
        (
            "gptneox",
            {"attention.head_count_kv": None, "rope.dimension_count": 4, "use_parallel_residual": False},
            {"model_type": "gpt_neox", "rotary_pct": 0.25, "use_parallel_residual": False},
        ),
        ("llama", {"attention.head_count_kv": [2, 2]}, {"model_type": "llama", "num_key_value_heads": 2}),
    ],
)  # fmt: skip
def test_the_values_of_an_architecture_are_the_keys_of_its_configuration(
    tmp_path: Path, architecture: str, values: dict[str, Any], config: dict[str, Any]
) -> None:
    graph = graph_of(tmp_path / "a.gguf", head(llama(architecture, **values)), sequence=32)
    assert graph == from_config({**SIZES, "model_type": architecture, **config}, {"sequence": 32})


def test_a_published_model_has_its_parameters_and_its_bytes(tmp_path: Path) -> None:
    """Llama 3.2 1B as llama.cpp writes it in Q4_K_M: 1,235,814,400 parameters; tied, so no output tensor."""
    sizes = {
        "context_length": 131072, "embedding_length": 2048, "block_count": 16, "feed_forward_length": 8192,
        "attention.head_count": 32, "attention.head_count_kv": 8, "attention.key_length": 64,
        "vocab_size": 128256,
    }  # fmt: skip
    tensors: dict[str, tuple[int, tuple[int, ...]]] = {
        "token_embd.weight": (Q6_K, (2048, 128256)), "output_norm.weight": (F32, (2048,)),
        "rope_freqs.weight": (F32, (32,)),
    }  # fmt: skip
    for layer in range(16):
        rows = {
            "attn_q": 2048,
            "attn_k": 512,
            "attn_v": 512,
            "attn_output": 2048,
            "ffn_gate": 8192,
            "ffn_up": 8192,
        }
        tensors |= {f"blk.{layer}.{name}.weight": (Q4_K, (2048, count)) for name, count in rows.items()}
        tensors[f"blk.{layer}.ffn_down.weight"] = (Q4_K, (8192, 2048))
        tensors |= {f"blk.{layer}.{name}.weight": (F32, (2048,)) for name in ("attn_norm", "ffn_norm")}
    graph = graph_of(tmp_path / "a.gguf", head(llama(**sizes), tensors))
    assert graph.parameters == 1_235_814_400
    assert json.loads(graph.provenance["workload"]) == {"weights_dtype": "q4_k_m"}
    assert len(graph.warnings) == 2
    matrices = 16 * (2048 * (2048 + 512 + 512 + 2048) + 3 * 2048 * 8192)
    stored = matrices * 144 // 256 + 2048 * 128256 * 210 // 256 + 4 * (33 * 2048 + 32)
    assert f"its weights take {stored:,} bytes" in graph.warnings[1]


def test_a_length_given_later_prices_the_model_at_it(tmp_path: Path) -> None:
    graph = graph_of(tmp_path / "a.gguf", head(llama()))
    longer = priced(graph, Workload(sequence_length=64))
    assert longer.macs == priced(graph_of(tmp_path / "a.gguf", head(llama()), sequence=64), Workload()).macs


def test_biases_are_seen_in_the_list_of_tensors(tmp_path: Path) -> None:
    tensors = {
        "blk.0.attn_q.bias": (F32, (64,)),
        "output.weight": (F16, (64, 101)),
        "token_embd.weight": (F16, (64, 103)),
    }
    graph = graph_of(tmp_path / "a.gguf", head(llama(), tensors))
    config = json.loads(graph.provenance["config"])
    assert config["attention_bias"]
    assert config["vocab_size"] == 103
    assert not config["tie_word_embeddings"]
    assert "holds 13,120 parameters, the configuration describes" in graph.warnings[1]


def test_a_split_model_is_read_with_its_other_files(tmp_path: Path) -> None:
    tensors = {f"blk.0.{name}.weight": (F16, (64, 64)) for name in ("attn_q", "attn_output")}
    first, second = tmp_path / "m-00001-of-00003.gguf", tmp_path / "m-00002-of-00003.gguf"
    second.write_bytes(head({"split.no": 1}, {"output.weight": (F16, (64, 101))}))
    graph = graph_of(first, head(llama(), tensors))
    assert "1 files of the weights are missing (m-00003-of-00003.gguf)" in graph.warnings[1]
    assert f"hold {2 * 64 * 64 + 64 * 101:,} of the" in graph.warnings[1]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"general.architecture": "rwkv7"}, "is a GGUF file of the architecture 'rwkv7'; read are bert"),
        ({"general.name": "x"}, "does not say its general.architecture"),
        ({"general.type": "adapter", "general.architecture": "llama"}, "is a LoRA adapter; give the GGUF"),
        (llama(feed_forward_length=[96, 128]), "llama.feed_forward_length differs from layer to layer"),
        (llama(embedding_length="64"), "llama.embedding_length is no number"),
        (llama(embedding_length=0), "hidden_size is 0; give a whole number from 1"),
        (llama(embedding_length=2**31), "hidden_size is 2147483648; give a whole number from 1"),
        (llama(block_count=True), "num_hidden_layers is True"),
        (llama(**{"attention.head_count": 7}), "is no multiple of num_attention_heads"),
    ],
)  # fmt: skip
def test_what_makes_no_model_is_refused_with_one_sentence(tmp_path: Path, values: Any, says: str) -> None:
    with pytest.raises(ModelImportError) as error:
        graph_of(tmp_path / "a.gguf", head(values))
    assert says in str(error.value)


def test_every_type_has_a_value_of_weights_dtype() -> None:
    nearest = {row.name: weights_dtype_of({row: 1}) for row in TENSOR_TYPES.values()}
    assert (nearest["Q5_K"], nearest["Q4_1"], nearest["Q2_K"]) == ("q4_k_m", "q4_k_m", "q4_0")
    assert {nearest[name] for name in ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_K")} == {
        "fp32", "fp16", "bf16", "q8_0", "q4_0", "q4_k_m",
    }  # fmt: skip


def test_a_value_may_be_of_any_kind_of_the_format(tmp_path: Path) -> None:
    """All thirteen kinds, in front of the sizes; 64-bit sizes are sizes too."""
    forms = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
    others = {f"x.{kind}": struct.pack(f"<I{form}", kind, 1) for kind, form in forms.items()}
    wide = {"llama.embedding_length": struct.pack("<IQ", 10, 64)}
    graph = graph_of(
        tmp_path / "a.gguf", head({**others, "x.list": [1, 2], "x.text": "é", **llama(), **wide})
    )
    assert graph == graph_of(tmp_path / "b.gguf", head(llama()))
    assert value([1, 2])[:8] == struct.pack("<II", 9, 4)
