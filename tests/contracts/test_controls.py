"""No field changes nothing: each moves the plan of some world, or says here why it cannot.

Comparisons, sweeps, traces and pages are made of plans; sizes of open dimensions are in test_importers.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import pytest

from cutwise.channels import CHANNELS
from cutwise.channels.base import CellFields
from cutwise.schemes import SCHEMES
from cutwise.units import quantity
from tests.contracts.controls import WORLDS, moves, option_controls, scenario_controls

UNMOVED = {
    "name": "a name that people give",
    **dict.fromkeys(
        (
            f"{party}.time_{end}_ratio"
            for party in ("devices.0", "server", "edges.0")
            for end in ("low", "high")
        ),
        "how far a figure may be off, which moves none",
    ),
    "lora workload.tuning.alpha": "scales what the adapters say, not what they cost",
}
"""Fields that no answer depends on, and why they are there."""

CONTROLS = {control.title: control for control in (*scenario_controls(), *option_controls())}


@pytest.mark.parametrize("title", [title for title in CONTROLS if title not in UNMOVED])
def test_it_changes_a_plan(title: str) -> None:
    assert moves(CONTROLS[title], WORLDS), (
        f"{title} changes no plan: remove it, use it, or say why it is there"
    )


@pytest.mark.parametrize("title", UNMOVED)
def test_no_reason_is_kept_for_a_field_that_changes_a_plan_or_is_gone(title: str) -> None:
    assert not moves(CONTROLS[title], WORLDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PathLossFields(CellFields):
    """Fields of a cell that knows where its devices are, as a base class may carry them."""

    path_loss_exponent: float = quantity(3.0, ge=0, le=8, shown=(1.6, 5.0), help="How fast the loss grows")


@dataclass(frozen=True, slots=True, kw_only=True)
class Careless(PathLossFields):
    """A cell of a known rate that inherits a path loss which it never reads."""

    kind: Literal["careless"] = "careless"
    load_band: ClassVar[tuple[float, float]] = (0.5, 1.0)
    load_source: ClassVar[str] = "placed"
    uplink_bps: float = quantity(2.0e7, unit="bps", gt=0, shown=(1e5, 1e10), help="Bits a second up")

    def uplink_rate_bps(self, *, share: Any, **conditions: Any) -> Any:
        return share * self.uplink_bps

    def downlink_rate_bps(self, *, share: Any, **conditions: Any) -> Any:
        return share * self.uplink_bps

    def bandwidth_hz(self, direction: str) -> None:
        return None


def test_a_channel_that_inherits_a_field_which_it_never_reads_is_found() -> None:
    CHANNELS.add("careless", Careless)
    try:
        own = [control for control in scenario_controls() if control.title.startswith("careless ")]
        assert len(own) == 5
        dead = [control.path for control in own if not moves(control, WORLDS)]
    finally:
        del CHANNELS._entries["careless"]
    assert dead == ["channel.path_loss_exponent"]


def test_an_option_that_a_scheme_never_reads_is_found() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Deaf(SCHEMES["fast_split"]):  # type: ignore[misc]
        volume: int = quantity(1, ge=1, le=5, shown=(1, 5), help="Nothing listens to it")

    SCHEMES.add("deaf", Deaf)
    try:
        own = [control for control in option_controls() if control.scheme == "deaf"]
        dead = [control.path for control in own if not moves(control, WORLDS)]
    finally:
        del SCHEMES._entries["deaf"]
    assert dead == ["volume"]
