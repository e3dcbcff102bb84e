"""By which laws energy is counted: the clock's and the radio's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cutwise.energy import ClockLaw, Phone5g, Radio, StaticLaw
from cutwise.errors import ScenarioError
from cutwise.fields.field_values import settled
from cutwise.scenario.checks import Part, choice_mistakes
from cutwise.units import quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy(Part):
    """What is drawn at a clock below the highest, and what the devices' radios draw.

    A device that gives its amplifier's figures has that radio, whatever the others have.
    """

    clock: ClockLaw = quantity(
        StaticLaw(), title="Clock law", help="What a party draws under load, and at a clock below the highest"
    )
    radio: Radio = quantity(Phone5g(), title="Radio", help="What the devices' radios draw")

    def __post_init__(self) -> None:
        if mistakes := settled(self) + choice_mistakes(self):
            raise ScenarioError(mistakes)

    @property
    def evidence(self) -> str:
        """What the laws were held against, in words, and what nobody has measured.

        >>> Energy(radio=Phone5g()).evidence.split("; ")[-2:]
        ['radio phone_5g: measured on one phone, to 14 % on rows left out', 'access points: not validated']
        """
        known: dict[str, Any] = {"clock law": self.clock, "radio": self.radio}
        told = (f"{what} {one.kind}: {one.validated}" for what, one in known.items())
        return "; ".join((*told, "access points: not validated"))
