"""`CHOICES`: decisions that were taken by predictions and paid in measured values. A new set is one entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cutwise.frozen import Frozen
from cutwise.registry import Registry
from cutwise.units import percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Regrets(Frozen):
    """What choices cost beyond the best: how many were the best one, and parts of the best one's value."""

    cases: int
    right_ratio: float
    mean_ratio: float
    p90_ratio: float
    worst_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceBounds(Frozen):
    """What regrets have to keep; None asks for nothing."""

    least_right_ratio: float | None = None
    most_mean_ratio: float | None = None
    most_p90_ratio: float | None = None
    most_worst_ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldChoice(Frozen):
    """Choices of one kind at one level of what is known; `regrets` takes them now, or as on a `date`."""

    title: str
    source: str
    licence: str
    level: str
    regrets: Callable[[], Regrets]
    bounds: ChoiceBounds = ChoiceBounds()
    is_learnt: bool = False
    date: str = ""

    def broken(self) -> tuple[str, ...]:
        """A sentence for each bound that is not kept."""
        return tuple(_broken(self.bounds, self.regrets()))


CHOICES: Registry[HeldChoice] = Registry("set of choices with measured regret")


def regrets_of(ratios: Sequence[float]) -> Regrets:
    """What regrets say together; a choice without one was right.

    >>> regrets_of([0.0, 0.0, 0.0, 0.2]).right_ratio
    0.75
    """
    known = np.array(ratios)
    return Regrets(
        cases=len(known),
        right_ratio=float(np.mean(known <= 0)),
        mean_ratio=float(known.mean()),
        p90_ratio=float(np.quantile(known, 0.9)),
        worst_ratio=float(known.max()),
    )


def _broken(bounds: ChoiceBounds, found: Regrets) -> Iterator[str]:
    said = (
        ("right choices", found.right_ratio, bounds.least_right_ratio, None),
        ("mean regret", found.mean_ratio, None, bounds.most_mean_ratio),
        ("regret of nine in ten", found.p90_ratio, None, bounds.most_p90_ratio),
        ("largest regret", found.worst_ratio, None, bounds.most_worst_ratio),
    )
    for what, value, least, most in said:
        if least is not None and value < least:
            yield f"{what}: {percent(value):.1f} %, at least {percent(least):.0f} % is asked for"
        if most is not None and value > most:
            yield f"{what}: {percent(value):.1f} %, at most {percent(most):.1f} % is asked for"
