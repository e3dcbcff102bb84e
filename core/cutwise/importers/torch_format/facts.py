"""What is known of one call of a torch.export program, how it is to be read, and what it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cutwise.graph.model_graph import TensorSpec, Weight
from cutwise.importers.torch_format.kinds import plain_name
from cutwise.importers.torch_format.nodes import Call, Value
from cutwise.read_limits import TORCH_LARGEST_COUNT

Attrs = dict[str, object]
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule may look at: the call, the tensors it reads and makes, and which are constant."""

    call: Call
    tensors: Mapping[str, TensorSpec]
    strides: Mapping[str, Shape]
    constants: Mapping[str, object]

    @property
    def op(self) -> str:
        """The operator's plain name."""
        return plain_name(self.call.op)

    @property
    def output(self) -> TensorSpec:
        """The first tensor it makes."""
        return self.tensors[next(filter(None, self.call.outputs))]

    def value(self, parameter: str, default: Value = None) -> Value:
        """The argument given for `parameter`, or `default`."""
        return next((value for name, value in self.call.arguments if name == parameter), default)

    def count(self, parameter: str, default: int) -> int:
        """The whole number given for `parameter`, or `default`; raises `TypeError` for anything else."""
        value = self.value(parameter, default)
        if not isinstance(value, int):
            raise TypeError(f"op {self.call.name!r} has {str(value)[:40]} for {parameter}, no whole number")
        return value

    def tensor(self, parameter: str) -> str:
        """Name of the (first) tensor given for `parameter`, or empty."""
        return next(iter(self.call.refs(parameter)), "")

    def shape(self, parameter: str) -> Shape:
        """Shape of the (first) tensor given for `parameter`, empty where there is none."""
        name = self.tensor(parameter)
        return self.tensors[name].shape if name else ()

    def is_constant(self, parameter: str) -> bool:
        """True for a tensor that depends on no model input."""
        return self.tensor(parameter) in self.constants


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchStep:
    """What becomes vertices, one for each of `outputs` that is needed: all names are those of tensors.

    `name` is what it is called in its module; `inputs` are activations, in the order that cost formulas read.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    weights: tuple[Weight, ...] = ()
    attrs: Mapping[str, object] = field(default_factory=dict)
    modules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TorchRule:
    """How a call is read: its kind, parameters that take weights (main one first) and buffers, attributes.

    `data` are the parameters that take activations, where their order is not the operator's own.
    """

    kind: str
    weights: tuple[str, ...] = ()
    buffers: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    attrs: Callable[[Facts], Attrs] = lambda facts: {}


def each(value: Value, axes: int) -> tuple[int, ...]:
    """The number `value` gives for each of `axes`: lists of one and plain numbers stand for all.

    Raises `ValueError` for what is no count.

    >>> each([3], 2), each(2, 2), each([1, 2], 2)
    ((3, 3), (2, 2), (1, 2))
    """
    values = integers(value)
    if not all(type(number) is int and 0 <= number <= TORCH_LARGEST_COUNT for number in values):
        raise ValueError(f"{str(value)[:40]} stands where a count is expected")
    return tuple(values if len(values) == axes else [*values[:1]] * axes)


def integers(value: Value) -> list[int]:
    """The whole numbers of a list, or the one that stands alone; raises `ValueError` for anything else."""
    values = value if isinstance(value, list | tuple) else [value]
    found = [number for number in values if isinstance(number, int)]
    if len(found) < len(values):
        raise ValueError(f"{str(value)[:40]} stands where whole numbers are expected")
    return found
