"""Two small models as tables of ops, which can be cut behind any of them: a residual CNN and a tiny GPT-2."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

INPUT = -1
CLASSES, IMAGE_SIDE = 10, 64
Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class TableOp:
    """One op: a module, and which ops it reads (`INPUT` for the model's input)."""

    name: str
    module: nn.Module
    inputs: tuple[int, ...]


@dataclass(frozen=True)
class OpTable:
    """A model as ops in topological order, with what draws a mini-batch for it."""

    name: str
    ops: tuple[TableOp, ...]
    draw: Callable[[torch.Generator, int], Batch]

    def parameters(self, part: slice) -> list[nn.Parameter]:
        """Parameters of some of the ops."""
        return [parameter for op in self.ops[part] for parameter in op.module.parameters()]

    def run(self, part: range, values: dict[int, Tensor]) -> None:
        """Adds what these ops make to `values`, which holds what they read."""
        for place in part:
            op = self.ops[place]
            values[place] = op.module(*(values[read] for read in op.inputs))

    def frontier(self, cut: int) -> tuple[int, ...]:
        """What crosses a cut behind the first `cut` ops: each tensor once, however many read it."""
        read = {place for op in self.ops[cut:] for place in op.inputs}
        return tuple(sorted(place for place in read if place < cut))


def loss_of(made: Tensor, labels: Tensor) -> Tensor:
    """Mean cross entropy over all that is labelled."""
    return functional.cross_entropy(made.reshape(-1, made.shape[-1]), labels.reshape(-1))


class ConvNorm(nn.Module):
    """A convolution with batch normalisation, and ReLU where it is not the last of its branch."""

    def __init__(self, channels_in: int, channels_out: int, side: int, stride: int, *, active: bool = True):
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, side, stride, side // 2, bias=False)
        self.norm, self.active = nn.BatchNorm2d(channels_out), active

    def forward(self, data: Tensor) -> Tensor:
        made = self.norm(self.conv(data))
        return functional.relu(made) if self.active else made


class AddRelu(nn.Module):
    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return functional.relu(left + right)


class AddStream(nn.Module):
    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return left + right


class GlobalMean(nn.Module):
    def forward(self, data: Tensor) -> Tensor:
        return data.mean((2, 3))


class Embedding(nn.Module):
    """Words and learned places."""

    def __init__(self, words: int, width: int, tokens: int) -> None:
        super().__init__()
        self.table = nn.Embedding(words, width)
        self.places = nn.Parameter(0.02 * torch.randn(1, tokens, width))

    def forward(self, words: Tensor) -> Tensor:
        return self.table(words) + self.places[:, : words.shape[1]]


class Attention(nn.Module):
    """Causal self-attention behind its norm."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm, self.heads = nn.LayerNorm(width), heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, data: Tensor) -> Tensor:
        count, tokens, width = data.shape
        three = self.qkv(self.norm(data)).view(count, tokens, 3, self.heads, width // self.heads)
        query, key, value = three.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.out(mixed.transpose(1, 2).reshape(count, tokens, width))


class FeedForward(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.wide, self.back = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, data: Tensor) -> Tensor:
        return self.back(functional.gelu(self.wide(self.norm(data))))


class WordHead(nn.Module):
    def __init__(self, width: int, words: int) -> None:
        super().__init__()
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, words, bias=False)

    def forward(self, data: Tensor) -> Tensor:
        return self.head(self.norm(data))


class _Table:
    """Ops as they are added; an op reads the one before it unless it says which."""

    def __init__(self) -> None:
        self.ops: list[TableOp] = []

    def add(self, name: str, module: nn.Module, *inputs: int) -> int:
        place = len(self.ops)
        self.ops.append(TableOp(name, module, inputs or (place - 1,)))
        return place


def residual_cnn(
    *, width: int = 32, channels_in: int = 3, side: int = IMAGE_SIDE, stem_stride: int = 2
) -> OpTable:
    """Four residual blocks, three of them with a projection: 19 ops, 20 cuts."""
    table = _Table()
    table.add("stem", ConvNorm(channels_in, width, 3, stem_stride))
    at = table.add("pool", nn.MaxPool2d(2))
    channels = [width, width, 2 * width, 4 * width, 8 * width]
    for block, (before, after) in enumerate(pairwise(channels)):
        skipped, stride = at, 1 if block == 0 else 2
        table.add(f"b{block}.conv1", ConvNorm(before, after, 3, stride), at)
        made = table.add(f"b{block}.conv2", ConvNorm(after, after, 3, 1, active=False))
        if before != after:
            projection = ConvNorm(before, after, 1, stride, active=False)
            skipped = table.add(f"b{block}.short", projection, at)
        at = table.add(f"b{block}.add", AddRelu(), made, skipped)
    table.add("gap", GlobalMean())
    table.add("fc", nn.Linear(channels[-1], CLASSES))

    def draw(generator: torch.Generator, batch: int) -> Batch:
        images = torch.randn(batch, channels_in, side, side, generator=generator)
        return images, torch.randint(0, CLASSES, (batch,), generator=generator)

    return OpTable("cnn", tuple(table.ops), draw)


def tiny_gpt(
    *, layers: int = 4, width: int = 192, heads: int = 6, words: int = 1000, tokens: int = 128
) -> OpTable:
    """A GPT-2 with its head untied: of four layers 18 ops, 19 cuts."""
    table = _Table()
    at = table.add("emb", Embedding(words, width, tokens), INPUT)
    for layer in range(layers):
        made = table.add(f"h{layer}.attn", Attention(width, heads), at)
        at = table.add(f"h{layer}.add1", AddStream(), at, made)
        made = table.add(f"h{layer}.mlp", FeedForward(width), at)
        at = table.add(f"h{layer}.add2", AddStream(), at, made)
    table.add("lm", WordHead(width, words))

    def draw(generator: torch.Generator, batch: int) -> Batch:
        text = torch.randint(0, words, (batch, tokens + 1), generator=generator)
        return text[:, :-1].contiguous(), text[:, 1:].contiguous()

    return OpTable("gpt", tuple(table.ops), draw)


MODELS: Mapping[str, Callable[..., OpTable]] = {"cnn": residual_cnn, "gpt": tiny_gpt}


def seeded(name: str, sizes: Mapping[str, int], *, seed: int = 0) -> OpTable:
    """The model with weights that follow from the seed, ready to train."""
    torch.manual_seed(seed)
    table = MODELS[name](**sizes)
    for op in table.ops:
        op.module.train()
    return table


def sgd(parameters: Iterable[nn.Parameter]) -> torch.optim.SGD | None:
    """What steps these parameters; None where there are none."""
    listed = list(parameters)
    return torch.optim.SGD(listed, lr=1e-2, momentum=0.9) if listed else None


def tensors_with_gradients(values: Mapping[int, Tensor], places: Sequence[int]) -> list[Tensor]:
    """Those of the tensors that are made by an op: the model's own input has no gradient."""
    return [values[place] for place in places if place != INPUT]
