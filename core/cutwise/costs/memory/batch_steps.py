"""The steps of a mini-batch: every kernel forward, backward last first, parts once more, the optimiser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cutwise.costs.checkpointing import RUNS_ONCE
from cutwise.frozen import Frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSteps(Frozen):
    """When each kernel runs: i forward at step i, `again` (-1: never) and `backward` (empty in inference).

    `first_backward` is the first step behind the forward pass, `last_backward` the last before the
    optimiser's, `count` how many steps there are.
    """

    again: Sequence[int]
    backward: Sequence[int]
    first_backward: int
    last_backward: int
    count: int


def batch_steps(segments: Sequence[int], *, training: bool) -> BatchSteps:
    """The steps of kernels that run again by `segments`.

    Two kernels, the first of which runs again: forward 0 and 1, the second backward at 2, the first again
    at 3 and backward at 4, the optimiser at 5.

    >>> steps = batch_steps([0, RUNS_ONCE], training=True)
    >>> list(steps.again), list(steps.backward), steps.count
    ([3, -1], [4, 2], 6)
    """
    kernels = len(segments)
    if not training:
        return BatchSteps(again=(), backward=(), first_backward=kernels, last_backward=kernels, count=kernels)
    members: dict[int, list[int]] = {}
    for at, segment in enumerate(segments):
        members.setdefault(segment, []).append(at)
    again, backward = [-1] * kernels, [0] * kernels
    step, begun = kernels, {RUNS_ONCE}
    for at in range(kernels - 1, -1, -1):
        if segments[at] not in begun:
            begun.add(segments[at])
            for member in members[segments[at]]:
                again[member] = step
                step += 1
        backward[at] = step
        step += 1
    return BatchSteps(
        again=again, backward=backward, first_backward=kernels, last_backward=step - 1, count=step + 1
    )
