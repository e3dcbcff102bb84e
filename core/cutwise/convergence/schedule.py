"""Which mini-batches a round trains, in which order: one chain of mini-batches for every group of devices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cutwise.arrays import Floats, Ints
from cutwise.frozen import Frozen


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Learner(Frozen):
    """One training run: its seed, the sample numbers of every device, the groups of devices, its step.

    Devices of a group train in turn, in the order given; groups train at once and are averaged.
    """

    seed: int
    shares: tuple[Ints, ...]
    groups: tuple[tuple[int, ...], ...]
    learning_rate: float


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Schedule(Frozen):
    """The chains of a round, longest first, so that those still at work are always the first `active`.

    `samples` and `present` are (chains, steps, batch): sample numbers, and 1 where there is one (a last
    mini-batch may be smaller). `owner` is the learner of a chain, `weight` its part of the learner's samples.
    """

    owner: Ints
    samples: Ints
    present: Floats
    active: Ints
    weight: Floats


def round_schedule(
    learners: Sequence[Learner], *, round_number: int, local_epochs: int, batch_size: int | None
) -> Schedule:
    """The chains of one round; without a batch size every device's data are one mini-batch.

    A device's order of samples depends on seed, device, round and local epoch only: schemes see the same.
    """
    rows = [
        (owner, _group_batches(learner, group, round_number, local_epochs, batch_size), group)
        for owner, learner in enumerate(learners)
        for group in learner.groups
    ]
    rows.sort(key=lambda row: -len(row[1]))
    lengths = np.array([len(batches) for _, batches, _ in rows])
    samples, present = _padded([batches for _, batches, _ in rows])
    return Schedule(
        owner=np.array([owner for owner, _, _ in rows]),
        samples=samples,
        present=present,
        active=(lengths[:, None] > np.arange(lengths[0])).sum(0),
        weight=np.array([_weight(learners[owner], group) for owner, _, group in rows]),
    )


def server_turns(owner: ArrayLike, *, rng: np.random.Generator) -> list[Ints]:
    """Chains in the order one server-side model serves them: turn k has the k-th chain of every learner.

    >>> [sorted(turn.tolist()) for turn in server_turns([0, 0, 1], rng=np.random.default_rng(1))]
    [[0, 2], [1]]
    """
    owner_of: Ints = np.asarray(owner)
    queues = [rng.permutation(np.flatnonzero(owner_of == learner)) for learner in np.unique(owner_of)]
    return [np.array([q[k] for q in queues if k < q.size]) for k in range(max(q.size for q in queues))]


def _group_batches(
    learner: Learner, group: Sequence[int], round_number: int, local_epochs: int, batch_size: int | None
) -> list[Ints]:
    batches: list[Ints] = []
    for device in group:
        share = learner.shares[device]
        size = batch_size or share.size
        rng = np.random.default_rng([learner.seed, 1, device, round_number])
        for _ in range(local_epochs):
            order = rng.permutation(share)
            batches += [order[start : start + size] for start in range(0, order.size, size)]
    return batches


def _padded(chains: list[list[Ints]]) -> tuple[Ints, Floats]:
    width = max(batch.size for chain in chains for batch in chain)
    samples = np.zeros((len(chains), max(map(len, chains)), width), dtype=np.int64)
    present = np.zeros(samples.shape)
    for row, chain in enumerate(chains):
        for step, batch in enumerate(chain):
            samples[row, step, : batch.size] = batch
            present[row, step, : batch.size] = 1.0
    return samples, present


def _weight(learner: Learner, group: Sequence[int]) -> float:
    sizes = [share.size for share in learner.shares]
    return sum(sizes[device] for device in group) / sum(sizes[device] for g in learner.groups for device in g)
