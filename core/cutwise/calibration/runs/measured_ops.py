"""Every op of a graph run on this machine: seconds forward and backward, fixed and for a sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from cutwise.calibration.runs.clock import seconds_of
from cutwise.calibration.runs.op_runs import NOT_RUN, Prepared, prepared
from cutwise.calibration.runs.op_tensors import Shape
from cutwise.errors import CutwiseError
from cutwise.graph.model_graph import ModelGraph, Op

NEEDS_TORCH = (
    "this runs ops with PyTorch, which is not installed; install it with: pip install 'cutwise[torch]'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpSeconds:
    """Seconds of one op for a mini-batch of `batch_size`: forward, and backward where it has one."""

    op: str
    batch_size: int
    forward_s: float
    backward_s: float


def measured_ops(
    graph: ModelGraph,
    names: Iterable[str],
    *,
    batch_size: int,
    training: bool,
    device: str = "cpu",
    most_s: float = 0.05,
) -> Mapping[str, OpSeconds]:
    """Seconds of each named op with a mini-batch of `batch_size`, by its id; equal ones are run once.

    Left out are ops of a kind that nothing here runs, and those whose shapes PyTorch refuses. Raises
    `CutwiseError` where PyTorch is not installed, or sees no such device.
    """
    check_runs(device)
    seconds: dict[str, OpSeconds] = {}
    known: dict[Any, tuple[float, float] | None] = {}
    for name in names:
        op = graph.ops[graph.index[name]]
        if op.kind in NOT_RUN:
            continue
        shapes, output = shapes_at(graph, op, batch_size)
        key = (op.kind, shapes, output, tuple(w.shape for w in op.weights), tuple(sorted(op.attrs.items())))
        if (as_text := repr(key)) not in known:
            known[as_text] = _run(op, shapes, output, training=training, device=device, most_s=most_s)
        if (found := known[as_text]) is not None:
            seconds[name] = OpSeconds(op=name, batch_size=batch_size, forward_s=found[0], backward_s=found[1])
    return seconds


def shapes_at(graph: ModelGraph, op: Op, batch_size: int) -> tuple[tuple[Shape, ...], Shape]:
    """The shapes of an op's inputs and of its output with so many samples; constants are as they are."""
    sources = [graph.ops[graph.index[name]] for name in op.inputs]
    shapes = tuple(
        source.output.shape
        if source.kind == "constant"
        else _larger(source.output.shape, graph.batch_size, batch_size)
        for source in sources
    )
    return shapes, _larger(op.output.shape, graph.batch_size, batch_size)


def _larger(shape: Shape, of_graph: int, batch_size: int) -> Shape:
    """The first axis has the samples, alone or with others such as heads."""
    if not shape or shape[0] % of_graph:
        return shape
    return (shape[0] // of_graph * batch_size, *shape[1:])


def _run(
    op: Op, shapes: tuple[Shape, ...], output: Shape, *, training: bool, device: str, most_s: float
) -> tuple[float, float] | None:
    torch = _torch()
    timed = partial(seconds_of, device=device, most_s=most_s, threads=torch.get_num_threads())
    try:
        ready = prepared(op, shapes, output, device=device)
        if ready is None:
            return None
        call, leaves = ready
        if not (training and leaves):
            with torch.no_grad():
                return timed(call), 0.0
        sent = torch.ones_like(call())
        forward_s = timed(call)
        return forward_s, max(0.0, timed(partial(_forward_and_back, ready, sent)) - forward_s)
    except (RuntimeError, ValueError, IndexError, TypeError, AttributeError):
        return None


def _forward_and_back(ready: Prepared, sent: Any) -> Any:
    call, leaves = ready
    return _torch().autograd.grad(call(), leaves, sent, allow_unused=True)


def check_runs(device: str) -> None:
    """Raises `CutwiseError` where PyTorch is not installed, or sees no accelerator that was asked for."""
    if device.startswith("cuda") and not _torch().cuda.is_available():
        raise CutwiseError(
            "PyTorch sees no CUDA device on this machine; leave --device out to measure its processor"
        )
    _torch()


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise CutwiseError(NEEDS_TORCH) from error
    return torch
