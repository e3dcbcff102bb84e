"""A machine's layers timed alone, in seconds: the classes of the two models, at sizes neither of them has."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn

from tests.testbed.op_facts import KINDS, work_of
from tests.testbed.op_profile import LOSS
from tests.testbed.op_tables import (
    AddRelu,
    AddStream,
    Attention,
    ConvNorm,
    Embedding,
    FeedForward,
    GlobalMean,
    WordHead,
    loss_of,
    sgd,
)

ROUNDS = 7
CONVOLUTIONS = (
    (3, 24, 3, 2, 64, 16), (24, 24, 3, 1, 32, 8), (24, 48, 3, 2, 32, 8), (48, 48, 3, 1, 16, 16),
    (48, 96, 3, 2, 16, 16), (96, 96, 3, 1, 8, 16), (96, 192, 3, 2, 8, 16), (192, 192, 3, 1, 4, 16),
    (96, 192, 1, 2, 8, 16), (24, 48, 1, 2, 32, 16), (40, 40, 3, 1, 14, 16), (80, 160, 3, 1, 7, 16),
)  # fmt: skip
"""Channels in and out, kernel, stride, side of the image, batch."""
IMAGES = ((24, 32, 16), (64, 16, 8), (128, 8, 16), (48, 16, 16))
"""Channels, side, batch."""
TEXTS = ((128, 4, 4, 64), (128, 4, 8, 128), (256, 8, 2, 128), (256, 8, 4, 64))
"""Width, heads, batch, tokens."""
WORDS = 800
Layer = tuple[str, Any, Sequence[Tensor]]


def layer_benchmark_document(*, rounds: int = ROUNDS) -> dict[str, Any]:
    """The benchmark as its file has it."""
    torch.manual_seed(0)
    square, large, small = torch.randn(768, 768), torch.randn(4_000_000), torch.randn(4)
    copy = torch.empty_like(large)
    return {
        "flops_per_s": 2 * 768**3 / _cpu_s(lambda: square @ square, rounds),
        "bytes_per_s": 2 * large.nbytes / _cpu_s(lambda: copy.copy_(large), rounds),
        "launch_s": _cpu_s(lambda: [small + small for _ in range(1000)], rounds) / 1000,
        "layers": [_timed(*layer, rounds) for layer in _layers()],
    }


def middle_of(passes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The median of benchmarks made before, between and after runs: what the machine did meanwhile."""
    layers = [
        {
            "work": alike[0]["work"],
            "taken": {name: median(one["taken"][name] for one in alike) for name in alike[0]["taken"]},
        }
        for alike in zip(*(one["layers"] for one in passes), strict=True)
    ]
    speeds = ("flops_per_s", "bytes_per_s", "launch_s")
    return {name: median(one[name] for one in passes) for name in speeds} | {"layers": layers}


def _layers() -> Iterator[Layer]:
    for channels_in, channels_out, side, stride, image, batch in CONVOLUTIONS:
        yield _layer(
            ConvNorm(channels_in, channels_out, side, stride), torch.randn(batch, channels_in, image, image)
        )
    for channels, side, batch in IMAGES:
        images = torch.randn(batch, channels, side, side)
        yield _layer(AddRelu(), images, images.clone())
        yield _layer(nn.MaxPool2d(2), images)
        yield _layer(GlobalMean(), images)
    for width, classes, batch in ((192, 100, 16), (96, 20, 32), (384, 50, 8)):
        yield _layer(nn.Linear(width, classes), torch.randn(batch, width))
        yield _loss(torch.randn(batch, classes))
    for width, heads, batch, tokens in TEXTS:
        stream = torch.randn(batch, tokens, width)
        yield _layer(Attention(width, heads), stream)
        yield _layer(FeedForward(width), stream)
        yield _layer(AddStream(), stream, stream.clone())
        yield _layer(WordHead(width, WORDS), stream)
        yield _layer(Embedding(WORDS, width, tokens), torch.randint(0, WORDS, (batch, tokens)))
        yield _loss(torch.randn(batch, tokens, WORDS))


def _layer(module: nn.Module, *read: Tensor) -> Layer:
    return KINDS[type(module).__name__], module, read


def _loss(made: Tensor) -> Layer:
    labels = torch.randint(0, made.shape[-1], made.shape[:-1])
    return LOSS, lambda logits: loss_of(logits, labels), [made]


def _timed(kind: str, module: Any, read: Sequence[Tensor], rounds: int) -> dict[str, Any]:
    leaves = [x.clone().requires_grad_() if x.is_floating_point() else x for x in read]
    work, _ = work_of(kind, module, leaves)
    optimizer = sgd(module.parameters()) if isinstance(module, nn.Module) else None
    seconds = [_one_round(module, leaves, optimizer) for _ in range(rounds + 2)][2:]
    passes = ("forward_s", "backward_s", "step_s")
    return {
        "work": asdict(work),
        "taken": dict(zip(passes, map(median, zip(*seconds, strict=True)), strict=True)),
    }


def _one_round(module: Any, leaves: Sequence[Tensor], optimizer: Any) -> tuple[float, float, float]:
    began_s = time.process_time()
    made = module(*leaves)
    forward_s = time.process_time()
    made.backward(torch.ones_like(made))
    backward_s = time.process_time()
    if optimizer is not None:
        optimizer.step()
    step_s = time.process_time()
    if optimizer is not None:
        optimizer.zero_grad()
    return forward_s - began_s, backward_s - forward_s, step_s - backward_s


def _cpu_s(work: Callable[[], Any], rounds: int) -> float:
    taken = []
    for _ in range(rounds + 2):
        began_s = time.process_time()
        work()
        taken.append(time.process_time() - began_s)
    return median(taken[2:])
