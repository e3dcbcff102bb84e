"""Graphs made from Hugging Face configurations against the same families in plain torch.nn."""

from __future__ import annotations

from typing import Any

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.importers.hugging_face.config_file import from_config
from cutwise.importers.hugging_face.key_bounds import DROPOUTS
from tests.core.costs.no_loss import NO_LOSS
from tests.core.costs.torch_truth import counted_flops, dense_flops, saved_bytes

pytest.importorskip("torch")
TOKENS = 24

SIZES = {
    "vocab_size": 101, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
    "num_attention_heads": 4, "max_position_embeddings": 48, "tie_word_embeddings": False,
}  # fmt: skip
GROUPED = {**SIZES, "num_key_value_heads": 2, "head_dim": 16}
GPT2 = {
    "model_type": "gpt2", "vocab_size": 101, "n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 48,
    "tie_word_embeddings": True,
}  # fmt: skip
OPT = {**SIZES, "model_type": "opt", "ffn_dim": 96, "tie_word_embeddings": True}
DISTILBERT = {
    "model_type": "distilbert", "vocab_size": 101, "dim": 64, "hidden_dim": 96, "n_layers": 2, "n_heads": 4,
    "max_position_embeddings": 48, "tie_word_embeddings": True,
}  # fmt: skip

CONFIGS: dict[str, dict[str, Any]] = {
    "llama": {**GROUPED, "model_type": "llama", "tie_word_embeddings": True},
    "llama with narrow heads": {**GROUPED, "model_type": "llama", "head_dim": 8, "num_key_value_heads": 1},
    "mistral": {**GROUPED, "model_type": "mistral", "sliding_window": 8},
    "qwen2": {**GROUPED, "model_type": "qwen2", "tie_word_embeddings": True},
    "qwen3": {**GROUPED, "model_type": "qwen3", "head_dim": 32},
    "gemma2": {**GROUPED, "model_type": "gemma2", "tie_word_embeddings": True},
    "phi3": {**GROUPED, "model_type": "phi3"},
    "phi3 with half-turned heads": {**GROUPED, "model_type": "phi3", "partial_rotary_factor": 0.5},
    "gpt2": GPT2,
    "gpt_neox": {**SIZES, "model_type": "gpt_neox", "rotary_pct": 0.25, "use_parallel_residual": True},
    "gpt_neox in series": {
        **SIZES, "model_type": "gpt_neox", "rotary_pct": 1.0, "use_parallel_residual": False,
    },
    "opt": OPT,
    "opt with projections": {**OPT, "word_embed_proj_dim": 32, "do_layer_norm_before": False},
    "bert": {**SIZES, "model_type": "bert", "type_vocab_size": 2, "tie_word_embeddings": True},
    "distilbert": DISTILBERT,
    "vit": {
        **SIZES, "model_type": "vit", "image_size": 32, "patch_size": 8, "num_channels": 3, "num_labels": 10,
    },
}  # fmt: skip


def graph_of(config: dict[str, Any]) -> Any:
    """The modules drop nothing."""
    config = {**config, **dict.fromkeys(sorted(DROPOUTS), 0.0)}
    return from_config(config, {} if config["model_type"] == "vit" else {"sequence": TOKENS})


def built(config: dict[str, Any]) -> Any:
    from tests.core.costs.torch_transformers import built

    return built(config, TOKENS)


@pytest.mark.parametrize("name", CONFIGS)
def test_parameters_and_flops_are_those_of_the_module(name: str) -> None:
    """Backward passes through attention in the open: torch's counter knows no other on a processor."""
    graph = graph_of(CONFIGS[name])
    module, data = built(CONFIGS[name])
    assert graph.parameters == sum(p.numel() for p in module.parameters())
    assert dense_flops(price(graph, Workload(loss=NO_LOSS, attention="eager"))) == counted_flops(module, data)


@pytest.mark.parametrize("name", CONFIGS)
def test_saved_bytes_are_those_of_the_module_to_the_byte(name: str) -> None:
    """Gemma 2 adds a one to the weights of its norms in a copy of them; the module here does not."""
    module, data = built(CONFIGS[name])
    cost = price(graph_of(CONFIGS[name]), Workload(loss=NO_LOSS, attention="flash"))
    assert not cost.unpriced
    assert cost.saved_bytes.sum() == saved_bytes(module, data)


def test_attention_with_capped_scores_is_found_in_the_module_as_in_its_configuration() -> None:
    """Gemma 2 writes its attention out with a tanh inside: adapters of 2 layers, 4 projections each."""
    from cutwise.importers.torch_format.from_torch import from_torch

    module, data = built(CONFIGS["gemma2"])
    tuned = Workload(loss=NO_LOSS, tuning=Lora(rank=8, targets=("attention",)))
    cost = price(from_torch(module, data), tuned)
    widths = [(64, 64), (64, 32), (64, 32), (64, 64)]
    assert cost.trainable_parameters == 2 * sum(8 * (into + out) for into, out in widths)
    assert cost.trainable_parameters == price(graph_of(CONFIGS["gemma2"]), tuned).trainable_parameters


def test_adapters_of_a_grouped_query_model_keep_what_frozen_layers_leave_out() -> None:
    """Frozen layers keep no input and frozen norms no normalised value: of rank-8 adapters at queries and
    values of 2 layers, each keeps its input h (shared) and A h, 24 x 8 floats."""
    from tests.core.costs.torch_transformers import Adapted

    config = CONFIGS["llama"]
    module, data = built(config)
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    for layer in module.layers:
        for at in (0, 2):
            layer.projections[at] = Adapted(layer.projections[at])
    cost = price(
        graph_of(config),
        Workload(
            loss=NO_LOSS,
            attention="flash",
            tuning=Lora(rank=8, targets=("*q_proj", "*v_proj"), dropout_ratio=0.0),
        ),
    )
    assert cost.saved_bytes.sum() == saved_bytes(module, data)
    trained = sum(p.numel() for p in module.parameters() if p.requires_grad)
    assert cost.trainable_parameters == trained == 2 * 8 * ((64 + 64) + (64 + 32))
