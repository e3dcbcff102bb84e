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
READINGS = ("least", "most")
SCALES = ("linear", "log", "whole")
WHOLE = ("size", "iterations")
"""How the paths of whole numbers end."""


class _PaperTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(_PaperTable):
    """One published figure: a reduction as a ratio, where it stands, and what recomputes it.

    `definition` says what the paper divides by what, as far as it says so. `quantity` of the paper's scheme
    is set beside that of the schemes `counted`; the figure is the `reading` of their reductions, the least
    or the most. `preset` holds the settings that differ from the paper's scenario, `note` what the figure
    cannot say. `measure` gives the same quantities for many draws at once.
    """

    name: str
    claim: str
    value_ratio: float = Field(gt=0, lt=1)
    provenance: str
    source: str
    definition: str
    quantity: str
    counted: tuple[str, ...] = Field(min_length=1)
    reading: str
    measure: str
    note: str = ""
    preset: Annotated[Mapping[str, float], AfterValidator(frozen)] = Field(default_factory=dict)


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
    """What a paper proposed, its scenario as reconstructed here, its figures and ranges.

    `scheme` with its `options` is the paper's; `compared` are the schemes that run beside it and the
    baselines. `stated` holds what the paper or its code says of a setting, by its path.
    """

    format: str
    key: str
    title: str
    arxiv: str
    proposed: str
    formula: str
    reconstruction: str
    scheme: str
    options: Annotated[Mapping[str, Any], AfterValidator(frozen)] = Field(default_factory=dict)
    compared: tuple[str, ...]
    model: str
    stated: Annotated[Mapping[str, str], AfterValidator(frozen)] = Field(default_factory=dict)
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
        """The reconstruction at a figure's preset."""
        return changed(self.reconstructed(), self.figure(name).preset)

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
    wrong += [figure.reading for figure in found.figures if figure.reading not in READINGS]
    wrong += [setting.scale for setting in found.settings if setting.scale not in SCALES]
    if wrong:
        raise ScenarioError([f"{name}: {wrong[0]!r} is none of {', '.join(PROVENANCES + READINGS + SCALES)}"])
    return found


@kept
def _graph(model: str) -> ModelGraph:
    if sample_named(model):
        return load_model(model)
    return load_model(Path(str(files("cutwise.assets").joinpath(FOLDER).joinpath(model))))
