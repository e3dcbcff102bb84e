"""Sizes of the towers for texts and images that CLIP and SigLIP are made of."""

from __future__ import annotations

from dataclasses import dataclass

from cutwise.importers.hugging_face.architectures.vision.patches import Patches, patches_of
from cutwise.importers.hugging_face.attention import Heads
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import ACTIVATIONS, ClassicLayer, LayerNames

NAMES = LayerNames(
    query="self_attn.q_proj", key="self_attn.k_proj", value="self_attn.v_proj", out="self_attn.out_proj",
    attention_norm="layer_norm1", up="mlp.fc1", down="mlp.fc2", mlp_norm="layer_norm2",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TowerStyle:
    """What CLIP and SigLIP do not share, and the library's sizes where a file gives none.

    `causal`: texts are read forward only.
    """

    act: str
    causal: bool
    text_width: int
    heads: int
    text_hidden: int
    words: int
    longest: int
    patch: int


CLIP = TowerStyle(
    act="quick_gelu", causal=True, text_width=512, heads=8, text_hidden=2048, words=49_408,
    longest=77, patch=32,
)  # fmt: skip
SIGLIP = TowerStyle(
    act="gelu_pytorch_tanh", causal=False, text_width=768, heads=12, text_hidden=3072,
    words=32_000, longest=64, patch=16,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTower:
    """Sizes of the tower for texts; `projected` is the width of its last layer, 0 where it has none."""

    style: TowerStyle
    layer: ClassicLayer
    layers: int
    width: int
    words: int
    longest: int
    projected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageTower:
    """Sizes of the tower for images; `pooled`: it makes one vector of an image."""

    style: TowerStyle
    layer: ClassicLayer
    layers: int
    patches: Patches
    pooled: bool
    projected: int


def text_tower(keys: Keys, style: TowerStyle, *, projected: int = 0) -> TextTower:
    """The sizes of a tower for texts; `projected` is the width of CLIP's last layer."""
    defaults = {
        "hidden_size": style.text_width, "intermediate_size": style.text_hidden,
        "num_attention_heads": style.heads,
    }  # fmt: skip
    keys = keys.with_defaults(defaults)
    width = keys.count("hidden_size")
    return TextTower(
        style=style,
        layer=_layer(keys, style, causal=style.causal),
        layers=keys.count("num_hidden_layers", 12),
        width=width,
        words=keys.count("vocab_size", style.words),
        longest=keys.count("max_position_embeddings", style.longest),
        projected=projected if style is CLIP else keys.count("projection_size", width),
    )


def image_tower(keys: Keys, style: TowerStyle, *, projected: int = 0) -> ImageTower:
    """The sizes of a tower for images; `projected` is the width of CLIP's last layer."""
    defaults = {
        "hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12, "image_size": 224,
        "patch_size": style.patch,
    }  # fmt: skip
    keys = keys.with_defaults(defaults)
    return ImageTower(
        style=style,
        layer=_layer(keys, style, causal=False),
        layers=keys.count("num_hidden_layers", 12),
        patches=patches_of(keys, keys.count("hidden_size")),
        pooled=style is CLIP or keys.flag("vision_use_head", True),
        projected=projected,
    )


def _layer(keys: Keys, style: TowerStyle, *, causal: bool) -> ClassicLayer:
    ratio = keys.dropout("attention_dropout", 0.0)
    return ClassicLayer(
        names=NAMES,
        heads=Heads.equal(keys, causal=causal, masked=False, dropout_ratio=ratio),
        hidden=keys.count("intermediate_size"),
        act=keys.word("hidden_act", ACTIVATIONS, style.act),
    )
