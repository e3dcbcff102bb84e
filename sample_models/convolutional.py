"""Convolutional samples; layer names follow torchvision's, parameters match its published counts."""

from __future__ import annotations

from collections.abc import Sequence

from onnx import ModelProto

from cutwise.sample_models.layers import Layers

CLASSES = 1000


def resnet18() -> ModelProto:
    """He et al. 2016, arXiv 1512.03385, table 1."""
    net = Layers("resnet18")
    x = resnet18_trunk(net, net.input("image", (3, 224, 224)))
    return net.model(net.linear("fc", x, (512, CLASSES)), (CLASSES,))


def resnet18_trunk(net: Layers, x: str) -> str:
    """Everything up to the pooled vector of 512 features."""
    x = net.conv("conv1", x, (3, 64), 7, stride=2, padding=3, bias=False)
    x = net.relu("relu", net.batch_norm("bn1", x, 64))
    x = net.max_pool("maxpool", x, 3, stride=2, padding=1)
    into = 64
    for stage, width in enumerate((64, 128, 256, 512), start=1):
        for number in range(2):
            with net.module(f"layer{stage}/{number}"):
                x = _basic_block(net, x, (into, width), stride=2 if stage > 1 and number == 0 else 1)
            into = width
    return net.flatten("flatten", net.global_avg_pool("avgpool", x))


def _basic_block(net: Layers, x: str, channels: tuple[int, int], *, stride: int) -> str:
    into, width = channels
    y = net.conv("conv1", x, (into, width), 3, stride=stride, padding=1, bias=False)
    y = net.relu("relu1", net.batch_norm("bn1", y, width))
    y = net.conv("conv2", y, (width, width), 3, padding=1, bias=False)
    y = net.batch_norm("bn2", y, width)
    if channels[0] != channels[1]:
        with net.module("downsample"):
            x = net.batch_norm("1", net.conv("0", x, (into, width), 1, stride=stride, bias=False), width)
    return net.relu("relu2", net.add("add", y, x))


# 1×1, then 1×1 and 3×3 twice, then the projection after pooling: Szegedy et al. 2015, table 1.
INCEPTIONS = {
    "inception3a": (192, 64, 96, 128, 16, 32, 32),
    "inception3b": (256, 128, 128, 192, 32, 96, 64),
    "inception4a": (480, 192, 96, 208, 16, 48, 64),
    "inception4b": (512, 160, 112, 224, 24, 64, 64),
    "inception4c": (512, 128, 128, 256, 24, 64, 64),
    "inception4d": (512, 112, 144, 288, 32, 64, 64),
    "inception4e": (528, 256, 160, 320, 32, 128, 128),
    "inception5a": (832, 256, 160, 320, 32, 128, 128),
    "inception5b": (832, 384, 192, 384, 48, 128, 128),
}
POOLS_AFTER = {"inception3b": ("maxpool3", 3), "inception4e": ("maxpool4", 2)}


def googlenet() -> ModelProto:
    """Szegedy et al. 2015, arXiv 1409.4842, with batch normalisation and without auxiliary heads.

    As in torchvision, what the paper calls the 5×5 branch is a 3×3 convolution.
    """
    net = Layers("googlenet")
    x = _conv_bn_relu(net, "conv1", net.input("image", (3, 224, 224)), (3, 64), 7, stride=2, padding=3)
    x = net.max_pool("maxpool1", x, 3, stride=2, ceil_mode=True)
    x = _conv_bn_relu(net, "conv2", x, (64, 64), 1)
    x = _conv_bn_relu(net, "conv3", x, (64, 192), 3, padding=1)
    x = net.max_pool("maxpool2", x, 3, stride=2, ceil_mode=True)
    for name, widths in INCEPTIONS.items():
        with net.module(name):
            x = _inception(net, x, widths)
        if name in POOLS_AFTER:
            pool, kernel = POOLS_AFTER[name]
            x = net.max_pool(pool, x, kernel, stride=2, ceil_mode=True)
    x = net.dropout("dropout", net.flatten("flatten", net.global_avg_pool("avgpool", x)))
    return net.model(net.linear("fc", x, (1024, CLASSES)), (CLASSES,))


