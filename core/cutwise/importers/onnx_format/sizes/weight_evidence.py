"""Open sizes that the weights decide: channels of convolutions, features of products, rows of tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cutwise.frozen import FrozenDict
from cutwise.importers.onnx_format.contrib.names import qualified

if TYPE_CHECKING:
    from onnx import AttributeProto, GraphProto, NodeProto, ValueInfoProto

Axis = tuple[str, int]
Labels = list[Axis | None]


@dataclass(slots=True)
class WeightEvidence:
    """Which axis of an input each axis of a tensor is, shapes of constants, and the sizes that follow.

    Axes that two operands share have one size: `same` holds the pairs.
    """

    labels: dict[str, Labels] = field(default_factory=dict)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    numbers: dict[str, tuple[int, ...]] = field(default_factory=dict)
    sizes: dict[Axis, int] = field(default_factory=dict)

    def tell(self, name: str, axis: int, size: int) -> None:
        """Notes that an axis of tensor `name` has this size; the first that says so is believed."""
        labels = self.labels.get(name)
        if labels is not None and -len(labels) <= axis < len(labels):
            label = labels[axis]
            if label is not None and size > 0:
                self.sizes.setdefault(label, size)


def sizes_by_weights(graph: GraphProto, inputs: Sequence[ValueInfoProto]) -> Mapping[Axis, int]:
    """Sizes of input axes, by input name and axis, that the weights the inputs meet first decide."""
    known = WeightEvidence()
    for tensor in graph.initializer:
        _stored(known, tensor.name, tensor)
    for value in inputs:
        rank = len(value.type.tensor_type.shape.dim)
        known.labels[value.name] = [(value.name, axis) for axis in range(rank)]
    for node in graph.node:
        if node.op_type == "Constant" and node.output:
            held = next((a.t for a in node.attribute if a.name == "value"), None)
            if held is not None:
                _stored(known, node.output[0], held)
        else:
            _followed(known, node)
    return known.sizes


def _followed(known: WeightEvidence, node: NodeProto) -> None:
    """What is known of a node's result; nothing where it does not fit its inputs, which is refused later."""
    if not node.input or not node.output:
        return
    try:
        op_type = qualified(node).op_type
        if op_type in CONSTANT_SHAPES and node.input[0] in known.shapes:
            known.shapes[node.output[0]] = CONSTANT_SHAPES[op_type](known, node)
        elif op_type in RULES and any(name in known.labels for name in node.input):
            labels = RULES[op_type](known, node)
            if labels is not None:
                known.labels[node.output[0]] = labels
    except (IndexError, ZeroDivisionError, ValueError):
        return


def _stored(known: WeightEvidence, name: str, tensor: object) -> None:
    from onnx import TensorProto, numpy_helper

    assert isinstance(tensor, TensorProto)
    known.shapes[name] = tuple(tensor.dims)
    if tensor.data_type == TensorProto.INT64 and len(tensor.dims) <= 1 and sum(tensor.dims) <= 16:
        try:
            known.numbers[name] = tuple(int(number) for number in numpy_helper.to_array(tensor).flat)
        except (ValueError, TypeError):
            return


def _attributes(node: NodeProto) -> dict[str, AttributeProto]:
    return {attribute.name: attribute for attribute in node.attribute}


def _number(node: NodeProto, name: str, default: int) -> int:
    found = _attributes(node).get(name)
    return default if found is None else found.i


def _axes(known: WeightEvidence, node: NodeProto) -> tuple[int, ...] | None:
    found = _attributes(node).get("axes")
    if found is not None:
        return tuple(found.ints)
    return known.numbers.get(node.input[1]) if len(node.input) > 1 else None


def _first(known: WeightEvidence, node: NodeProto) -> Labels:
    return known.labels.get(node.input[0], [])


def _shape(known: WeightEvidence, node: NodeProto, slot: int) -> tuple[int, ...]:
    return known.shapes.get(node.input[slot], ()) if slot < len(node.input) else ()


