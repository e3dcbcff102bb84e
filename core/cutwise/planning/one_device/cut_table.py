"""Every device's candidate cuts under given conditions, scored and checked against its limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.cuts.pool.closure import PoolTooLarge
from cutwise.frozen import Frozen
from cutwise.planning.one_device.candidates import (
    Candidates,
    candidates_of,
    listed,
)
from cutwise.planning.one_device.cut_positions import cut_positions
from cutwise.planning.one_device.device_limits import excess_ratio, given_limits, rounded_excess
from cutwise.planning.one_device.exact_cut import exact_cuts
from cutwise.planning.one_device.objective import Score, counted_energy, delay, device_energy
from cutwise.planning.one_device.work.compute_features import (
    ComputeFeature,
    Features,
    compute_features,
)
from cutwise.plans.evaluate import stage_times
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import Conditions
from cutwise.problem.split_problem import SplitProblem

COLUMN = (slice(None), None)
MOST_EACH = 64
"""Devices that get a search of their own where a pool is too large to keep."""
CELLS_AT_ONCE = 1 << 20
"""Pairs of device and cut that are priced at once."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CutTable(Frozen):
    """Scores of every device's candidate cuts, arrays of shape (devices, cuts).

    Device i's cuts are the rows of `groups[group_of[i]].masks`; entries beyond them are infinite.
    `excess` says by how much a cut breaks the worst limit of its device, 0 or less if none. `counted_j`
    is the energy that the objective counts, `server_bytes` what the server is charged for this device alone,
    of `clients` that it holds a model for at once.
    """

    groups: tuple[Candidates, ...]
    group_of: Ints
    raw_scores: Floats
    delays_s: Floats
    energies_j: Floats
    counted_j: Floats
    server_bytes: Floats
    excess: Floats
    clients: int = 1

    @property
    def scores(self) -> Floats:
        """Scores of the cuts that keep every limit, infinite for the others."""
        return np.where(self.excess > 0, np.inf, self.raw_scores)

    @property
    def complete(self) -> bool:
        """True when no cut outside the table can be better for any device."""
        return all(group.complete for group in self.groups)

    def best(self, scores: Floats | None = None) -> Ints:
        """The cut with the least score of each device; where none keeps its limits, the one nearest to."""
        scores = self.scores if scores is None else scores
        nothing = ~np.isfinite(scores).any(axis=1)
        return np.where(nothing, self.excess.argmin(axis=1), scores.argmin(axis=1))

    def masks(self, picks: Ints) -> Mask:
        """The device sides of the picked cuts, shape (devices, ops)."""
        return np.stack([self.groups[g].masks[k] for g, k in zip(self.group_of, picks, strict=True)])


def table_of(
    problem: SplitProblem,
    conditions: Conditions,
    score: Score,
    *,
    common: bool = False,
    clients: int = 1,
    features: Sequence[Features] | None = None,
) -> CutTable:
    """The table in which every cut stands that can be optimal for a device under its limits.

    `common` gives all devices the same candidates, so that one cut can be chosen for all of them.
    `clients` is how many devices the server holds a model for at once. `features` are what work counts as
    on every device; else they follow from the conditions and the score.
    """
    groups, group_of = groups_of(
        problem, conditions, score, common=common, clients=clients, features=features
    )
    return _filled(problem, conditions, score, groups, group_of, clients)


def groups_of(
    problem: SplitProblem,
    conditions: Conditions,
    score: Score,
    *,
    common: bool = False,
    clients: int = 1,
    features: Sequence[Features] | None = None,
) -> tuple[tuple[Candidates, ...], Ints]:
    """The candidates of that table, and whose they are: which group is each device's."""
    rising = [score, delay]
    if problem.scenario.objective.is_weighted:
        rising.append(counted_energy(problem.scenario.objective))
    if problem.scenario.limits.device_energy_j is not None:
        rising.append(device_energy)
    by_device = list(features or compute_features(problem, conditions, tuple(rising)))
    if common:
        by_device = [tuple(dict.fromkeys(f for row in by_device for f in row))] * problem.device_count
    members: dict[tuple[ComputeFeature, ...], list[int]] = {}
    for device, found in enumerate(by_device):
        members.setdefault(found, []).append(device)
    groups = [_candidates(problem, conditions, score, clients, *group) for group in members.items()]
    group_of = np.zeros(problem.device_count, dtype=np.int64)
    for number, devices in enumerate(members.values()):
        group_of[devices] = number
    return tuple(groups), group_of


def repriced(table: CutTable, problem: SplitProblem, conditions: Conditions, score: Score) -> CutTable:
    """The same cuts under other conditions."""
    return _filled(problem, conditions, score, table.groups, table.group_of, table.clients)


