"""Families of transformers by the `model_type` of their configurations."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cutwise.frozen import FrozenDict
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
from cutwise.importers.hugging_face.architectures.encoders import bert, distilbert
from cutwise.importers.hugging_face.architectures.gpt import gpt2, gpt_neox, opt
from cutwise.importers.hugging_face.architectures.llama import gemma2, llama, mistral, phi3, qwen2, qwen3
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
        "gemma2": gemma2,
        "phi3": phi3,
        "gpt2": gpt2,
        "gpt_neox": gpt_neox,
        "opt": opt,
        "bert": bert,
        "distilbert": distilbert,
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
        "swin": swin,
        "convnext": convnext,
        "resnet": resnet,
        "clip": clip,
        "clip_text_model": clip_text,
        "clip_vision_model": clip_image,
        "siglip": siglip,
        "siglip_text_model": siglip_text,
        "siglip_vision_model": siglip_image,
    }
)
"""`model_type` → what reads the keys of such a configuration; a family is one function and one line."""
