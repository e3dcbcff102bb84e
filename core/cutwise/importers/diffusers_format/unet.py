"""The UNet of latent diffusion from its configuration: down, through the middle, and up again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from cutwise.errors import ModelImportError
from cutwise.frozen import FrozenDict
from cutwise.importers.diffusers_format.unet_parts import (
    Transformer,
    conv,
    group_norm,
    resampled,
    residual,
    transformed,
)
from cutwise.importers.hugging_face.net import BATCH, Net
from cutwise.importers.json_formats.document import shown
from cutwise.plain import Json
from cutwise.read_limits import LAYER_SIZE

TEXT_TOKENS, TIME_IDS = 77, 6  # those of CLIP's text; sizes and crops, two each
DEEPEST, MOST_LAYERS = 16, 256
WITH_TEXT = "CrossAttn"
KINDS = frozenset({"DownBlock2D", "CrossAttnDownBlock2D", "UpBlock2D", "CrossAttnUpBlock2D"})
# What is built here of keys that may say more: key → values that change nothing.
USUAL: Mapping[str, tuple[Json, ...]] = FrozenDict({
    "act_fn": ("silu", "swish"), "class_embed_type": (None,), "num_class_embeds": (None,),
    "encoder_hid_dim": (None,), "encoder_hid_dim_type": (None,), "dual_cross_attention": (False,),
    "only_cross_attention": (False,), "resnet_time_scale_shift": ("default",),
    "time_embedding_type": ("positional",), "conv_in_kernel": (3,), "conv_out_kernel": (3,),
    "attention_type": ("default",), "addition_embed_type": (None, "text_time"),
    "mid_block_type": ("UNetMidBlock2DCrossAttn",), "resnet_skip_time_act": (False,),
    "center_input_sample": (False, True), "timestep_post_act": (None,), "time_cond_proj_dim": (None,),
    "time_embedding_dim": (None,), "mid_block_only_cross_attention": (None, False),
    "cross_attention_norm": (None,), "reverse_transformer_layers_per_block": (None,),
    "class_embeddings_concat": (False,),
})  # fmt: skip


DEFAULTS: Mapping[str, Json] = FrozenDict({
    "block_out_channels": [320, 640, 1280, 1280],
    "down_block_types": [
        "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D",
    ],
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
})  # fmt: skip
"""What the library takes where a configuration is silent."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The keys of one configuration; `file` is what messages call it."""

    file: str
    values: Mapping[str, Json]
    kind: str = "UNet2DConditionModel"

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number of at least 1."""
        return self._checked(name, self.values.get(name, default))

    def wholes(self, name: str, count: int, default: int) -> tuple[int, ...]:
        """A whole number for each level, or one for all."""
        value = self.values.get(name)
        value = default if value is None else value
        values = value if isinstance(value, list) else [value] * count
        if len(values) != count:
            self.refuse(f"{name} is {shown(value)}, not {count} numbers")
        return tuple(self._checked(name, one) for one in values)

    def only_usual(self, usual: Mapping[str, tuple[Json, ...]]) -> None:
        """Raises `ModelImportError` for a value that is not one of the `usual`; the first is the default."""
        for name, known in usual.items():
            if self.values.get(name, known[0]) not in known:
                self.refuse(f"{name} is {shown(self.values[name])}, which is not built here")

    def refuse(self, fact: str) -> NoReturn:
        """Raises `ModelImportError`: a fact about this file, and what to do."""
        raise ModelImportError(
            f"{self.file}: {fact}; make the graph with cutwise.from_torch(diffusers.{self.kind}"
            ".from_config(config), example)"
        )

    def _checked(self, name: str, value: Json) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LAYER_SIZE:
            self.refuse(f"{name} is {shown(value)}, not a whole number of at least 1")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Unet:
    """The levels of a UNet from the outside in: channels, residual blocks, transformers (None: without)."""

    channels: tuple[int, ...]
    layers: tuple[int, ...]
    down: tuple[Transformer | None, ...]
    up: tuple[Transformer | None, ...]
    middle: Transformer
    groups: int
    text_width: int
    inputs: int
    outputs: int
    sides: tuple[int, int]
    extra: tuple[int, int] | None


def unet(settings: Settings) -> Unet:
    """The UNet that a configuration describes; raises `ModelImportError` for one that is not built here."""
    settings.only_usual(USUAL)
    given = {name: value for name, value in settings.values.items() if value is not None}
    settings = replace(settings, values={**DEFAULTS, **given})
    kinds = [settings.values[key] for key in ("down_block_types", "up_block_types")]
    channels = settings.values["block_out_channels"]
    if not isinstance(channels, list) or not 0 < len(channels) <= DEEPEST:
        settings.refuse(f"block_out_channels is {shown(channels)}, no list of levels")
    for kind in kinds:
        if (
            not isinstance(kind, list)
            or len(kind) != len(channels)
            or not all(word in KINDS for word in map(str, kind))
        ):
            settings.refuse(
                f"the blocks are {shown(kind)}, of which {', '.join(sorted(KINDS))} are built here"
            )
    return _levels(
        settings, len(channels), *([str(word) for word in kind] for kind in kinds if isinstance(kind, list))
    )


def _levels(settings: Settings, count: int, down: Sequence[str], up: Sequence[str]) -> Unet:
    channels = settings.wholes("block_out_channels", count, 1)
    heads_key = "num_attention_heads" if settings.values.get("num_attention_heads") else "attention_head_dim"
    heads = settings.wholes(heads_key, count, 8)
    depths = settings.wholes("transformer_layers_per_block", count, 1)
    layers = settings.wholes("layers_per_block", count, 2)
    groups = settings.whole("norm_num_groups", 32)
    for size, parts in zip(channels, heads, strict=True):
        if size % parts or size % groups:
            settings.refuse(f"{size} channels are no multiple of {parts} heads or {groups} groups")
    if sum(layers) + sum(depths) > MOST_LAYERS:
        settings.refuse(f"has {sum(layers) + sum(depths)} layers, at most {MOST_LAYERS} are built")
    is_linear = settings.values.get("use_linear_projection") is True
    kinds = [
        Transformer(depth=depth, heads=parts, is_linear=is_linear)
        for depth, parts in zip(depths, heads, strict=True)
    ]
    return Unet(
        channels=channels,
        layers=layers,
        down=tuple(
            kind if word.startswith(WITH_TEXT) else None for kind, word in zip(kinds, down, strict=True)
        ),
        up=tuple(
            kind if word.startswith(WITH_TEXT) else None for kind, word in zip(kinds[::-1], up, strict=True)
        ),
        middle=kinds[-1],
        groups=groups,
        text_width=settings.whole("cross_attention_dim", 1280),
        inputs=settings.whole("in_channels", 4),
        outputs=settings.whole("out_channels", 4),
        sides=_sides(settings),
        extra=_extra(settings),
    )


def _sides(settings: Settings) -> tuple[int, int]:
    height, width = settings.wholes("sample_size", 2, 64)
    return height, width


def _extra(settings: Settings) -> tuple[int, int] | None:
    """Widths of the pooled text and of one embedded size, where the model is told of sizes (SDXL)."""
    if settings.values.get("addition_embed_type") is None:
        return None
    each = settings.whole("addition_time_embed_dim")
    pooled = settings.whole("projection_class_embeddings_input_dim") - TIME_IDS * each
    if pooled < 1:
        settings.refuse("projection_class_embeddings_input_dim is too small for its six sizes")
    return pooled, each


def write_unet(model: Unet, net: Net) -> None:
    """Adds the ops of one pass, for one image and one text."""
    image = net.input("sample", (model.inputs, *model.sides))
    text = net.input("encoder_hidden_states", (TEXT_TOKENS, model.text_width))
    time = _time(net, model)
    x = conv(net, "conv_in", image, model.channels[0])
    kept = [x]
    for level, (channels, count, kind) in enumerate(
        zip(model.channels, model.layers, model.down, strict=True)
    ):
        path = f"down_blocks.{level}"
        for number in range(count):
            x = _layer(net, path, number, x, (time, text), channels, kind, model.groups)
            kept.append(x)
        if level < len(model.channels) - 1:
            x = resampled(net, f"{path}.downsamplers.0", x, channels, stride=2)
            kept.append(x)
    middle = model.channels[-1]
    x = _layer(net, "mid_block", 0, x, (time, text), middle, model.middle, model.groups)
    x = residual(net, "mid_block.resnets.1", x, time, middle, model.groups)
    levels = zip(model.channels[::-1], model.layers[::-1], model.up, strict=True)
    for level, (channels, count, kind) in enumerate(levels):
        path = f"up_blocks.{level}"
        for number in range(count + 1):
            x = _beside(net, f"{path}.resnets.{number}", x, kept.pop())
            x = _layer(net, path, number, x, (time, text), channels, kind, model.groups)
        if level < len(model.channels) - 1:
            sizes = net.shape(kept[-1])[2:]
            wide = net.op(
                "resize",
                f"{path.replace('.', '/')}/enlarged",
                [x],
                (BATCH, channels, *sizes),
                attrs={"mode": "nearest"},
            )
            x = resampled(net, f"{path}.upsamplers.0", wide, channels)
    x = net.elementwise("silu", "conv_act", group_norm(net, "conv_norm_out", x, model.groups))
    conv(net, "conv_out", x, model.outputs)


def _time(net: Net, model: Unet) -> str:
    """The step's sines through two layers, with those of sizes and the pooled text where there are some."""
    width = model.channels[0]
    wide = 4 * width
    step = net.op("sin", "time_proj", [net.input("timestep", (1,))], (BATCH, width))
    time = _two_layers(net, "time_embedding", step, wide)
    if model.extra is None:
        return time
    pooled, each = model.extra
    sizes = net.op("sin", "add_time_proj", [net.input("time_ids", (TIME_IDS,))], (BATCH, TIME_IDS * each))
    read = net.op(
        "concat",
        "add_inputs",
        [net.input("text_embeds", (pooled,)), sizes],
        (BATCH, pooled + TIME_IDS * each),
    )
    return net.elementwise("add", "plus_sizes", time, _two_layers(net, "add_embedding", read, wide))


def _two_layers(net: Net, path: str, x: str, width: int) -> str:
    with net.at(path, path):
        return net.linear("linear_2", net.elementwise("silu", "act", net.linear("linear_1", x, width)), width)


def _layer(
    net: Net, path: str, number: int, x: str, read: tuple[str, str], channels: int, kind: Transformer | None,
    groups: int,
) -> str:  # fmt: skip
    time, text = read
    x = residual(net, f"{path}.resnets.{number}", x, time, channels, groups)
    return transformed(net, f"{path}.attentions.{number}", x, text, kind, groups) if kind else x


def _beside(net: Net, path: str, x: str, kept: str) -> str:
    shape = net.shape(x)
    channels = shape[1] + net.shape(kept)[1]
    with net.at(path.replace(".", "/"), path):
        return net.op("concat", "beside", [x, kept], (BATCH, channels, *shape[2:]), attrs={"axis": 1})
