"""Vision transformers: ViT, DeiT, DINOv2 with and without registers, BEiT."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from cutwise.frozen import FrozenDict
from cutwise.importers.hugging_face.architectures.vision.patches import (
    Patches,
    behind_tokens,
    mean_of_patches,
    patch_tokens,
    patches_of,
)
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

NAMES = LayerNames(
    query="attention.attention.query", key="attention.attention.key", value="attention.attention.value",
    out="attention.output.dense", attention_norm="layernorm_before",
    up="intermediate.dense", down="output.dense", mlp_norm="layernorm_after",
)  # fmt: skip
BEIT_NAMES = replace(NAMES, attention_scale="lambda_1", mlp_scale="lambda_2")
DINO_NAMES = replace(
    NAMES,
    attention_norm="norm1", mlp_norm="norm2", up="mlp.fc1", down="mlp.fc2",
    attention_scale="layer_scale1.lambda1", mlp_scale="layer_scale2.lambda1",
)  # fmt: skip
GATED_DINO_NAMES = replace(DINO_NAMES, up="mlp.weights_in", down="mlp.weights_out")
IMAGES, TEACHER = "ForImageClassification", "ForImageClassificationWithTeacher"
CLASS_TOKEN: Mapping[str, int] = FrozenDict({"cls_token": 1})
TWO_TOKENS: Mapping[str, int] = FrozenDict({"cls_token": 1, "distillation_token": 1})
# What a table of BEiT's biases holds beside distances: from, to and at the class token.
TO_CLASS_TOKEN = 3
GATED_MULTIPLE = 8
BASE: Mapping[str, int] = FrozenDict({
    "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072,
    "image_size": 224,
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Vision:
    """Sizes of a vision transformer, which files call `name`; `head` adds what stands behind the layers.

    `tokens` are learned ones in front of the patches, `registers` more of them that have no places;
    `unused`: the model has a token for hidden patches, which this training does not read. `placed`: it has
    a table of positions.
    """

    name: str
    patches: Patches
    layers: int
    layer: ClassicLayer
    kind: str
    labels: int
    pooled: int
    head: Callable[[Net, str, Vision], None]
    tokens: Mapping[str, int] = CLASS_TOKEN
    registers: int = 0
    unused: bool = False
    placed: bool = True


def vit(keys: Keys) -> Blueprint:
    """Dosovitskiy et al. 2021, arXiv 2010.11929; the image size is the configuration's."""
    return _blueprint(_vision(keys, "vit", _layer(keys), _vit_head))


def deit(keys: Keys) -> Blueprint:
    """Touvron et al. 2021, arXiv 2012.12877: a second token, which learns from a teacher."""
    keys = _filled(keys, patch=16)
    model = _vision(keys, "deit", _layer(keys), _vit_head, kinds=(TEACHER, IMAGES, BARE))
    return _blueprint(replace(model, tokens=TWO_TOKENS))


def dinov2(keys: Keys) -> Blueprint:
    """Oquab et al. 2023, arXiv 2304.07193: scaled branches; the giant model's perceptron is gated."""
    return _blueprint(_dinov2(keys, "dinov2"))


def dinov2_with_registers(keys: Keys) -> Blueprint:
    """Darcet et al. 2024, arXiv 2309.16588: more tokens, of no place."""
    model = _dinov2(keys, "dinov2_with_registers")
    return _blueprint(replace(model, registers=keys.count("num_register_tokens", 4)))


def beit(keys: Keys) -> Blueprint:
    """Bao et al. 2022, arXiv 2106.08254: each layer has trained biases of distances between patches."""
    keys = _filled(keys, patch=16)
    if keys.flag("use_shared_relative_position_bias", False):
        keys.refuse("use_shared_relative_position_bias is true", "a model with biases in each layer, or none")
    rows, columns = patches_of(keys, 1).grid
    distances = (2 * rows - 1) * (2 * columns - 1) + TO_CLASS_TOKEN
    layer = replace(
        _layer(keys),
        names=BEIT_NAMES if keys.weighted("layer_scale_init_value", 0.1) else NAMES,
        key_bias=False,
        bias_rows=distances if keys.flag("use_relative_position_bias", False) else 0,
    )
    head = _mean_head if keys.flag("use_mean_pooling", True) else _first_head
    model = replace(
        _vision(keys, "beit", layer, head),
        placed=keys.flag("use_absolute_position_embeddings", False),
        unused=keys.flag("use_mask_token", False),
    )
    return _blueprint(model)


