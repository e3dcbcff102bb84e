"""When every task of a round ran, how long it waited, and how busy every resource was."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.digests import EqualByDigest, freeze
from cutwise.simulation.tasks import KINDS, NOBODY, Tasks

if TYPE_CHECKING:
    import pandas

TIMES = ("start_s", "finish_s", "wait_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """When one task ran, a row of `Trace`; it waited `wait_s` for its resource before it started."""

    kind: str
    device: str | None
    resource: str | None
    iteration: int
    start_s: float
    finish_s: float
    wait_s: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Trace(EqualByDigest):
    """Columns of shape (tasks,), read-only, in the order of `tasks`; equal when the digests are."""

    tasks: Tasks
    start_s: Floats
    finish_s: Floats
    wait_s: Floats
    digest: str = field(init=False, default="")

    def __post_init__(self) -> None:
        digest = hashlib.sha256(self.tasks.digest.encode())
        for name in TIMES:
            column: Floats = np.array(getattr(self, name), dtype=np.float64)
            freeze(self, name, column)
            digest.update(column.tobytes())
        object.__setattr__(self, "digest", digest.hexdigest())

    def __len__(self) -> int:
        return len(self.start_s)

    def __getitem__(self, position: int) -> Span:
        task = self.tasks[position]
        return Span(
            kind=task.kind,
            device=task.device,
            resource=task.resource,
            iteration=task.iteration,
            start_s=self.start_s.item(position),
            finish_s=self.finish_s.item(position),
            wait_s=self.wait_s.item(position),
        )

    @property
    def makespan_s(self) -> float:
        """Seconds from the start to the last finish; 0 where there are no tasks."""
        return float(self.finish_s.max(initial=0.0))

    @property
    def busy_s(self) -> Floats:
        """Seconds of service that every resource gave, shape (resources,)."""
        served: Mask = self.tasks.resource != NOBODY
        return np.bincount(
            self.tasks.resource[served],
            weights=self.tasks.duration_s[served],
            minlength=len(self.tasks.resources),
        ).astype(np.float64)

    @property
    def utilisation_ratio(self) -> Floats:
        """The part of its capacity that every resource served over the makespan, shape (resources,)."""
        capacity = np.array([resource.capacity for resource in self.tasks.resources], dtype=np.float64)
        return self.busy_s / (capacity * (self.makespan_s or 1.0))

    def summary(self) -> dict[str, Any]:
        """The makespan, how many tasks ran, and every resource with its busy seconds and their share."""
        names = [resource.name for resource in self.tasks.resources]
        busy: list[float] = self.busy_s.tolist()
        share: list[float] = self.utilisation_ratio.tolist()
        rows = [
            {"resource": name, "busy_s": seconds, "utilisation_ratio": ratio}
            for name, seconds, ratio in zip(names, busy, share, strict=True)
        ]
        return {"makespan_s": self.makespan_s, "tasks": len(self), "resources": rows}

    def to_frame(self) -> pandas.DataFrame:
        """One row a task: device, kind, resource, iteration, and the seconds; missing for nobody's."""
        import pandas

        tasks = self.tasks
        # The None at the end is what the position -1 picks.
        devices = np.array([*tasks.devices, None], dtype=object)
        resources = np.array([*(resource.name for resource in tasks.resources), None], dtype=object)
        return pandas.DataFrame(
            {
                "device": devices[tasks.device],
                "kind": np.array(KINDS, dtype=object)[tasks.kind],
                "resource": resources[tasks.resource],
                "iteration": tasks.iteration,
                "start_s": self.start_s,
                "finish_s": self.finish_s,
                "wait_s": self.wait_s,
            }
        )
