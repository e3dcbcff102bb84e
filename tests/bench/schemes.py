"""All schemes on one scenario, and a long round played task by task beside SimPy."""

from __future__ import annotations

import numpy as np

import cutwise
from cutwise.channels import FixedRate
from cutwise.costs.workload import Workload
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parts import Scenario
from cutwise.schemes.base import SCHEMES
from cutwise.simulation.engine import simulate
from cutwise.simulation.round_tasks import phased_tasks
from cutwise.simulation.turns import planned_turns
from tests.bench.clock import once, seconds, table
from tests.bench.shares import fleet
from tests.core.simulation.simulated_worlds import simpy_starts

DEVICES = 30


def run() -> None:
    _compared()
    _played()


def _compared() -> None:
    rows = []
    for name in ("resnet18", "gpt2", "googlenet"):
        graph = cutwise.load_model(f"sample:{name}")
        cell = Scenario(
            devices=fleet(DEVICES),
            channel=FixedRate(uplink_bps=1e9, downlink_bps=1e9),
            workload=Workload(tied_weights="untied") if name == "gpt2" else Workload(),
        )
        first_s, frame = once(lambda graph=graph, cell=cell: cutwise.compare(graph, cell))
        again_s, _ = once(lambda graph=graph, cell=cell: cutwise.compare(graph, cell))
        slowest_s, slowest = max(
            (once(lambda s=s, graph=graph, cell=cell: cutwise.compare(graph, cell, schemes=[s]))[0], s)
            for s in SCHEMES
        )
        rows.append(
            [name, str(len(frame)), f"{first_s:.2f}", f"{again_s:.2f}", f"{slowest} ({slowest_s:.2f})"]
        )
    print(f"\nall schemes, {DEVICES} different devices, seconds")
    table(["model", "schemes", "first", "again", "slowest"], rows)


def _played() -> None:
    graph = cutwise.load_model("sample:resnet18")
    cell = Scenario(devices=fleet(DEVICES), workload=Workload(local_iterations=350))
    problem = build_problem(graph, cell)
    turns = planned_turns(problem, plan := cutwise.plan(graph, cell, scheme="split_federated"))
    tasks = phased_tasks(turns, plan.phases, server="queue")
    ours_s = seconds(lambda: simulate(tasks), rounds=3)
    peer_s, starts_s = once(lambda: simpy_starts(tasks))
    apart_s = abs(simulate(tasks).makespan_s - max(np.array(starts_s) + tasks.duration_s))
    print(
        f"\n{len(tasks):,} tasks with a queueing server: {1e3 * ours_s:.0f} ms, "
        f"SimPy {peer_s / ours_s:.1f}x of that; makespans differ by {apart_s:.0e} s"
    )
