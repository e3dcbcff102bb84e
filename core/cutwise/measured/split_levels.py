"""Seconds of every cut that was run, as a plan would have said them, by what it knows of the machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.caches import kept
from cutwise.channels.fixed_rate import FixedRate
from cutwise.costs.cut_sums import cut_sums
from cutwise.costs.workload import Workload
from cutwise.frozen import Frozen, FrozenDict
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec
from cutwise.hardware.time_classes import time_classes
from cutwise.measured.layer_fit import by_class, by_three_columns
from cutwise.measured.split_runs import (
    LayerBenchmark,
    PassSeconds,
    RunOp,
    SplitRun,
    layer_benchmark,
    split_runs,
)
from cutwise.plans.evaluate import stage_times
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Scenario

IDLE_FLOPS_PER_S = 1.0
"""Every op states its seconds, so that no speed is asked for."""
INPUT = "input"
MACHINE_CLASS = "cpu_x86"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpTimes(Frozen):
    """Seconds of one op on both sides, the device without its slowdown."""

    device: PassSeconds
    server: PassSeconds


Level = Callable[[SplitRun, LayerBenchmark], Sequence[OpTimes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CutPrediction(Frozen):
    """One cut of one run, as it was measured and as a level of knowledge predicts it."""

    run: str
    model: str
    level: str
    position: int
    behind: str
    measured_s: float
    predicted_s: float

    @property
    def predicted_ratio(self) -> float:
        """Predicted over measured seconds."""
        return self.predicted_s / self.measured_s


def _datasheet(run: SplitRun, benchmark: LayerBenchmark) -> list[OpTimes]:
    """Class constants times the machine's largest product and copy, which stand for its data sheet."""
    known = time_classes()[MACHINE_CLASS]
    flops_per_s = known.flops_per_s(benchmark.flops_per_s)
    bytes_per_s = known.bytes_per_s(benchmark.bytes_per_s, benchmark.flops_per_s)
    found = []
    for work in (op.work for op in run.ops):
        more_s = (work.moved_bytes + work.weight_bytes) / bytes_per_s + work.launches * known.launch_s
        found.append(
            PassSeconds(
                forward_s=work.forward_flops / flops_per_s + more_s,
                backward_s=known.backward_ratio * (work.backward_flops / flops_per_s + 2 * more_s),
            )
        )
    return _on_both(found)


def _one_number(run: SplitRun, _: LayerBenchmark) -> list[OpTimes]:
    """FLOPs over the one speed at which the whole model ran on that side."""
    sides = [[op.device for op in run.ops], [op.server for op in run.ops]]
    flops = sum(op.work.forward_flops + op.work.backward_flops for op in run.ops)
    s_per_flop = [sum(p.forward_s + p.backward_s + p.step_s for p in side) / flops for side in sides]
    device, server = (
        [
            PassSeconds(forward_s=s * op.work.forward_flops, backward_s=s * op.work.backward_flops)
            for op in run.ops
        ]
        for s in s_per_flop
    )
    return [OpTimes(device=d, server=s) for d, s in zip(device, server, strict=True)]


def _fitted(fit: Callable[..., list[PassSeconds]]) -> Level:
    return lambda run, benchmark: _on_both(fit(benchmark, [op.work for op in run.ops]))


def _per_op(run: SplitRun, _: LayerBenchmark) -> list[OpTimes]:
    """Each op of this model as it ran alone on that side."""
    return [OpTimes(device=op.device, server=op.server) for op in run.ops]


def _on_both(seconds: Sequence[PassSeconds]) -> list[OpTimes]:
    """Both sides are the same machine."""
    return [OpTimes(device=one, server=one) for one in seconds]


LEVELS: Mapping[str, Level] = FrozenDict(
    {
        "datasheet": _datasheet,
        "one number": _one_number,
        "three columns": _fitted(by_three_columns),
        "benchmark by class": _fitted(by_class),
        "profile per op": _per_op,
    }
)
"""What is known of the machine, from the least on; `one number` and `profile per op` ran the model itself."""


