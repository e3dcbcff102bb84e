"""What the transformers library (5.23) takes where a configuration with experts leaves a size out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps

from cutwise.frozen import FrozenDict
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import Blueprint

Family = Callable[[Keys], Blueprint]
NAMES = (
    "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
    "max_position_embeddings",
)  # fmt: skip
SIZES: Mapping[str, tuple[int, ...]] = FrozenDict(
    {
        "mixtral": (32_000, 4096, 14_336, 32, 32, 131_072),
        "qwen2_moe": (151_936, 2048, 5632, 24, 16, 32_768),
        "qwen3_moe": (151_936, 2048, 6144, 24, 32, 32_768),
        "deepseek_v2": (102_400, 4096, 11_008, 32, 32, 2048),
        "deepseek_v3": (129_280, 7168, 18_432, 61, 128, 4096),
        "glm4_moe_lite": (154_880, 2048, 10_240, 47, 20, 202_752),
        "gpt_oss": (201_088, 2880, 2880, 36, 64, 131_072),
        "olmoe": (50_304, 2048, 2048, 16, 16, 4096),
        "phimoe": (32_064, 4096, 6400, 32, 32, 131_072),
        "granitemoe": (32_000, 4096, 11_008, 32, 32, 2048),
        "hunyuan_v1_moe": (290_943, 4096, 11_008, 32, 32, 2048),
        "glm4_moe": (151_552, 4096, 10_944, 46, 96, 131_072),
        "dots1": (152_064, 4608, 10_944, 62, 32, 2048),
        "minimax_m2": (200_064, 3072, 1536, 62, 48, 196_608),
        "ernie4_5_moe": (103_424, 2560, 12_288, 28, 20, 131_072),
    }
)
LATENT = FrozenDict(
    {
        "q_lora_rank": 1536,
        "kv_lora_rank": 512,
        "qk_nope_head_dim": 128,
        "qk_rope_head_dim": 64,
        "v_head_dim": 128,
    }
)
OTHERS: Mapping[str, Mapping[str, int]] = FrozenDict(
    {
        "mixtral": {"num_key_value_heads": 8, "num_local_experts": 8, "num_experts_per_tok": 2},
        "qwen2_moe": {
            "num_key_value_heads": 16, "num_experts": 60, "num_experts_per_tok": 4,
            "moe_intermediate_size": 1408, "shared_expert_intermediate_size": 5632,
        },
        "qwen3_moe": {
            "num_key_value_heads": 4, "num_experts": 128, "num_experts_per_tok": 8,
            "moe_intermediate_size": 768,
        },
        "deepseek_v2": {
            **LATENT, "n_routed_experts": 64, "n_shared_experts": 2, "moe_intermediate_size": 1407,
            "first_k_dense_replace": 0,
        },
        "deepseek_v3": {
            **LATENT, "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8,
            "moe_intermediate_size": 2048, "first_k_dense_replace": 3, "n_group": 8, "topk_group": 4,
        },
        "glm4_moe_lite": {
            "q_lora_rank": 768, "kv_lora_rank": 512, "qk_nope_head_dim": 192, "qk_rope_head_dim": 64,
            "v_head_dim": 256, "n_routed_experts": 64, "n_shared_experts": 1, "num_experts_per_tok": 4,
            "moe_intermediate_size": 1536,
        },
        "gpt_oss": {
            "num_key_value_heads": 8, "head_dim": 64, "num_local_experts": 128, "num_experts_per_tok": 4,
            "sliding_window": 128,
        },
        "olmoe": {"num_experts": 64, "num_experts_per_tok": 8},
        "phimoe": {"num_key_value_heads": 8, "num_local_experts": 16, "num_experts_per_tok": 2},
        "granitemoe": {"num_local_experts": 8, "num_experts_per_tok": 2},
        "hunyuan_v1_moe": {"num_experts": 1, "moe_topk": 1},
        "glm4_moe": {
            "num_key_value_heads": 8, "n_routed_experts": 128, "n_shared_experts": 1,
            "num_experts_per_tok": 8, "moe_intermediate_size": 1408, "first_k_dense_replace": 1,
        },
        "dots1": {"num_key_value_heads": 32, "moe_intermediate_size": 1408, "first_k_dense_replace": 0},
        "minimax_m2": {
            "num_key_value_heads": 8, "head_dim": 128, "num_local_experts": 256, "num_experts_per_tok": 8,
        },
        "ernie4_5_moe": {
            "num_key_value_heads": 4, "moe_intermediate_size": 1536, "moe_k": 6, "moe_num_experts": 64,
            "moe_num_shared_experts": 2,
        },
    }
)  # fmt: skip
"""Family → sizes of its configuration class, beside those in `SIZES`."""


def completed(build: Family) -> Family:
    """`build` on a configuration without gaps; a note says which sizes are the library's own."""

    @wraps(build)
    def whole(keys: Keys) -> Blueprint:
        family = build.__name__
        known = {**dict(zip(NAMES, SIZES[family], strict=True)), **OTHERS[family]}
        missing = {name: size for name, size in known.items() if name not in keys.values}
        blueprint = build(keys.with_defaults(missing))
        if not missing:
            return blueprint
        said = ", ".join(f"{name} = {size}" for name, size in missing.items())
        note = f"sizes that the configuration leaves out are those of the transformers library: {said}"
        return replace(blueprint, notes=(*blueprint.notes, note))

    return whole
