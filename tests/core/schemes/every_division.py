"""Small fleets under a server memory that binds, and every division of them with every cut for everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cutwise.planning.one_device.cut_table import listed_table
from cutwise.planning.one_device.objective import delay
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parts import Limits
from cutwise.schemes.options import scheme_with
from tests.core.fleets import TOLERANCE, closed_sets, held, random_problem, with_scenario
from tests.core.schemes.divided import partitions

MOST_COMBINATIONS = 20_000
Parts = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Of one device, for every closed set: delay, energy, bytes at the server, whether its limits hold."""

    delay_s: np.ndarray
    energy_j: np.ndarray
    server_bytes: np.ndarray
    kept: np.ndarray


def rows_of(problem: SplitProblem, masks: np.ndarray, active: int) -> list[Rows]:
    """The rows of every device where so many are active at once."""
    conditions = problem.conditions(active=active)
    table = listed_table(problem, conditions, delay, masks)
    server_bytes = held(problem, ~masks)
    return [
        Rows(
            delay_s=table.delays_s[i],
            energy_j=table.counted_j[i],
            server_bytes=server_bytes,
            kept=table.excess[i] <= 0,
        )
        for i in range(problem.device_count)
    ]


def alike_parts(devices: int, count: int) -> Iterator[Parts]:
    """Every division into parts whose sizes differ by one at most."""
    allowed = {devices // count, -(-devices // count)}
    return (parts for parts in partitions(devices, count) if {len(part) for part in parts} <= allowed)


def best_of_all(problem: SplitProblem, count: int, *, in_turn: bool) -> float:
    """The least objective over every division into `count` parts and every closed set of every device.

    `in_turn`: parts of alike size take turns and their devices work at once; else parts work at once and
    their devices take turns. A single group holds what its largest client needs. Infinite where nothing keeps
    every limit.
    """
    masks, devices = closed_sets(problem), problem.device_count
    frozen = np.maximum(problem.cost.weight_bytes - problem.cost.trainable_bytes, 0.0)
    actives = {devices // count, -(-devices // count)} if in_turn else {count}
    rows = {active: rows_of(problem, masks, active) for active in actives}
    given = problem.scenario.limits.deadline_s
    latest = np.inf if given is None else given * TOLERANCE
    least = np.inf
    for parts in (alike_parts if in_turn else partitions)(devices, count):
        active = [
            len(next(part for part in parts if i in part)) if in_turn else count for i in range(devices)
        ]
        own = [rows[active[i]][i] for i in range(devices)]
        picks = [np.flatnonzero(row.kept) for row in own]
        combos = np.stack(np.meshgrid(*picks, indexing="ij"), axis=-1).reshape(-1, devices)
        delay = np.stack([row.delay_s[combos[:, i]] for i, row in enumerate(own)])
        energy = sum(row.energy_j[combos[:, i]] for i, row in enumerate(own))
        alone = np.stack([(row.server_bytes - ~masks @ frozen)[combos[:, i]] for i, row in enumerate(own)])
        inside, outside = (np.max, np.sum) if in_turn else (np.sum, np.max)
        end = outside([inside(delay[list(part)], axis=0) for part in parts], axis=0)
        if in_turn:
            together = np.max([_held(alone, masks, combos, part, np.sum, frozen) for part in parts], axis=0)
        elif count == 1:
            together = np.max([row.server_bytes[combos[:, i]] for i, row in enumerate(own)], axis=0)
        else:
            everybody = tuple(range(devices))
            largest = np.stack([alone[list(part)].max(axis=0) for part in parts])
            together = largest.sum(axis=0) + _union(masks, combos, everybody) @ frozen
        value = end if problem.scenario.objective.is_delay else energy
        kept = (together <= problem.server_memory_bytes * TOLERANCE) & (end <= latest)
        least = min(least, float(np.where(kept, value, np.inf).min(initial=np.inf)))
    return least


def _held(
    alone: np.ndarray,
    masks: np.ndarray,
    combos: np.ndarray,
    part: tuple[int, ...],
    together: Callable[..., np.ndarray],
    frozen: np.ndarray,
) -> np.ndarray:
    return together(alone[list(part)], axis=0) + _union(masks, combos, part) @ frozen


def _union(masks: np.ndarray, combos: np.ndarray, part: tuple[int, ...]) -> np.ndarray:
    union = np.zeros((len(combos), masks.shape[1]), dtype=bool)
    for device in part:
        union |= ~masks[combos[:, device]]
    return union


def binding_problem(rng: np.random.Generator, folder: Path) -> tuple[SplitProblem, int]:
    """Three or four devices, a number of parts, and a server that holds a part of what they like best."""
    while True:
        devices = int(rng.integers(3, 5))
        problem = random_problem(rng, folder, devices=devices, most=6 if devices == 3 else 5)
        kind = str(rng.choice(["delay", "energy"], p=[0.6, 0.4]))
        problem = with_scenario(problem, objective=replace(problem.scenario.objective, kind=kind))
        masks = closed_sets(problem)
        if len(masks) > 1 and len(masks) ** devices <= MOST_COMBINATIONS:
            break
    count = int(rng.integers(2, devices))
    rows = rows_of(problem, masks, count)
    if rng.random() < 0.3:
        needs = held(problem, masks)
        tight = [float(rng.choice(needs)) + 1.0 for _ in rows]
        problem = with_scenario(
            problem,
            devices=tuple(
                replace(one, memory_bytes=most)
                for one, most in zip(problem.scenario.devices, tight, strict=True)
            ),
        )
    largest = max(float(row.server_bytes.max()) for row in rows)
    memory_bytes = max(1.0, largest * float(rng.uniform(0.3, 1.1 * count)))
    server = replace(problem.scenario.server, memory_bytes=memory_bytes)
    limits = Limits()
    if kind == "energy" and rng.random() < 0.3:
        ends = [float(rng.choice(row.delay_s)) for row in rows]
        limits = Limits(deadline_s=max(1e-9, sum(ends) / count * float(rng.uniform(0.8, 2.0))))
    return with_scenario(problem, server=server, limits=limits), count


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a plan says beside the least value of all divisions."""

    plan: Plan
    least: float

    @property
    def falsely_infeasible(self) -> bool:
        return self.plan.status == "infeasible" and np.isfinite(self.least)

    @property
    def wrong(self) -> bool:
        """Better than the best, a bound above the best, or called optimal where it is not."""
        if self.plan.status == "infeasible":
            return False
        value, bound = self.plan.report.value, self.plan.report.bound
        near = 1e-9 * abs(self.least) + 1e-300
        bad = value < self.least - near or (bound is not None and bound > self.least + near)
        return bad or (self.plan.status == "optimal" and value > self.least + near)

    @property
    def not_best(self) -> bool:
        return not self.plan.report.value <= self.least * (1 + 1e-9) and np.isfinite(self.least)


def verdict_of(problem: SplitProblem, scheme: str, count: int, **options: object) -> Verdict:
    """The scheme's plan with `count` parts, 0 for the best number, beside every division."""
    clusters = scheme == "cluster_parallel"
    given = {"clusters" if clusters else "groups": count}
    plan = scheme_with(scheme, given | options).solve(problem)
    counts = [count] if count else range(1, problem.device_count + 1)
    least = min(best_of_all(problem, number, in_turn=clusters) for number in counts)
    return Verdict(plan=plan, least=least)
