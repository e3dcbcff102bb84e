"""What was run and how long it took, and the seconds that constants of a machine predict for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats
from cutwise.errors import CutwiseError


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedRow:
    """One measurement: seconds of a mini-batch, and what was done in it.

    FLOPs and moved bytes are those of a sample, bytes read and launches those of a mini-batch; those of the
    backward pass are 0 where there was none.
    """

    name: str
    measured_s: float
    batch_size: int = 1
    forward_flops: float = 0.0
    moved_bytes: float = 0.0
    read_bytes: float = 0.0
    launches: float = 0.0
    backward_flops: float = 0.0
    backward_moved_bytes: float = 0.0
    backward_read_bytes: float = 0.0
    backward_launches: float = 0.0

    def __post_init__(self) -> None:
        done = work_columns([self])
        if not (
            np.isfinite(done).all() and (done >= 0).all() and done.any() and 0 < self.measured_s < np.inf
        ):
            raise CutwiseError(
                f"{self.name}: needs seconds above 0, and work of at least 0 that is not all 0"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineRates:
    """The four constants of a machine: what a mini-batch takes is affine in its samples.

    Forward: `launch_s` for each launch, bytes read once over `moved_bytes_per_s`, and for every sample FLOPs
    over `flops_per_s` and bytes over `moved_bytes_per_s`; backward the same of its own columns, times
    `backward_ratio`.
    """

    flops_per_s: float
    moved_bytes_per_s: float
    launch_s: float
    backward_ratio: float

    def __post_init__(self) -> None:
        above_0 = (self.flops_per_s, self.moved_bytes_per_s, self.backward_ratio)
        if not (all(0 < value < np.inf for value in above_0) and 0 <= self.launch_s < np.inf):
            raise CutwiseError("the constants of a machine are finite and above 0; only launch_s may be 0")

    def seconds(self, row: TimedRow) -> float:
        """Seconds that `row` is predicted to take.

        >>> rates = MachineRates(flops_per_s=1e9, moved_bytes_per_s=1e9, launch_s=1e-3, backward_ratio=2.0)
        >>> twice = TimedRow(name="a", forward_flops=1e9, launches=1, batch_size=2, measured_s=1.0)
        >>> rates.seconds(twice)
        2.001
        """
        return float(predicted_s(work_columns([row]), self)[0])

    @property
    def inverse(self) -> Floats:
        """Seconds a FLOP, a byte and a launch."""
        return np.array([1 / self.flops_per_s, 1 / self.moved_bytes_per_s, self.launch_s])


def work_columns(rows: Sequence[TimedRow]) -> Floats:
    """FLOPs, bytes and launches of every row's mini-batch, forward and backward: shape (rows, 2, 3).

    >>> work_columns([TimedRow(name="a", forward_flops=2e9, batch_size=4, measured_s=1)])[0, 0]
    array([8.e+09, 0.e+00, 0.e+00])
    """
    return np.array([_forward(row) + _backward(row) for row in rows], dtype=np.float64).reshape(-1, 2, 3)


def _forward(row: TimedRow) -> tuple[float, ...]:
    moved_bytes = row.batch_size * row.moved_bytes + row.read_bytes
    return row.batch_size * row.forward_flops, moved_bytes, row.launches


def _backward(row: TimedRow) -> tuple[float, ...]:
    moved_bytes = row.batch_size * row.backward_moved_bytes + row.backward_read_bytes
    return row.batch_size * row.backward_flops, moved_bytes, row.backward_launches


def predicted_s(columns: Floats, rates: MachineRates) -> Floats:
    """Seconds of every row of `work_columns`."""
    return columns @ rates.inverse @ np.array([1.0, rates.backward_ratio])
