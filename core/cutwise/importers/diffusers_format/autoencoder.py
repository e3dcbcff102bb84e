"""The autoencoder of latent diffusion from its configuration: an image to a small one, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cutwise.frozen import FrozenDict
from cutwise.importers.diffusers_format.unet import DEEPEST, MOST_LAYERS, Settings
from cutwise.importers.diffusers_format.unet_parts import (
    conv,
    group_norm,
    image_attention,
    resampled,
    residual,
)
from cutwise.importers.hugging_face.net import BATCH, Net
from cutwise.importers.json_formats.document import shown
from cutwise.plain import Json

USUAL: Mapping[str, tuple[Json, ...]] = FrozenDict(
    {"act_fn": ("silu", "swish"), "mid_block_add_attention": (True, False)}
)
BLOCKS = {"down_block_types": "DownEncoderBlock2D", "up_block_types": "UpDecoderBlock2D"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoencoder:
    """Channels of the levels from the outside in, residual blocks of each, channels of images and latents."""

    channels: tuple[int, ...]
    layers: int
    groups: int
    inputs: int
    outputs: int
    latents: int
    sides: tuple[int, int]
    attends: bool
    mixes: tuple[bool, bool]


def autoencoder(settings: Settings) -> Autoencoder:
    """The autoencoder that a configuration describes; raises `ModelImportError` for one not built here."""
    settings.only_usual(USUAL)
    channels = settings.values.get("block_out_channels")
    if not isinstance(channels, list) or not 0 < len(channels) <= DEEPEST:
        settings.refuse(f"block_out_channels is {shown(channels)}, no list of levels")
    for key, kind in BLOCKS.items():
        if settings.values.get(key, [kind] * len(channels)) != [kind] * len(channels):
            settings.refuse(f"{key} is {shown(settings.values[key])}, of which {kind} alone is built here")
    layers, groups = settings.whole("layers_per_block", 1), settings.whole("norm_num_groups", 32)
    sizes = settings.wholes("block_out_channels", len(channels), 1)
    if layers * len(channels) > MOST_LAYERS or any(size % groups for size in sizes):
        settings.refuse(f"has {layers} layers a level, or levels that are no multiple of {groups} groups")
    height, width = settings.wholes("sample_size", 2, 32)
    return Autoencoder(
        channels=sizes,
        layers=layers,
        groups=groups,
        inputs=settings.whole("in_channels", 3),
        outputs=settings.whole("out_channels", 3),
        latents=settings.whole("latent_channels", 4),
        sides=(height, width),
        attends=settings.values.get("mid_block_add_attention") is not False,
        mixes=(
            settings.values.get("use_quant_conv") is not False,
            settings.values.get("use_post_quant_conv") is not False,
        ),
    )


def write_autoencoder(model: Autoencoder, net: Net) -> None:
    """Adds the ops that make an image small and large again; what is drawn between them is left out."""
    x = _start(net, "encoder", net.input("sample", (model.inputs, *model.sides)), model.channels[0])
    last = len(model.channels) - 1
    for level, channels in enumerate(model.channels):
        path = f"encoder.down_blocks.{level}"
        for number in range(model.layers):
            x = residual(net, f"{path}.resnets.{number}", x, None, channels, model.groups)
        if level < last:
            x = resampled(net, f"{path}.downsamplers.0", x, channels, stride=2)
    x = _end(net, "encoder", _middle(net, "encoder", x, model), 2 * model.latents, model.groups)
    if model.mixes[0]:
        x = conv(net, "quant_conv", x, 2 * model.latents, kernel=1)
    x = net.op("slice", "latents", [x], (BATCH, model.latents, *net.shape(x)[2:]))
    if model.mixes[1]:
        x = conv(net, "post_quant_conv", x, model.latents, kernel=1)
    x = _middle(net, "decoder", _start(net, "decoder", x, model.channels[-1]), model)
    for level, channels in enumerate(model.channels[::-1]):
        path = f"decoder.up_blocks.{level}"
        for number in range(model.layers + 1):
            x = residual(net, f"{path}.resnets.{number}", x, None, channels, model.groups)
        if level < last:
            height, width = net.shape(x)[2:]
            x = net.op(
                "resize", f"{path.replace('.', '/')}/enlarged", [x], (BATCH, channels, 2 * height, 2 * width)
            )
            x = resampled(net, f"{path}.upsamplers.0", x, channels)
    _end(net, "decoder", x, model.outputs, model.groups)


def _start(net: Net, side: str, x: str, channels: int) -> str:
    with net.at(side, side):
        return conv(net, "conv_in", x, channels)


def _middle(net: Net, side: str, x: str, model: Autoencoder) -> str:
    channels = model.channels[-1]
    x = residual(net, f"{side}.mid_block.resnets.0", x, None, channels, model.groups)
    if model.attends:
        x = image_attention(net, f"{side}.mid_block.attentions.0", x, model.groups)
    return residual(net, f"{side}.mid_block.resnets.1", x, None, channels, model.groups)


def _end(net: Net, side: str, x: str, channels: int, groups: int) -> str:
    with net.at(f"{side}/end", side):
        y = net.elementwise("silu", "conv_act", group_norm(net, "conv_norm_out", x, groups))
        return conv(net, "conv_out", y, channels)
