"""Layers as torch.nn has them, each adding ONNX nodes to one graph; weights are named, not stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper

OPSET = 20
IR_VERSION = 9
WEIGHTS_FILE = "weights-are-not-shipped"

Size = int | str


class Layers:
    """A graph under construction: every method adds one layer and returns the tensor it makes.

    Names are module paths: inside `with net.module("layer1/0")`, `net.relu("relu", x)` makes the
    node "layer1/0/relu" and its tensor of the same name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.path: tuple[str, ...] = ()
        self.nodes: list[NodeProto] = []
        self.weights: dict[str, TensorProto] = {}
        self.inputs: list[tuple[str, int, Sequence[Size]]] = []

    @contextmanager
    def module(self, path: str) -> Iterator[None]:
        outer, self.path = self.path, (*self.path, path)
        yield
        self.path = outer

    def full_name(self, name: str) -> str:
        return "/".join((*self.path, name))

    def input(self, name: str, shape: Sequence[Size], element: int = TensorProto.FLOAT) -> str:
        self.inputs.append((name, element, ("batch", *shape)))
        return name

    def weight(self, name: str, shape: Sequence[int]) -> str:
        full = self.full_name(name).replace("/", ".")
        tensor = TensorProto(name=full, data_type=TensorProto.FLOAT, dims=shape)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=WEIGHTS_FILE)
        self.weights[full] = tensor
        return full

    def numbers(self, values: Sequence[int]) -> str:
        name = "shape_" + "_".join(str(value).replace("-", "minus") for value in values)
        self.weights[name] = helper.make_tensor(name, TensorProto.INT64, [len(values)], list(values))
        return name

    def scalar(self, name: str, value: float, element: int = TensorProto.FLOAT) -> str:
        self.weights[name] = helper.make_tensor(name, element, [], [value])
        return name

    def node(self, op_type: str, name: str, inputs: Sequence[str], **attributes: Any) -> str:
        full = self.full_name(name)
        self.nodes.append(helper.make_node(op_type, inputs, [full], name=full, **attributes))
        return full

    def conv(
        self, name: str, x: str, channels: tuple[int, int], kernel: int,
        *, stride: int = 1, padding: int = 0, groups: int = 1, bias: bool = True,
    ) -> str:  # fmt: skip
        into, out = channels
        weights = [self.weight(f"{name}.weight", (out, into // groups, kernel, kernel))]
        weights += [self.weight(f"{name}.bias", (out,))] if bias else []
        return self.node(
            "Conv", name, [x, *weights],
            kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[padding] * 4, group=groups,
        )  # fmt: skip

    def up_conv(self, name: str, x: str, channels: tuple[int, int]) -> str:
        into, out = channels
        weights = [self.weight(f"{name}.weight", (into, out, 2, 2)), self.weight(f"{name}.bias", (out,))]
        return self.node("ConvTranspose", name, [x, *weights], kernel_shape=[2, 2], strides=[2, 2])

    def batch_norm(self, name: str, x: str, channels: int, *, epsilon: float = 1e-5) -> str:
        parts = ("weight", "bias", "running_mean", "running_var")
        weights = [self.weight(f"{name}.{part}", (channels,)) for part in parts]
        return self.node("BatchNormalization", name, [x, *weights], epsilon=epsilon)

    def layer_norm(self, name: str, x: str, width: int, *, epsilon: float = 1e-5) -> str:
        weights = [self.weight(f"{name}.{part}", (width,)) for part in ("weight", "bias")]
        return self.node("LayerNormalization", name, [x, *weights], axis=-1, epsilon=epsilon)

    def relu(self, name: str, x: str) -> str:
        return self.node("Relu", name, [x])

    def relu6(self, name: str, x: str) -> str:
        return self.node("Clip", name, [x, self.scalar("zero", 0.0), self.scalar("six", 6.0)])

    def gelu(self, name: str, x: str, *, approximate: str = "none") -> str:
        return self.node("Gelu", name, [x], approximate=approximate)

    def softmax(self, name: str, x: str) -> str:
        return self.node("Softmax", name, [x], axis=-1)

    def max_pool(
        self, name: str, x: str, kernel: int, *, stride: int, padding: int = 0, ceil_mode: bool = False
    ) -> str:
        return self.node(
            "MaxPool", name, [x], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[padding] * 4,
            ceil_mode=int(ceil_mode),
        )  # fmt: skip

    def avg_pool(self, name: str, x: str, kernel: int) -> str:
        return self.node("AveragePool", name, [x], kernel_shape=[kernel] * 2, strides=[kernel] * 2)

    def global_avg_pool(self, name: str, x: str) -> str:
        return self.node("GlobalAveragePool", name, [x])

    def flatten(self, name: str, x: str) -> str:
        return self.node("Flatten", name, [x], axis=1)

    def dropout(self, name: str, x: str) -> str:
        return self.node("Dropout", name, [x])

    def add(self, name: str, x: str, y: str) -> str:
        return self.node("Add", name, [x, y])

    def concat(self, name: str, tensors: Sequence[str], *, axis: int = 1) -> str:
        return self.node("Concat", name, tensors, axis=axis)

    def linear(self, name: str, x: str, features: tuple[int, int]) -> str:
        """A linear layer on a batch of vectors."""
        into, out = features
        weights = [self.weight(f"{name}.weight", (out, into)), self.weight(f"{name}.bias", (out,))]
        return self.node("Gemm", name, [x, *weights], transB=1)

    def linear_on_tokens(self, name: str, x: str, features: tuple[int, int]) -> str:
        """A linear layer on a batch of sequences: a product and a bias, as exporters write it."""
        product = self.node("MatMul", name, [x, self.weight(f"{name}.weight", features)])
        return self.add(f"{name}_bias", product, self.weight(f"{name}.bias", features[1:]))

    def embedding(self, name: str, ids: str, rows: int, width: int) -> str:
        return self.node("Gather", name, [self.weight(f"{name}.weight", (rows, width)), ids], axis=0)

    def reshape(self, name: str, x: str, shape: Sequence[int]) -> str:
        return self.node("Reshape", name, [x, self.numbers(shape)])

    def transpose(self, name: str, x: str, order: Sequence[int]) -> str:
        return self.node("Transpose", name, [x], perm=order)

    def model(self, output: str, shape: Sequence[Size]) -> ModelProto:
        """The finished model with one output, the same bytes whenever it is built."""
        graph: GraphProto = helper.make_graph(
            self.nodes,
            self.name,
            [helper.make_tensor_value_info(name, element, size) for name, element, size in self.inputs],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, ("batch", *shape))],
            list(self.weights.values()),
        )
        return helper.make_model(
            graph,
            producer_name="cutwise",
            producer_version="1",
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
        )