def _same(known: WeightEvidence, node: NodeProto) -> Labels | None:
    return known.labels.get(node.input[0])


def _elementwise(known: WeightEvidence, node: NodeProto) -> Labels | None:
    """A stored operand longer than 1 has the size of the axis it is added along."""
    found = [known.labels[name] for name in node.input if name in known.labels]
    rank = max(len(labels) for labels in found)
    for name in node.input:
        for axis, size in enumerate(known.shapes.get(name, ())):
            from_right = axis - len(known.shapes[name])
            for other in node.input:
                if size > 1 and len(known.shapes[name]) <= rank:
                    known.tell(other, from_right, size)
    nothing: Labels = [None] * rank
    padded = [nothing[len(labels) :] + labels for labels in found]
    return [
        next((label for label in column if label is not None), None) for column in zip(*padded, strict=True)
    ]


def _transposed(known: WeightEvidence, node: NodeProto) -> Labels | None:
    labels = _first(known, node)
    order = _attributes(node).get("perm")
    axes = list(order.ints) if order is not None else list(reversed(range(len(labels))))
    return [labels[axis] for axis in axes] if sorted(axes) == list(range(len(labels))) else None


def _unsqueezed(known: WeightEvidence, node: NodeProto) -> Labels | None:
    labels, axes = _first(known, node), _axes(known, node)
    if axes is None:
        return None
    rank = len(labels) + len(axes)
    added = {axis % rank for axis in axes}
    rest = iter(labels)
    return [None if axis in added else next(rest, None) for axis in range(rank)]


def _squeezed(known: WeightEvidence, node: NodeProto) -> Labels | None:
    labels, axes = _first(known, node), _axes(known, node)
    if axes is None:
        return None
    gone = {axis % len(labels) for axis in axes}
    return [label for axis, label in enumerate(labels) if axis not in gone]


def _conv(known: WeightEvidence, node: NodeProto) -> Labels | None:
    labels = _first(known, node)
    weight = _shape(known, node, 3 if node.op_type == "QLinearConv" else 1)
    if len(weight) < 3 or not labels:
        return None
    transposed = node.op_type == "ConvTranspose"
    channels = weight[0] if transposed else weight[1] * _number(node, "group", 1)
    known.tell(node.input[0], 1, channels)
    return [labels[0], *[None] * (len(weight) - 1)]


def _matmul(known: WeightEvidence, node: NodeProto) -> Labels | None:
    second = 3 if node.op_type == "QLinearMatMul" else 1
    left, right = _shape(known, node, 0), _shape(known, node, second)
    if right and node.input[0] in known.labels:
        known.tell(node.input[0], -1, right[-2] if len(right) > 1 else right[0])
        return [*_first(known, node)[:-1], None] if len(right) > 1 else _first(known, node)[:-1]
    if left and second < len(node.input):
        known.tell(node.input[second], -2, left[-1])
    return None


def _gemm(known: WeightEvidence, node: NodeProto) -> Labels | None:
    weight, labels = _shape(known, node, 1), _first(known, node)
    if len(weight) != 2 or len(labels) != 2:
        return None
    flipped = bool(_number(node, "transA", 0))
    known.tell(node.input[0], 0 if flipped else 1, weight[1 if _number(node, "transB", 0) else 0])
    return [labels[1 if flipped else 0], None]


def _recurrent(known: WeightEvidence, node: NodeProto) -> Labels | None:
    weight, recurrence = _shape(known, node, 1), _shape(known, node, 2)
    if len(weight) == 3:
        known.tell(node.input[0], 2, weight[2])
    if len(recurrence) == 3:
        for name in node.input[5:7]:
            known.tell(name, 2, recurrence[2])
            known.tell(name, 1 if _number(node, "layout", 0) else 0, recurrence[0])
    return None


def _channels(known: WeightEvidence, node: NodeProto) -> Labels | None:
    scale = _shape(known, node, 1)
    if len(scale) == 1:
        known.tell(node.input[0], 1, scale[0])
    return known.labels.get(node.input[0])


