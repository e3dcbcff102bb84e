"""The next-best cuts of every device of a plan: the best of all its splits but the one it has.

Everything else of the plan is held: rates, shares, clocks, what the device waits, and the other devices'
cuts. A cut counts when it keeps the limits of its device, and those of the round that the plan keeps.
Splits that send the same tensors and cost the same are one cut: they differ in ops that cost nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.caches import kept
from cutwise.costs.cut_sums import crossing_ops
from cutwise.costs.graph_cost import GraphCost
from cutwise.cuts.brute_force import all_splits
from cutwise.cuts.near_cuts import near_cuts
from cutwise.cuts.pool.contraction import contract
from cutwise.cuts.split_graph import SplitGraph, is_split
from cutwise.errors import SolverError
from cutwise.frozen import Frozen
from cutwise.planning.answer.cut_labels import cut_of
from cutwise.planning.answer.plan_conditions import conditions_of_plan
from cutwise.planning.answer.round_limits import HeldRound
from cutwise.planning.one_device.candidates import Candidates, candidates_from, listed, split_graph
from cutwise.planning.one_device.cut_positions import cut_positions
from cutwise.planning.one_device.cut_table import CutTable, common_table
from cutwise.planning.one_device.cut_weights import cut_weights
from cutwise.planning.one_device.objective import Score
from cutwise.planning.whole_round.best_round import alike
from cutwise.planning.whole_round.round_value import score_of_round
from cutwise.plans.plan import Alternative, Plan
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import SUM_ROUNDING

SHOWN = 3
MOST_SPLITS = 1 << 12
"""So many splits of a model are simply all priced."""
MOST_CELLS = 1 << 19
"""Pairs of split and device, and of split and op, that are looked at for it."""
MOST_SEARCHED = 1 << 16
"""Ops times kinds of devices that are searched; of other kinds the best cuts looked at are shown."""
MOST_POSITIONS = 16
"""Cut positions along the model that are looked at."""
MOST_HELD = 256
"""Cuts of a device that are held against the server's memory for all."""
WANTED = (2 * SHOWN, 32)
"""Splits of each kind of device that are searched for: more where those found do not fit."""
DIGITS = 12
"""Scores that agree to so many are equal: those of fewer ops on the device come first."""


