"""Encoders of images: the Vision Transformer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from cutwise.importers.hugging_face.attention import Heads
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import (
    ACTIVATIONS,
    BARE,
    Blueprint,
    ClassicLayer,
    LayerNames,
    classic_layers,
    output_kind,
)
from cutwise.importers.hugging_face.net import BATCH, Net

VIT_NAMES = LayerNames(
    query="attention.attention.query", key="attention.attention.key", value="attention.attention.value",
    out="attention.output.dense", attention_norm="layernorm_before",
    up="intermediate.dense", down="output.dense", mlp_norm="layernorm_after",
)  # fmt: skip

IMAGES = "ForImageClassification"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vision:
    """Sizes of a Vision Transformer; `image` and `patch` are (height, width)."""

    width: int
    layers: int
    layer: ClassicLayer
    image: tuple[int, int]
    patch: tuple[int, int]
    channels: int
    kind: str
    labels: int
    pooled: int


def vit(keys: Keys) -> Blueprint:
    """Dosovitskiy et al. 2021, arXiv 2010.11929; the image size is the configuration's."""
    width, image, patch = keys.count("hidden_size"), keys.square("image_size"), keys.square("patch_size")
    if patch[0] > image[0] or patch[1] > image[1]:
        keys.refuse(f"patch_size is {patch}, larger than image_size = {image}", "a smaller patch")
    vision = Vision(
        width=width,
        layers=keys.count("num_hidden_layers"),
        layer=ClassicLayer(
            names=VIT_NAMES,
            heads=Heads.equal(
                keys,
                causal=False,
                masked=False,
                dropout_ratio=keys.dropout("attention_probs_dropout_prob", 0.0),
            ),
            hidden=keys.count("intermediate_size"),
            dropout_ratio=keys.dropout("hidden_dropout_prob", 0.0),
            act=keys.word("hidden_act", ACTIVATIONS, "gelu"),
            qkv_bias=keys.flag("qkv_bias", True),
        ),
        image=image,
        patch=patch,
        channels=keys.count("num_channels", 3),
        kind=output_kind(keys, (IMAGES, BARE), IMAGES),
        labels=keys.count("num_labels", 2),
        pooled=keys.count("pooler_output_size", width),
    )
    return Blueprint(write=partial(_write_vit, vision))


def _pooled(net: Net, x: str, path: str, width: int) -> str:
    return net.elementwise("tanh", "pooler_tanh", net.linear(path, net.first_token(x), width, name="pooler"))


def _write_vit(model: Vision, net: Net, tokens: int) -> None:
    image = net.input("pixel_values", (model.channels, *model.image))
    with net.at("embeddings", "vit.embeddings"):
        x = _patches(model, net, image)
    x = classic_layers(net, x, model.layer, model.layers, source="vit.encoder.layer")
    x = net.layer_norm("vit.layernorm", x)
    if model.kind == BARE:
        _pooled(net, x, "vit.pooler.dense", model.pooled)
    else:
        net.linear("classifier", net.first_token(x), model.labels)


def _patches(model: Vision, net: Net, image: str) -> str:
    """Patches as tokens behind a class token, their positions added."""
    rows, columns = (size // patch for size, patch in zip(model.image, model.patch, strict=True))
    path = "patch_embeddings.projection"
    weights = [
        net.weight(path, (model.width, model.channels, *model.patch)),
        net.weight(path, (model.width,), part="bias"),
    ]
    x = net.op(
        "conv2d", "projection", [image], (BATCH, model.width, rows, columns),
        weights=weights, attrs={"kernel": model.patch, "stride": model.patch, "groups": 1},
    )  # fmt: skip
    x = net.transpose("patches", net.reshape("flat", x, BATCH, model.width, rows * columns), 0, 2, 1)
    tokens = (BATCH, rows * columns + 1, model.width)
    token = net.weight("cls_token", (1, 1, model.width), part="")
    x = net.op("concat", "class_token", [x], tokens, weights=[token], attrs={"axis": 1})
    return net.plus_weight("position_embeddings", x, tokens, part="")
