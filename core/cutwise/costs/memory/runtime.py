"""What a process takes beside the bytes that tensors are allocated: a reserve, fragments, workspaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from cutwise.arrays import Floats, Number
from cutwise.errors import ScenarioError
from cutwise.fields.field_values import settled
from cutwise.frozen import Frozen, FrozenDict
from cutwise.units import quantity

Backend = Literal["none", "cuda", "cpu", "mps"]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RuntimeFigures(Frozen):
    """What a process takes beside its tensors; numbers, or arrays with one a party."""

    reserve_bytes: Number = 0.0
    overhead_ratio: Number = 0.0
    largest_ratio: Number = 0.0

    def of(self, index: Any) -> RuntimeFigures:
        """Those of some parties, of figures that are arrays."""
        return RuntimeFigures(
            reserve_bytes=np.asarray(self.reserve_bytes)[index],
            overhead_ratio=np.asarray(self.overhead_ratio)[index],
            largest_ratio=np.asarray(self.largest_ratio)[index],
        )

    @property
    def largest_share(self) -> Number:
        """The part of the largest tensor that is charged."""
        return self.largest_ratio / (1.0 + self.overhead_ratio)

    def charged_bytes(self, *, allocated_bytes: Number, largest_bytes: Number) -> Floats:
        """Bytes that count against `budget_bytes`: what is allocated, and the largest tensor's workspace."""
        return np.asarray(allocated_bytes + self.largest_share * largest_bytes, dtype=np.float64)

    def budget_bytes(self, memory_bytes: Number) -> Floats:
        """What of a memory may be charged so that the process stays within it; never quite nothing."""
        left = (memory_bytes - self.reserve_bytes) / (1.0 + self.overhead_ratio)
        return np.asarray(np.maximum(left, LEAST_BUDGET_BYTES), dtype=np.float64)

    def taken_bytes(self, charged_bytes: Number) -> Floats:
        """What the process takes for bytes charged; where nothing is held, no process runs."""
        held = np.asarray(charged_bytes, dtype=np.float64)
        return np.where(held > 0, held * (1.0 + self.overhead_ratio) + self.reserve_bytes, 0.0)


BACKENDS: Mapping[str, RuntimeFigures] = FrozenDict(
    {
        "none": RuntimeFigures(),
        "cuda": RuntimeFigures(reserve_bytes=0.6e9, overhead_ratio=0.05, largest_ratio=0.5),
        "cpu": RuntimeFigures(),
        "mps": RuntimeFigures(),
    }
)
"""By back end, fitted to 45 measured processes of PyTorch on CUDA (`fms-acceleration`); those of CPUs and
of Apple's GPUs were not measured and count nothing unless given."""
LEAST_BUDGET_BYTES = 1e-30
UNMEASURED = frozenset({"cpu", "mps"})


def process_bytes(*, allocated_bytes: Number, largest_bytes: Number, runtime: RuntimeFigures) -> Number:
    r"""Bytes a process takes that allocates so much, its largest tensor being so large.

    $P = A (1 + o) + s \cdot t_{max} + r$; nothing where nothing is allocated.

    >>> round(process_bytes(allocated_bytes=10e9, largest_bytes=2e9, runtime=BACKENDS["cuda"]) / 1e9, 9)
    12.1
    """
    charged = runtime.charged_bytes(allocated_bytes=allocated_bytes, largest_bytes=largest_bytes)
    taken = runtime.taken_bytes(charged)
    return taken if taken.ndim else float(taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """What runs the model at a party, and so what the process takes beside its tensors.

    None means "the back end's own"; the back end is that of the party's profile, none without a profile.

    >>> Runtime(backend="cuda", reserve_bytes=1e9).figures("none").reserve_bytes
    1000000000.0
    """

    backend: Backend | None = quantity(
        None, title="Runtime",
        help="cuda: 0.6 GB, 5 % and half the largest tensor more; cpu, mps: unmeasured, give reserve_bytes",
    )  # fmt: skip
    reserve_bytes: float | None = quantity(
        None, unit="bytes", ge=0, le=1e15, title="Reserve", scale="log", shown=(1e7, 1e10),
        help="Bytes that the process holds before any tensor; the back end's own if absent",
    )  # fmt: skip
    overhead_ratio: float | None = quantity(
        None, unit="ratio", ge=0, le=10, title="Overhead", shown=(0.0, 0.5),
        help="What fragments add to allocated bytes; the back end's own if absent",
    )  # fmt: skip
    largest_ratio: float | None = quantity(
        None, unit="ratio", ge=0, le=10, title="Share of the largest tensor", shown=(0.0, 1.0),
        help="Part of the largest tensor that is taken once more; the back end's own if absent",
    )  # fmt: skip

    def __post_init__(self) -> None:
        mistakes = settled(self)
        if self.backend is not None and self.backend not in get_args(Backend):
            choices = ", ".join(get_args(Backend))
            mistakes.append(f"backend: must be one of {choices}, not {self.backend!r}")
        if mistakes:
            raise ScenarioError(mistakes)

    def figures(self, backend: str) -> RuntimeFigures:
        """The three numbers at a party whose profile runs on `backend`."""
        known = BACKENDS[self.backend or backend]
        return RuntimeFigures(
            reserve_bytes=known.reserve_bytes if self.reserve_bytes is None else self.reserve_bytes,
            overhead_ratio=known.overhead_ratio if self.overhead_ratio is None else self.overhead_ratio,
            largest_ratio=known.largest_ratio if self.largest_ratio is None else self.largest_ratio,
        )
