"""Families of transformers by the `model_type` of their configurations."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cutwise.frozen import FrozenDict
from cutwise.importers.hugging_face.architectures.authors_own import (
    baichuan,
    chatglm,
    internlm,
    internlm2,
    minicpm,
    qwen,
)
from cutwise.importers.hugging_face.architectures.decoders.bloom import bloom, mpt
from cutwise.importers.hugging_face.architectures.decoders.cohere import cohere, cohere2
from cutwise.importers.hugging_face.architectures.decoders.falcon import falcon
from cutwise.importers.hugging_face.architectures.decoders.gemma import gemma, gemma3
from cutwise.importers.hugging_face.architectures.decoders.gptj import codegen, gpt_bigcode, gpt_neo, gptj
from cutwise.importers.hugging_face.architectures.decoders.layer_normed import (
    biogpt,
    nemotron,
    persimmon,
    stablelm,
    starcoder2,
)
from cutwise.importers.hugging_face.architectures.decoders.lfm2 import lfm2
from cutwise.importers.hugging_face.architectures.decoders.llama_like import (
    arcee,
    bitnet,
    cwm,
    ernie4_5,
    glm,
    glm4,
    granite,
    helium,
    hunyuan,
    ministral,
    seed_oss,
    smollm3,
)
from cutwise.importers.hugging_face.architectures.decoders.olmo import exaone4, olmo, olmo2, olmo3
from cutwise.importers.hugging_face.architectures.decoders.openai_gpt import openai_gpt
from cutwise.importers.hugging_face.architectures.decoders.phi import phi
from cutwise.importers.hugging_face.architectures.encoders import bert, distilbert, vit
from cutwise.importers.hugging_face.architectures.gpt import gpt2, gpt_neox, opt
from cutwise.importers.hugging_face.architectures.llama import gemma2, llama, mistral, phi3, qwen2, qwen3
from cutwise.importers.hugging_face.architectures.mamba import falcon_mamba, mamba, mamba2
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import Blueprint

FAMILIES: Mapping[str, Callable[[Keys], Blueprint]] = FrozenDict(
    {
        "llama": llama,
        "mistral": mistral,
        "qwen2": qwen2,
        "qwen3": qwen3,
        "gemma": gemma,
        "gemma2": gemma2,
        "gemma3_text": gemma3,
        "phi3": phi3,
        "phi": phi,
        "falcon": falcon,
        "RefinedWeb": falcon,
        "RefinedWebModel": falcon,
        "bloom": bloom,
        "mpt": mpt,
        "openai-gpt": openai_gpt,
        "gpt_neo": gpt_neo,
        "gptj": gptj,
        "codegen": codegen,
        "gpt_bigcode": gpt_bigcode,
        "starcoder2": starcoder2,
        "stablelm": stablelm,
        "cohere": cohere,
        "cohere2": cohere2,
        "olmo": olmo,
        "olmo2": olmo2,
        "olmo3": olmo3,
        "granite": granite,
        "smollm3": smollm3,
        "glm": glm,
        "glm4": glm4,
        "exaone4": exaone4,
        "ministral": ministral,
        "ministral3": ministral,
        "seed_oss": seed_oss,
        "helium": helium,
        "arcee": arcee,
        "nemotron": nemotron,
        "persimmon": persimmon,
        "ernie4_5": ernie4_5,
        "hunyuan_v1_dense": hunyuan,
        "bitnet": bitnet,
        "cwm": cwm,
        "biogpt": biogpt,
        "lfm2": lfm2,
        "qwen": qwen,
        "internlm": internlm,
        "internlm2": internlm2,
        "baichuan": baichuan,
        "minicpm": minicpm,
        "chatglm": chatglm,
        "mamba": mamba,
        "falcon_mamba": falcon_mamba,
        "mamba2": mamba2,
        "gpt2": gpt2,
        "gpt_neox": gpt_neox,
        "opt": opt,
        "bert": bert,
        "distilbert": distilbert,
        "vit": vit,
    }
)
"""`model_type` → what reads the keys of such a configuration; a family is one function and one line."""
