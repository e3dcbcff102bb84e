"""Random models whose layers share weights, and what each side holds, counted weight by weight."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cutwise.channels import FixedRate
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec, Weight
from cutwise.problem.split_problem import SplitProblem
from tests.core.fleets import random_scenario

WIDTHS = (4, 8, 16)


def random_shared_graph(rng: np.random.Generator, *, most: int = 8) -> ModelGraph:
    """A DAG of square layers on vectors of one width, up to three of whose matrices several layers read."""
    width = int(rng.choice(WIDTHS))
    spec = TensorSpec(shape=(1, width))
    ops = [Op(id="x", kind="input", output=spec)]
    names = [f"shared{i}" for i in range(int(rng.integers(1, 4)))]
    for number in range(int(rng.integers(2, most))):
        read = rng.choice(
            [op.id for op in ops], min(len(ops), int(rng.integers(1, 3))), replace=False
        ).tolist()
        if len(read) > 1:
            ops.append(Op(id=f"sum{number}", kind="add", inputs=tuple(read), output=spec))
            continue
        name = str(rng.choice(names)) if rng.random() < 0.7 else f"own{number}"
        weight = Weight(id=name, shape=(width, width))
        attrs = {"in_features": width, "out_features": width}
        ops.append(
            Op(
                id=f"fc{number}",
                kind="linear",
                inputs=tuple(read),
                output=spec,
                weights=(weight,),
                attrs=attrs,
            )
        )
    return ModelGraph(name="shared", ops=tuple(ops))


def random_shared_scenario(rng: np.random.Generator, graph: ModelGraph, *, devices: int) -> Any:
    """As for other fleets, at rates and speeds where weights of a few bytes weigh; some layers frozen."""
    scenario = random_scenario(rng, [op.id for op in graph.ops], devices=devices)
    layers = [op.id for op in graph.ops if op.weights]
    frozen = tuple(name for name in layers if rng.random() < 0.25)
    workload = replace(
        scenario.workload,
        tied_weights=[None, "copied", "untied", "one_side"][int(rng.integers(4))],
        frozen=frozen,
        batch_size=int(rng.integers(1, 4)),
    )
    speed = float(10 ** rng.uniform(4, 7))
    latency = {
        "uplink_latency_s": float(rng.choice([0.0, 1e-3])),
        "downlink_latency_s": float(rng.choice([0.0, 1e-3])),
    }
    channel = FixedRate(
        uplink_bps=float(10 ** rng.uniform(4, 6)), downlink_bps=float(10 ** rng.uniform(4, 6)), **latency
    )
    return replace(
        scenario,
        workload=workload,
        channel=channel,
        devices=tuple(
            replace(device, flops_per_s=speed * float(10 ** rng.uniform(-2, 0.5)))
            for device in scenario.devices
        ),
        server=replace(scenario.server, flops_per_s=speed),
    )


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """What one side holds of weights, in bytes, and what of it is trained."""

    weights: float
    trained: float


def trained_names(graph: ModelGraph, workload: Workload) -> set[str]:
    """Weights that are trained: no op that reads one is frozen; untied, those of each op that is not."""
    if not workload.training:
        return set()
    frozen = {w.id for op in graph.ops if op.id in workload.frozen for w in op.weights}
    every = {w.id for op in graph.ops for w in op.weights}
    if workload.tied_weights == "untied":
        return {w.id for op in graph.ops if op.id not in workload.frozen for w in op.weights}
    return every - frozen


def weighed(graph: ModelGraph, workload: Workload, side: np.ndarray) -> Weighed:
    """Each weight that an op of the `side` reads, once; where each op trains its own, once for each."""
    trained = trained_names(graph, workload)
    held: dict[object, float] = {}
    learnt: dict[object, float] = {}
    for at in np.flatnonzero(side).tolist():
        op = graph.ops[at]
        for weight in op.weights:
            own = workload.tied_weights == "untied" and weight.id in trained
            key = (weight.id, at) if own else weight.id
            held[key] = 4.0 * weight.elements
            learns = weight.id in trained and not (own and op.id in workload.frozen)
            learnt[key] = 4.0 * weight.elements * learns
    return Weighed(weights=sum(held.values()), trained=sum(learnt.values()))


def kept_equal(problem: SplitProblem, *sides: np.ndarray) -> float:
    """Bytes of the trained weights that more than one of the sides reads."""
    graph, workload = problem.cost.graph, problem.workload
    if workload.tied_weights != "copied":
        return 0.0
    trained = trained_names(graph, workload)
    read = [{w.id for at in np.flatnonzero(side) for w in graph.ops[at].weights} & trained for side in sides]
    both = read[0] & read[1]
    elements = {w.id: w.elements for op in graph.ops for w in op.weights}
    return float(sum(4.0 * elements[name] for name in both))
