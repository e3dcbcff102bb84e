"""Tasks put together block by block; a block is an array of tasks of any shape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cutwise.arrays import Ints
from cutwise.errors import UnknownNameError
from cutwise.simulation.tasks import COLUMNS, KIND_CODES, NOBODY, Resource, Tasks


class TaskBuilder:
    """Collects blocks of tasks and the order between them; `build` gives the finished columns.

    >>> builder = TaskBuilder(resources=[Resource(name="server")])
    >>> served = builder.add(kind="server", duration_s=[2.0, 3.0], resource=0)
    >>> builder.order(served, builder.add(kind="aggregate", duration_s=0.0))
    >>> builder.build()[2].after
    (0, 1)
    """

    def __init__(self, *, devices: Sequence[str] = (), resources: Sequence[Resource] = ()) -> None:
        self._devices = tuple(devices)
        self._resources = tuple(resources)
        self._blocks: list[list[NDArray[np.generic]]] = []
        self._pairs: list[Ints] = []
        self._count = 0

    def add(
        self,
        *,
        duration_s: ArrayLike,
        kind: str | Sequence[str],
        resource: ArrayLike = NOBODY,
        device: ArrayLike = NOBODY,
        iteration: ArrayLike = NOBODY,
        priority: ArrayLike = 0,
    ) -> Ints:
        """The positions of new tasks, in the shape that all arguments broadcast to.

        A sequence of kinds runs along the last axis. Raises `UnknownNameError` for an unknown kind.
        """
        values = (duration_s, resource, device, _codes(kind), iteration, priority)
        block = np.broadcast_arrays(*values)
        self._blocks.append([column.ravel() for column in block])
        shape, first = block[0].shape, self._count
        self._count += block[0].size
        return np.arange(first, self._count, dtype=np.int64).reshape(shape)

    def order(self, first: ArrayLike, then: ArrayLike) -> None:
        """Each task of `then` starts after the one of `first` that it broadcasts against."""
        self._pairs.append(np.stack(np.broadcast_arrays(first, then)).reshape(2, -1))

    def build(self) -> Tasks:
        """All tasks in the order they were added; raises `SolverError` as `Tasks` does."""
        columns = [np.concatenate(parts) for parts in zip(*self._blocks, strict=True)] or [np.zeros(0)] * 6
        pairs: Ints = np.concatenate([np.zeros((2, 0), dtype=np.int64), *self._pairs], axis=1)
        first, then = pairs[0, :], pairs[1, :]
        by_task = np.argsort(then, kind="stable")
        return Tasks(
            devices=self._devices,
            resources=self._resources,
            duration_s=columns[0],
            after_start=np.searchsorted(then[by_task], np.arange(self._count + 1)),
            after=first[by_task],
            **dict(zip(COLUMNS, columns[1:], strict=True)),
        )


def _codes(kind: str | Sequence[str]) -> int | list[int]:
    for name in [kind] if isinstance(kind, str) else kind:
        if name not in KIND_CODES:
            raise UnknownNameError("kind of task", name, KIND_CODES)
    return KIND_CODES[kind] if isinstance(kind, str) else [KIND_CODES[name] for name in kind]
