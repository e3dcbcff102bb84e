"""Which cuts keep every limit of a device, and by how much the others break them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.costs.cut_sums import cut_sums
from cutwise.frozen import Frozen, FrozenDict
from cutwise.planning.one_device.cut_memory import shared_on
from cutwise.planning.one_device.objective import Score, device_energy, traffic
from cutwise.plans.plan import Violation
from cutwise.plans.rounds import Groups, Round
from cutwise.plans.stages import StageTimes
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import LIMIT_ROUNDING
from cutwise.units import in_prefix, percent

DEVICE_MEMORY, EDGE_MEMORY, SERVER_MEMORY = "device memory", "edge memory", "server memory"
ACCURACY = "accuracy loss"

SHOWN: Mapping[str, tuple[str, Callable[[float], float]]] = FrozenDict(
    {
        "memory": ("GB", lambda size_bytes: in_prefix(size_bytes, "G")),
        "energy": ("J", float),
        "traffic": ("MB", lambda size_bytes: in_prefix(size_bytes, "M")),
        "deadline": ("s", float),
        "accuracy": ("points", percent),
    }
)
"""Amounts under a limit as people read them: the unit, and the number in it."""
IN_FULL: Mapping[str, str] = FrozenDict({"memory": "B", "traffic": "B", "accuracy": "of the accuracy"})
"""The unit of the bare number, where it is another: neighbours may be one number in multiples of it."""
FEWEST_DIGITS, MOST_DIGITS = 3, 17


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class DeviceLimit(Frozen):
    """A cap on something each device has of its own, one cap a device.

    Of a memory the cap is what may be charged: beside what is needed `share` (devices,) of `largest_bytes`.
    """

    rule: str
    unit: str
    needs: Score
    caps: Floats
    share: Floats | None = None
    largest_bytes: Score | None = None

    def excess_ratio(self, stages: StageTimes, devices: Ints) -> Any:
        """By how much the cap of each device is exceeded, shape (devices, cuts); below 0 where not."""
        needs, caps = self.needs(stages), self.caps[devices][:, None]
        if self.share is not None and self.largest_bytes is not None and self.share.any():
            needs = needs + self.share[devices][:, None] * self.largest_bytes(stages)
        with np.errstate(invalid="ignore"):
            return needs / caps - 1


def held_at_once(problem: SplitProblem, masks: Mask, client_bytes: Any, round_of: Round) -> float:
    """Bytes the server holds at once: of every active group the largest client, frozen weights one copy.

    With one model for all that is one client at work, and the smashed data of the others in the queue.

    `masks` (devices, ops) are the device sides, `client_bytes` (devices,) what each would charge alone. A
    group keeps one replica of its own; a single group is its largest client; a round its fullest phase.
    """
    if round_of.one_model:
        smashed = problem.workload.batch_size * cut_sums(problem.cost, masks).output_bytes
        return float(np.max(client_bytes - smashed) + smashed.sum())
    held = (held_by(problem, masks, client_bytes, groups) for groups in round_of.of(problem.device_count))
    return float(max(held))


def held_by(problem: SplitProblem, masks: Mask, client_bytes: Any, groups: Groups) -> float:
    """Bytes the server holds while `groups` are active: of each its largest client, frozen weights once."""
    if len(groups) == 1:
        return float(np.max(client_bytes[list(groups[0])]))
    own = client_bytes - shared_on(problem.cost, ~masks)
    active = [device for group in groups for device in group]
    copies = sum(float(np.max(own[list(group)])) for group in groups)
    union: Mask = np.any(~masks[active], axis=0, keepdims=True)
    return copies + float(shared_on(problem.cost, union)[0])


def device_limits(problem: SplitProblem) -> tuple[DeviceLimit, ...]:
    """The limits that stand for each device alone: its memory, its part of the server's, and those given."""
    return (*_memory_limits(problem), *given_limits(problem))