def _inception(net: Layers, x: str, widths: Sequence[int]) -> str:
    into, one, three_in, three, five_in, five, projected = widths
    branches = [_conv_bn_relu(net, "branch1", x, (into, one), 1)]
    y = _conv_bn_relu(net, "branch2/0", x, (into, three_in), 1)
    branches.append(_conv_bn_relu(net, "branch2/1", y, (three_in, three), 3, padding=1))
    y = _conv_bn_relu(net, "branch3/0", x, (into, five_in), 1)
    branches.append(_conv_bn_relu(net, "branch3/1", y, (five_in, five), 3, padding=1))
    y = net.max_pool("branch4/0", x, 3, stride=1, padding=1, ceil_mode=True)
    branches.append(_conv_bn_relu(net, "branch4/1", y, (into, projected), 1))
    return net.concat("concat", branches)


def _conv_bn_relu(
    net: Layers,
    module: str,
    x: str,
    channels: tuple[int, int],
    kernel: int,
    *,
    stride: int = 1,
    padding: int = 0,
) -> str:
    with net.module(module):
        x = net.conv("conv", x, channels, kernel, stride=stride, padding=padding, bias=False)
        return net.relu("relu", net.batch_norm("bn", x, channels[1], epsilon=1e-3))


def densenet121(growth: int = 32, layers: Sequence[int] = (6, 12, 24, 16)) -> ModelProto:
    """Huang et al. 2017, arXiv 1608.06993, table 1: every layer reads all features before it."""
    net = Layers("densenet121")
    with net.module("features"):
        x = net.conv("conv0", net.input("image", (3, 224, 224)), (3, 64), 7, stride=2, padding=3, bias=False)
        x = net.relu("relu0", net.batch_norm("norm0", x, 64))
        x = net.max_pool("pool0", x, 3, stride=2, padding=1)
        width = 64
        for block, count in enumerate(layers, start=1):
            with net.module(f"denseblock{block}"):
                x = _dense_block(net, x, width, count, growth)
            width += count * growth
            if block < len(layers):
                with net.module(f"transition{block}"):
                    x = net.relu("relu", net.batch_norm("norm", x, width))
                    x = net.avg_pool("pool", net.conv("conv", x, (width, width // 2), 1, bias=False), 2)
                width //= 2
        x = net.relu("relu5", net.batch_norm("norm5", x, width))
        x = net.flatten("flatten", net.global_avg_pool("pool5", x))
    return net.model(net.linear("classifier", x, (width, CLASSES)), (CLASSES,))


def _dense_block(net: Layers, x: str, width: int, count: int, growth: int) -> str:
    features = [x]
    for number in range(count):
        into = width + number * growth
        with net.module(f"denselayer{number + 1}"):
            y = net.concat("concat", features) if number else x
            y = net.conv(
                "conv1",
                net.relu("relu1", net.batch_norm("norm1", y, into)),
                (into, 4 * growth),
                1,
                bias=False,
            )
            y = net.relu("relu2", net.batch_norm("norm2", y, 4 * growth))
            features.append(net.conv("conv2", y, (4 * growth, growth), 3, padding=1, bias=False))
    return net.concat("concat", features)


# Expansion, channels, repeats, stride: Sandler et al. 2018, table 2.
BOTTLENECKS = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def mobilenet_v2() -> ModelProto:
    """Sandler et al. 2018, arXiv 1801.04381, width 1.0."""
    net = Layers("mobilenet_v2")
    with net.module("features"):
        x = _conv_bn_relu6(net, "0", net.input("image", (3, 224, 224)), (3, 32), 3, stride=2)
        into, position = 32, 1
        for expansion, width, repeats, first_stride in BOTTLENECKS:
            for number in range(repeats):
                with net.module(str(position)):
                    stride = first_stride if number == 0 else 1
                    x = _inverted_residual(net, x, (into, width), expansion, stride)
                into, position = width, position + 1
        x = _conv_bn_relu6(net, "18", x, (into, 1280), 1)
    with net.module("classifier"):
        x = net.dropout("0", net.flatten("flatten", net.global_avg_pool("avgpool", x)))
        x = net.linear("1", x, (1280, CLASSES))
    return net.model(x, (CLASSES,))


def _inverted_residual(net: Layers, x: str, channels: tuple[int, int], expansion: int, stride: int) -> str:
    into, width = channels
    hidden = into * expansion
    y = _conv_bn_relu6(net, "expand", x, (into, hidden), 1) if expansion > 1 else x
    y = _conv_bn_relu6(net, "depthwise", y, (hidden, hidden), 3, stride=stride, groups=hidden)
    with net.module("project"):
        y = net.batch_norm("bn", net.conv("conv", y, (hidden, width), 1, bias=False), width)
    return net.add("add", x, y) if stride == 1 and into == width else y


def _conv_bn_relu6(
    net: Layers,
    module: str,
    x: str,
    channels: tuple[int, int],
    kernel: int,
    *,
    stride: int = 1,
    groups: int = 1,
) -> str:
    with net.module(module):
        x = net.conv(
            "conv", x, channels, kernel, stride=stride, padding=kernel // 2, groups=groups, bias=False
        )
        return net.relu6("relu6", net.batch_norm("bn", x, channels[1]))


def vgg16() -> ModelProto:
    """Simonyan and Zisserman 2015, arXiv 1409.1556, table 1, column D."""
    net = Layers("vgg16")
    x, into = net.input("image", (3, 224, 224)), 3
    for stage, (width, repeats) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), start=1):
        with net.module(f"features/{stage}"):
            for number in range(1, repeats + 1):
                x = net.relu(f"relu{number}", net.conv(f"conv{number}", x, (into, width), 3, padding=1))
                into = width
            x = net.max_pool("pool", x, 2, stride=2)
    with net.module("classifier"):
        x = net.flatten("flatten", x)
        for number, features in enumerate(((512 * 7 * 7, 4096), (4096, 4096)), start=1):
            x = net.relu(f"relu{number}", net.linear(f"fc{number}", x, features))
            x = net.dropout(f"dropout{number}", x)
        x = net.linear("fc3", x, (4096, CLASSES))
    return net.model(x, (CLASSES,))


def unet(widths: Sequence[int] = (64, 128, 256, 512, 1024)) -> ModelProto:
    """Ronneberger et al. 2015, arXiv 1505.04597, figure 1, with padded convolutions on 256 × 256 pixels.

    Every level of the way down is read again on the way up: the skip connections.
    """
    net = Layers("unet")
    x, into = net.input("image", (1, 256, 256)), 1
    skips: list[str] = []
    for level, width in enumerate(widths, start=1):
        with net.module(f"down{level}" if level < len(widths) else "bottom"):
            x = _double_conv(net, x, (into, width))
            if level < len(widths):
                skips.append(x)
                x = net.max_pool("pool", x, 2, stride=2)
        into = width
    for level, width in reversed(list(enumerate(widths[:-1], start=1))):
        with net.module(f"up{level}"):
            x = net.concat("concat", [skips.pop(), net.up_conv("up", x, (2 * width, width))])
            x = _double_conv(net, x, (2 * width, width))
    return net.model(net.conv("head", x, (widths[0], 2), 1), (2, 256, 256))


def _double_conv(net: Layers, x: str, channels: tuple[int, int]) -> str:
    into, width = channels
    x = net.relu("relu1", net.conv("conv1", x, (into, width), 3, padding=1))
    return net.relu("relu2", net.conv("conv2", x, (width, width), 3, padding=1))
