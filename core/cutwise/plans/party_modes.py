"""Which power mode each party got, and what the others would have cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

AS_IS = "as is"
"""What the mode is called in which nothing holds a party back."""
MOST_TOLD = 8
"""Parties whose modes are told in sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedMode:
    """What a mode costs at its best cuts: a device's turn where devices choose alone, else the round.

    The energy is that which the objective counts, of all owners where it counts none. `fits` says that every
    limit is kept.
    """

    mode: str
    delay_s: float
    energy_j: float
    fits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyMode:
    """The mode that was chosen for a party, and all that were tried, with everybody else at their best."""

    party: str
    mode: str
    tried: tuple[TriedMode, ...]

    @property
    def sentence(self) -> str:
        """Which mode it got, and why: delay and energy of the others.

        >>> PartyMode(party="cam", mode="5W", tried=(
        ...     TriedMode(mode="as is", delay_s=2.0, energy_j=20.0, fits=True),
        ...     TriedMode(mode="5W", delay_s=3.0, energy_j=12.0, fits=True),
        ... )).sentence
        'cam runs in mode 5W: 3 s and 12 J; as is 2 s and 20 J'
        """
        if len(self.tried) < 2:
            return f"{self.party} runs as is: the catalogue has no power modes for it"
        own = next(one for one in self.tried if one.mode == self.mode)
        others = [one for one in self.tried if one.mode != self.mode]
        how = AS_IS if self.mode == AS_IS else f"in mode {self.mode}"
        return f"{self.party} runs {how}: {_costs(own)}; " + ", ".join(
            f"{one.mode} {_costs(one)}{'' if one.fits else ', which breaks a limit'}" for one in others
        )


def mode_sentences(modes: Sequence[PartyMode]) -> tuple[str, ...]:
    """A sentence a party, of the first few."""
    told = [one.sentence for one in modes[:MOST_TOLD]]
    rest = len(modes) - len(told)
    return (
        *told,
        *([f"{rest} more parties, each in its best mode; the plan as JSON lists them"] if rest else []),
    )


def _costs(one: TriedMode) -> str:
    return f"{one.delay_s:.4g} s and {one.energy_j:.4g} J"
