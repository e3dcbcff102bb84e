"""The shipped samples once more, as PyTorch modules: written like torchvision's, weights of no importance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from cutwise.sample_models.convolutional import BOTTLENECKS, INCEPTIONS, POOLS_AFTER


def conv_bn(
    into: int, out: int, kernel: int, *, stride: int = 1, padding: int = 0, groups: int = 1, act: Any = None
) -> nn.Sequential:
    layers = [nn.Conv2d(into, out, kernel, stride, padding, groups=groups, bias=False), nn.BatchNorm2d(out)]
    return nn.Sequential(*layers, *([act] if act else []))


class BasicBlock(nn.Module):
    def __init__(self, into: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(into, width, 3, stride, 1, bias=False)
        self.bn1, self.bn2, self.relu = nn.BatchNorm2d(width), nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.downsample = conv_bn(into, width, 1, stride=stride) if into != width else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        y += self.downsample(x)
        return self.relu(y)


class ResNet18(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.relu, self.maxpool, into = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1), 64
        for stage, width in enumerate((64, 128, 256, 512), start=1):
            blocks = [BasicBlock(into, width, 2 if stage > 1 else 1), BasicBlock(width, width, 1)]
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
            into = width
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(512, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Inception(nn.Module):
    def __init__(
        self, into: int, one: int, three: Sequence[int], five: Sequence[int], projected: int
    ) -> None:
        super().__init__()
        self.branch1 = conv_bn(into, one, 1, act=nn.ReLU(inplace=True))
        self.branch2, self.branch3 = (
            nn.Sequential(
                conv_bn(into, narrow, 1, act=nn.ReLU(inplace=True)),
                conv_bn(narrow, wide, 3, padding=1, act=nn.ReLU(inplace=True)),
            )
            for narrow, wide in (three, five)
        )
        pool = nn.MaxPool2d(3, 1, 1, ceil_mode=True)
        self.branch4 = nn.Sequential(pool, conv_bn(into, projected, 1, act=nn.ReLU(inplace=True)))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


def googlenet() -> nn.Module:
    layers: list[nn.Module] = [
        conv_bn(3, 64, 7, stride=2, padding=3, act=nn.ReLU(inplace=True)),
        nn.MaxPool2d(3, 2, ceil_mode=True),
        conv_bn(64, 64, 1, act=nn.ReLU(inplace=True)),
        conv_bn(64, 192, 3, padding=1, act=nn.ReLU(inplace=True)),
        nn.MaxPool2d(3, 2, ceil_mode=True),
    ]
    for name, (into, one, *rest) in INCEPTIONS.items():
        layers.append(Inception(into, one, rest[:2], rest[2:4], rest[4]))
        if name in POOLS_AFTER:
            layers.append(nn.MaxPool2d(POOLS_AFTER[name][1], 2, ceil_mode=True))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(1024, 1000))


class DenseLayer(nn.Module):
    def __init__(self, into: int, growth: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(into), nn.Conv2d(into, 4 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, features: list[Tensor]) -> Tensor:
        y = torch.cat(features, 1) if len(features) > 1 else features[0]
        return self.conv2(self.relu(self.norm2(self.conv1(self.relu(self.norm1(y))))))


class DenseBlock(nn.ModuleList):
    def forward(self, x: Tensor) -> Tensor:
        features = [x]
        for layer in self:
            features.append(layer(features))
        return torch.cat(features, 1)


def densenet121(growth: int = 32, counts: Sequence[int] = (6, 12, 24, 16)) -> nn.Module:
    layers: list[nn.Module] = [
        conv_bn(3, 64, 7, stride=2, padding=3, act=nn.ReLU(inplace=True)),
        nn.MaxPool2d(3, 2, 1),
    ]
    width = 64
    for block, count in enumerate(counts):
        layers.append(DenseBlock(DenseLayer(width + number * growth, growth) for number in range(count)))
        width += count * growth
        layers += [nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        if block < len(counts) - 1:
            layers += [nn.Conv2d(width, width // 2, 1, bias=False), nn.AvgPool2d(2)]
            width //= 2
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 1000))


class InvertedResidual(nn.Module):
    def __init__(self, into: int, width: int, expansion: int, stride: int) -> None:
        super().__init__()
        hidden, self.adds = into * expansion, stride == 1 and into == width
        expand = [conv_bn(into, hidden, 1, act=nn.ReLU6(inplace=True))] if expansion > 1 else []
        depthwise = conv_bn(
            hidden, hidden, 3, stride=stride, padding=1, groups=hidden, act=nn.ReLU6(inplace=True)
        )
        self.conv = nn.Sequential(*expand, depthwise, conv_bn(hidden, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.adds else self.conv(x)


def mobilenet_v2() -> nn.Module:
    layers: list[nn.Module] = [conv_bn(3, 32, 3, stride=2, padding=1, act=nn.ReLU6(inplace=True))]
    into = 32
    for expansion, width, repeats, first_stride in BOTTLENECKS:
        for number in range(repeats):
            layers.append(InvertedResidual(into, width, expansion, first_stride if number == 0 else 1))
            into = width
    layers.append(conv_bn(into, 1280, 1, act=nn.ReLU6(inplace=True)))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(), nn.Linear(1280, 1000))


def vgg16() -> nn.Module:
    layers: list[nn.Module] = []
    into = 3
    for width, repeats in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(repeats):
            layers += [nn.Conv2d(into, width, 3, padding=1), nn.ReLU(inplace=True)]
            into = width
        layers.append(nn.MaxPool2d(2))
    layers.append(nn.Flatten())
    for features in (512 * 7 * 7, 4096):
        layers += [nn.Linear(features, 4096), nn.ReLU(inplace=True), nn.Dropout()]
    return nn.Sequential(*layers, nn.Linear(4096, 1000))


class EncoderLayer(nn.Module):
    """Attention and a two-layer perceptron, each with its norm before it and a residual around it."""

    def __init__(self, width: int, heads: int, *, causal: bool, approximate: str, epsilon: float) -> None:
        super().__init__()
        self.heads, self.causal, self.approximate = heads, causal, approximate
        self.ln1, self.ln2 = nn.LayerNorm(width, epsilon), nn.LayerNorm(width, epsilon)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        y, split = self.ln1(x), (*x.shape[:2], self.heads, x.shape[2] // self.heads)
        q, k, v = (part(y).view(split).transpose(1, 2) for part in (self.query, self.key, self.value))
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        x = x + self.out(y.transpose(1, 2).reshape(x.shape))
        return x + self.fc2(functional.gelu(self.fc1(self.ln2(x)), approximate=self.approximate))


class ViT(nn.Module):
    def __init__(self, width: int = 768) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, width, 16, 16)
        self.class_token = nn.Parameter(torch.empty(1, 1, width))
        self.positions = nn.Parameter(torch.empty(1, 197, width))
        layers = (EncoderLayer(width, 12, causal=False, approximate="none", epsilon=1e-6) for _ in range(12))
        self.encoder, self.ln, self.head = (
            nn.Sequential(*layers),
            nn.LayerNorm(width, 1e-6),
            nn.Linear(width, 1000),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(x.shape[0], -1, -1), x], 1) + self.positions
        return self.head(self.ln(self.encoder(x))[:, 0])


class GPT2(nn.Module):
    def __init__(self, width: int = 768) -> None:
        super().__init__()
        self.tokens, self.positions = nn.Embedding(50_257, width), nn.Embedding(1024, width)
        layers = (EncoderLayer(width, 12, causal=True, approximate="tanh", epsilon=1e-5) for _ in range(12))
        self.h, self.ln_f = nn.ModuleList(layers), nn.LayerNorm(width)
        self.lm_head = nn.Linear(width, 50_257, bias=False)
        self.lm_head.weight = self.tokens.weight

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids) + self.positions(torch.arange(ids.shape[1], device=ids.device))
        for layer in self.h:
            x = layer(x)
        return self.lm_head(self.ln_f(x))


def double_conv(into: int, width: int) -> nn.Sequential:
    one, two = (nn.Conv2d(channels, width, 3, padding=1) for channels in (into, width))
    return nn.Sequential(one, nn.ReLU(inplace=True), two, nn.ReLU(inplace=True))


class UNet(nn.Module):
    def __init__(self, widths: Sequence[int] = (64, 128, 256, 512, 1024)) -> None:
        super().__init__()
        self.down = nn.ModuleList(map(double_conv, (1, *widths[:-1]), widths))
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * width, width, 2, 2) for width in widths[-2::-1])
        self.join = nn.ModuleList(double_conv(2 * width, width) for width in widths[-2::-1])
        self.head = nn.Conv2d(widths[0], 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips = [self.down[0](x)]
        for level in list(self.down)[1:]:
            skips.append(level(functional.max_pool2d(skips[-1], 2)))
        x = skips.pop()
        for up, join in zip(self.up, self.join, strict=True):
            x = join(torch.cat([skips.pop(), up(x)], 1))
        return self.head(x)


IMAGE = (3, 224, 224)
MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "resnet18": (ResNet18, IMAGE),
    "googlenet": (googlenet, IMAGE),
    "densenet121": (densenet121, IMAGE),
    "mobilenet_v2": (mobilenet_v2, IMAGE),
    "vgg16": (vgg16, IMAGE),
    "vit_b16": (ViT, IMAGE),
    "gpt2": (GPT2, (128,)),
    "unet": (UNet, (1, 256, 256)),
}


def on_meta(name: str, batch: int = 1) -> tuple[nn.Module, Tensor]:
    """A sample without weights, as it trains, and an input of `batch` samples."""
    build, shape = MODELS[name]
    with torch.device("meta"):
        dtype = torch.long if name == "gpt2" else torch.float32
        return build(), torch.empty((batch, *shape), dtype=dtype)
