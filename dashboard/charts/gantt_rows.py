"""Which row of a Gantt chart each task of a trace is drawn in."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

import numpy as np

from cutwise.arrays import Ints, Mask
from cutwise.frozen import Frozen
from cutwise.simulation.tasks import NOBODY
from cutwise.simulation.trace import Trace

ROUNDING = 1e-9
NOBODYS_ROW = "round"


@dataclass(frozen=True, eq=False, kw_only=True)
class Rows(Frozen):
    """Names from the top; for each task its row and that of its waiting, -1 where none is drawn.

    `shown` says which part of all rows these are; it is empty where they are all.
    """

    names: tuple[str, ...]
    row: Ints
    waiting_row: Ints
    shown: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Lanes(Frozen):
    """All lanes from the top: `task` is the first task of each; each task has a lane, and one to wait in."""

    task: Ints
    lane: Ints
    waiting_lane: Ints


def rows_of(trace: Trace, *, most_rows: int) -> Rows:
    """What devices share first, then devices in order; those with the longest turns where not all fit.

    A device whose stages never overlap has one row; one that overlaps them has a row for each of its lanes.
    """
    lanes, tasks = _lanes(trace), trace.tasks
    device = np.where(_is_shared(trace)[lanes.task], NOBODY, tasks.device[lanes.task])
    common, owned = np.flatnonzero(device == NOBODY), np.flatnonzero(device != NOBODY)
    most_common = most_rows if not len(owned) else most_rows // 2
    devices = _fitting(trace, device[owned], room=most_rows - min(len(common), most_common))
    kept = np.concatenate([common[:most_common], owned[np.isin(device[owned], devices)]])
    row_of_lane = np.full(len(device) + 1, NOBODY)
    row_of_lane[kept] = np.arange(len(kept))
    shown = []
    if len(common) > most_common:
        shown.append(f"{most_common} of {len(common)} shared lanes")
    if len(devices) < (count := len(np.unique(device[owned]))):
        shown.append(f"the {len(devices)} of {count} devices that take longest")
    return Rows(
        names=tuple(_name(trace, lanes, int(lane)) for lane in kept),
        row=row_of_lane[lanes.lane],
        waiting_row=row_of_lane[lanes.waiting_lane],
        shown="; ".join(shown),
    )


def _lanes(trace: Trace) -> Lanes:
    """Lanes by number, which orders them: shared or not, device, resource, slot."""
    tasks = trace.tasks
    shared, slot = _is_shared(trace), _slots(trace)
    alone = ~_overlapping_devices(trace)[tasks.device]
    resource = np.where(shared | ~alone, tasks.resource, NOBODY)
    owner = np.where(shared, 0, tasks.device + 2)

    def number(owner: Ints, resource: Any, slot: Any) -> Ints:
        return (owner * (len(tasks.resources) + 1) + resource + 1) * (len(tasks) + 1) + slot

    numbers = number(owner, resource, slot)
    seen = np.flatnonzero(trace.finish_s > trace.start_s)
    listed, first = np.unique(numbers[seen], return_index=True)
    waiting = np.where(alone & (tasks.device != NOBODY), number(tasks.device + 2, NOBODY, 0), NOBODY)
    return Lanes(task=seen[first], lane=_found(listed, numbers), waiting_lane=_found(listed, waiting))


def _found(listed: Ints, numbers: Ints) -> Ints:
    """Where each number is listed, -1 where it is not."""
    place = np.searchsorted(listed, numbers)
    there = np.append(listed, NOBODY)[place] == numbers
    return np.where(there & (numbers != NOBODY), place, NOBODY)


def _name(trace: Trace, lanes: Lanes, lane: int) -> str:
    """The device where it has one lane, else the resource, counted where it has several slots."""
    task = int(lanes.task[lane])
    span = trace[task]
    if span.device is not None and lanes.waiting_lane[task] == lane:
        return span.device
    if span.resource is None:
        return span.device or NOBODYS_ROW
    slots = np.unique(lanes.lane[(trace.tasks.resource == trace.tasks.resource[task]) & (lanes.lane >= 0)])
    place = int(np.searchsorted(slots, lane)) + 1
    return span.resource if len(slots) == 1 else f"{span.resource} {place}"


def _is_shared(trace: Trace) -> Mask:
    """For each task whether devices share its resource."""
    shared = [resource.device is None for resource in trace.tasks.resources]
    return np.array([*shared, False])[trace.tasks.resource]


def _overlapping_devices(trace: Trace) -> Mask:
    """For each device, and last for nobody, whether it has two tasks under way or waiting at once."""
    tasks = trace.tasks
    ready_s = trace.start_s - trace.wait_s
    seen = np.flatnonzero((trace.finish_s > ready_s) & (tasks.device != NOBODY))
    order = seen[np.lexsort((trace.finish_s[seen], ready_s[seen], tasks.device[seen]))]
    before, after = order[:-1], order[1:]
    early = ready_s[after] < trace.finish_s[before] - ROUNDING * trace.makespan_s
    overlapping = np.zeros(len(tasks.devices) + 1, dtype=bool)
    overlapping[tasks.device[after][early & (tasks.device[before] == tasks.device[after])]] = True
    return overlapping


def _slots(trace: Trace) -> Ints:
    """Which of its resource's slots serves each task, counted from 0: the lowest that is free."""
    slot = np.zeros(len(trace), dtype=np.int64)
    for position, resource in enumerate(trace.tasks.resources):
        if resource.capacity == 1:
            continue
        running: list[tuple[float, int]] = []
        free: list[int] = []
        served = np.flatnonzero((trace.tasks.resource == position) & (trace.finish_s > trace.start_s))
        for task in served[np.argsort(trace.start_s[served], kind="stable")]:
            while running and running[0][0] <= trace.start_s[task]:
                heappush(free, heappop(running)[1])
            slot[task] = heappop(free) if free else len(running)
            heappush(running, (float(trace.finish_s[task]), int(slot[task])))
    return slot


def _fitting(trace: Trace, device_of_lane: Ints, *, room: int) -> Ints:
    """The devices with the longest turns whose lanes fit into `room` rows together."""
    tasks = trace.tasks
    owned = tasks.device != NOBODY
    turn_s = np.bincount(
        tasks.device[owned],
        weights=(trace.finish_s - trace.start_s + trace.wait_s)[owned],
        minlength=len(tasks.devices),
    )
    lanes = np.bincount(device_of_lane, minlength=len(tasks.devices))
    longest = np.argsort(-turn_s, kind="stable")
    longest = longest[lanes[longest] > 0]
    return longest[np.cumsum(lanes[longest]) <= room]
