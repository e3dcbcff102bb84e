"""A calibration put into a scenario: at its devices, its server or its edges, as the reader says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from cutwise.calibration.calibration_file import Calibration
from cutwise.errors import CutwiseError
from cutwise.registry import NamedTable
from cutwise.scenario.parties import Party
from cutwise.scenario.parts import Scenario

P = TypeVar("P", bound=Party)


def calibrated(party: P, calibration: Calibration) -> P:
    """The party with the fitted constants in place of all that it said of its speed.

    Memory and powers stay, or are those of the profile that the calibration names; a power mode does not, as
    the constants were fitted in one. Where no backward pass was measured its ratio is left to the class.

    >>> from cutwise.scenario.parties import Device
    >>> given = Calibration(
    ...     name="board", machine="board", hardware_class="cpu_x86", number_format="fp32", date="2026-12-01",
    ...     rows=5, flops_per_s=1e10, moved_bytes_per_s=1e9, launch_s=1e-5, backward_ratio=1.5,
    ...     band_low_ratio=0.8, band_high_ratio=1.3)
    >>> calibrated(Device(efficiency_ratio=0.3, samples=5), given).flops_per_s
    10000000000.0
    """
    measured = calibration.has_backward
    usual = party.usual if party.flops_per_s is None else None
    return replace(
        party,
        profile=calibration.profile or party.profile or usual,
        flops_per_s=calibration.flops_per_s,
        moved_bytes_per_s=calibration.moved_bytes_per_s,
        launch_s=calibration.launch_s,
        backward_ratio=calibration.backward_ratio if measured else None,
        time_low_ratio=calibration.band_low_ratio,
        time_high_ratio=calibration.band_high_ratio,
        efficiency_ratio=None,
        fitted_dtype=calibration.number_format,  # type: ignore[arg-type]  # a format, as was checked
        time_class=None if measured else calibration.hardware_class,  # type: ignore[arg-type]  # likewise
        power_mode="",
    )


def with_calibration(scenario: Scenario, calibration: Calibration, *, party: str) -> Scenario:
    """The scenario where every device, the server, or every edge has the constants of the calibration.

    `party` is "device", "server" or "edge". Raises `CutwiseError` for another one, and for edges that the
    scenario does not have.
    """
    return PARTIES[party](scenario, calibration)


def _devices(scenario: Scenario, calibration: Calibration) -> Scenario:
    return replace(scenario, devices=tuple(calibrated(one, calibration) for one in scenario.devices))


def _server(scenario: Scenario, calibration: Calibration) -> Scenario:
    return replace(scenario, server=calibrated(scenario.server, calibration))


def _edges(scenario: Scenario, calibration: Calibration) -> Scenario:
    if not scenario.edges:
        raise CutwiseError("the scenario has no edge that the calibration could be for; choose another party")
    return replace(scenario, edges=tuple(calibrated(one, calibration) for one in scenario.edges))


PARTIES: Mapping[str, Callable[[Scenario, Calibration], Scenario]] = NamedTable(
    "party", {"device": _devices, "server": _server, "edge": _edges}
)
"""Whom a calibration may be for."""
