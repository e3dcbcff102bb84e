"""A model with the seconds that its ops took on this machine, as a `cutwise-graph/1` file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cutwise.calibration.runs.measured_ops import OpSeconds, measured_ops
from cutwise.calibration.timed_rows import MachineRates
from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.workload import Workload
from cutwise.errors import CutwiseError
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.json_formats.cutwise_graph import BYTE_AND_FLOP_FIGURES, FORMAT

if TYPE_CHECKING:
    from cutwise.plain import Json

Pair = tuple[float, float]
"""Fixed seconds of a mini-batch, and seconds a sample."""
ALWAYS_STATED = ("output_bytes", "gradient_bytes")
MEASURED_AT = ("device", "server")
MANY = 8
"""Samples of the larger mini-batch: what is fixed and what a sample takes follow from one and from these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpProfile(Frozen):
    """Which ops were run, and the file that holds their seconds.

    `not_run` counts ops that compute something and were not run, by kind: they keep their FLOPs.
    """

    text: str
    ops: int
    not_run: Mapping[str, int]
    forward_s: float
    backward_s: float
    batch_size: int


def profile_here(
    graph: ModelGraph,
    *,
    party: str,
    other: ModelGraph | MachineRates,
    device: str = "cpu",
    most_s: float = 0.01,
) -> OpProfile:
    """Every op of a model run on this machine with random numbers of its shapes, forward and backward.

    Nothing of the model's file is run: ops are PyTorch's own functions, by kind. `party` says whose seconds
    these are; those of the other party are what `other` states, a file made so before, or what its constants
    predict. Raises `CutwiseError` where no op can be run, and where `other` is of another model.
    """
    if party not in MEASURED_AT:
        raise CutwiseError(f"{party!r} computes nothing; measure for the device or for the server")
    cost = price(graph, Workload(batch_size=MANY))
    kept = _of_other(cost, other, next(name for name in MEASURED_AT if name != party))
    names = [op.id for op, starts in zip(graph.ops, cost.launches, strict=True) if starts]
    one, many = (
        measured_ops(graph, names, batch_size=size, training=True, device=device, most_s=most_s)
        for size in (1, MANY)
    )
    if not many:
        raise CutwiseError(f"{graph.name}: no op of it can be run here; its file states costs and no shapes")
    seconds = {
        name: {
            **kept.get(name, {}),
            f"{party}_forward_s": _affine(one.get(name), many[name], "forward_s"),
            f"{party}_backward_s": _affine(one.get(name), many[name], "backward_s"),
        }
        for name in many
    }
    left = [graph.ops[graph.index[name]].kind for name in names if name not in many]
    return OpProfile(
        text=_text(cost, seconds),
        ops=len(many),
        not_run={kind: left.count(kind) for kind in dict.fromkeys(left)},
        forward_s=sum(found.forward_s for found in many.values()),
        backward_s=sum(found.backward_s for found in many.values()),
        batch_size=MANY,
    )


def _affine(one: OpSeconds | None, many: OpSeconds, name: str) -> Pair:
    """Fixed seconds of a mini-batch, and seconds a sample, neither below 0."""
    whole = float(getattr(many, name))
    if one is None:
        return 0.0, whole / many.batch_size
    alone = min(float(getattr(one, name)), whole)
    a_sample = (whole - alone) / (many.batch_size - one.batch_size)
    fixed = max(0.0, alone - a_sample)
    return fixed, (whole - fixed) / many.batch_size


def _of_other(cost: GraphCost, other: ModelGraph | MachineRates, party: str) -> dict[str, dict[str, Pair]]:
    """Fixed seconds and seconds a sample of the party that is not here, by op."""
    names = (f"{party}_forward_s", f"{party}_backward_s")
    if isinstance(other, MachineRates):
        pairs = (_predicted(cost, other, backward=backward) for backward in (False, True))
        both = dict(zip(names, pairs, strict=True))
        return {op.id: {name: both[name][at] for name in names} for at, op in enumerate(cost.graph.ops)}
    if [op.id for op in other.ops] != [op.id for op in cost.graph.ops]:
        raise CutwiseError(
            f"{other.name}: has other ops than {cost.graph.name}; measure the same model file again"
        )
    if not any(name in op.figures for op in other.ops for name in names):
        raise CutwiseError(f"{other.name}: states no seconds of the {party}; measure them there first")
    return {
        op.id: {name: _pair(op.figures[name]) for name in names if name in op.figures} for op in other.ops
    }


def _predicted(cost: GraphCost, rates: MachineRates, *, backward: bool) -> list[Pair]:
    of = "backward_" if backward else ""
    flops = cost.backward_input_flops + cost.backward_weight_flops if backward else cost.forward_flops
    moved, read, launches = (
        getattr(cost, f"{of}{name}") for name in ("moved_bytes", "read_bytes", "launches")
    )
    times = rates.backward_ratio if backward else 1.0
    fixed = times * (launches * rates.launch_s + read / rates.moved_bytes_per_s)
    a_sample = times * (flops / rates.flops_per_s + moved / rates.moved_bytes_per_s)
    return [(float(once), float(each)) for once, each in zip(fixed, a_sample, strict=True)]


def _pair(figure: float | tuple[float, float]) -> Pair:
    return figure if isinstance(figure, tuple) else (0.0, float(figure))


def _text(cost: GraphCost, seconds: Mapping[str, Mapping[str, Pair]]) -> str:
    ops: list[Json] = []
    for op in cost.graph.ops:
        row, measured = cost.row(op.id), seconds.get(op.id, {})
        figures = {name: float(getattr(row, name)) for name in BYTE_AND_FLOP_FIGURES}
        if measured:
            figures |= {"forward_flops": 0.0, "backward_flops": 0.0}
        entry: dict[str, Any] = {"id": op.id, "kind": op.kind, "inputs": list(op.inputs)}
        entry |= {"block": op.block} if op.block else {}
        entry |= {name: value for name, value in figures.items() if value or name in ALWAYS_STATED}
        ops.append({**entry, **{name: list(pair) for name, pair in measured.items()}})
    return json.dumps({"format": FORMAT, "name": cost.graph.name, "ops": ops}, indent=1)
