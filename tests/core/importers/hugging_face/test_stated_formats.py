"""What configurations and headers say of number formats: proposed for the workload, and said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.weight_costs import bytes_per_weight
from cutwise.costs.workload import Workload
from cutwise.importers import load_model
from cutwise.importers.hugging_face.config_file import from_config, regenerate
from cutwise.importers.hugging_face.safetensors_header import read_header
from cutwise.importers.hugging_face.stated.stated_format import stated_format
from cutwise.problem.stated_workload import as_stated
from tests.core.importers.configurations import CONFIGS
from tests.core.importers.safetensors_files import saved
from tests.shared_files import CASES, needs

TINY = {
    "model_type": "llama", "vocab_size": 40, "hidden_size": 32, "intermediate_size": 64,
    "num_hidden_layers": 1, "num_attention_heads": 4, "max_position_embeddings": 64,
}  # fmt: skip
MODELS = CASES.parent / "models"
GPTQ = MODELS / "llama-gptq"

# Bits of a weight with its scales: nf4 0.5 B and an fp32 scale for 64, quantised to a byte and 4 B for 256;
# GPTQ and AWQ two bytes and a half for each group; a byte; microscaling a byte for 32 (OCP MX 1.0).
SETTINGS: list[tuple[dict[str, Any], str, float]] = [
    ({"quant_method": "gptq", "bits": 4, "group_size": 128}, "gptq holds the matrices in 4 bits", 4.15625),
    ({"quant_method": "gptq", "bits": 8, "group_size": 32}, "in 8 bits, 32 to a scale", 8.5),
    ({"quant_method": "gptq", "bits": 3, "group_size": 128}, "gptq holds the matrices in 3 bits", 4.15625),
    ({"quant_method": "awq", "bits": 4, "group_size": 64}, "awq holds the matrices in 4 bits", 4.3125),
    ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "bitsandbytes holds the matrices in 8", 8),
    ({"load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}, "in 4 bits of a float", 4.5),
    (
        {"load_in_4bit": True, "bnb_4bit_use_double_quant": True},
        "bitsandbytes holds the matrices in 4",
        4.127,
    ),
    ({"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [128, 128]}, "8 bits of a float", 8),
    ({"quant_method": "mxfp4"}, "mxfp4 holds the matrices in 4 bits of a float, 32 to a scale", 4.25),
    (
        {
            "quant_method": "compressed-tensors",
            "config_groups": {"group_0": {"weights": {"num_bits": 4, "type": "int", "group_size": 128}}},
        },
        "compressed-tensors holds the matrices in 4 bits, 128 to a scale",
        4.15625,
    ),
    (
        {
            "quant_method": "compressed-tensors",
            "config_groups": {"group_0": {"weights": {"num_bits": 8, "type": "float"}}},
        },
        "compressed-tensors holds the matrices in 8 bits of a float",
        8,
    ),
    (
        {"quant_method": "hqq", "quant_config": {"weight_quant_params": {"nbits": 4, "group_size": 64}}},
        "hqq holds the matrices in 4 bits, 64 to a scale",
        4.3125,
    ),
    ({"quant_method": "quanto", "weights": "int8"}, "quanto holds the matrices in 8 bits", 8),
    (
        {"quant_method": "torchao", "quant_type": "int4_weight_only"},
        "torchao holds the matrices in 4",
        4.15625,
    ),
    (
        {"quant_method": "modelopt", "quant_algo": "FP8"},
        "modelopt holds the matrices in 8 bits of a float",
        8,
    ),
]


@pytest.mark.parametrize(("settings", "says", "bits"), SETTINGS, ids=lambda value: str(value)[:40])
def test_a_quantised_model_is_said_and_its_format_proposed(settings: Any, says: str, bits: float) -> None:
    graph = from_config({**TINY, "torch_dtype": "float16", "quantization_config": settings}, {"sequence": 8})
    (warning,) = graph.warnings
    assert says in warning
    assert f'weights_dtype = "{json.loads(graph.provenance["workload"])["weights_dtype"]}"' in warning
    assert "quantised weights are not trained" in warning
    proposed = as_stated(Workload(mode="inference"), graph)
    assert proposed.compute == "fp16"
    size = bytes_per_weight(proposed.weights_dtype, proposed.quantisation)
    assert 8 * size == pytest.approx(bits, rel=2e-3)


@pytest.mark.parametrize(
    "settings",
    [
        {"quant_method": "aqlm", "nbits_per_codebook": 16}, {"quant_method": ["evil"] * 1000}, {"bits": "4"},
        {"quant_method": "gptq", "bits": -4}, {"quant_method": "gptq", "bits": True, "group_size": 10**30},
        {"quant_method": "\n" * 99, "config_groups": {"a": {"weights": 3}}}, {"bits": 10**400},
        {"quant_method": "bitsandbytes", "bnb_4bit_compute_dtype": []}, {"ignore": [1, None, {}], "x": 1},
    ],
)  # fmt: skip
def test_settings_that_say_nothing_propose_nothing_and_say_so(settings: Any) -> None:
    graph = from_config({**TINY, "quantization_config": settings}, {"sequence": 8})
    assert "whose bits are not said" in graph.warnings[0]
    assert "workload" not in graph.provenance
    assert "evil" not in json.dumps(dict(graph.provenance))
    assert "\n" not in "".join(graph.warnings)


def test_modules_that_are_left_alone_are_named_once() -> None:
    left = [f"model.layers.{number}.self_attn.q_proj" for number in range(40)] + ["lm_head"]
    settings = {"quant_method": "mxfp4", "modules_to_not_convert": left}
    graph = from_config({**TINY, "quantization_config": settings}, {"sequence": 8})
    assert "quantization_config leaves model.layers.*.self_attn.q_proj alone;" in graph.warnings[1]


@pytest.mark.parametrize(
    ("config", "dtype"),
    [
        ({"torch_dtype": "bfloat16"}, "bf16"), ({"dtype": "float16"}, "fp16"), ({"dtype": "float32"}, "fp32"),
        ({}, "fp32"), ({"torch_dtype": "hub"}, "fp32"), ({"text_config": {"dtype": "bfloat16"}}, "bf16"),
    ],
)  # fmt: skip
def test_the_number_format_is_that_of_the_file(config: dict[str, Any], dtype: str) -> None:
    graph = from_config({**TINY, **config}, {"sequence": 8})
    assert graph.provenance["dtype"] == dtype
    assert {weight.dtype for weight in graph.weights.values()} == {dtype}
    assert as_stated(Workload(), graph).weights_dtype == dtype
    assert not graph.warnings
    assert regenerate(graph, sequence=4).ops[1].output.dtype == dtype


@pytest.mark.parametrize("header", ["F32", "F16", "BF16"])
def test_a_header_is_right_where_the_configuration_names_another_format(tmp_path: Path, header: str) -> None:
    graph = from_config(TINY, {"sequence": 8})
    saved(tmp_path / "model.safetensors", {w.id: (header, w.shape) for w in graph.weights.values()})
    (tmp_path / "config.json").write_text(json.dumps({**TINY, "torch_dtype": "bfloat16"}))
    read = load_model(tmp_path / "config.json")
    assert read.provenance["dtype"] == {"F32": "fp32", "F16": "fp16", "BF16": "bf16"}[header]


@needs(GPTQ)
def test_a_packed_file_holds_the_parameters_and_the_bytes_of_its_configuration() -> None:
    """Beside weights, scales and zero points the file has an index of 4 bytes for each of 256 inputs."""
    graph = load_model(GPTQ / "config.json", dims={"sequence": 8})
    assert graph.parameters == 12_896
    assert graph.provenance["weights"].startswith("12,896 parameters in 33 tensors")
    assert graph.provenance["quantisation"] == "gptq holds the matrices in 4 bits, 32 to a scale"
    assert len(graph.warnings) == 1
    stored = read_header(GPTQ / "model.safetensors").size_bytes - 4 * (6 * 32 + 64)
    workload = as_stated(Workload(mode="inference"), graph)
    assert price(graph, workload).weight_bytes.sum() == stored


@needs(MODELS)
def test_the_quantised_case_is_said_with_its_format() -> None:
    graph = load_model(MODELS / "hf" / "llama-gptq-4bit.json")
    assert 'plan with weights_dtype = "int4", quantisation = { block = 128 }' in graph.warnings[-1]


LAYER = "model.layers.0.mlp.up_proj"
PACKED: list[tuple[str, dict[str, tuple[str, tuple[int, ...]]], int, str]] = [
    (
        "awq",  # 32 inputs, 64 outputs in 8 columns of 32 bits
        {f"{LAYER}.qweight": ("I32", (32, 8)), f"{LAYER}.qzeros": ("I32", (1, 8)),
         f"{LAYER}.scales": ("F16", (1, 64))},
        32 * 64, "int4",
    ),
    (
        "gptq in 8 bits",
        {f"{LAYER}.qweight": ("I32", (8, 64)), f"{LAYER}.qzeros": ("I32", (1, 16)),
         f"{LAYER}.scales": ("F16", (1, 64)), f"{LAYER}.g_idx": ("I32", (32,))},
        32 * 64, "int8",
    ),
    (
        "bitsandbytes nf4",
        {f"{LAYER}.weight": ("U8", (1024, 1)), f"{LAYER}.weight.absmax": ("F32", (32,)),
         f"{LAYER}.weight.quant_map": ("F32", (16,)),
         f"{LAYER}.weight.quant_state.bitsandbytes__nf4": ("U8", (90,))},
        32 * 64, "int4",
    ),
    (
        "bitsandbytes int8",
        {f"{LAYER}.weight": ("I8", (64, 32)), f"{LAYER}.SCB": ("F32", (64,)),
         f"{LAYER}.weight_format": ("U8", ())},
        32 * 64, "int8",
    ),
    (
        "fp8 with scales of squares",
        {f"{LAYER}.weight": ("F8_E4M3", (64, 32)), f"{LAYER}.weight_scale_inv": ("F32", (1, 1))},
        32 * 64, "int8",
    ),
    (
        "compressed-tensors",
        {f"{LAYER}.weight_packed": ("I32", (64, 4)), f"{LAYER}.weight_scale": ("BF16", (64, 1)),
         f"{LAYER}.weight_shape": ("I64", (2,))},
        32 * 64, "int4",
    ),
    (
        "mxfp4 experts",
        {"model.layers.0.mlp.experts.gate_up_proj_blocks": ("U8", (2, 64, 1, 16)),
         "model.layers.0.mlp.experts.gate_up_proj_scales": ("U8", (2, 64, 1))},
        2 * 64 * 32, "",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "tensors", "weights", "word"), PACKED, ids=lambda value: str(value)[:20])
def test_packed_weights_are_counted_as_the_weights_they_hold(
    tmp_path: Path, name: str, tensors: Any, weights: int, word: str
) -> None:
    """Layers of 32 inputs and 64 outputs as each library stores them, and a norm of 32."""
    norm = {"model.norm.weight": ("BF16", (32,))}
    table = read_header(saved(tmp_path / "model.safetensors", {**tensors, **norm}))
    assert table.parameters == weights + 32, name
    assert stated_format({}, table).workload.get("weights_dtype", "") == (word or "bf16")


def test_figures_that_were_published_do_not_depend_on_what_a_file_says_of_formats() -> None:
    config = CONFIGS["Llama-3.2-1B"]
    plain, stated = (from_config({**config, **more}, {}) for more in ({}, {"torch_dtype": "bfloat16"}))
    for attention in ("flash", "sdpa", "eager"):
        one, other = (price(graph, Workload(attention=attention)) for graph in (plain, stated))
        assert one.macs == other.macs
        assert one.saved_bytes.sum() == other.saved_bytes.sum()
        assert one.weight_bytes.sum() == other.weight_bytes.sum()
