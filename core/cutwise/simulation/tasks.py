"""What a round consists of: tasks as columns, each on a resource, each after others."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from cutwise.arrays import Floats, Ints
from cutwise.digests import EqualByDigest, freeze
from cutwise.errors import SolverError

KINDS = (
    "model_down",
    "device_forward",
    "uplink",
    "server",
    "downlink",
    "device_backward",
    "model_up",
    "aggregate",
)
KIND_CODES = MappingProxyType({kind: code for code, kind in enumerate(KINDS)})
COLUMNS = ("resource", "device", "kind", "iteration", "priority")
NOBODY = -1
"""The resource of a task that needs none, the device of one that is nobody's, the iteration outside all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Something that serves up to `capacity` tasks at once, first come, first served.

    `device` names the only device that uses it; None where devices share it.
    """

    name: str
    capacity: int = 1
    device: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task, a row of `Tasks`; `after` are the positions of its predecessors."""

    kind: str
    duration_s: float
    resource: str | None
    device: str | None
    iteration: int
    priority: int
    after: tuple[int, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Tasks(EqualByDigest):
    """Columns of shape (tasks,), read-only; two sets of tasks are equal when their digests are.

    `resource`, `device` and `kind` are positions in `resources`, `devices` and `KINDS`, -1 for none;
    `iteration` is -1 outside the iterations. Task i starts after `after[after_start[i]:after_start[i + 1]]`
    have finished. Of tasks that are ready at the same instant, the one with the lowest `priority`, then
    the one listed first, is served first.

    Raises `SolverError` for a duration that is negative or not finite, a resource without capacity, and a
    position that does not exist.
    """

    duration_s: Floats
    resource: Ints
    device: Ints
    kind: Ints
    iteration: Ints
    priority: Ints
    after_start: Ints
    after: Ints
    devices: tuple[str, ...] = ()
    resources: tuple[Resource, ...] = ()
    digest: str = field(init=False, default="")

    def __post_init__(self) -> None:
        digest = hashlib.sha256(repr((self.devices, self.resources)).encode())
        for name in ("duration_s", *COLUMNS, "after_start", "after"):
            dtype = np.float64 if name == "duration_s" else np.int64
            column = np.array(getattr(self, name), dtype=dtype)
            freeze(self, name, column)
            digest.update(column.tobytes())
        object.__setattr__(self, "digest", digest.hexdigest())
        self._check_shapes()
        self._check_positions()
        self._check_durations()

    def __len__(self) -> int:
        return len(self.duration_s)

    def __getitem__(self, position: int) -> Task:
        i = range(len(self))[position]
        resource, device = self.resource.item(i), self.device.item(i)
        return Task(
            kind=KINDS[self.kind[i]],
            duration_s=self.duration_s.item(i),
            resource=None if resource == NOBODY else self.resources[resource].name,
            device=None if device == NOBODY else self.devices[device],
            iteration=self.iteration.item(i),
            priority=self.priority.item(i),
            after=tuple(int(j) for j in self.after[self.after_start[i] : self.after_start[i + 1]]),
        )

    def called(self, position: int) -> str:
        """How a message names a task.

        >>> one = np.zeros(1, dtype=int)
        >>> Tasks(duration_s=[2.0], resource=one - 1, device=one, kind=one + 2, iteration=one + 4,
        ...       priority=one, after_start=[0, 0], after=[], devices=("phone",)).called(0)
        'task 0 (uplink of phone, iteration 4)'
        """
        task = self[position]
        owner = f" of {task.device}" if task.device is not None else ""
        turn = f", iteration {task.iteration}" if task.iteration >= 0 else ""
        return f"task {position} ({task.kind}{owner}{turn})"

    def _check_shapes(self) -> None:
        count, starts = len(self), self.after_start
        uneven = [name for name in COLUMNS if getattr(self, name).shape != (count,)]
        if uneven:
            raise SolverError(f"column {uneven[0]!r} does not hold one value for each of the {count} tasks")
        whole = len(starts) == count + 1 and starts[0] == 0 and starts[-1] == len(self.after)
        if not whole or (np.diff(starts) < 0).any():
            raise SolverError(
                f"after_start does not split {len(self.after)} predecessors among {count} tasks"
            )

    def _check_positions(self) -> None:
        for name, column, known, least in (
            ("resource", self.resource, len(self.resources), NOBODY),
            ("device", self.device, len(self.devices), NOBODY),
            ("kind", self.kind, len(KINDS), 0),
        ):
            wrong = np.flatnonzero((column < least) | (column >= known))
            if len(wrong):
                value = int(column[wrong[0]])
                raise SolverError(f"task {wrong[0]}: {name} {value} is unknown; there are {known}")
        wrong = np.flatnonzero((self.after < 0) | (self.after >= len(self)))
        if len(wrong):
            waiting = int(np.searchsorted(self.after_start, wrong[0], side="right")) - 1
            missing = f"task {self.after[wrong[0]]}, which does not exist"
            raise SolverError(f"{self.called(waiting)} waits for {missing}; there are {len(self)} tasks")

    def _check_durations(self) -> None:
        for resource in self.resources:
            if resource.capacity < 1:
                raise SolverError(
                    f"{resource.name}: capacity {resource.capacity} serves nobody; give 1 or more"
                )
        wrong = np.flatnonzero(~(np.isfinite(self.duration_s) & (self.duration_s >= 0)))
        if len(wrong):
            first = int(wrong[0])
            raise SolverError(
                f"{self.called(first)} takes {self.duration_s[first]} s, which cannot be played; "
                "give it a finite rate and a finite speed"
            )
