"""The tasks of one round: devices in turn, all at once, in groups, or cluster after cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, TypedDict, Unpack, get_args

import numpy as np

from cutwise.arrays import Ints
from cutwise.errors import SolverError, UnknownNameError
from cutwise.simulation.device_turns import add_turns, resources_of
from cutwise.simulation.task_builder import TaskBuilder
from cutwise.simulation.tasks import Tasks
from cutwise.simulation.turns import COLUMNS, Turns

Groups = Sequence[Sequence[int]]
Policy = Literal["share", "queue"]
POLICIES = get_args(Policy)


class Contention(TypedDict, total=False):
    """What devices that are active at once share; each is an option of every round.

    `server`: with "share" each device has a lane of its own at the plan's share of the speed, with "queue"
    the server works at full speed for `server_capacity` devices at once, first come, first served.
    `micro_batches` divides each iteration's mini-batch, so that its stages overlap: a micro-batch takes
    an equal part of a stage's seconds, but every message pays the whole latency.
    """

    server: Policy
    server_capacity: int
    micro_batches: int


def sequential_tasks(turns: Turns, **contention: Unpack[Contention]) -> Tasks:
    """The tasks of a round in which the devices take their turns one after another, in order."""
    return grouped_tasks(turns, [range(len(turns))], **contention)


def parallel_tasks(turns: Turns, **contention: Unpack[Contention]) -> Tasks:
    """The tasks of a round in which all devices are active at once; then their models are averaged."""
    return grouped_tasks(turns, [[device] for device in range(len(turns))], **contention)


def grouped_tasks(turns: Turns, groups: Groups, **contention: Unpack[Contention]) -> Tasks:
    """The tasks of a round in which groups are active at once, and the devices of a group in turn.

    `groups` lists positions in `turns`, each device once, in the order of the group. Averaging takes
    0 s. Raises `SolverError` where a device has no group, or several.
    """
    return _round(turns, [groups], **contention)


def clustered_tasks(turns: Turns, clusters: Groups, **contention: Unpack[Contention]) -> Tasks:
    """The tasks of a round in which clusters take turns, and the devices of a cluster are active at once."""
    return _round(turns, [[[device] for device in cluster] for cluster in clusters], **contention)


def phased_tasks(turns: Turns, phases: Sequence[Groups], **contention: Unpack[Contention]) -> Tasks:
    """The tasks of a round whose phases take turns; in a phase groups at once, in a group devices in turn."""
    return _round(turns, phases, **contention)


def _round(
    turns: Turns,
    phases: Sequence[Groups],
    *,
    server: Policy = "share",
    server_capacity: int = 1,
    micro_batches: int = 1,
) -> Tasks:
    """Phases one after another; in a phase its groups at once, in a group its devices in turn."""
    if server not in POLICIES:
        raise UnknownNameError("server policy", server, POLICIES)
    if micro_batches < 1:
        raise SolverError(f"micro_batches is {micro_batches}; a mini-batch has at least 1 part")
    lists = [[list(group) for group in groups if len(group)] for groups in phases]
    listed = [group for groups in lists for group in groups]
    _check_groups(turns, listed)
    queue = server == "queue"
    builder = TaskBuilder(
        devices=turns.devices,
        resources=resources_of(turns, server_queue=queue, server_capacity=server_capacity),
    )
    firsts, lasts = add_turns(
        builder,
        turns,
        priorities=_priorities(turns, listed),
        server_queue=queue,
        micro_batches=micro_batches,
    )
    ends = np.zeros(0, dtype=np.int64)
    for groups in filter(None, lists):
        builder.order(ends[:, None], firsts[[group[0] for group in groups]])
        for group in groups:
            builder.order(lasts[group[:-1]], firsts[group[1:]])
        ends = lasts[[group[-1] for group in groups]]
        if len(groups) > 1:
            average = builder.add(kind="aggregate", duration_s=np.zeros(1))
            builder.order(ends, average)
            ends = average
    return builder.build()


def _check_groups(turns: Turns, groups: Groups) -> None:
    times = Counter(device for group in groups for device in group)
    unknown = sorted(device for device in times if device not in range(len(turns)))
    if unknown:
        raise SolverError(f"a group lists device {unknown[0]}; there are {len(turns)}, counted from 0")
    for device, name in enumerate(turns.devices):
        if times[device] != 1:
            raise SolverError(f"{name} is in {times[device]} groups; a round serves every device once")


def _priorities(turns: Turns, groups: Groups) -> Ints:
    """Who goes first of devices that come to the server at one instant: whose group has more to do.

    The order depends on the turns alone, not on how the devices are listed; groups that tie are alike.
    """
    rows: list[list[float]] = np.column_stack([getattr(turns, name) for name in COLUMNS]).tolist()
    delay_s: list[float] = turns.delay_s.tolist()
    order = sorted(groups, key=lambda group: (-sum(delay_s[i] for i in group), [rows[i] for i in group]))
    priorities = np.zeros(len(turns), dtype=np.int64)
    for place, group in enumerate(order):
        priorities[list(group)] = place
    return priorities