def predicted_cuts_s(run: SplitRun, level: str, benchmark: LayerBenchmark) -> Floats:
    """Seconds of a step at each cut of the run, at the rates of its link."""
    return delays_s(run, LEVELS[level](run, benchmark))


def delays_s(run: SplitRun, times: Sequence[OpTimes], *, rates_bps: Floats | None = None) -> Floats:
    """Seconds of a step at each cut: the product's own evaluator on ops of these times.

    `rates_bps` (rates, 1) take the place of the link's, both ways: then of shape (rates, cuts).
    """
    problem = build_problem(_timed_graph(run, times), _scenario(run))
    conditions = problem.conditions().of(0)
    if rates_bps is not None:
        conditions = conditions.at_rates(uplink_bps=rates_bps, downlink_bps=rates_bps)
    stages = stage_times(cut_sums(problem.cost, _masks(run)), conditions)
    return np.asarray(stages.delay_s, dtype=np.float64)


@kept
def predicted_splits() -> tuple[CutPrediction, ...]:
    """Every cut of every run that is shipped, at every level."""
    return tuple(
        found
        for run in split_runs()
        for level in LEVELS
        for found in cut_predictions(run, level, layer_benchmark())
    )


def cut_predictions(run: SplitRun, level: str, benchmark: LayerBenchmark) -> Iterator[CutPrediction]:
    """The cuts of one run at one level."""
    names = [INPUT, *(op.name for op in run.ops[:-1])]
    for cut, predicted_s in zip(run.cuts, predicted_cuts_s(run, level, benchmark).tolist(), strict=True):
        yield CutPrediction(
            run=run.name, model=run.model, level=level, position=cut.position, behind=names[cut.position],
            measured_s=run.measured_s(cut), predicted_s=predicted_s,
        )  # fmt: skip


def _timed_graph(run: SplitRun, times: Sequence[OpTimes]) -> ModelGraph:
    """The model as ops that state their seconds and what they send, the device's with its slowdown."""
    raw = {"output_bytes": run.raw_bytes / run.batch_size, "gradient_bytes": 0.0}
    first = Op(id=INPUT, kind="input", output=TensorSpec(shape=(0,)), figures=raw)
    rest = (_timed_op(run, op, taken) for op, taken in zip(run.ops, times, strict=True))
    return ModelGraph(name=run.name, ops=(first, *rest), provenance={"format": "testbed"})


def _timed_op(run: SplitRun, op: RunOp, times: OpTimes) -> Op:
    slowed, server = run.slowdown_ratio, times.server
    return Op(
        id=op.name,
        kind=op.work.kind,
        inputs=op.inputs,
        output=TensorSpec(shape=(0,)),
        figures={
            "output_bytes": op.output_bytes / run.batch_size,
            "gradient_bytes": op.gradient_bytes / run.batch_size,
            "device_forward_s": (slowed * times.device.forward_s, 0.0),
            "device_backward_s": (slowed * (times.device.backward_s + times.device.step_s), 0.0),
            "server_forward_s": (server.forward_s, 0.0),
            "server_backward_s": (server.backward_s + server.step_s, 0.0),
        },
    )


def _scenario(run: SplitRun) -> Scenario:
    """One step a round, of one device with the link to itself."""
    device = Device(flops_per_s=IDLE_FLOPS_PER_S, samples=run.batch_size)
    label_bytes = run.label_bytes / run.batch_size
    return Scenario(
        workload=Workload(batch_size=run.batch_size, local_iterations=1, label_bytes=label_bytes),
        devices=(device,),
        server=Server(flops_per_s=IDLE_FLOPS_PER_S),
        channel=FixedRate(
            uplink_bps=run.uplink_bps, downlink_bps=run.downlink_bps,
            uplink_latency_s=run.latency_s / 2, downlink_latency_s=run.latency_s / 2,
        ),
    )  # fmt: skip


def _masks(run: SplitRun) -> Mask:
    """Device sides (cuts, ops): the input, and as many ops as the position says; the loss with the last."""
    last = len(run.ops) - 1
    kept_ops = [1 + cut.position + (cut.position == last) for cut in run.cuts]
    return np.arange(1 + len(run.ops))[None, :] < np.array(kept_ops)[:, None]
