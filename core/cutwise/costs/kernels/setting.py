"""What the rules of kernels are given: the model, number formats, options."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from cutwise.costs.ops.formula import KERNEL
from cutwise.costs.options.presets import RunOptions
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import DTYPE_BYTES, FLOATING, ModelGraph, Op, TensorSpec

WHOLE = "fp32"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSetting:
    """A model and its workload, `run` every option with its value, `compute` the number format of products.

    `known_format` tells the number format of a tensor made so far. `whole_norms`: norms run in fp32.
    `quantised` are the ids of quantised weights, `gates` the activations that only a product of two reads.
    `accelerator`: the kernels are those of a GPU.
    """

    graph: ModelGraph
    workload: Workload
    run: RunOptions
    compute: str
    known_format: Callable[[str], str]
    adapter_dtype: str
    whole_norms: bool
    quantised: frozenset[str]
    gates: frozenset[str]
    accelerator: bool

    @property
    def wide(self) -> str:
        """The number format of what is no product: fp32 under autocast, else that of products."""
        return WHOLE if self.workload.autocast else self.compute

    def format_of(self, *names: str) -> str:
        """The widest floating format of these tensors; that of the model where none is floating."""
        found = [known for name in names if (known := self.known_format(name)) in FLOATING]
        return max(found, key=lambda dtype: DTYPE_BYTES[dtype], default=self.wide)

    def op(self, name: str) -> Op:
        """The op of the model that makes tensor `name`."""
        return self.graph.ops[self.graph.index[name]]


Rule = Callable[[Op, RunSetting], Iterable[Op]]


def held_as(op: Op, dtype: str, **attrs: Any) -> Op:
    """The op with its result in this number format and these attributes beside its own."""
    same = op.output.dtype == dtype or op.output.dtype not in FLOATING
    if same and not attrs:
        return op
    output = op.output if same else replace(op.output, dtype=dtype)
    return replace(op, output=output, attrs={**op.attrs, **attrs} if attrs else op.attrs)


def reading(op: Op, names: list[str]) -> Op:
    """The op with these operands."""
    return op if tuple(names) == op.inputs else replace(op, inputs=tuple(names))


def kernel(
    op: Op, part: str, inputs: tuple[str, ...], dtype: str,
    *, shape: tuple[int, ...] | None = None, keeps: tuple[int, ...] = (), **held: Any,
) -> Op:  # fmt: skip
    """A kernel of `op`: it reads `inputs`, makes a tensor, and keeps what `keeps` names for its gradient.

    `held` are bytes beside that at the graph's own batch: `kept_bytes` until it has run backward,
    `forward_bytes` and `backward_bytes` while it runs; `kept_once_bytes` and `passing_once_bytes` are the
    same once a mini-batch. With `passes` its gradient goes on without a copy.
    """
    stops = {"stops_gradient": True} if op.attrs.get("stops_gradient") else {}
    return Op(
        id=f"{op.id}/{part}" if part else op.id,
        kind=KERNEL,
        inputs=inputs,
        output=TensorSpec(shape=op.output.shape if shape is None else shape, dtype=dtype),
        block=op.block,
        attrs={"keeps": keeps, **held, **stops},
    )


def cast(op: Op, name: str, dtype: str, setting: RunSetting) -> tuple[str, list[Op]]:
    """The name under which `op` reads tensor `name` in this format, and the copy made for that, if any."""
    known = setting.known_format(name)
    if known not in FLOATING or known == dtype:
        return name, []
    made = kernel(op, f"cast:{name}", (name,), dtype, shape=setting.op(name).output.shape)
    return made.id, [made]


def bytes_in(op: Op, dtype: str) -> float:
    """Bytes of the op's result in this format."""
    return op.output.elements * DTYPE_BYTES[dtype]
