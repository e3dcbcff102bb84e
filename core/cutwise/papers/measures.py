"""What each headline measures, for many settings at once, by the one evaluator."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from cutwise.analyses.tier_memory import reduction
from cutwise.arrays import Floats, Ints, Mask, Number
from cutwise.compression import Uncompressed
from cutwise.compression.magnitudes import REFERENCE_COUNT
from cutwise.frozen import Frozen, read_only
from cutwise.graph.model_graph import ModelGraph
from cutwise.papers.paper import WHOLE
from cutwise.planning.one_device.cut_positions import cut_positions
from cutwise.planning.one_device.cut_table import listed_table, repriced, table_of
from cutwise.planning.one_device.objective import Prices, counted_energy, delay
from cutwise.planning.whole_round.server_clock import best_ratios
from cutwise.problem.conditions import Conditions
from cutwise.problem.numbers import RAW
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.problem.stacked import stacked_conditions, stacked_problem
from cutwise.registry import Registry
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario

Settings = Mapping[str, Floats]
AT_ONCE = 2000
"""Draws that are priced in one table."""


class Measure(Protocol):
    """A reduction between 0 and 1, below 0 where ours is worse, one for each setting."""

    def __call__(self, graph: ModelGraph, scenario: Scenario, settings: Settings) -> Floats:
        """The reductions; `settings` are columns by path or by the measure's own names."""
        ...


MEASURES: Registry[Measure] = Registry("measure")


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Batch(Frozen):
    """Some draws as one problem whose devices are those of every draw; `own` are the measure's settings."""

    problem: SplitProblem
    each: tuple[SplitProblem, ...]
    own: Settings

    @property
    def shape(self) -> tuple[int, int]:
        """Draws and devices of each."""
        return len(self.each), self.each[0].device_count

    def conditions(self, active: int) -> Conditions:
        """The conditions of all draws while so many devices are active."""
        return stacked_conditions([one.conditions(active=active) for one in self.each], self.shape[1])

    def mean(self, values: Number) -> Floats:
        """The geometric mean over the devices of every draw, for each of them."""
        means: Floats = np.exp(np.log(np.reshape(values, self.shape)).mean(axis=1))
        return np.repeat(means, self.shape[1])

    def mean_speeds(self, conditions: Conditions) -> Conditions:
        """The conditions with the mean device and the mean rates of every draw."""
        link, compute = conditions.link, conditions.compute
        uplink_bps, downlink_bps = self.mean(link.uplink_bps), self.mean(link.downlink_bps)
        return replace(
            conditions,
            link=replace(link, uplink_bps=uplink_bps, downlink_bps=downlink_bps),
            compute=replace(compute, device_flops_per_s=self.mean(compute.device_flops_per_s)),
        )

    def per_draw(self, values: Floats) -> Floats:
        """Sums over the devices of every draw."""
        return np.asarray(values.reshape(*self.shape, *values.shape[1:]).sum(axis=1))


def _batches(graph: ModelGraph, scenario: Scenario, settings: Settings) -> Iterator[_Batch]:
    """The draws, some at a time; settings with a point are paths of the scenario."""
    count = len(next(iter(settings.values())))
    for first in range(0, count, AT_ONCE):
        part = {name: values[first : first + AT_ONCE] for name, values in settings.items()}
        paths = [name for name in part if "." in name]
        columns: list[Floats | Ints] = [
            np.rint(part[p]).astype(int) if p.endswith(WHOLE) else part[p] for p in paths
        ]
        rows = [dict(zip(paths, row, strict=True)) for row in zip(*columns, strict=True)]
        each = tuple(build_problem(graph, changed(scenario, row)) for row in rows)
        yield _Batch(
            problem=stacked_problem(each), each=each, own={n: v for n, v in part.items() if "." not in n}
        )


@MEASURES.named("delay_beside_one_cut")
def delay_beside_one_cut(graph: ModelGraph, scenario: Scenario, settings: Settings) -> Floats:
    """P1: a round in turn with each device's best cut beside the best single cut for all of them."""
    return _joined(graph, scenario, settings, _beside_one_cut)


@MEASURES.named("delay_beside_mean_cut")
def delay_beside_mean_cut(graph: ModelGraph, scenario: Scenario, settings: Settings) -> Floats:
    """P1: the same beside one cut that is best for the mean device and rate, used by everybody (OSS)."""
    return _joined(graph, scenario, settings, _beside_mean_cut)


