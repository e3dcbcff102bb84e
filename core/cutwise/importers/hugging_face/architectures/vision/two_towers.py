"""Towers for texts and images: CLIP and SigLIP, both together or one alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from cutwise.importers.hugging_face.architectures.vision.patches import (
    behind_tokens,
    mean_of_patches,
    patch_tokens,
)
from cutwise.importers.hugging_face.architectures.vision.tower_sizes import (
    CLIP,
    SIGLIP,
    ImageTower,
    TextTower,
    TowerStyle,
    image_tower,
    text_tower,
)
from cutwise.importers.hugging_face.attention import TURN, attended, by_heads
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import BARE, Blueprint, activation, classic_layers, output_kind
from cutwise.importers.hugging_face.net import BATCH, Net

PROJECTED, IMAGES = "ModelWithProjection", "ForImageClassification"


@dataclass(frozen=True, slots=True, kw_only=True)
class Towers:
    """The towers that a model has; `labels` of a classifier of images, 0 where it is none."""

    text: TextTower | None = None
    image: ImageTower | None = None
    labels: int = 0


def clip(keys: Keys) -> Blueprint:
    """Radford et al. 2021, arXiv 2103.00020: both towers, and how alike texts and images are."""
    return _both(keys, CLIP)


def siglip(keys: Keys) -> Blueprint:
    """Zhai et al. 2023, arXiv 2303.15343: both towers, and how alike texts and images are."""
    return _both(keys, SIGLIP)


def clip_text(keys: Keys) -> Blueprint:
    """The tower for texts alone, as image generators have it."""
    kind = output_kind(keys, (PROJECTED, BARE), BARE)
    projected = keys.count("projection_dim", 512) if kind == PROJECTED else 0
    return _blueprint(Towers(text=text_tower(keys, CLIP, projected=projected)))


def siglip_text(keys: Keys) -> Blueprint:
    """The tower for texts alone."""
    output_kind(keys, (BARE,), BARE)
    return _blueprint(Towers(text=text_tower(keys, SIGLIP)))


def clip_image(keys: Keys) -> Blueprint:
    """The tower for images alone."""
    kind = output_kind(keys, (PROJECTED, BARE), BARE)
    projected = keys.count("projection_dim", 512) if kind == PROJECTED else 0
    return _blueprint(Towers(image=image_tower(keys, CLIP, projected=projected)))


def siglip_image(keys: Keys) -> Blueprint:
    """The tower for images alone."""
    output_kind(keys, (BARE,), BARE)
    return _blueprint(Towers(image=image_tower(keys, SIGLIP)))


def _both(keys: Keys, style: TowerStyle) -> Blueprint:
    """A model of both towers, or CLIP's classifier of images, which has one."""
    text, image = keys.part("text_config"), keys.part("vision_config")
    projected = keys.count("projection_dim", 512) if style is CLIP else 0
    kind = output_kind(keys, (IMAGES, BARE) if style is CLIP else (BARE,), BARE)
    if kind == IMAGES:
        return _blueprint(Towers(image=image_tower(image, style), labels=keys.count("num_labels", 2)))
    return _blueprint(
        Towers(
            text=text_tower(text, style, projected=projected),
            image=image_tower(image, style, projected=projected),
        )
    )


def _blueprint(towers: Towers) -> Blueprint:
    longest = towers.text.longest if towers.text else None
    return Blueprint(write=partial(_write, towers), most_tokens=longest)


def _write(towers: Towers, net: Net, tokens: int) -> None:
    text = _text_written(net, towers.text, tokens) if towers.text else ""
    image = _image_written(net, towers.image, towers.labels) if towers.image else ""
    if text and image and towers.image:
        with net.at("head", ""):
            _likeness(net, text, image, towers.image.style)


def _text_written(net: Net, tower: TextTower, tokens: int) -> str:
    ids = net.input("input_ids", (tokens,), dtype="int64")
    with net.at("text/embeddings", "text_model.embeddings"):
        x, _ = net.embedding("token_embedding", ids, tower.words, tower.width)
        x = net.plus_weight("position_embedding", x, (tower.longest, tower.width))
    source = "text_model.encoder.layers"
    x = classic_layers(net, x, tower.layer, tower.layers, source=source, block="text/layers")
    with net.at("text/pooled", ""):
        x = net.layer_norm("text_model.final_layer_norm", x)
        if tower.style is SIGLIP:
            return net.linear("text_model.head", net.first_token(x, name="last_token"), tower.projected)
        # The token where a text ends is looked up in it, and copied.
        pooled = net.op("gather", "end_of_text", [x, ids], (BATCH, tower.width), attrs={"axis": 1})
        return (
            net.linear("text_projection", pooled, tower.projected, bias=False) if tower.projected else pooled
        )


