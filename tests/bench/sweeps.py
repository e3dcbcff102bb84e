"""Sweeps in columns through the public function, beside numpy's sum and OR-Tools once a scenario.

A million rows of one device to a DataFrame, one quantity or four; 100,000 rows of 30 different devices in
turn, at equal shares and with the best band split. Each sample's first sweep, of 1,000 rows, makes its pools.
Wall time and processor time are medians; OR-Tools solves as many scenarios as fit in a second, scaled.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

import cutwise
from cutwise.channels import FixedRate
from cutwise.graph.model_graph import ModelGraph
from cutwise.planning.one_device.exact_cut import exact_cuts
from cutwise.planning.one_device.objective import delay
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.changes import changed
from cutwise.scenario.parties import Server
from cutwise.scenario.parts import Scenario, Sharing
from tests.bench.clock import once, seconds, table
from tests.bench.shares import fleet

ROWS, FLEET_ROWS, DEVICES, FIRST = 1_000_000, 100_000, 30, 1_000
SEED, RUNS = 7, 3


def one_device(rows: int) -> dict[str, Any]:
    draw = np.random.default_rng(SEED)
    low, high = np.array([[6.0, 6.0, 9.0, 11.0], [9.0, 9.0, 13.0, 14.0]])
    paths = ("channel.uplink_bps", "channel.downlink_bps", "devices.0.flops_per_s", "server.flops_per_s")
    return dict(zip(paths, 10 ** draw.uniform(low, high, (rows, 4)).T.copy(), strict=True))


def of_fleet(rows: int) -> dict[str, Any]:
    draw = np.random.default_rng(SEED)
    paths = ("channel.uplink_bps", "channel.downlink_bps", "server.flops_per_s")
    return dict(zip(paths, 10 ** draw.uniform([7, 7, 12], [10, 10, 14], (rows, 3)).T.copy(), strict=True))


def run() -> None:
    cell = Scenario(
        devices=fleet(DEVICES),
        channel=FixedRate(uplink_bps=1e9, downlink_bps=1e9),
        server=Server(memory_bytes=1e13),
    )
    best = changed(cell, {"sharing": Sharing(bandwidth="optimised")})
    four, rates = one_device(ROWS), of_fleet(FLEET_ROWS)
    uplink = {"channel.uplink_bps": four["channel.uplink_bps"]}
    asked = (
        ("1 quantity", Scenario(), "fast_split", uplink, RUNS),
        ("4 quantities", Scenario(), "fast_split", four, RUNS),
        ("in turn", cell, "split_learning", rates, RUNS),
        ("equal shares", cell, "split_federated", rates, RUNS),
        ("best band", best, "split_federated", rates, 1),
    )
    sum_s = seconds(lambda: uplink["channel.uplink_bps"].sum())
    print(
        f"\n{ROWS:,} rows of one device, {FLEET_ROWS:,} rows x {DEVICES} devices; seconds, wall (processor)"
    )
    print(f"numpy's sum of a column of {ROWS:,}: {1e3 * sum_s:.2f} ms")
    rows = []
    for name in cutwise.samples():
        graph = cutwise.load_model(f"sample:{name}")
        first_s, _ = once(lambda graph=graph: cutwise.sweep(graph, over=_some(four), zip=True))
        found = [_taken(graph, scenario, scheme, over, runs) for _, scenario, scheme, over, runs in asked]
        rows.append(
            [
                name, f"{first_s:.2f}", *(f"{wall:.2f} ({own:.2f})" for wall, own in found),
                f"{found[1][0] / sum_s:.0f}x", f"{_solves_s(graph, four) * ROWS / found[1][0]:.0f}x",
            ]
        )  # fmt: skip
    header = ["sample", "first", *(title for title, *_ in asked), "4 / sum", "OR-Tools / 4"]
    table(header, rows)


def _some(over: Mapping[str, Any]) -> dict[str, Any]:
    return {path: column[:FIRST] for path, column in over.items()}


def _taken(
    graph: ModelGraph, scenario: Scenario, scheme: str, over: Mapping[str, Any], runs: int
) -> tuple[float, float]:
    """Seconds on the wall and of the processor, medians, once the pools are there."""
    cutwise.sweep(graph, scenario, over=_some(over), scheme=scheme, zip=True)
    taken = []
    for _ in range(runs):
        began_s, own_s = time.perf_counter(), time.process_time()
        cutwise.sweep(graph, scenario, over=over, scheme=scheme, zip=True)
        taken.append((time.perf_counter() - began_s, time.process_time() - own_s))
    wall_s, processor_s = np.median(taken, axis=0).tolist()
    return wall_s, processor_s


def _solves_s(graph: ModelGraph, over: Mapping[str, Any]) -> float:
    """Seconds of one max-flow by OR-Tools, over different scenarios, without making them."""
    problems = [
        build_problem(graph, changed(Scenario(), {path: column[row].item() for path, column in over.items()}))
        for row in range(20)
    ]
    spent, solved = 0.0, 0
    while spent < 1.0:
        problem = problems[solved % len(problems)]
        took_s, _ = once(
            lambda problem=problem: exact_cuts(
                problem, problem.conditions(), delay, devices=[0], solver="max_flow"
            )
        )
        spent, solved = spent + took_s, solved + 1
    return spent / solved
