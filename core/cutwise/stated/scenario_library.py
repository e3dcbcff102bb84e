"""The scenario library: shipped scenarios with whom they show, what surprises, and their model and scheme."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any

from cutwise.caches import kept
from cutwise.errors import UnknownNameError
from cutwise.frozen import Frozen
from cutwise.scenario.shipped_files import SHIPPED
from cutwise.stated.shipped_scenarios import shipped_scenario
from cutwise.stated.stated_question import ModelReference, StatedQuestion


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryScenario(Frozen):
    """One scenario of the library: whom it shows and what is surprising, a sentence each.

    `model` is the shipped model and `scheme` the scheme with `options` that it goes with.
    """

    name: str
    shows: str
    surprise: str
    model: str
    scheme: str
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def title(self) -> str:
        """What the scenario is called."""
        return shipped_scenario(self.name).name

    def asked_in(self, stated: StatedQuestion) -> StatedQuestion:
        """The question of this scenario with its model and scheme; what is compared with stays."""
        return replace(
            stated,
            model=ModelReference(sample=self.model),
            preset=self.name,
            scenario=shipped_scenario(self.name),
            scheme=self.scheme,
            options=self.options,
            cut="",
            device="",
            figure="",
        )


@kept
def scenario_library() -> Mapping[str, LibraryScenario]:
    """Every scenario of the library by its name, in the order in which they are shown.

    >>> scenario_library()["hospital"].scheme
    'u_shape'
    """
    table = tomllib.loads(files("cutwise.assets").joinpath("library.toml").read_text(encoding="utf-8"))
    return {name: LibraryScenario(name=name, **facts) for name, facts in table.items()}


def scenarios() -> tuple[str, ...]:
    """Names of the scenario library: `load_scenario` and `load_question` take them.

    >>> scenarios()[:2]
    ('library:lecture_hall', 'library:campus_cell')
    """
    return tuple(f"{SHIPPED}{name}" for name in scenario_library())


def library_question(word: str) -> StatedQuestion:
    """The question that a name of the library stands for ("library:hospital", or without "library:").

    Raises `UnknownNameError` where there is none of that name.

    >>> library_question("library:hospital").model.sample
    'unet'
    """
    name = word.removeprefix(SHIPPED)
    if name not in scenario_library():
        raise UnknownNameError("scenario", name, scenario_library())
    return scenario_library()[name].asked_in(StatedQuestion())