def _features(known: WeightEvidence, node: NodeProto) -> Labels | None:
    scale = _shape(known, node, 1)
    if len(scale) == 1 and _number(node, "axis", -1) == -1:
        known.tell(node.input[0], -1, scale[0])
    return known.labels.get(node.input[0])


def _looked_up(known: WeightEvidence, node: NodeProto) -> Labels | None:
    table, indices = _shape(known, node, 0), known.labels.get(node.input[1])
    if table and indices is not None and _number(node, "axis", 0) == 0:
        return [*indices, *[None] * (len(table) - 1)]
    return None


def _pooled(known: WeightEvidence, node: NodeProto) -> Labels | None:
    labels = _first(known, node)
    return [*labels[:2], *[None] * (len(labels) - 2)]


def _concatenated(known: WeightEvidence, node: NodeProto) -> Labels | None:
    labels = _first(known, node)
    if not labels:
        return None
    along = _number(node, "axis", 0) % len(labels)
    return [None if axis == along else label for axis, label in enumerate(labels)]


def _sliced(known: WeightEvidence, node: NodeProto) -> Labels | None:
    labels, axes = _first(known, node), _attributes(node).get("axes")
    given = tuple(axes.ints) if axes is not None else None
    if given is None and len(node.input) > 3:
        given = known.numbers.get(node.input[3])
    if given is None or not labels:
        return None
    cut = {axis % len(labels) for axis in given}
    return [None if axis in cut else label for axis, label in enumerate(labels)]


def _turned(known: WeightEvidence, node: NodeProto) -> tuple[int, ...]:
    shape = known.shapes[node.input[0]]
    order = _attributes(node).get("perm")
    axes = list(order.ints) if order is not None else list(reversed(range(len(shape))))
    return tuple(shape[axis] for axis in axes) if sorted(axes) == list(range(len(shape))) else ()


def _kept(known: WeightEvidence, node: NodeProto) -> tuple[int, ...]:
    return known.shapes[node.input[0]]


Rule = Callable[[WeightEvidence, "NodeProto"], Labels | None]


def _table(rows: Iterable[tuple[Rule, str]]) -> Mapping[str, Rule]:
    return FrozenDict({name: rule for rule, names in rows for name in names.split()})


RULES = _table(
    [
        (_same, """
            Relu Sigmoid Tanh Exp Sqrt Elu Reciprocal Gelu LeakyRelu HardSwish HardSigmoid Erf Abs Log
            Softplus Neg Identity Cast Dropout Clip Not Softmax QuantizeLinear DequantizeLinear
            DynamicQuantizeLinear
        """),
        (_elementwise, "Add Sub Mul Div Pow Max Min Where PRelu Sum"),
        (_transposed, "Transpose"),
        (_unsqueezed, "Unsqueeze"),
        (_squeezed, "Squeeze"),
        (_conv, "Conv ConvTranspose ConvInteger QLinearConv com.microsoft::FusedConv"),
        (_matmul, "MatMul MatMulInteger QLinearMatMul"),
        (_gemm, "Gemm"),
        (_recurrent, "LSTM GRU RNN com.microsoft::DynamicQuantizeLSTM"),
        (_channels, "BatchNormalization InstanceNormalization"),
        (_features, "LayerNormalization RMSNormalization SimplifiedLayerNormalization"),
        (_looked_up, "Gather"),
        (_pooled, "MaxPool AveragePool GlobalAveragePool GlobalMaxPool Resize Upsample Pad"),
        (_concatenated, "Concat"),
        (_sliced, "Slice"),
    ]
)  # fmt: skip
CONSTANT_SHAPES: Mapping[str, Callable[[WeightEvidence, NodeProto], tuple[int, ...]]] = FrozenDict(
    {"Transpose": _turned, **dict.fromkeys(("Identity", "Cast", "DequantizeLinear", "QuantizeLinear"), _kept)}
)
