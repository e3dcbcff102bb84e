"""What is known of a torch.export program while it is read, and the names of tensors in its graphs."""

from __future__ import annotations

from dataclasses import dataclass, field

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import TensorSpec, Weight
from cutwise.importers.torch_format.axes.axis_trace import AxisTrace
from cutwise.importers.torch_format.functions.regions import CustomFunction
from cutwise.importers.torch_format.nodes import Call, Number
from cutwise.importers.torch_format.sizes import Sizes


@dataclass(slots=True)
class TorchProgram:
    """All calls in order, and what is known of the tensors by name; `trace` follows the inputs' axes.

    `stored` are parameters and persistent buffers; `lasting` all that the program holds, other buffers
    and constants included. `fixed` are made of these and of nothing else, `looped` hold all steps of a
    loop along their first axes, `numbers` are single numbers that the program spells out.
    """

    sizes: Sizes
    calls: list[Call] = field(default_factory=list)
    tensors: dict[str, TensorSpec] = field(default_factory=dict)
    strides: dict[str, tuple[int, ...]] = field(default_factory=dict)
    stored: dict[str, Weight] = field(default_factory=dict)
    lasting: set[str] = field(default_factory=set)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    trace: AxisTrace = field(default_factory=AxisTrace)
    warnings: list[str] = field(default_factory=list)
    uncounted: int = 0
    fixed: set[str] = field(default_factory=set)
    looped: set[str] = field(default_factory=set)
    functions: list[CustomFunction] = field(default_factory=list)
    numbers: dict[str, Number] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """What messages call the file."""
        return self.sizes.file


@dataclass(slots=True)
class TorchScope:
    """The unique names of the tensors one graph has made or was given so far.

    `without_gradients` is True for a graph that runs under torch.no_grad(). `trips` are how often the loops
    around run, outermost first.
    """

    names: dict[str, str] = field(default_factory=dict)
    prefix: str = ""
    depth: int = 0
    without_gradients: bool = False
    trips: tuple[int, ...] = ()


def define(program: TorchProgram, scope: TorchScope, own: str) -> str:
    """The unique name of a tensor that is made now; refuses one that is made twice or has no shape."""
    name = scope.prefix + own
    if own in scope.names:
        raise ModelImportError(f"{program.file}: tensor {own[:80]!r} is made twice; export the model again")
    if name not in program.tensors:
        raise ModelImportError(f"{program.file}: tensor {own[:80]!r} has no shape; export the model again")
    scope.names[own] = name
    return name


def known(program: TorchProgram, scope: TorchScope, own: str) -> str:
    """The unique name of a tensor that is read now; refuses one that no op has made yet."""
    if own not in scope.names:
        raise ModelImportError(
            f"{program.file}: tensor {own[:80]!r} is read before any op has made it; export the model again"
        )
    return scope.names[own]