def extended(
    table: CutTable, problem: SplitProblem, conditions: Conditions, score: Score, masks: Mask
) -> CutTable:
    """The table with more cuts (cuts, ops) for all devices, those that it has already left out."""
    both = (np.unique(np.concatenate([group.masks, masks]), axis=0) for group in table.groups)
    groups = tuple(
        replace(listed(problem, cuts), complete=group.complete)
        for cuts, group in zip(both, table.groups, strict=True)
    )
    return _filled(problem, conditions, score, groups, table.group_of, table.clients)


def listed_table(problem: SplitProblem, conditions: Conditions, score: Score, masks: Mask) -> CutTable:
    """The table of given cuts, the same for all devices."""
    return common_table(problem, conditions, score, listed(problem, masks))


def common_table(problem: SplitProblem, conditions: Conditions, score: Score, cuts: Candidates) -> CutTable:
    """The table of given cuts whose sums are known, the same for all devices."""
    group_of = np.zeros(problem.device_count, dtype=np.int64)
    return _filled(problem, conditions, score, (cuts,), group_of, 1)


def _filled(
    problem: SplitProblem,
    conditions: Conditions,
    score: Score,
    groups: tuple[Candidates, ...],
    group_of: Ints,
    clients: int,
) -> CutTable:
    shape = (problem.device_count, max(len(group.masks) for group in groups))
    names = ("raw_scores", "delays_s", "energies_j", "counted_j", "server_bytes", "excess")
    arrays = {name: np.full(shape, np.inf) for name in names}
    energy = counted_energy(problem.scenario.objective)
    for group, devices in _parts(groups, group_of):
        stages = stage_times(group.sums, conditions.of(devices).of(COLUMN))
        columns = (
            score(stages),
            stages.delay_s,
            stages.energy_j,
            energy(stages),
            group.memory.client_bytes(problem, clients),
            _excess(problem, stages, devices, group),
        )
        for name, values in zip(names, columns, strict=True):
            arrays[name][devices, : len(group.masks)] = values
    return CutTable(groups=groups, group_of=group_of, clients=clients, **arrays)


def _excess(problem: SplitProblem, stages: StageTimes, devices: Ints, group: Candidates) -> Floats:
    """By how much each cut breaks the worst limit of each device; swept only where bounds do not tell."""
    held = rounded_excess(group.memory.excess_ratio(problem, devices))
    return np.maximum(held, excess_ratio(given_limits(problem), stages, devices))


def _parts(groups: tuple[Candidates, ...], group_of: Ints) -> Iterator[tuple[Candidates, Ints]]:
    """Every group with its devices, a few at a time where there are many cuts."""
    for number, group in enumerate(groups):
        devices = np.flatnonzero(group_of == number)
        step = max(1, CELLS_AT_ONCE // len(group.masks))
        for first in range(0, len(devices), step):
            yield group, devices[first : first + step]


def _candidates(
    problem: SplitProblem,
    conditions: Conditions,
    score: Score,
    clients: int,
    features: tuple[ComputeFeature, ...],
    devices: list[int],
) -> Candidates:
    """The pool; where it is too large to keep, the devices' exact cuts one by one, and cut positions."""
    try:
        return candidates_of(problem, features, clients=clients)
    except PoolTooLarge:
        cuts = _exact_masks(problem, conditions, score, devices)
        return listed(problem, np.unique(np.vstack([*cuts, cut_positions(problem)]), axis=0))


def _exact_masks(
    problem: SplitProblem, conditions: Conditions, score: Score, devices: list[int]
) -> list[Mask]:
    """The exact cut of every device; of very many, of those between which the best cut changes.

    The least score is concave in what a cut's parts cost, so that a cut that is best for two devices is best
    for all between them; devices are taken in the order of their rates, the ends first.
    """

    def solved(few: Sequence[int]) -> list[Mask]:
        found = exact_cuts(problem, conditions, score, devices=[devices[at] for at in few], solver="max_flow")
        return [cut.mask for cut in found]

    if len(devices) <= MOST_EACH:
        return solved(range(len(devices)))
    columns = conditions.of(np.array(devices)).columns
    order = np.lexsort(columns[::-1]) if columns else np.arange(len(devices))
    ends = [int(order[0]), int(order[-1])]
    known = dict(zip((0, len(order) - 1), solved(ends), strict=True))
    open_ends = [(0, len(order) - 1)]
    while open_ends and len(known) < MOST_EACH:
        halves = [(low, (low + high) // 2, high) for low, high in open_ends]
        middles = [middle for _, middle, _ in halves]
        known |= dict(zip(middles, solved([int(order[at]) for at in middles]), strict=True))
        both = [end for low, middle, high in halves for end in ((low, middle), (middle, high))]
        open_ends = [(a, b) for a, b in both if b - a > 1 and not np.array_equal(known[a], known[b])]
    return list(known.values())
