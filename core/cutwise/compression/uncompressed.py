"""No compression: smashed data are sent as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cutwise.fields.field_values import Settled
from cutwise.units import quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncompressed(Settled):
    """Smashed data and gradients are sent as they are, without coding time or error."""

    kind: Literal["none"] = quantity("none", title="Codec", help="Nothing is compressed")

    @property
    def label(self) -> str:
        """The codec in words."""
        return "none"
