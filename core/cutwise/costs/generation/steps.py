r"""Sums over one side of a cut of what its steps of generating text take.

A step is the prompt, or a run of new tokens whose work and bytes grow evenly from the first to the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Number
from cutwise.frozen import Frozen


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Step(Frozen):
    """`count` passes in a row: FLOPs and bytes beside the weights of a sample, in the first and the last."""

    count: int
    first_flops: Floats
    last_flops: Floats
    first_bytes: Floats
    last_bytes: Floats


STEP_COLUMNS = 4
SIDE_COLUMNS = 2
"""Bytes of weights that a pass reads, and layers."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Steps(Frozen):
    """Bytes of weights that every pass reads whatever the batch, layers that it runs, and the steps.

    Arrays of shape (ops,) for a whole model, or (cuts,) for one side of a cut.
    """

    weight_bytes: Floats
    layers: Floats
    steps: tuple[Step, ...]

    @property
    def matrix(self) -> Floats:
        """All numbers as columns, shape (ops, columns)."""
        columns = [self.weight_bytes, self.layers]
        for one in self.steps:
            columns += [one.first_flops, one.last_flops, one.first_bytes, one.last_bytes]
        return np.column_stack(columns)

    @property
    def flops(self) -> Floats:
        """FLOPs of a sample over all steps."""
        total = np.zeros_like(self.layers)
        for one in self.steps:
            total = total + one.count * (one.first_flops + one.last_flops) / 2
        return total

    def with_matrix(self, matrix: Floats) -> Steps:
        """The same steps with these columns, shape (cuts, columns)."""
        weight_bytes, layers, *rest = matrix.T
        per_step = [rest[at : at + STEP_COLUMNS] for at in range(0, len(rest), STEP_COLUMNS)]
        steps = tuple(
            Step(count=one.count, first_flops=a, last_flops=b, first_bytes=c, last_bytes=d)
            for one, (a, b, c, d) in zip(self.steps, per_step, strict=True)
        )
        return Steps(weight_bytes=weight_bytes, layers=layers, steps=steps)

    def each(self, change: Callable[[Floats], Floats]) -> Steps:
        """The same steps with `change` applied to every array."""
        steps = tuple(
            Step(
                count=one.count,
                first_flops=change(one.first_flops),
                last_flops=change(one.last_flops),
                first_bytes=change(one.first_bytes),
                last_bytes=change(one.last_bytes),
            )
            for one in self.steps
        )
        return Steps(weight_bytes=change(self.weight_bytes), layers=change(self.layers), steps=steps)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Roof(Frozen):
    """What bounds a party that generates text: FLOPs a second, bytes a second, and seconds a layer.

    `mix` says for every step which share of the two bounds counts instead of the larger one (1: the FLOPs
    alone, 0: the bytes alone): never more than the larger one, and a sum over ops.
    """

    flops_per_s: Number
    bytes_per_s: Number
    layer_s: Number
    mix: tuple[Number, ...] | None = None

    @staticmethod
    def merged(roofs: Sequence[Roof], merge: Callable[[Sequence[Number]], Number]) -> Roof:
        """One value of many, field by field."""
        mixes = [roof.mix for roof in roofs if roof.mix is not None]
        return Roof(
            flops_per_s=merge([roof.flops_per_s for roof in roofs]),
            bytes_per_s=merge([roof.bytes_per_s for roof in roofs]),
            layer_s=merge([roof.layer_s for roof in roofs]),
            mix=tuple(merge(list(column)) for column in zip(*mixes, strict=True)) if mixes else None,
        )


def steps_s(side: Steps, batch_size: Number, roof: Roof) -> Number:
    r"""Seconds of all steps of one side of a cut.

    $t = \max(b F / (\eta_c P), (W_r + b \min(c, w) \kappa) / (\eta_m B)) + L o$ for the prompt and for every
    new token (roofline with a cache of keys and values). The context c grows from token to token, so that
    both terms are lines and their maximum is added up exactly.

    Two tokens of a side that reads 100 bytes of weights, then 0 and 40 of the cache, at 100 B/s: 1 + 1.4 s.

    >>> none, one = np.zeros(1), np.ones(1)
    >>> tokens = Step(count=2, first_flops=one, last_flops=one, first_bytes=none, last_bytes=40 * one)
    >>> side = Steps(weight_bytes=100 * one, layers=none, steps=(tokens,))
    >>> float(steps_s(side, 1.0, Roof(flops_per_s=10.0, bytes_per_s=100.0, layer_s=0.0))[0])
    2.4
    """
    total: Number = 0.0
    for number, step in enumerate(side.steps):
        computing = [batch_size * flops / roof.flops_per_s for flops in (step.first_flops, step.last_flops)]
        reading = [
            (side.weight_bytes + batch_size * cached) / roof.bytes_per_s
            for cached in (step.first_bytes, step.last_bytes)
        ]
        busy_s = (
            step.count * sum(reading) / 2 + _excess(computing, reading, step.count)
            if roof.mix is None
            else step.count * _mixed(computing, reading, roof.mix[number])
        )
        total = total + busy_s + step.count * side.layers * roof.layer_s
    return total


def _mixed(computing: list[Floats], reading: list[Floats], ratio: Number) -> Floats:
    return np.asarray((ratio * sum(computing) + (1.0 - ratio) * sum(reading)) / 2)


def _excess(computing: list[Floats], reading: list[Floats], count: int) -> Floats:
    """Sum over `count` passes of the seconds by which computing lasts longer than reading, both lines."""
    first, last = (np.asarray(one - other) for one, other in zip(computing, reading, strict=True))
    if count == 1:
        return np.maximum(first, 0.0)
    high, low = np.maximum(first, last), np.minimum(first, last)
    fall = (high - low) / (count - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        longer = np.where(low >= 0, count, np.floor(high / fall) + 1)
    longer = np.where(high > 0, np.minimum(longer, count), 0.0)
    return np.asarray(longer * high - fall * longer * (longer - 1) / 2)
