"""The scenarios that come with the product, by name."""

from __future__ import annotations

from cutwise.caches import kept
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import load_scenario
from cutwise.scenario.shipped_files import FIRST, SHIPPED, shipped_names

FIRST_SCENARIO = FIRST


@kept
def shipped_scenarios() -> tuple[str, ...]:
    """Names of the scenarios in `assets/scenarios`, the first one first.

    >>> shipped_scenarios()[0]
    'lecture_hall'
    """
    return shipped_names()


@kept
def shipped_scenario(name: str = FIRST_SCENARIO) -> Scenario:
    """The shipped scenario of this name; raises `UnknownNameError` where there is none."""
    return load_scenario(f"{SHIPPED}{name}")
