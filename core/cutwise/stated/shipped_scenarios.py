"""The scenarios that come with the product, by name."""

from __future__ import annotations

from importlib.resources import files

from cutwise.caches import kept
from cutwise.errors import UnknownNameError
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import parse_scenario

FIRST_SCENARIO = "lecture_hall"


@kept
def shipped_scenarios() -> tuple[str, ...]:
    """Names of the scenarios in `assets/scenarios`, the first one first.

    >>> shipped_scenarios()[0]
    'lecture_hall'
    """
    folder = files("cutwise.assets").joinpath("scenarios")
    names = sorted(path.name.removesuffix(".toml") for path in folder.iterdir())
    return (FIRST_SCENARIO, *(name for name in names if name != FIRST_SCENARIO))


@kept
def shipped_scenario(name: str = FIRST_SCENARIO) -> Scenario:
    """The shipped scenario of this name; raises `UnknownNameError` where there is none."""
    if name not in shipped_scenarios():
        raise UnknownNameError("scenario", name, shipped_scenarios())
    return parse_scenario(files("cutwise.assets").joinpath(f"scenarios/{name}.toml").read_bytes(), name=name)
