"""One node of a torch.export program as JSON: operator, arguments, what it makes, where it was called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from cutwise.importers.torch_format.schema import Argument, ExportNode, Graph, Named
from cutwise.plain import Json
from cutwise.read_limits import NAME_CHARACTERS, TORCH_MODULES_DEEP

ATEN, OPS = "torch.ops.aten.", "torch.ops."


@dataclass(frozen=True, slots=True)
class Ref:
    """A tensor that a call reads, by its unique name."""

    name: str


@dataclass(frozen=True, slots=True)
class Subgraph:
    """A graph that a call runs."""

    graph: Graph


Value: TypeAlias = "Ref | Subgraph | Json | Sequence[Value]"
"""What an argument is: tensors, a graph, or plain JSON."""

Number: TypeAlias = int | float | bool
"""A single number that a program spells out."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operator: "conv2d" of aten, "library::op" of others.

    `arguments` are pairs of parameter name and value in the operator's own order, tensors as `Ref`;
    results that are no tensors are empty in `outputs`; `modules` are the modules around the call;
    `function` names the autograd function that it is part of;
    `stops_gradient` that it runs where none are recorded, or is there to stop them.
    """

    name: str
    op: str
    overload: str
    arguments: tuple[tuple[str, Value], ...]
    outputs: tuple[str, ...]
    modules: tuple[str, ...] = ()
    stops_gradient: bool = False
    function: str = ""

    def refs(self, parameter: str | None = None) -> list[str]:
        """Names of the tensors it reads, lists flattened: all, or those given for `parameter`."""
        return [
            item.name
            for name, value in self.arguments
            if parameter in (None, name)
            for item in (value if isinstance(value, list) else [value])
            if isinstance(item, Ref)
        ]


def only_item(tagged: Mapping[str, T]) -> tuple[str, T]:
    """Tag and value of an entry such as {"as_int": 3}."""
    ((tag, value),) = tagged.items()
    return tag, value


def tensor_name(argument: Argument | None) -> str:
    """The name of the tensor an argument is, or empty; parameters are written without a tag."""
    found: Argument = argument or {}
    named: Named | Argument = found.get("as_tensor", found)
    name = named.get("name", "")
    return name if isinstance(name, str) else ""


def operator_of(node: ExportNode) -> tuple[str, str]:
    """Operator and overload of a node.

    >>> operator_of({"target": "torch.ops.aten.conv2d.default"})
    ('conv2d', 'default')
    >>> operator_of({"target": "torch.ops.torchvision.nms.default"})
    ('torchvision::nms', 'default')
    """
    target = str(node["target"])[:NAME_CHARACTERS]
    if not target.startswith(OPS):
        return target, ""
    library, _, rest = target.removeprefix(OPS).partition(".")
    op, _, overload = rest.partition(".")
    return (op if target.startswith(ATEN) else f"{library}::{op}"), overload


def made_by(node: ExportNode) -> Iterator[str]:
    """Names of the tensors a node makes; empty for results that are none."""
    for output in node["outputs"]:
        tag, _ = only_item(output)
        if tag == "as_tensors":
            yield from (item["name"] for item in output["as_tensors"])
        else:
            yield output["as_tensor"]["name"] if tag == "as_tensor" else ""


def modules_around(node: ExportNode) -> tuple[str, ...]:
    """The path of the innermost module of a node: ("layer1", "0", "conv1").

    The stack is written as "key,path,class" joined by semicolons, outermost first.

    >>> stack = "L__self__,,net.Net;L__self__relu@1,layer1.0.relu,torch.nn.ReLU"
    >>> modules_around({"metadata": {"nn_module_stack": stack}})
    ('layer1', '0', 'relu')
    """
    innermost = str(node.get("metadata", {}).get("nn_module_stack", "")).rpartition(";")[2].split(",")
    path = ",".join(innermost[1:-1])
    parts = () if "metadata_hook" in path else path.split(".", TORCH_MODULES_DEEP)[:TORCH_MODULES_DEEP]
    return tuple(part for part in parts if part)


def argument_value(argument: Argument, known: Callable[[str], str]) -> Value:
    """The value of an argument; tensors by their `known` names, sizes that are symbols as None."""
    tag, value = only_item(argument)
    if tag == "as_none":
        return None
    if tag == "as_tensor":
        return Ref(known(argument["as_tensor"]["name"]))
    if tag == "as_tensors":
        return [Ref(known(item["name"])) for item in argument["as_tensors"]]
    if tag == "as_nested_tensors":
        return [Ref(known(item["name"])) for items in argument["as_nested_tensors"] for item in items]
    if tag == "as_optional_tensor":
        return argument_value(argument["as_optional_tensor"], known)
    if tag == "as_optional_tensors":
        return [argument_value(item, known) for item in argument["as_optional_tensors"]]
    if tag == "as_sym_int":
        return argument["as_sym_int"].get("as_int")
    if tag == "as_sym_ints":
        return [item.get("as_int") for item in argument["as_sym_ints"]]
    return Subgraph(argument["as_graph"]["graph"]) if tag == "as_graph" else _plain(value)


def _plain(value: object) -> Json:
    return value if isinstance(value, str | int | float | list | dict) else None
