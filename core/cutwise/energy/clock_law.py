"""What every law of the clock answers: seconds and watts at a clock below the highest, and the best clock."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from cutwise.arrays import Floats, Number
from cutwise.registry import Registry

Load = Literal["training", "full"]


@runtime_checkable
class ClockLaw(Protocol):
    r"""What a party takes and draws at a clock $\phi$, the part of its highest.

    All arguments and answers broadcast. Work of $X$ seconds at the highest clock takes $X\,T(\phi)$ and draws
    $P(\phi)$ meanwhile; `power_w` is what that is above idle at the highest clock, `idle_power_w` the idle
    power. `validated` says in words what the law was held against, `load` which power of the catalogue a
    party draws at its highest clock: what it draws while it trains, or the most.
    """

    validated: ClassVar[str]
    load: ClassVar[Load]

    @property
    def kind(self) -> str:
        """The registered name of the law."""
        ...

    def time_ratio(self, clock_ratio: Number) -> Floats:
        """Seconds at the clock over those at the highest."""
        ...

    def above_idle_w(self, clock_ratio: Number, *, power_w: Number, idle_power_w: Number) -> Floats:
        """Watts above idle while it works at the clock."""
        ...

    def least_ratio(self, asked_ratio: Number) -> Floats:
        """The lowest clock that the law allows at or above the one asked for."""
        ...

    def best_ratio(
        self, *, rest: Number, joule: Number, power_w: Number, idle_power_w: Number, least_ratio: Floats
    ) -> Floats:
        r"""The clock that minimises $(\mathrm{rest} + \mathrm{joule}\cdot P_{above}(\phi))\,T(\phi)$.

        `rest` is what a second costs whatever the clock, `joule` what a joule of the party costs. Whatever
        the work, so that the same clock is best for every cut.
        """
        ...

    def dearest_w(self, *, power_w: float, idle_power_w: float) -> float:
        """Joules that a second must be worth for the highest clock to be the best."""
        ...


CLOCK_LAWS: Registry[type[Any]] = Registry("clock law")
