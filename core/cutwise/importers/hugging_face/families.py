"""Families of transformers by the `model_type` of their configurations."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cutwise.frozen import FrozenDict
from cutwise.importers.hugging_face.architectures.balanced_mixtures import (
    dots1,
    ernie4_5_moe,
    glm4_moe,
    minimax_m2,
)
from cutwise.importers.hugging_face.architectures.deepseek import deepseek_v2, deepseek_v3, glm4_moe_lite
from cutwise.importers.hugging_face.architectures.encoders import bert, distilbert, vit
from cutwise.importers.hugging_face.architectures.gpt import gpt2, gpt_neox, opt
from cutwise.importers.hugging_face.architectures.llama import gemma2, llama, mistral, phi3, qwen2, qwen3
from cutwise.importers.hugging_face.architectures.mixtures import (
    gpt_oss,
    granitemoe,
    hunyuan_v1_moe,
    mixtral,
    olmoe,
    phimoe,
    qwen2_moe,
    qwen3_moe,
)
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import Blueprint

FAMILIES: Mapping[str, Callable[[Keys], Blueprint]] = FrozenDict(
    {
        "llama": llama,
        "mistral": mistral,
        "qwen2": qwen2,
        "qwen3": qwen3,
        "gemma2": gemma2,
        "phi3": phi3,
        "mixtral": mixtral,
        "qwen2_moe": qwen2_moe,
        "qwen3_moe": qwen3_moe,
        "deepseek_v2": deepseek_v2,
        "deepseek_v3": deepseek_v3,
        "kimi_k2": deepseek_v3,
        "glm4_moe_lite": glm4_moe_lite,
        "gpt_oss": gpt_oss,
        "olmoe": olmoe,
        "phimoe": phimoe,
        "granitemoe": granitemoe,
        "hunyuan_v1_moe": hunyuan_v1_moe,
        "glm4_moe": glm4_moe,
        "dots1": dots1,
        "minimax_m2": minimax_m2,
        "ernie4_5_moe": ernie4_5_moe,
        "gpt2": gpt2,
        "gpt_neox": gpt_neox,
        "opt": opt,
        "bert": bert,
        "distilbert": distilbert,
        "vit": vit,
    }
)
"""`model_type` → what reads the keys of such a configuration; a family is one function and one line."""
