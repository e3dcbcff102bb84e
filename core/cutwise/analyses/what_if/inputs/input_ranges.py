"""What is not known of inputs: ranges of quantities, read from text, and numbers drawn from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cutwise.analyses.what_if.inputs.changed_quantities import Quantity, quantities_named
from cutwise.arrays import Floats
from cutwise.errors import QuantityError, ScenarioError, shown
from cutwise.fields.typed_number import typed_number
from cutwise.frozen import Frozen
from cutwise.hardware.time_classes import TENTH
from cutwise.scenario.parts import Scenario

USUAL_RATIO = 0.2
USUAL = (
    "channel.uplink_bps", "channel.downlink_bps", "channel.uplink_bandwidth_hz",
    "channel.downlink_bandwidth_hz", "devices.*.speed", "server.speed",
)  # fmt: skip
"""Quantities that are drawn where nobody says which."""
TWENTIETH = 1.6448536269514722
"""The standard normal number that a twentieth exceeds."""
HOW = "give NAME=LOW..HIGH, NAME=20% (less or more) or NAME=/2 (a tenth below half, a tenth above twice)"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRange(Frozen):
    """Factors of a quantity: evenly between `low` and `high`, or lognormal with a tenth beyond each."""

    quantity: Quantity
    law: Literal["uniform", "lognormal"]
    low: float
    high: float

    def drawn(self, random: np.random.Generator, draws: int) -> Floats:
        """So many factors."""
        if self.law == "uniform":
            return random.uniform(self.low, self.high, draws)
        middle, spread = self._log_middle, self._log_spread
        return np.asarray(np.exp(middle + spread * random.standard_normal(draws)))

    @property
    def corners(self) -> tuple[float, float]:
        """The ends of the range; of a lognormal one what a twentieth lies beyond on either side."""
        if self.law == "uniform":
            return self.low, self.high
        middle, spread = self._log_middle, TWENTIETH * self._log_spread
        return math.exp(middle - spread), math.exp(middle + spread)

    @property
    def _log_middle(self) -> float:
        return (math.log(self.low) + math.log(self.high)) / 2

    @property
    def _log_spread(self) -> float:
        return (math.log(self.high) - math.log(self.low)) / (2 * TENTH)

    def said(self) -> str:
        """The range in words."""
        one = self.quantity
        title = one.title[0].lower() + one.title[1:]
        if self.law == "uniform":
            return f"{title} evenly between {one.told(self.low)} and {one.told(self.high)}"
        return (
            f"{title} lognormal, a tenth below {one.told(self.low)} and a tenth above {one.told(self.high)}"
        )


def ranges_of(scenario: Scenario, texts: Sequence[str]) -> tuple[InputRange, ...]:
    """The ranges that texts name; for none rates and speeds by a fifth less or more.

    Raises `ScenarioError` for a text that names no range, or a quantity twice.

    >>> [one.said() for one in ranges_of(Scenario(), ["channel.uplink_bps=10 Mbit/s..40 Mbit/s"])]
    ['uplink evenly between 10 Mbit/s and 40 Mbit/s']
    >>> ranges_of(Scenario(), ["server.speed=/2"])[0].high
    2.0
    """
    if not texts:
        known = (one for one in quantities_named(scenario, ()) if one.name in USUAL)
        return tuple(_about(one, USUAL_RATIO) for one in known)
    found = tuple(_read(scenario, text) for text in texts)
    names = [one.quantity.name for one in found]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise ScenarioError([f"ranges: {twice} is given twice; give one range of it"])
    return found


def _about(one: Quantity, ratio: float) -> InputRange:
    return InputRange(quantity=one, law="uniform", low=1 - ratio, high=1 + ratio)


def _read(scenario: Scenario, text: str) -> InputRange:
    name, equals, said = (part.strip() for part in text.partition("="))
    if not equals or not said:
        raise ScenarioError([f"ranges: {shown(text)} is no range; {HOW}"])
    (one,) = quantities_named(scenario, [name])
    try:
        found = _range(one, said)
    except QuantityError as error:
        raise ScenarioError([f"ranges: {name}: {error}"]) from error
    if not (one.least <= found.corners[0] < found.corners[1] <= one.most):
        raise ScenarioError([f"ranges: {name}: {said} is empty, or outside what it may be; {HOW}"])
    return found


def _range(one: Quantity, said: str) -> InputRange:
    """Raises `QuantityError` where its numbers are none, `ScenarioError` where it is no range."""
    if ".." in said:
        if one.differs:
            raise QuantityError(f"differs from one to another; write {one.name}=20% for a fifth of each")
        low, high = (typed_number(part, one.unit) / one.value for part in said.split("..", 1))
        return InputRange(quantity=one, law="uniform", low=float(low), high=float(high))
    if said.startswith("/"):
        given = float(typed_number(said[1:], "ratio"))
        times = given if given > 0 else 1.0
        return InputRange(quantity=one, law="lognormal", low=1 / times, high=times)
    if said.endswith("%"):
        return _about(one, float(typed_number(said.lstrip("+-±"), "ratio")))
    raise ScenarioError([f"ranges: {shown(said)} is no range of {one.name}; {HOW}"])