def with_alternatives(problem: SplitProblem, plan: Plan, *, one_model: bool = False) -> Plan:
    """The plan with the next-best cuts of every device, best first.

    `one_model` says that the server keeps one model for all. A device behind an edge, or to which the last
    ops return, has two cuts, and its plan no alternatives.
    """
    if any(decision.edge or decision.returned_ops for decision in plan.decisions):
        return plan
    conditions = conditions_of_plan(problem, plan)
    held = HeldRound.of(problem, plan, one_model=one_model)
    score = score_of_round(problem, conditions.waiting(0.0), held.round_of)
    ranking = _ranked(_Ranking.of(held, conditions, score))
    return replace(plan, alternatives=tuple(_told(ranking)))


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Ranking(Frozen):
    """Splits (cuts, ops) with their table; `own` is the plan's of every device.

    Of every split with a score below the device's `bounds` (devices,) the table tells.
    """

    held: HeldRound
    conditions: Conditions
    score: Score
    table: CutTable
    own: Ints
    bounds: Floats

    @classmethod
    def of(cls, held: HeldRound, conditions: Conditions, score: Score) -> _Ranking:
        """All splits of the model; where there are too many, those near the plan's and along the model."""
        problem, endless = held.problem, np.full(held.problem.device_count, np.inf)
        most = min(MOST_SPLITS, MOST_CELLS // max(problem.device_count, len(problem.cost.graph)))
        everything = every_split(problem.cost, split_graph(problem), most)
        if everything is not None:
            return cls.listed(held, conditions, score, everything, endless)
        positions = cut_positions(problem)
        some = np.linspace(0, len(positions) - 1, min(MOST_POSITIONS, len(positions))).round().astype(int)
        near = [positions[some], *_neighbours(problem, distinct_rows(held.masks))]
        return cls.listed(held, conditions, score, listed(problem, distinct_rows(np.vstack(near))), -endless)

    @classmethod
    def listed(
        cls, held: HeldRound, conditions: Conditions, score: Score, cuts: Candidates, bounds: Floats
    ) -> _Ranking:
        """These distinct splits, and the plan's own."""
        place = {row: number for number, row in enumerate(row_keys(cuts.masks))}
        keys = row_keys(held.masks)
        if any(key not in place for key in keys):
            cuts = listed(held.problem, distinct_rows(np.vstack([cuts.masks, held.masks])))
            place = {row: number for number, row in enumerate(row_keys(cuts.masks))}
        return cls(
            held=held,
            conditions=conditions,
            score=score,
            table=common_table(held.problem, conditions, score, cuts),
            own=np.array([place[key] for key in keys]),
            bounds=bounds,
        )

    @property
    def masks(self) -> Mask:
        """The device sides of the splits (cuts, ops)."""
        return self.table.groups[0].masks

    def with_more(self, masks: Mask, bounds: Floats) -> _Ranking:
        """The ranking with more splits, of the present ones only those that are told."""
        told = [k for device in range(len(bounds)) for k in self.best(device)]
        cuts = listed(self.held.problem, distinct_rows(np.vstack([self.masks[told], masks])))
        return _Ranking.listed(self.held, self.conditions, self.score, cuts, bounds)

    def last_score(self, device: int) -> float:
        """The score of the last cut that is told of a device; infinite where fewer fit than are shown."""
        told = self.best(device)
        return float(self.table.raw_scores[device, told[-1]]) if len(told) == SHOWN else np.inf

    def best(self, device: int) -> list[int]:
        """The next-best cuts of a device, of those in the table."""
        table, own = self.table, int(self.own[device])
        allowed = (table.excess[device] <= 0) & self.held.in_time(device, table.delays_s[device])
        allowed[own] = False
        order = self._ordered(device, np.flatnonzero(allowed))
        told: list[int] = []
        for k in order[:MOST_HELD].tolist():
            if len(told) == SHOWN:
                break
            if not any(self._same(device, k, other) for other in (own, *told)) and self.held.holds(
                device, self.masks[k]
            ):
                told.append(k)
        return told

    def _ordered(self, device: int, columns: Ints) -> Ints:
        """Cuts by score, then by fewest ops on the device, then by the order of the ops."""
        mantissa, exponent = np.frexp(self.table.raw_scores[device, columns])
        scores = np.ldexp(np.round(mantissa, DIGITS), exponent)
        return columns[np.lexsort([-columns, self.masks[columns].sum(axis=1), scores])]

    def _same(self, device: int, one: int, other: int) -> bool:
        """True for splits that send the same tensors and cost the same."""
        table = self.table
        for values in (table.raw_scores, table.delays_s, table.energies_j):
            if not math.isclose(values[device, one], values[device, other], rel_tol=SUM_ROUNDING):
                return False
        sent = crossing_ops(self.held.problem.cost, self.masks[[one, other]])
        return bool((sent[0] == sent[1]).all())

    def worse_ratio(self, device: int, k: int) -> float:
        """How much more the cut costs than the plan's, by the objective."""
        here, there = (float(self.table.raw_scores[device, one]) for one in (self.own[device], k))
        return there / here - 1 if here > 0 else 0.0


def _told(ranking: _Ranking) -> Iterator[Alternative]:
    problem, labels = ranking.held.problem, dict[int, str]()
    for device, name in enumerate(problem.scenario.device_names):
        for k in ranking.best(device):
            if k not in labels:
                labels[k] = cut_of(problem, ranking.masks[k]).label
            yield Alternative(
                device=name,
                cut=labels[k],
                delay_s=float(ranking.table.delays_s[device, k]),
                energy_j=float(ranking.table.energies_j[device, k]),
                worse_ratio=ranking.worse_ratio(device, k),
                proven=bool(ranking.table.raw_scores[device, k] <= ranking.bounds[device]),
            )


@kept
def every_split(cost: GraphCost, graph: SplitGraph, most: int) -> Candidates | None:
    """All splits of the model; None where there are over `most`."""
    try:
        masks = all_splits(graph, max_splits=most)
    except SolverError:
        return None
    return candidates_from(cost, masks, complete=True)


def row_keys(masks: Mask) -> list[bytes]:
    """A key for every row, equal where rows are."""
    return [row.tobytes() for row in np.packbits(masks, axis=1)]


def distinct_rows(masks: Mask) -> Mask:
    """Every row once, in order of their keys."""
    first = dict(zip(row_keys(masks), range(len(masks)), strict=True))
    return masks[[first[key] for key in sorted(first)]]


def _neighbours(problem: SplitProblem, masks: Mask) -> Iterator[Mask]:
    """The splits that differ from each of `masks` by one unit."""
    graph = split_graph(problem)
    units = contract(graph)
    producer, reader = units.arcs.T
    for mask in (mask for mask in masks if is_split(graph, mask)):
        side = np.ones(units.count, dtype=bool)
        side[units.unit_of] = mask
        yield units.op_masks(_one_off(side, producer, reader))


def _one_off(side: Mask, producer: Ints, reader: Ints) -> Mask:
    """The splits of units (K, units) in which one unit is on the other side than in `side` (units,)."""
    lacks = np.bincount(reader[~side[producer]], minlength=len(side)) > 0
    is_read = np.bincount(producer[side[reader]], minlength=len(side)) > 0
    moved = np.flatnonzero(np.where(side, ~is_read, ~lacks) & (np.arange(len(side)) > 0))
    found = np.tile(side, (len(moved), 1))
    found[np.arange(len(moved)), moved] ^= True
    return found


def _ranked(ranking: _Ranking) -> _Ranking:
    """The ranking with every split that comes before the last one told, where that can be searched for.

    Where micro-batches overlap, a delay is no sum over ops, and nothing more is looked at; nor where the
    plan's own cut breaks a limit of the device, so that hardly any keeps them.
    """
    if ranking.held.problem.micro_batches > 1:
        return ranking
    for wanted in WANTED:
        last = np.array([ranking.last_score(device) for device in range(len(ranking.own))])
        fits = ranking.table.excess[np.arange(len(last)), ranking.own] <= 0
        sought = np.flatnonzero(fits & (last > ranking.bounds))
        if not len(sought):
            break
        ranking = ranking.with_more(*_searched(ranking, last, sought, wanted))
    return ranking


def _searched(ranking: _Ranking, last: Floats, devices: Ints, wanted: int) -> tuple[Mask, Floats]:
    """The cheapest splits of some devices up to their `last` scores, and the bounds below which none lack."""
    problem, conditions = ranking.held.problem, ranking.conditions
    members: dict[bytes, list[int]] = {}
    keys = alike(problem, conditions)
    for device in devices.tolist():
        members.setdefault(keys[device], []).append(device)
    kinds = list(members.values())[: max(1, MOST_SEARCHED // len(problem.cost.graph))]
    weights = cut_weights(problem, conditions.of(np.array([kind[0] for kind in kinds])), ranking.score)
    graph, copies = split_graph(problem, copies=True), len(problem.cost.shared)
    bounds, found = ranking.bounds.copy(), [ranking.masks[:0]]
    for row, kind in enumerate(kinds):
        least = float(weights.base[row] + weights.charges[:, row].min())
        try:
            near = near_cuts(
                graph,
                device_weight=weights.device_weight[row],
                server_weight=weights.server_weight[row],
                crossing_weight=weights.crossing_weight[row],
                below=float(last[kind].max()) - least,
                wanted=wanted,
            )
        except SolverError:
            continue
        bounds[kind] = near.bound + near.noise + least
        found.append(near.masks[:, copies:])
    return np.vstack(found), bounds
