"""How long one optimum takes as graphs grow, and many as scenarios do, beside every peer, with exponents.

Every peer solves the same graph with the same prices, and is asserted to find the same cost. A peer stops
growing once its next solve may take longer than `LONGEST_S`; an exponent is the slope of log time over log
size, over what took at least `LEAST_TIMED_S`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cutwise.cuts.max_flow import minimum_cut
from cutwise.cuts.pool.build import build_pool
from cutwise.cuts.pool.closure import PoolTooLarge
from cutwise.cuts.split_graph import SplitGraph
from tests.bench.clock import once, seconds, table
from tests.bench.peers.layered_graphs import STRUCTURES, drawn_graph
from tests.bench.peers.peer_solvers import by_cp_sat, by_dinic, by_networkx, by_scipy, whole_network

SIZES = (100, 1_000, 10_000, 100_000)
SCENARIO_COUNTS = (10**3, 10**4, 10**5, 10**6, 10**7)
ROWS_AT_ONCE = 1 << 18
LONGEST_S, LEAST_TIMED_S = 10.0, 1e-4
WORST_GROWTH = 30.0
"""How much longer a peer may take on ten times the ops."""
MOST_CUTS = 1 << 13
WHOLE = 2.0**29
"""The optimum in whole numbers, which 32 bits hold."""
PEERS = ("OR-Tools", "pool, build", "pool, ask", "networkx", "Dinic", "scipy", "CP-SAT")


def run() -> None:
    for structure in STRUCTURES:
        spent: dict[str, dict[int, float]] = {name: {} for name in PEERS}
        for count in SIZES:
            _grown(structure, count, spent)
        print(f"\n{structure}: milliseconds of one optimum, and the exponent of growth")
        rows = [
            [name, *(_ms(spent[name].get(count)) for count in SIZES), _exponent(spent[name])]
            for name in PEERS
        ]
        table(["", *(f"{count:,} ops" for count in SIZES), "exponent"], rows)
    _scenarios()


def _grown(structure: str, count: int, spent: dict[str, dict[int, float]]) -> None:
    graph = drawn_graph(structure, count)
    device, crossing = graph.device_features[:, 0], graph.crossing_features[:, 0]

    def by_or_tools() -> float:
        return minimum_cut(graph, device_weight=device, crossing_weight=crossing).value

    best = by_or_tools()
    scale = WHOLE / best
    network = whole_network(graph, device, crossing, scale=scale)
    makers: dict[str, Callable[[], Callable[[], int]]] = {
        "networkx": lambda: by_networkx(network),
        "Dinic": lambda: by_dinic(network),
        "scipy": lambda: by_scipy(network),
        "CP-SAT": lambda: by_cp_sat(graph, device, crossing, scale=scale),
    }
    spent["OR-Tools"][count] = seconds(by_or_tools, rounds=3)
    _pool(graph, count, spent, best)
    for name, made in makers.items():
        before = list(spent[name].values())
        if len(before) != SIZES.index(count) or (before and WORST_GROWTH * before[-1] > LONGEST_S):
            continue
        solved = made()
        took, value = once(solved)
        took = took if took > 0.2 else min(took, once(solved)[0])
        assert abs(value - WHOLE) <= count, (name, structure, count, value)
        spent[name][count] = took


def _pool(graph: SplitGraph, count: int, spent: dict[str, dict[int, float]], best: float) -> None:
    """One build serves every price from then on; structureless graphs have no pool worth keeping."""
    try:
        spent["pool, build"][count], pool = once(lambda: build_pool(graph, max_size=MOST_CUTS))
    except PoolTooLarge:
        return
    price = np.array([1.0, 1.0])
    assert np.isclose((pool.features @ price).min(), best, rtol=1e-9)
    print(f"{count:,} ops: {len(pool)} cuts kept")
    spent["pool, ask"][count] = seconds(lambda: (pool.features @ price).argmin(), rounds=3)


def _scenarios() -> None:
    """Scenarios from a thousand to ten million, in parts, beside numpy's sum of the same numbers."""
    graph = drawn_graph("inception", 1_000)
    pool = build_pool(graph)
    draw = np.random.default_rng(3)
    rows, spent = [], {"pool": {}, "numpy's sum": {}, "OR-Tools": {}}
    one_s, _ = once(lambda: [_solved(graph, price) for price in 10 ** draw.uniform(-2, 2, (200, 2))])
    for count in SCENARIO_COUNTS:
        prices = 10 ** draw.uniform(-2, 2, (min(count, ROWS_AT_ONCE), 2))
        parts = count / len(prices)
        spent["pool"][count] = parts * once(lambda prices=prices: pool.best_many(prices))[0]
        spent["numpy's sum"][count] = parts * seconds(lambda prices=prices: prices.sum(axis=1), rounds=3)
        spent["OR-Tools"][count] = count * one_s / 200
    for name, took in spent.items():
        rows.append([name, *(_ms(took[count]) for count in SCENARIO_COUNTS), _exponent(took)])
    print(f"\nscenarios of one graph of 1,000 ops ({len(pool)} cuts): milliseconds; OR-Tools scaled from 200")
    table(["", *(f"{count:,}" for count in SCENARIO_COUNTS), "exponent"], rows)


def _solved(graph: SplitGraph, price: np.ndarray) -> float:
    device, crossing = graph.device_features[:, 0] * price[0], graph.crossing_features[:, 0] * price[1]
    return minimum_cut(graph, device_weight=device, crossing_weight=crossing).value


def _ms(took_s: float | None) -> str:
    return "-" if took_s is None else f"{1e3 * took_s:.3g}"


def _exponent(spent: dict[int, float]) -> str:
    timed = {count: took for count, took in spent.items() if took >= LEAST_TIMED_S}
    if len(timed) < 2:
        return "-"
    slope = np.polyfit(np.log(list(timed)), np.log(list(timed.values())), 1)[0]
    return f"{slope:.2f}"
