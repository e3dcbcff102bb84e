"""Layers that move data: reshaping, padding, cropping, repeating, resizing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

from cutwise.frozen import FrozenDict
from cutwise.importers.json_formats.document import shown
from cutwise.importers.keras_format.layers.keras_layer import Layer, Writer


def flatten(layer: Layer) -> str:
    """One axis behind the batch."""
    return layer.op("flatten", (layer.shape[0], math.prod(layer.shape[1:])))


def reshape(layer: Layer) -> str:
    """The same elements; one size may be left to follow."""
    value = layer.config.get("target_shape")
    sizes = [size for size in value if isinstance(size, int)] if isinstance(value, list) else []
    whole = math.prod(layer.shape[1:])
    known = math.prod(size for size in sizes if size != -1)
    if (
        not isinstance(value, list)
        or len(sizes) < len(value)
        or sizes.count(-1) > 1
        or known < 1
        or whole % known
    ):
        layer.refuse(f"target_shape is {shown(value)}, which {whole} elements do not fill")
    return layer.op("reshape", (layer.shape[0], *(whole // known if size == -1 else size for size in sizes)))


def permute(layer: Layer) -> str:
    """Axes behind the batch in another order, counted from 1."""
    order = layer.counts("dims", len(layer.shape) - 1)
    if sorted(order) != list(range(1, len(layer.shape))):
        layer.refuse(f"dims is {list(order)}, which is no order of {len(layer.shape) - 1} axes")
    return layer.op("transpose", tuple(layer.shape[axis] for axis in (0, *order)), perm=(0, *order))


def repeated(layer: Layer) -> str:
    """A vector, several times."""
    layer.has_rank(2)
    return layer.op("tile", (layer.shape[0], layer.count("n"), layer.shape[1]))


def padded(axes: int, layer: Layer) -> str:
    """Zeros around the space."""
    layer.has_rank(axes + 2)
    return _resized(layer, "pad", [size + sum(ends) for size, ends in _with_ends(layer, "padding", axes, 1)])


def cropped(axes: int, layer: Layer) -> str:
    """Without the rim of the space."""
    layer.has_rank(axes + 2)
    return _resized(
        layer, "slice", [size - sum(ends) for size, ends in _with_ends(layer, "cropping", axes, 0)]
    )


def enlarged(axes: int, layer: Layer) -> str:
    """Each place several times, or with values between them."""
    layer.has_rank(axes + 2)
    factors = layer.counts("size", axes, 2)
    sizes = [layer.shape[axis] * factor for axis, factor in zip(layer.space(), factors, strict=True)]
    mode = {"nearest": "nearest", "bilinear": "linear", "bicubic": "cubic"}.get(
        layer.word("interpolation", "nearest"), "linear"
    )
    return layer.op("resize", layer.placed(layer.shape[layer.channels()], sizes), mode=mode)


def resized(layer: Layer) -> str:
    """Another height and width."""
    layer.has_rank(4)
    mode = "nearest" if layer.word("interpolation", "bilinear") == "nearest" else "linear"
    sizes = (layer.count("height"), layer.count("width"))
    return layer.op("resize", layer.placed(layer.shape[layer.channels()], sizes), mode=mode)


def centre(layer: Layer) -> str:
    """The middle of the space."""
    layer.has_rank(4)
    return _resized(layer, "slice", [layer.count("height"), layer.count("width")])


def _resized(layer: Layer, kind: str, sizes: list[int]) -> str:
    return layer.op(kind, layer.placed(layer.shape[layer.channels()], sizes))


def _with_ends(layer: Layer, key: str, axes: int, default: int) -> list[tuple[int, tuple[int, int]]]:
    """Each size of the space, with what is added or cut at its two ends."""
    value = layer.config.get(key, default)
    each = value if isinstance(value, list) and len(value) == axes else [value] * axes
    if axes == 1 and isinstance(value, list) and len(value) == 2:
        each = [value]
    pairs = [one if isinstance(one, list) else [one, one] for one in each]
    for pair in pairs:
        if len(pair) != 2 or not all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in pair):
            layer.refuse(f"{key} is {shown(value)}, not whole numbers")
    found = [(int(str(first)), int(str(last))) for first, last in pairs]
    return list(zip((layer.shape[axis] for axis in layer.space()), found, strict=True))


LAYERS: Mapping[str, Writer] = FrozenDict(
    {
        "Flatten": flatten,
        "Reshape": reshape,
        "Permute": permute,
        "RepeatVector": repeated,
        "Resizing": resized,
        "CenterCrop": centre,
        **{f"ZeroPadding{axes}D": partial(padded, axes) for axes in (1, 2, 3)},
        **{f"Cropping{axes}D": partial(cropped, axes) for axes in (1, 2, 3)},
        **{f"UpSampling{axes}D": partial(enlarged, axes) for axes in (1, 2, 3)},
    }
)
