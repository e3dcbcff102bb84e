"""Convolutional networks: ResNet and ConvNeXt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import (
    ACTIVATIONS,
    BARE,
    Blueprint,
    OpenSize,
    activation,
    output_kind,
)
from cutwise.importers.hugging_face.net import BATCH, Net

IMAGES = "ForImageClassification"
# Activations that are one op.
SINGLE = frozenset(word for word, kind in ACTIVATIONS.items() if kind)
BASIC, BOTTLENECK = "basic", "bottleneck"
# A bottleneck's inner layers have a quarter of its channels, ConvNeXt's four times as many.
REDUCTION = 4
DEPTHWISE_KERNEL = 7
SIDE = OpenSize(most=2**14, assumed=224, unit="pixels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """Sizes of a convolutional network: channels and layers of each stage, and how its layers are built."""

    channels: int
    widths: tuple[int, ...]
    depths: tuple[int, ...]
    act: str
    kind: str
    labels: int
    first: int = 0
    stride: int = 1
    bottleneck: bool = False
    strided_first: bool = False
    image: tuple[int, int] = (0, 0)
    patch: int = 1
    scaled: bool = True


def resnet(keys: Keys) -> Blueprint:
    """He et al. 2016, arXiv 1512.03385; the file says no size of images, so height and width are open."""
    model = replace(
        _stages(keys, (256, 512, 1024, 2048), (3, 4, 6, 3), act="relu"),
        first=keys.count("embedding_size", 64),
        stride=2 if keys.flag("downsample_in_first_stage", False) else 1,
        bottleneck=keys.word("layer_type", frozenset({BASIC, BOTTLENECK}), BOTTLENECK) == BOTTLENECK,
        strided_first=keys.flag("downsample_in_bottleneck", False),
    )
    if model.bottleneck:
        for width in model.widths:
            keys.divided("hidden_sizes", "the reduction", size=width, count=REDUCTION)
    return Blueprint(write=partial(_write_resnet, model), others={"height": SIDE, "width": SIDE})


def convnext(keys: Keys) -> Blueprint:
    """Liu et al. 2022, arXiv 2201.03545; the image size is the configuration's."""
    keys = keys.with_defaults({"image_size": 224})
    model = replace(
        _stages(keys, (96, 192, 384, 768), (3, 3, 9, 3), act="gelu"),
        image=keys.square("image_size"),
        patch=keys.count("patch_size", 4),
        scaled=keys.weighted("layer_scale_init_value", 1e-6),
    )
    least = model.patch * 2 ** (len(model.depths) - 1)
    if min(model.image) < least:
        keys.refuse(f"image_size is {model.image}, which leaves the last stage no pixel", f"{least} or more")
    return Blueprint(write=partial(_write_convnext, model))


def _stages(keys: Keys, widths: tuple[int, ...], depths: tuple[int, ...], *, act: str) -> Stages:
    widths, depths = keys.counts("hidden_sizes", widths), keys.counts("depths", depths)
    if len(widths) != len(depths):
        keys.refuse(f"hidden_sizes has {len(widths)} stages, depths {len(depths)}", "as many in both")
    return Stages(
        channels=keys.count("num_channels", 3),
        widths=widths,
        depths=depths,
        act=keys.word("hidden_act", SINGLE, act),
        kind=output_kind(keys, (IMAGES, BARE), IMAGES),
        labels=keys.count("num_labels", 2),
    )


