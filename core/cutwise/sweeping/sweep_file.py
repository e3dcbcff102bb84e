"""A sweep that a TOML file describes: models, scenario, schemes, design, and what every path may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from cutwise.analyses.sweep_settings import overlaps
from cutwise.budgets import bounded
from cutwise.defaults import DEFAULT_SCHEME
from cutwise.errors import ScenarioError, UnknownNameError, shown
from cutwise.frozen import Frozen
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import load_scenario, read_document
from cutwise.schemes import SCHEMES
from cutwise.sweeping.rows.row_designs import DEFAULT_DESIGN, DESIGNS, PAIRED
from cutwise.sweeping.rows.swept_ranges import is_range, range_mistakes
from cutwise.sweeping.whole_sweep import DEFAULT_SEED, Sweep, made_sweep


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepFile(Frozen):
    """What a sweep file says: models, scenario, schemes, what every path may be, and how rows are laid out.

    `rows` is None where the design counts them; `part_rows` is 0 for parts as they suit a scheme.
    """

    models: tuple[str, ...]
    over: Mapping[str, Any]
    scenario: Scenario
    schemes: tuple[str, ...]
    design: str
    rows: int | None
    seed: int
    part_rows: int

    @property
    def is_of_lists(self) -> bool:
        """True where it sweeps lists of one model, each row of which is as it is written."""
        drawn = DESIGNS[self.design].draws or any(map(is_range, self.over.values()))
        return len(self.models) == 1 and not drawn


WHOLE_NUMBERS: Mapping[str, int] = {"rows": 1, "seed": 0, "part_rows": 0}
"""Keys that are whole numbers, each with its least."""
KNOWN = ("model", "models", "scenario", "schemes", "zip", "design", *WHOLE_NUMBERS, "over")


def read_sweep_file(path: str | PathLike[str]) -> SweepFile:
    """The sweep that a TOML file describes; raises `ScenarioError` with every mistake in it."""
    file = Path(path)
    document: Mapping[str, Any] = read_document(file)
    given = document.get("over")
    paths = list(_flattened(given)) if isinstance(given, dict) else []
    over = dict(paths)
    found = [
        *_file_mistakes(document),
        *(f"[over] {one}" for one in _over_mistakes(document, over)),
        *(f"[over] {one}" for one in overlaps([path for path, _ in paths])),
    ]
    if found:
        raise bounded([f"{file.name}: {mistake}" for mistake in found])
    scenario = document.get("scenario")
    return SweepFile(
        models=tuple(_beside(file, name) for name in _models_in(document)),
        over=over,
        scenario=load_scenario(_beside(file, scenario)) if scenario else Scenario(),
        schemes=tuple(document.get("schemes", [DEFAULT_SCHEME])),
        design=_design_in(document),
        rows=document.get("rows"),
        seed=document.get("seed", DEFAULT_SEED),
        part_rows=document.get("part_rows", 0),
    )


def sweep_in(spec: SweepFile, *, name: str) -> Sweep:
    """The sweep with models loaded and paths settled; raises `ScenarioError`, which names the file."""
    from cutwise.importers import load_model

    graphs = [load_model(model) for model in spec.models]
    try:
        return made_sweep(
            graphs, spec.scenario, spec.over, schemes=spec.schemes,
            design=spec.design, rows=spec.rows, seed=spec.seed, part_rows=spec.part_rows,
        )  # fmt: skip
    except ScenarioError as error:
        raise error.reworded(lambda mistake: f"{name}: {mistake}") from error


def _file_mistakes(document: Mapping[str, Any]) -> Iterator[str]:
    unknown = (key for key in document if key not in KNOWN)
    yield from (f"unknown key {shown(key)}; known are {', '.join(KNOWN)}" for key in unknown)
    yield from _name_mistakes(document)
    for key in ("schemes", "models"):
        yield from _list_mistakes(key, document.get(key))
    if not isinstance(document.get("zip", False), bool):
        yield "zip: give true or false"
    elif document.get("zip") and document.get("design", PAIRED) != PAIRED:
        yield f"zip: pairs lists, which is no design {shown(document['design'])}; leave one of the two out"
    for key, least in WHOLE_NUMBERS.items():
        number = document.get(key, least)
        if isinstance(number, bool) or not isinstance(number, int) or number < least:
            yield f"{key}: give a whole number of at least {least}, not {shown(number)}"
    yield from _design_mistakes(document)


def _name_mistakes(document: Mapping[str, Any]) -> Iterator[str]:
    model, models = document.get("model"), document.get("models")
    if model is not None and models is not None:
        yield "model: give one model, or models, not both"
    elif models is None and (not model or not isinstance(model, str)):
        yield "give the model, a file or sample:NAME"
    if "scenario" in document and not (document["scenario"] and isinstance(document["scenario"], str)):
        yield "scenario: give the name of a scenario file"


def _list_mistakes(key: str, names: Any) -> Iterator[str]:
    one = key.removesuffix("s")
    if names is None:
        return
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        yield f"{key}: give a list of {one} names"
    elif not names:
        yield f"{key}: name at least one {one}"
    elif twice := next((name for name in names if names.count(name) > 1), ""):
        yield f"{key}: {shown(twice)} is named twice; name it once"
    elif key == "schemes":
        yield from (f"{key}: {UnknownNameError(one, name, SCHEMES)}" for name in names if name not in SCHEMES)


def _design_mistakes(document: Mapping[str, Any]) -> Iterator[str]:
    design = _design_in(document)
    if not isinstance(design, str) or design not in DESIGNS:
        known = ", ".join(DESIGNS)
        yield f"design: unknown design {shown(design)}; known are {known}"
    elif DESIGNS[design].draws and "rows" not in document:
        yield f"rows: say how many rows {design} draws"
    elif "rows" in document and not DESIGNS[design].draws:
        yield f"rows: {design} counts its rows itself; leave rows out"


def _over_mistakes(document: Mapping[str, Any], over: Mapping[str, Any]) -> Iterator[str]:
    if not over or not all(is_range(given) or (isinstance(given, list) and given) for given in over.values()):
        yield "gives every swept path a list of values, or a range with from and to"
    design = _design_in(document)
    draws = isinstance(design, str) and design in DESIGNS and DESIGNS[design].draws
    for path, given in over.items():
        if is_range(given):
            yield from range_mistakes(path, given, draws=draws)


def _design_in(document: Mapping[str, Any]) -> Any:
    return document.get("design", PAIRED if document.get("zip") is True else DEFAULT_DESIGN)


def _models_in(document: Mapping[str, Any]) -> list[str]:
    return document["models"] if "models" in document else [document["model"]]


def _flattened(over: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Paths and values; `channel.uplink_bps` without quotes makes nested tables, which mean the same."""
    if not isinstance(over, dict) or is_range(over):
        yield prefix, over
        return
    for key, value in over.items():
        yield from _flattened(value, f"{prefix}.{key}" if prefix else key)


def _beside(file: Path, name: str) -> str:
    """A path written in a file is relative to that file; samples and absolute paths stay."""
    return name if name.startswith("sample:") else str(file.parent / name)