@MEASURES.named("delay_beside_device_only")
def delay_beside_device_only(graph: ModelGraph, scenario: Scenario, settings: Settings) -> Floats:
    """P4: CARD's round beside everything on the devices."""
    return _joined(graph, scenario, settings, lambda batch: _card(batch)[0])


@MEASURES.named("server_energy_beside_server_only")
def server_energy(graph: ModelGraph, scenario: Scenario, settings: Settings) -> Floats:
    """P4: the server's energy in CARD beside everything but pinned ops at its highest clock."""
    return _joined(graph, scenario, settings, lambda batch: _card(batch)[1])


@MEASURES.named("delay_of_groups_beside_turns")
def groups_beside_turns(graph: ModelGraph, scenario: Scenario, settings: Settings) -> Floats:
    """P5: `groups` groups at once, longest turn first, beside devices in turn, at one cut for all."""
    return _joined(graph, scenario, settings, _groups)


@MEASURES.named("cloud_memory_beside_federated")
def cloud_memory(graph: ModelGraph, scenario: Scenario, settings: Settings) -> Floats:
    """P2: the cloud's peak beside the server's in split federated learning, frozen weights replicated.

    `users`, `edges`, and the blocks at the user and on the edge are the measure's own settings.
    """
    problem = build_problem(graph, scenario)
    gates = _layers(problem)
    known: dict[tuple[int, int], float] = {}
    found = []
    names = ("users", "edges", "user_blocks", "edge_blocks")
    columns: list[list[float]] = [settings[name].tolist() for name in names]
    for users, edges, here, there in zip(*columns, strict=True):
        key = (int(here), min(int(here + there), len(gates) - 2))
        if key not in known:
            device_ops, edge_ops = gates[key[0]], gates[key[1]]
            beside = reduction(problem, device_ops=device_ops, edge_ops=edge_ops, users=1, edges=1)
            known[key] = beside.tier_ratio
        found.append(1 - min(1.0, edges / users) * known[key])
    return np.array(found)


@MEASURES.named("traffic_beside_uncompressed")
def traffic(graph: ModelGraph, scenario: Scenario, settings: Settings) -> Floats:
    """P3: bytes of smashed data and gradients beside the same uncompressed, in the compressed directions."""
    density = "compression.codec.density_ratio"
    all_kept: list[float] = settings[density].tolist()
    codecs = (changed(scenario, {density: kept}).compression.codec for kept in all_kept)
    sizes = [
        1.0 if isinstance(codec, Uncompressed) else codec.forecast(element_count=REFERENCE_COUNT).size_ratio
        for codec in codecs
    ]
    return 1 - np.array(sizes)


@MEASURES.named("delay_beside_uncompressed")
def delay_beside_uncompressed(graph: ModelGraph, scenario: Scenario, settings: Settings) -> Floats:
    """P3: a round compressed with the band by need beside one uncompressed with the band shared equally.

    At the smallest cut that privacy allows, which is the best where the server's share is faster than every
    device and every cut sends the same.
    """
    return _joined(graph, scenario, settings, _compressed)


def _compressed(batch: _Batch) -> Floats:
    count, first = batch.shape[1], cut_positions(batch.problem)[:1]
    coded = batch.conditions(count)
    plain = replace(coded, link=RAW.on(coded.link))

    def ends_s(conditions: Conditions) -> Floats:
        return listed_table(batch.problem, conditions, delay, first).delays_s[:, 0].reshape(batch.shape)

    endless, one_bps = np.full(batch.problem.device_count, np.inf), np.ones(batch.problem.device_count)
    still = ends_s(coded.at_rates(uplink_bps=endless, downlink_bps=endless))
    up = ends_s(coded.at_rates(uplink_bps=one_bps, downlink_bps=endless)) - still
    down = ends_s(coded.at_rates(uplink_bps=endless, downlink_bps=one_bps)) - still
    ends = [_by_need(one, *parts) for one, *parts in zip(batch.each, still, up, down, strict=True)]
    return np.asarray(1 - np.array(ends) / ends_s(plain).max(axis=1))


SHARES = read_only(np.geomspace(1e-4, 1.0, 400))


def _by_need(problem: SplitProblem, still: Floats, up: Floats, down: Floats) -> float:
    """The end of a round whose devices share the band by need; shares stand on a grid, to a thousandth."""
    uplink, downlink = problem.rates_bps(SHARES[:, None])
    ends: Floats = still + up / uplink + down / downlink
    low, high = float(ends[-1].max()), float(ends[SHARES.searchsorted(1 / len(still))].max())
    for _ in range(30):
        middle = (low + high) / 2
        needed: float = sum(np.interp(-middle, -ends[:, k], SHARES) for k in range(len(still)))
        low, high = (low, middle) if needed <= 1 else (middle, high)
    return high


