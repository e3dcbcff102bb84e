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
from cutwise.importers.hugging_face.architectures.balanced_mixtures import (
    dots1,
    ernie4_5_moe,
    glm4_moe,
    minimax_m2,
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
from cutwise.importers.hugging_face.architectures.deepseek import deepseek_v2, deepseek_v3, glm4_moe_lite
from cutwise.importers.hugging_face.architectures.encoder_decoder.bart import (
    bart,
    blenderbot,
    blenderbot_small,
    m2m_100,
    marian,
    mbart,
    pegasus,
    plbart,
)
from cutwise.importers.hugging_face.architectures.encoder_decoder.t5 import mt5, t5, umt5
from cutwise.importers.hugging_face.architectures.encoder_decoder.whisper import whisper
from cutwise.importers.hugging_face.architectures.gpt import gpt2, gpt_neox, opt
from cutwise.importers.hugging_face.architectures.llama import gemma2, llama, mistral, phi3, qwen2, qwen3
from cutwise.importers.hugging_face.architectures.mamba import falcon_mamba, mamba, mamba2
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
from cutwise.importers.hugging_face.architectures.vision.convolutional import convnext, resnet
from cutwise.importers.hugging_face.architectures.vision.swin import swin
from cutwise.importers.hugging_face.architectures.vision.two_towers import (
    clip,
    clip_image,
    clip_text,
    siglip,
    siglip_image,
    siglip_text,
)
from cutwise.importers.hugging_face.architectures.vision.vision_transformer import (
    beit,
    deit,
    dinov2,
    dinov2_with_registers,
    vit,
)
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
        "roberta": roberta,
        "xlm-roberta": roberta,
        "camembert": roberta,
        "xlm-roberta-xl": xlm_roberta_xl,
        "roberta-prelayernorm": roberta_prelayernorm,
        "electra": electra,
        "albert": albert,
        "ernie": ernie,
        "megatron-bert": megatron_bert,
        "vit": vit,
        "t5": t5,
        "mt5": mt5,
        "umt5": umt5,
        "bart": bart,
        "mbart": mbart,
        "plbart": plbart,
        "pegasus": pegasus,
        "marian": marian,
        "blenderbot": blenderbot,
        "blenderbot-small": blenderbot_small,
        "m2m_100": m2m_100,
        "whisper": whisper,
        "deit": deit,
        "dinov2": dinov2,
        "dinov2_with_registers": dinov2_with_registers,
        "beit": beit,
        "clip": clip,
        "clip_text_model": clip_text,
        "clip_vision_model": clip_image,
        "siglip": siglip,
        "siglip_text_model": siglip_text,
        "siglip_vision_model": siglip_image,
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
        "swin": swin,
        "convnext": convnext,
        "resnet": resnet,
        "modernbert": modernbert,
    }
)
"""`model_type` → what reads the keys of such a configuration; a family is one function and one line."""