def _dinov2(keys: Keys, name: str) -> Vision:
    keys = _filled(keys, patch=14)
    gated = keys.flag("use_swiglu_ffn", False)
    hidden = int(keys.count("hidden_size") * keys.factor("mlp_ratio", 4))
    if gated:
        hidden = -(-(hidden * 2 // 3) // GATED_MULTIPLE) * GATED_MULTIPLE
    layer = replace(_layer(keys), hidden=hidden, gated=gated, names=GATED_DINO_NAMES if gated else DINO_NAMES)
    model = _vision(keys, name, replace(layer, act="silu") if gated else layer, _dinov2_head)
    return replace(model, unused=keys.flag("use_mask_token", True))


def _filled(keys: Keys, *, patch: int) -> Keys:
    """The keys, with the library's sizes, those of the base model, where the file gives none."""
    return keys.with_defaults({**BASE, "patch_size": patch})


def _layer(keys: Keys) -> ClassicLayer:
    return ClassicLayer(
        names=NAMES,
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
    )


def _vision(
    keys: Keys,
    name: str,
    layer: ClassicLayer,
    head: Callable[[Net, str, Vision], None],
    kinds: tuple[str, ...] = (IMAGES, BARE),
) -> Vision:
    width = keys.count("hidden_size")
    return Vision(
        name=name,
        patches=patches_of(keys, width),
        layers=keys.count("num_hidden_layers"),
        layer=layer,
        kind=output_kind(keys, kinds, IMAGES),
        labels=keys.count("num_labels", 2),
        pooled=keys.count("pooler_output_size", width),
        head=head,
    )


def _blueprint(model: Vision) -> Blueprint:
    return Blueprint(write=partial(_write, model))


def _write(model: Vision, net: Net, tokens: int) -> None:
    image = net.input("pixel_values", (model.patches.channels, *model.patches.image))
    with net.at("embeddings", f"{model.name}.embeddings"):
        x = _tokens(net, image, model)
    x = classic_layers(net, x, model.layer, model.layers, source=f"{model.name}.encoder.layer")
    model.head(net, x, model)


def _tokens(net: Net, image: str, model: Vision) -> str:
    """Patches as tokens behind the learned ones, their positions added."""
    x = patch_tokens(net, image, model.patches)
    x = behind_tokens(net, "class_token", x, model.tokens, unused="mask_token" if model.unused else "")
    if model.placed:
        x = net.plus_weight("position_embeddings", x, net.shape(x), part="")
    if model.registers:
        x = behind_tokens(net, "registers", x, {"register_tokens": model.registers})
    return net.dropped(x, model.layer.dropout_ratio)


def _vit_head(net: Net, x: str, model: Vision) -> None:
    x = net.layer_norm(f"{model.name}.layernorm", x)
    first = net.first_token(x)
    if model.kind == BARE:
        pooled = net.linear(f"{model.name}.pooler.dense", first, model.pooled, name="pooler")
        net.elementwise("tanh", "pooler_tanh", pooled)
    elif model.kind == IMAGES:
        net.linear("classifier", first, model.labels)
    else:
        scores = net.linear("cls_classifier", first, model.labels)
        taught = net.first_token(x, name="distillation_token")
        both = net.elementwise(
            "add", "sum", scores, net.linear("distillation_classifier", taught, model.labels)
        )
        net.elementwise("div", "mean", both)


def _dinov2_head(net: Net, x: str, model: Vision) -> None:
    x = net.layer_norm(f"{model.name}.layernorm", x)
    first = net.first_token(x)
    if model.kind != BARE:
        mean = mean_of_patches(net, x, 1 + model.registers)
        both = net.op("concat", "pooled", [first, mean], (BATCH, 2 * net.width(x)), attrs={"axis": 1})
        net.linear("classifier", both, model.labels)


def _mean_head(net: Net, x: str, model: Vision) -> None:
    pooled = net.layer_norm(f"{model.name}.pooler.layernorm", mean_of_patches(net, x, 1))
    if model.kind != BARE:
        net.linear("classifier", pooled, model.labels)


def _first_head(net: Net, x: str, model: Vision) -> None:
    first = net.first_token(net.layer_norm(f"{model.name}.layernorm", x))
    if model.kind != BARE:
        net.linear("classifier", first, model.labels)