def _image_written(net: Net, tower: ImageTower, labels: int) -> str:
    image = net.input("pixel_values", (tower.patches.channels, *tower.patches.image))
    with net.at("vision/embeddings", "vision_model.embeddings"):
        x = _placed_patches(net, image, tower)
    source = "vision_model.encoder.layers"
    x = classic_layers(net, x, tower.layer, tower.layers, source=source, block="vision/layers")
    with net.at("vision/pooled", "vision_model"):
        if not labels:
            return _pooled(net, x, tower)
        unused = [net.weight("post_layernorm", (net.width(x),), part=part) for part in ("weight", "bias")]
        mean = mean_of_patches(net, x, 1, unused=unused)
    with net.at("vision/pooled", ""):
        return net.linear("classifier", mean, labels)


def _placed_patches(net: Net, image: str, tower: ImageTower) -> str:
    clip = tower.style is CLIP
    x = patch_tokens(net, image, tower.patches, path="patch_embedding", bias=not clip)
    if clip:
        x = behind_tokens(net, "class_token", x, {"class_embedding": 1})
    x = net.plus_weight("position_embedding", x, net.shape(x)[1:])
    if clip:
        with net.at("vision/embeddings", "vision_model"):
            x = net.layer_norm("pre_layrnorm", x)
    return x


def _pooled(net: Net, x: str, tower: ImageTower) -> str:
    """One vector of an image, projected where that is asked for; SigLIP may leave its patches as they are."""
    if tower.style is SIGLIP:
        x = net.layer_norm("post_layernorm", x)
        return _attention_pooled(net, x, tower) if tower.pooled else x
    x = net.layer_norm("post_layernorm", net.first_token(x))
    with net.at("vision/pooled", ""):
        return net.linear("visual_projection", x, tower.projected, bias=False) if tower.projected else x


def _attention_pooled(net: Net, x: str, tower: ImageTower) -> str:
    """What a learned query makes of all patches; the file holds the three projections in one matrix."""
    heads, width, layer = tower.layer.heads, net.width(x), tower.layer
    probe = net.weight("head.probe", (BATCH, 1, width), part="")
    query = net.op("tile", "probe", [], (BATCH, 1, width), weights=[probe])
    query = net.linear("head.attention.in_proj_query", query, width)
    both = net.linear("head.attention.in_proj_key_value", x, 2 * width)
    key, value = net.split("key_value", both, (width, width))
    query, key, value = (
        net.transpose(f"{name}_heads", by_heads(net, name, y, heads.count), *TURN)
        for name, y in (("query", query), ("key", key), ("value", value))
    )
    y = net.linear("head.attention.out_proj", attended(net, query, key, value, heads), width)
    inner = activation(
        net, layer.act, net.linear("head.mlp.fc1", net.layer_norm("head.layernorm", y), layer.hidden)
    )
    return net.first_token(
        net.elementwise("add", "add", y, net.linear("head.mlp.fc2", inner, width)), name="pooled"
    )


def _likeness(net: Net, text: str, image: str, style: TowerStyle) -> None:
    """The scaled product of both vectors at length one: of every text and every image of a batch."""
    text, image = (_at_length_one(net, name, x) for name, x in (("text", text), ("image", image)))
    turned = net.transpose("image_turned", image, 1, 0)
    scores = net.op("matmul", "logits", [text, turned], (BATCH, BATCH))
    scale = () if style is CLIP else (1,)
    weights = [net.weight("logit_scale", scale, part="")]
    scores = net.op("mul", "logits_scaled", [scores], net.shape(scores), weights=weights)
    if style is SIGLIP:
        net.plus_weight("logit_bias", scores, scale, part="")


def _at_length_one(net: Net, name: str, x: str) -> str:
    length = net.op("reduce_l2", f"{name}_length", [x], (BATCH, 1), attrs={"axis": 1})
    return net.elementwise("div", f"{name}_at_length_one", x, length)
