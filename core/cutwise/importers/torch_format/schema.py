"""The parts of torch.export's JSON that are read here, as PyTorch 2.5 to 2.13 write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NotRequired, TypedDict


class Expression(TypedDict):
    """A size as an expression in open dimensions, with the size of the example."""

    expr_str: str
    hint: NotRequired[Mapping[str, object] | int | None]


class Size(TypedDict, total=False):
    """One size: a number, or an expression."""

    as_int: int
    as_expr: Expression


class Named(TypedDict):
    """A tensor by its name."""

    name: str


class TensorMeta(TypedDict):
    """What is known of a tensor."""

    dtype: int
    sizes: list[Size]
    strides: NotRequired[list[Size]]
    requires_grad: bool


class GraphArgument(TypedDict):
    """A graph that is an argument."""

    name: NotRequired[str]
    graph: Graph


class Argument(TypedDict, total=False):
    """One argument under the tag of what it is; tags that hold plain values are not listed."""

    name: str
    as_tensor: Named
    as_tensors: list[Named]
    as_nested_tensors: list[list[Named]]
    as_optional_tensor: Argument
    as_optional_tensors: list[Argument]
    as_sym_int: Mapping[str, int]
    as_sym_ints: list[Mapping[str, int]]
    as_graph: GraphArgument


class Input(TypedDict):
    """An argument with the name of its parameter."""

    name: NotRequired[str]
    arg: Argument


class Metadata(TypedDict, total=False):
    """Where a node comes from."""

    nn_module_stack: str
    stack_trace: str


class ExportNode(TypedDict):
    """One call of an operator."""

    target: str
    inputs: list[Input]
    outputs: list[Argument]
    metadata: Metadata
    name: NotRequired[str]


class Graph(TypedDict):
    """Calls in order, and what is known of all tensors by name."""

    inputs: list[Argument]
    outputs: list[Argument]
    nodes: list[ExportNode]
    tensor_values: Mapping[str, TensorMeta]


class Spec(TypedDict, total=False):
    """What an input or output of the program is, and what its module calls it."""

    arg: Argument
    parameter_name: str
    buffer_name: str
    persistent: bool


class Signature(TypedDict):
    """Inputs and outputs of the program, each under the tag of its kind."""

    input_specs: list[Mapping[str, Spec]]
    output_specs: list[Mapping[str, Spec]]


class GraphModule(TypedDict):
    """A graph with its signature."""

    graph: Graph
    signature: Signature
    module_call_graph: NotRequired[list[object]]


class Bounds(TypedDict, total=False):
    """The sizes an open dimension may have."""

    min_val: int | None
    max_val: int | None


class ExportDevice(TypedDict, total=False):
    """Where a tensor lies."""

    type: str


class StoredMeta(TypedDict, total=False):
    """What the table of weights says of a tensor."""

    device: ExportDevice
    sizes: object
    strides: object


class Stored(TypedDict):
    """One row of the table of weights."""

    path_name: str
    tensor_meta: NotRequired[StoredMeta | None]


class ExportDocument(TypedDict, total=False):
    """The exported program."""

    schema_version: object
    graph_module: GraphModule
    range_constraints: Mapping[str, Bounds]
    torch_version: str
    verifiers: list[str]
    guards_code: list[str]


class Weights(TypedDict, total=False):
    """The table of weights."""

    config: Mapping[str, Stored]


class FunctionNote(TypedDict):
    """An autograd function that was applied: its calls and the tensors it saved, by name."""

    name: str
    calls: list[str]
    saves: list[str]


class Notes(TypedDict, total=False):
    """What our exporter adds: names of tied weights in groups, and of open dimensions by "input:axis".

    `functions` are autograd functions with a backward pass of their own.
    """

    format: str
    ties: list[list[str]]
    dims: Mapping[str, str]
    functions: list[FunctionNote]
