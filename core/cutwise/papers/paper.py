"""A paper as its file describes it: idea, published figures with provenance, presets, ranges to draw."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from cutwise.arrays import Floats
from cutwise.caches import kept
from cutwise.errors import ScenarioError, UnknownNameError
from cutwise.frozen import frozen
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers import load_model, sample_named
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import scenario_from_dict

FOLDER = "papers"
PROVENANCES = ("published preprint", "published journal", "recalled", "calibrated by us")
SCALES = ("linear", "log", "whole")
WHOLE = ("size", "iterations")
"""How the paths of whole numbers end."""


class _PaperTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(_PaperTable):
    """One published figure: a reduction as a ratio, where it stands, and the measure that recomputes it.

    `preset` holds the settings, beside the paper's scenario, at which we land on it: calibrated by us, not
    the authors' own settings.
    """

    name: str
    claim: str
    value_ratio: float = Field(gt=0, lt=1)
    provenance: str
    source: str
    measure: str
    preset: Annotated[Mapping[str, float], AfterValidator(frozen)]


class Setting(_PaperTable):
    """A plausible range that draws are taken from; `path` is a scenario's or the measure's own."""

    path: str
    low: float
    high: float
    scale: str
    why: str

    def drawn(self, rng: np.random.Generator, count: int) -> Floats:
        """So many draws."""
        if self.scale == "log":
            return np.asarray(np.exp(rng.uniform(np.log(self.low), np.log(self.high), count)))
        if self.scale == "whole":
            return np.asarray(rng.integers(int(self.low), int(self.high) + 1, count), dtype=np.float64)
        return np.asarray(rng.uniform(self.low, self.high, count))


class Paper(_PaperTable):
    """What a paper proposed, its scenario as reconstructed here, its figures and ranges."""

    format: str
    key: str
    title: str
    arxiv: str
    proposed: str
    formula: str
    reconstruction: str
    scheme: str
    model: str
    scenario: Annotated[Mapping[str, Any], AfterValidator(frozen)]
    figures: tuple[Figure, ...]
    settings: tuple[Setting, ...]

    @property
    def link(self) -> str:
        """The paper's page."""
        return f"https://arxiv.org/abs/{self.arxiv}"

    def graph(self) -> ModelGraph:
        """The model of the reconstruction: a shipped sample or a configuration beside the paper's file."""
        return _graph(self.model)

    def reconstructed(self) -> Scenario:
        """The scenario of the reconstruction."""
        return scenario_from_dict({"format": "cutwise-scenario/1", **dict(self.scenario)})

    def at_preset(self, name: str) -> Scenario:
        """The reconstruction at a figure's preset; what belongs to the measure alone stays out of it."""
        given = dict(self.figure(name).preset)
        weight = given.pop("delay_weight", None)
        paths: dict[str, Any] = {path: value for path, value in given.items() if "." in path}
        paths |= {path: round(value) for path, value in paths.items() if path.endswith(WHOLE)}
        if weight is not None:
            paths |= {"objective.delay_weight": weight, "objective.energy_weight": 1 - weight}
        return changed(self.reconstructed(), paths)

    def figure(self, name: str) -> Figure:
        """The figure of that name; raises `UnknownNameError` for another."""
        known = {figure.name: figure for figure in self.figures}
        if name not in known:
            raise UnknownNameError(f"figure of {self.key}", name, known)
        return known[name]


@kept
def papers() -> Mapping[str, Paper]:
    """All papers by their key, in order."""
    folder = files("cutwise.assets").joinpath(FOLDER)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    found = [_read(name, folder.joinpath(name).read_text(encoding="utf-8")) for name in names]
    return {one.key: one for one in found}


def paper(key: str) -> Paper:
    """The paper with that key; raises `UnknownNameError` for another.

    >>> paper("p5").arxiv
    '2305.18889'
    """
    known = papers()
    if key.upper() not in known:
        raise UnknownNameError("paper", key, known)
    return known[key.upper()]


def _read(name: str, text: str) -> Paper:
    try:
        found = Paper.model_validate(tomllib.loads(text))
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError([f"{name}: {error}"]) from error
    wrong = [figure.provenance for figure in found.figures if figure.provenance not in PROVENANCES]
    wrong += [setting.scale for setting in found.settings if setting.scale not in SCALES]
    if wrong:
        raise ScenarioError([f"{name}: {wrong[0]!r} is none of {', '.join(PROVENANCES + SCALES)}"])
    return found


@kept
def _graph(model: str) -> ModelGraph:
    if sample_named(model):
        return load_model(model)
    return load_model(Path(str(files("cutwise.assets").joinpath(FOLDER).joinpath(model))))