def _memory_limits(problem: SplitProblem) -> Iterator[DeviceLimit]:
    everyone = np.ones(problem.device_count)
    yield DeviceLimit(
        rule=DEVICE_MEMORY,
        unit="memory",
        needs=lambda stages: stages.device_memory.allocated_bytes,
        caps=problem.device_budget_bytes,
        share=problem.device_runtime.largest_share * everyone,
        largest_bytes=lambda stages: stages.device_memory.largest_bytes,
    )
    if np.isfinite(problem.server_budget_bytes):
        yield DeviceLimit(
            rule=SERVER_MEMORY,
            unit="memory",
            needs=lambda stages: stages.server_memory.allocated_bytes,
            caps=problem.server_budget_bytes * everyone,
            share=problem.server_runtime.largest_share * everyone,
            largest_bytes=lambda stages: stages.server_memory.largest_bytes,
        )


def given_limits(problem: SplitProblem) -> tuple[DeviceLimit, ...]:
    """The limits of a scenario for each device alone, but for those of memory."""
    given = problem.scenario.limits
    everyone = np.ones(problem.device_count)
    limits = []
    if given.device_energy_j is not None:
        caps = given.device_energy_j * everyone
        limits.append(DeviceLimit(rule="device energy", unit="energy", needs=device_energy, caps=caps))
    if given.traffic_bytes is not None:
        caps = given.traffic_bytes * everyone
        limits.append(DeviceLimit(rule="traffic", unit="traffic", needs=traffic, caps=caps))
    return tuple(limits)


def excess_ratio(limits: tuple[DeviceLimit, ...], stages: StageTimes, devices: Ints) -> Floats:
    """By how much the worst limit is exceeded, shape (devices, cuts); at most 0 where all hold."""
    worst = np.full(np.broadcast_shapes(np.shape(stages.delay_s), (len(devices), 1)), -np.inf)
    for limit in limits:
        if np.isfinite(limit.caps[devices]).any():
            worst = np.maximum(worst, limit.excess_ratio(stages, devices))
    return rounded_excess(worst)


def rounded_excess(excess: Floats) -> Floats:
    """The excess, none where it is less than rounding."""
    return np.where(excess <= LIMIT_ROUNDING, np.minimum(excess, 0.0), excess)


def violation(*, rule: str, where: str, needs: float, has: float, unit: str) -> Violation:
    """A broken limit with its sentence.

    >>> violation(rule="device memory", where="phone", needs=5.1e9, has=4e9, unit="memory").sentence
    'phone: device memory needs 5.1 GB, has 4 GB'
    """
    needed, there = told_apart(needs, has, unit)
    sentence = f"{where}: {rule} needs {needed}, has {there}"
    return Violation(rule=rule, where=where, needs=needs, has=has, sentence=sentence)


def told_apart(needs: float, has: float, unit: str) -> tuple[str, str]:
    """Both amounts in one unit, with three digits or as many as it takes to tell what differs apart.

    >>> told_apart(5.1e9, 4e9, "memory"), told_apart(905_999_000.0, 905_901_000.0, "memory")
    (('5.1 GB', '4 GB'), ('0.906 GB', '0.9059 GB'))
    """
    name, shown = SHOWN[unit]
    kinds = ((name, shown(needs), shown(has)), (IN_FULL.get(unit, name), needs, has))
    written = [
        (f"{_plain(needed, digits)} {name}", f"{_plain(there, digits)} {name}")
        for name, needed, there in kinds
        for digits in range(FEWEST_DIGITS, MOST_DIGITS + 1)
    ]
    return next((pair for pair in written if pair[0] != pair[1]), written[0])


def _plain(value: float, digits: int) -> str:
    """A number to so many digits, never with an exponent.

    >>> _plain(1710.4, 3), _plain(5.1, 3), _plain(2e-9, 3)
    ('1710', '5.1', '0.000000002')
    """
    return f"{Decimal(f'{value:.{digits}g}'):f}"
