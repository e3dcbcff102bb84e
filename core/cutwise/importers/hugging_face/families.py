"""Families of transformers by the `model_type` of their configurations."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cutwise.frozen import FrozenDict
from cutwise.importers.hugging_face.architectures.encoders import vit
from cutwise.importers.hugging_face.architectures.gpt import gpt2, gpt_neox, opt
from cutwise.importers.hugging_face.architectures.llama import gemma2, llama, mistral, phi3, qwen2, qwen3
from cutwise.importers.hugging_face.architectures.modern_bert import modernbert
from cutwise.importers.hugging_face.architectures.text_encoders import (
    albert,
    bert,
    distilbert,
    electra,
    ernie,
    megatron_bert,
    roberta,
    roberta_prelayernorm,
    xlm_roberta_xl,
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
        "gpt2": gpt2,
        "gpt_neox": gpt_neox,
        "opt": opt,
        "bert": bert,
        "distilbert": distilbert,
        "roberta": roberta,
        "xlm-roberta": roberta,
        "camembert": roberta,
        "xlm-roberta-xl": xlm_roberta_xl,
        "roberta-prelayernorm": roberta_prelayernorm,
        "electra": electra,
        "albert": albert,
        "ernie": ernie,
        "megatron-bert": megatron_bert,
        "modernbert": modernbert,
        "vit": vit,
    }
)
"""`model_type` → what reads the keys of such a configuration; a family is one function and one line."""
