"""What compressing smashed data costs in accuracy; each kind says on what evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import numpy as np

from cutwise.arrays import Floats
from cutwise.errors import ScenarioError
from cutwise.fields.field_values import Settled, settled
from cutwise.registry import Registry
from cutwise.units import quantity

HIGHEST_ERROR = 1e6
"""The largest relative mean square error of a tensor that anything is said of."""


@runtime_checkable
class Accuracy(Protocol):
    """What is known of the accuracy that an error of the tensor costs.

    A frozen dataclass; `evidence` says in words what it rests on. A larger error never costs less.
    """

    evidence: ClassVar[str]

    @property
    def kind(self) -> str:
        """The registered name of the kind of evidence."""
        ...

    def loss_ratio(self, error_ratio: float) -> float:
        """The accuracy lost at this relative mean square error."""
        ...


ACCURACIES: Registry[type[Any]] = Registry("accuracy")


@ACCURACIES.named("error")
@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorProxy(Settled):
    """The relative mean square error itself stands for the loss: no statement about accuracy.

    >>> ErrorProxy().loss_ratio(0.05)
    0.05
    """

    evidence: ClassVar[str] = "error of the tensor in place of accuracy"
    kind: Literal["error"] = quantity(
        "error", title="Evidence", help="The tensor's relative mean square error stands for the loss"
    )

    def loss_ratio(self, error_ratio: float) -> float:
        """The loss at this error."""
        return error_ratio


@ACCURACIES.named("surrogate")
@dataclass(frozen=True, slots=True, kw_only=True)
class Surrogate(Settled):
    r"""A power law of the error, fitted: $A_0 - A = a\,\mathrm{NMSE}^c$.

    The form is ours; P3's accuracy function was not available. The default numbers are placeholders of
    the right order, fitted to nothing: fit your own with `fitted`.

    >>> round(Surrogate(scale_ratio=0.5, exponent=1.0).loss_ratio(0.04), 6)
    0.02
    """

    evidence: ClassVar[str] = "fitted power law of the tensor's error"
    kind: Literal["surrogate"] = quantity("surrogate", title="Evidence", help="A power law of the error")
    scale_ratio: float = quantity(
        0.2, unit="ratio", gt=0, le=100, symbol="a", title="Loss at error 1", shown=(0.01, 1.0),
        help="Accuracy lost where the error is as large as the tensor",
    )  # fmt: skip
    exponent: float = quantity(
        1.0, gt=0, le=10, symbol="c", title="Exponent", shown=(0.2, 3.0),
        help="How the loss grows with the error: 1 in proportion, above 1 small errors cost less",
    )  # fmt: skip

    def loss_ratio(self, error_ratio: float) -> float:
        """The loss at this error."""
        return float(self.scale_ratio * error_ratio**self.exponent)

    @classmethod
    def fitted(cls, error_ratios: Sequence[float], loss_ratios: Sequence[float]) -> Surrogate:
        """The power law nearest to measured losses, by least squares on the logarithms.

        >>> found = Surrogate.fitted([0.01, 0.1], [0.001, 0.1])  # ten times the error, 100 times the loss
        >>> round(found.scale_ratio, 6), round(found.exponent, 6)
        (10.0, 2.0)
        """
        slope, height = np.polyfit(np.log(error_ratios), np.log(loss_ratios), 1)
        return cls(scale_ratio=float(np.exp(height)), exponent=float(slope))


@ACCURACIES.named("table")
@dataclass(frozen=True, slots=True, kw_only=True)
class AccuracyTable:
    """Measured losses at given errors, made monotone and joined by straight lines; flat outside.

    >>> table = AccuracyTable(error_ratios=(0.0, 0.1, 0.2), loss_ratios=(0.0, 0.03, 0.01))
    >>> table.loss_ratio(0.05), table.loss_ratio(0.15)  # the last two are pooled to 0.02
    (0.01, 0.02)
    """

    evidence: ClassVar[str] = "table of measured losses"
    kind: Literal["table"] = quantity("table", title="Evidence", help="Measured losses at given errors")
    error_ratios: tuple[float, ...] = quantity(
        (0.0, 1.0), title="Errors", help="Relative mean square errors of the tensor, rising from 0 or more"
    )
    loss_ratios: tuple[float, ...] = quantity(
        (0.0, 1.0), title="Losses", help="Accuracy lost at each of these errors: 0.01 is one point"
    )

    def __post_init__(self) -> None:
        if mistakes := settled(self):
            raise ScenarioError(mistakes)
        errors = self.error_ratios
        if len(errors) != len(self.loss_ratios) or not errors:
            mistakes.append("loss_ratios: give one loss for each of error_ratios, at least one")
        if any(later <= earlier for earlier, later in pairwise(errors)):
            mistakes.append("error_ratios: must rise")
        if not all(0 <= error <= HIGHEST_ERROR for error in errors):
            mistakes.append(f"error_ratios: errors must be from 0 to {HIGHEST_ERROR:g}")
        if not all(-1 <= loss <= 1 for loss in self.loss_ratios):
            mistakes.append("loss_ratios: losses must be from -1 to 1")
        if mistakes:
            raise ScenarioError(mistakes)

    def loss_ratio(self, error_ratio: float) -> float:
        """The loss at this error."""
        return float(np.interp(error_ratio, self.error_ratios, _rising(self.loss_ratios)))


def _rising(values: Sequence[float]) -> Floats:
    """The nearest numbers that never fall (least squares, pooling neighbours that do)."""
    pools: list[list[float]] = []
    for value in values:
        pools.append([value, 1.0])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (mean, count), (more, others) = pools[-2:]
            pools[-2:] = [[(mean * count + more * others) / (count + others), count + others]]
    return np.concatenate([np.full(round(count), mean) for mean, count in pools])