def _joined(
    graph: ModelGraph, scenario: Scenario, settings: Settings, measured: Callable[[_Batch], Floats]
) -> Floats:
    return np.concatenate([measured(batch) for batch in _batches(graph, scenario, settings)])


def _beside_one_cut(batch: _Batch) -> Floats:
    conditions = batch.conditions(1)
    best: Floats = table_of(batch.problem, conditions, delay).raw_scores.min(axis=1)
    static = listed_table(batch.problem, conditions, delay, cut_positions(batch.problem))
    return np.asarray(1 - batch.per_draw(best) / batch.per_draw(static.delays_s).min(axis=1))


def _beside_mean_cut(batch: _Batch) -> Floats:
    conditions = batch.conditions(1)
    best: Floats = table_of(batch.problem, conditions, delay).raw_scores.min(axis=1)
    static = listed_table(batch.problem, conditions, delay, cut_positions(batch.problem))
    mean = batch.mean_speeds(conditions)
    picks: Ints = batch.per_draw(repriced(static, batch.problem, mean, delay).delays_s).argmin(axis=1)
    totals: Floats = batch.per_draw(static.delays_s)[np.arange(batch.shape[0]), picks]
    return np.asarray(1 - batch.per_draw(best) / totals)


def _card(batch: _Batch) -> tuple[Floats, Floats]:
    """CARD over cut positions: delay beside device only, energy beside server only."""
    full, problem = batch.conditions(1), batch.problem
    positions = cut_positions(problem)
    table = listed_table(problem, full, delay, positions)
    energy = counted_energy(problem.scenario.objective)
    spans: list[Floats] = [
        np.ptp(batch.per_draw(getattr(table, name)), axis=1) for name in ("delays_s", "counted_j")
    ]
    weight = batch.own["delay_weight"] if "delay_weight" in batch.own else np.full(batch.shape[0], 0.5)
    prices = [part / span for part, span in zip((weight, 1 - weight), spans, strict=True)]
    second, joule = (np.repeat(price, batch.shape[1]) for price in prices)
    least: Floats = np.minimum(full.compute.device_flops_per_s / full.compute.server_flops_per_s, 1.0)
    ratio = best_ratios(problem, full, Prices(second=second, joule=joule), least)
    slow = repriced(table, problem, full.at_clock(ratio), energy)
    values = second[:, None] * slow.delays_s + joule[:, None] * slow.counted_j
    picks: Ints = np.where(slow.excess > 0, np.inf, values).argmin(axis=1)
    rows = np.arange(len(picks))
    delays = batch.per_draw(slow.delays_s[rows, picks]) / batch.per_draw(table.delays_s[:, -1])
    joules = batch.per_draw(slow.counted_j[rows, picks]) / batch.per_draw(table.counted_j[:, 0])
    return 1 - delays, 1 - joules


def _groups(batch: _Batch) -> Floats:
    groups = int(batch.own["groups"][0]) if "groups" in batch.own else 6
    positions = cut_positions(batch.problem)
    alone = listed_table(batch.problem, batch.conditions(1), delay, positions).delays_s
    shared = listed_table(batch.problem, batch.conditions(groups), delay, positions).delays_s
    in_turn = batch.per_draw(alone)
    cut: Ints = in_turn.argmin(axis=1)
    draws, devices = batch.shape
    turns: Floats = shared.reshape(draws, devices, -1)[np.arange(draws), :, cut]
    return np.asarray(1 - _longest_first(turns, groups) / in_turn[np.arange(draws), cut])


def _longest_first(turns: Floats, groups: int) -> Floats:
    """The makespan of longest-first grouping for every row of turns (draws, devices)."""
    sums = np.zeros((len(turns), groups))
    rows = np.arange(len(turns))
    column: Floats
    for column in -np.sort(-turns, axis=1).T:
        sums[rows, sums.argmin(axis=1)] += column
    return np.asarray(sums.max(axis=1))


def _layers(problem: SplitProblem) -> Mask:
    """Device sides after each repeated layer of a chain of equal ones, the first with none of them."""
    numbers = [re.search(r"(?:layers?|h|block)[/.]?(\d+)", op.id) for op in problem.cost.graph.ops]
    layer = [int(found.group(1)) if found else None for found in numbers]
    first = next(i for i, number in enumerate(layer) if number is not None)
    last = max(number for number in layer if number is not None)
    return np.array(
        [[i < first if n is None else n < kept for i, n in enumerate(layer)] for kept in range(last + 2)]
    )