def _write_resnet(model: Stages, net: Net, tokens: int, height: int, width: int) -> None:
    image = net.input("pixel_values", (model.channels, height, width))
    with net.at("embedder", "resnet.embedder"):
        x = _activated(net, "embedder", image, model, model.first, kernel=7, stride=2)
        shape = (BATCH, model.first, *((side - 1) // 2 + 1 for side in net.shape(x)[2:]))
        x = net.op("max_pool", "pooler", [x], shape, attrs={"kernel": (3, 3), "stride": (2, 2)})
    for stage, (channels, depth) in enumerate(zip(model.widths, model.depths, strict=True)):
        for number in range(depth):
            stride = (2 if stage else model.stride) if number == 0 else 1
            with net.at(f"stages/{stage}/{number}", f"resnet.encoder.stages.{stage}.layers.{number}"):
                x = _residual(net, x, channels, stride, model)
    pooled = net.op("global_avg_pool", "pooler", [x], (BATCH, model.widths[-1], 1, 1))
    if model.kind == IMAGES:
        flat = net.reshape("flatten", pooled, BATCH, model.widths[-1])
        net.linear("classifier.1", flat, model.labels, name="classifier")


def _residual(net: Net, x: str, channels: int, stride: int, model: Stages) -> str:
    """Two or three convolutions beside their input, or a convolution of it where the shapes differ."""
    if model.bottleneck:
        inner, (first, second) = channels // REDUCTION, (stride, 1) if model.strided_first else (1, stride)
        y = _activated(net, "layer.0", x, model, inner, kernel=1, stride=first)
        y = _activated(net, "layer.1", y, model, inner, kernel=3, stride=second)
        y = _normed(net, "layer.2", y, channels, kernel=1)
    else:
        y = _activated(net, "layer.0", x, model, channels, kernel=3, stride=stride)
        y = _normed(net, "layer.1", y, channels, kernel=3)
    if channels != net.shape(x)[1] or stride != 1:
        x = _normed(net, "shortcut", x, channels, kernel=1, stride=stride)
    return net.elementwise(ACTIVATIONS[model.act], "activation", net.elementwise("add", "add", y, x))


def _activated(
    net: Net, path: str, x: str, model: Stages, channels: int, *, kernel: int, stride: int = 1
) -> str:
    y = _normed(net, path, x, channels, kernel=kernel, stride=stride)
    return net.elementwise(ACTIVATIONS[model.act], f"{path.replace('.', '_')}_activation", y)


def _normed(net: Net, path: str, x: str, channels: int, *, kernel: int, stride: int = 1) -> str:
    """A convolution without bias and its batch normalisation."""
    y = _convolved(
        net, f"{path}.convolution", x, channels, kernel=kernel, stride=stride, bias=False, pad=kernel // 2
    )
    name = f"{path}.normalization"
    trained = [net.weight(name, (channels,), part=part) for part in ("weight", "bias")]
    statistics = [
        replace(net.weight(name, (channels,), part=part), role="buffer")
        for part in ("running_mean", "running_var")
    ]
    return net.op("batch_norm", name.replace(".", "_"), [y], net.shape(y), weights=[*trained, *statistics])


def _convolved(
    net: Net, path: str, x: str, channels: int,
    *, kernel: int, stride: int = 1, groups: int = 1, bias: bool = True, pad: int = 0,
) -> str:  # fmt: skip
    _, into, *sides = net.shape(x)
    weights = [net.weight(path, (channels, into // groups, kernel, kernel))]
    if bias:
        weights.append(net.weight(path, (channels,), part="bias"))
    shape = (BATCH, channels, *((side + 2 * pad - kernel) // stride + 1 for side in sides))
    attrs = {"kernel": (kernel, kernel), "stride": (stride, stride), "groups": groups}
    return net.op("conv2d", path.replace(".", "_"), [x], shape, weights=weights, attrs=attrs)


def _write_convnext(model: Stages, net: Net, tokens: int) -> None:
    x = net.input("pixel_values", (model.channels, *model.image))
    with net.at("embeddings", "convnext.embeddings"):
        x = _convolved(net, "patch_embeddings", x, model.widths[0], kernel=model.patch, stride=model.patch)
        x = _channel_norm(net, "layernorm", x)
    for stage, (channels, depth) in enumerate(zip(model.widths, model.depths, strict=True)):
        source = f"convnext.encoder.stages.{stage}"
        if stage:
            with net.at(f"stages/{stage}/downsampling_layer", source):
                x = _channel_norm(net, "downsampling_layer.0", x)
                x = _convolved(net, "downsampling_layer.1", x, channels, kernel=2, stride=2)
        for number in range(depth):
            with net.at(f"stages/{stage}/{number}", f"{source}.layers.{number}"):
                x = _convnext_layer(net, x, model)
    mean = net.op("reduce_mean", "mean", [x], (BATCH, model.widths[-1]), attrs={"axis": (2, 3)})
    pooled = net.layer_norm("convnext.layernorm", mean)
    if model.kind == IMAGES:
        net.linear("classifier", pooled, model.labels)


def _convnext_layer(net: Net, x: str, model: Stages) -> str:
    channels = net.shape(x)[1]
    y = _convolved(
        net, "dwconv", x, channels, kernel=DEPTHWISE_KERNEL, groups=channels, pad=DEPTHWISE_KERNEL // 2
    )
    y = net.layer_norm("layernorm", net.transpose("channels_last", y, 0, 2, 3, 1))
    y = activation(net, model.act, net.linear("pwconv1", y, REDUCTION * channels))
    y = net.linear("pwconv2", y, channels)
    if model.scaled:
        y = net.scaled("layer_scale_parameter", y)
    return net.elementwise("add", "add", x, net.transpose("channels_first", y, 0, 3, 1, 2))


def _channel_norm(net: Net, path: str, x: str) -> str:
    """Normalisation of each pixel's channels, which lie behind rows and columns for it."""
    y = net.layer_norm(path, net.transpose("norm_channels_last", x, 0, 2, 3, 1), name="norm")
    return net.transpose("norm_channels_first", y, 0, 3, 1, 2)
