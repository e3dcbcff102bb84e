"""Blocks of layers as models have them, of several sizes, as one graph: what a machine is calibrated with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cutwise.calibration.runs.op_tensors import Shape
from cutwise.frozen import Frozen, FrozenDict
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec, Weight


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockLayer(Frozen):
    """One layer of a block, by the shapes of a sample; it stands there `times` times and reads `inputs`."""

    kind: str
    before: Shape
    after: Shape
    weights: tuple[Shape, ...] = ()
    attrs: Mapping[str, Any] = field(default_factory=dict)
    inputs: int = 1
    times: int = 1


def _convolution(
    before: int, after: int, side: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> BlockLayer:
    """A convolution of an image whose result has `side` rows."""
    return BlockLayer(
        kind="conv2d",
        before=(before, side * stride, side * stride),
        after=(after, side, side),
        weights=((after, before // groups, kernel, kernel),),
        attrs={"kernel": (kernel, kernel), "stride": (stride, stride), "groups": groups},
    )


def _batch_norm(channels: int, side: int, times: int = 1) -> BlockLayer:
    shape = (channels, side, side)
    return BlockLayer(kind="batch_norm", before=shape, after=shape, weights=((channels,),) * 2, times=times)


def _pointwise(kind: str, shape: Shape, times: int = 1) -> BlockLayer:
    reads = 2 if kind in ("add", "mul") else 1
    return BlockLayer(kind=kind, before=shape, after=shape, inputs=reads, times=times)


def _linear(tokens: int, inner: int, outer: int, times: int = 1) -> BlockLayer:
    return BlockLayer(
        kind="linear", before=(tokens, inner), after=(tokens, outer), weights=((outer, inner), (outer,)),
        attrs={"in_features": inner, "out_features": outer}, times=times,
    )  # fmt: skip


def _pool(kind: str, channels: int, side: int, size: int) -> BlockLayer:
    return BlockLayer(
        kind=kind, before=(channels, 2 * side, 2 * side), after=(channels, side, side),
        attrs={"kernel": (size, size), "stride": (2, 2)},
    )  # fmt: skip


def _residual(channels: int, side: int) -> tuple[BlockLayer, ...]:
    shape = (channels, side, side)
    return (
        _convolution(channels, channels, side, 3), _convolution(channels, channels, side, 3),
        _batch_norm(channels, side, times=2), _pointwise("relu", shape, times=2), _pointwise("add", shape),
    )  # fmt: skip


def _inverted(channels: int, side: int) -> tuple[BlockLayer, ...]:
    wide = 6 * channels
    return (
        _convolution(channels, wide, side, 1), _convolution(wide, wide, side, 3, groups=wide),
        _convolution(wide, channels, side, 1), _batch_norm(wide, side, times=2), _batch_norm(channels, side),
        _pointwise("relu6", (wide, side, side), times=2), _pointwise("add", (channels, side, side)),
    )  # fmt: skip


def _transformer(tokens: int, width: int, heads: int) -> tuple[BlockLayer, ...]:
    shape, of_heads = (tokens, width), (heads, tokens, width // heads)
    attrs = {"head_dim": width // heads, "value_dim": width // heads, "k_length": tokens}
    return (
        BlockLayer(kind="layer_norm", before=shape, after=shape, weights=((width,),) * 2, times=2),
        _linear(tokens, width, width, times=4),
        BlockLayer(kind="attention", before=of_heads, after=of_heads, attrs=attrs, inputs=3),
        _linear(tokens, width, 4 * width), _pointwise("gelu", (tokens, 4 * width)),
        _linear(tokens, 4 * width, width), _pointwise("add", shape, times=2),
    )  # fmt: skip


STARTS = "small ops"
"""What hardly does more than start."""
BLOCKS: Mapping[str, tuple[BlockLayer, ...]] = FrozenDict(
    {
        "stem of 224 pixels": (
            _convolution(3, 64, 112, 7, stride=2), _batch_norm(64, 112), _pointwise("relu", (64, 112, 112)),
            _pool("max_pool", 64, 56, 3),
        ),
        "residual, 64 channels": _residual(64, 56),
        "residual, 128 channels, and 4096 features": (
            *_residual(128, 28), _linear(1, 4096, 4096), _pointwise("relu", (1, 4096)),
        ),
        "residual, 512 channels, and a head": (
            *_residual(512, 7), BlockLayer(kind="global_avg_pool", before=(512, 7, 7), after=(512, 1, 1)),
            _linear(1, 512, 1000),
        ),
        "bottleneck, 1024 channels": (
            _convolution(1024, 256, 14, 1), _convolution(256, 256, 14, 3), _convolution(256, 1024, 14, 1),
            _batch_norm(256, 14, times=2), _batch_norm(1024, 14), _pointwise("relu", (256, 14, 14), times=2),
            _pointwise("relu", (1024, 14, 14)), _pointwise("add", (1024, 14, 14)),
        ),
        "depthwise, 32 channels": _inverted(32, 28),
        "depthwise, 160 channels": _inverted(160, 7),
        "transition, 256 channels": (
            _batch_norm(256, 28), _pointwise("relu", (256, 28, 28)), _convolution(256, 128, 28, 1),
            _pool("avg_pool", 128, 14, 2),
        ),
        "transformer, 256 wide": _transformer(64, 256, 4),
        "words and a transformer, 768 wide": (
            BlockLayer(kind="embedding", before=(128,), after=(128, 768), weights=((30_522, 768),)),
            *_transformer(128, 768, 12),
        ),
        STARTS: (
            _pointwise("relu", (16,), times=8), _pointwise("add", (64,), times=4),
            _pointwise("mul", (64,), times=4),
        ),
    }
)  # fmt: skip
"""What is measured, by name: a row of the fit each."""


def generic_layers() -> ModelGraph:
    """One graph of all blocks' layers; each reads inputs of its own that pass a gradient on.

    >>> sorted({op.kind for op in generic_layers().ops} - {"input", "identity"})[:4]
    ['add', 'attention', 'avg_pool', 'batch_norm']
    """
    ops = (
        op
        for block, layers in BLOCKS.items()
        for number, layer in enumerate(layers)
        for time in range(layer.times)
        for op in _ops(layer, f"{block}/{layer.kind} {number}.{time}", block)
    )
    return ModelGraph(name="generic layers", ops=tuple(ops))


def _ops(layer: BlockLayer, name: str, block: str) -> Iterator[Op]:
    whole = layer.kind == "embedding"
    sources = tuple(f"{name} of {number}" for number in range(layer.inputs))
    for source in sources:
        data = TensorSpec(shape=(1, *layer.before), dtype="int64" if whole else "fp32")
        yield Op(id=f"{source} data", kind="input", output=data)
        trained = () if whole else (Weight(id=source, shape=(1,)),)
        yield Op(id=source, kind="identity", inputs=(f"{source} data",), output=data, weights=trained)
    held = tuple(Weight(id=f"{name} {at}", shape=shape) for at, shape in enumerate(layer.weights))
    yield Op(
        id=name, kind=layer.kind, inputs=sources, output=TensorSpec(shape=(1, *layer.after)), weights=held,
        attrs=layer.attrs, block=block,
    )  # fmt: skip
