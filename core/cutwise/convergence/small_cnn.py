"""A small convolutional network for 8x8 images, trained in many copies side by side.

Every weight carries the copies as its first axis, so that one batched product serves all devices, groups and
seeds at once. Tensors between blocks are (copies, samples, numbers).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from cutwise.arrays import Floats

if TYPE_CHECKING:
    from torch import Tensor

IMAGE_SIDE, KERNEL_SIDE, POOL_SIDE = 8, 3, 2
WINDOWS = (IMAGE_SIDE // POOL_SIDE) ** 2
"""Places of the image after pooling."""
FIRST_CHANNELS = 16
WEIGHT_SHAPES = ((9, FIRST_CHANNELS), (64, 32), (128, 64), (64, 10))
"""Numbers a block's product reads and makes: two convolutions, two linear layers."""
BLOCK_COUNT = len(WEIGHT_SHAPES)


def image_patches(images: ArrayLike) -> Floats:
    """What the first convolution reads: (images, 8, 8) to (images, 64 * 9), places of a pool window together.

    >>> image_patches(np.ones((1, 8, 8))).sum()  # 6x6 whole patches, 24 at an edge, 4 in a corner: 324+144+16
    np.float64(484.0)
    """
    padded = np.pad(np.asarray(images, dtype=np.float64), ((0, 0), (1, 1), (1, 1)))
    patches = np.lib.stride_tricks.sliding_window_view(padded, (KERNEL_SIDE, KERNEL_SIDE), axis=(1, 2))
    side = IMAGE_SIDE // POOL_SIDE
    windows = patches.reshape(-1, side, POOL_SIDE, side, POOL_SIDE, KERNEL_SIDE**2).swapaxes(2, 3)
    return windows.reshape(len(padded), -1)


def initial_weights(seeds: Sequence[int]) -> list[Floats]:
    """Kernel and bias of every block, one copy a seed: normal with variance 2 / inputs (He), biases zero."""
    copies = [_initial(np.random.default_rng([seed, 0])) for seed in seeds]
    return [np.stack(parts) for parts in zip(*copies, strict=True)]


def forward(weights: Sequence[Tensor], data: Tensor, *, first: int = 0) -> Tensor:
    """What the blocks from number `first` on make of `data`: as many blocks as `weights` are for."""
    for block, place in enumerate(range(0, len(weights), 2), start=first):
        data = BLOCKS[block](weights[place], weights[place + 1], data)
    return data


def _initial(rng: np.random.Generator) -> list[Floats]:
    parts = []
    for inputs, outputs in WEIGHT_SHAPES:
        parts += [rng.normal(scale=(2 / inputs) ** 0.5, size=(inputs, outputs)), np.zeros((1, outputs))]
    return parts


def _pooled_convolution(kernel: Tensor, bias: Tensor, data: Tensor) -> Tensor:
    copies, samples, _ = data.shape
    made = bias.baddbmm(data.reshape(copies, -1, KERNEL_SIDE**2), kernel)
    return made.view(copies, samples, WINDOWS, POOL_SIDE**2, -1).amax(3).relu().flatten(2)


def _strided_convolution(kernel: Tensor, bias: Tensor, data: Tensor) -> Tensor:
    copies, samples, _ = data.shape
    places = data.view(copies, samples, 2, 2, 2, 2, FIRST_CHANNELS).transpose(3, 4)
    made = bias.baddbmm(places.reshape(copies, -1, kernel.shape[1]), kernel)
    return made.relu().view(copies, samples, -1)


def _hidden_layer(kernel: Tensor, bias: Tensor, data: Tensor) -> Tensor:
    return bias.baddbmm(data, kernel).relu()


def _output_layer(kernel: Tensor, bias: Tensor, data: Tensor) -> Tensor:
    return bias.baddbmm(data, kernel)


BLOCKS: tuple[Callable[[Tensor, Tensor, Tensor], Tensor], ...] = (
    _pooled_convolution, _strided_convolution, _hidden_layer, _output_layer,
)  # fmt: skip
