"""A sweep with all that it needs: models, scenario, axes, design. Its digest is that of its description."""

from __future__ import annotations

import hashlib
import json
import operator
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cutwise.budgets import beyond, bounded, most
from cutwise.columns.row_answers import goes_in_columns
from cutwise.errors import ScenarioError, UnknownNameError, shown
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph
from cutwise.scenario.changes import changed
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import scenario_to_dict
from cutwise.scenario.versions import versions
from cutwise.schemes import SCHEMES
from cutwise.sweeping.rows.axes import Numbers, SweptAxis
from cutwise.sweeping.rows.row_designs import DEFAULT_DESIGN, DESIGNS, Stretch
from cutwise.sweeping.rows.settled_axes import settled_axes

FORMAT = "cutwise-sweep/1"
DEFAULT_SEED = 7
MOST_LISTED = 100
"""Values of a path that a description lists; of more it has the digest."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Sweep(Frozen):
    """Every model with every scheme in the same rows: `rows` scenarios along `axes`, laid out by `design`.

    Models stand under their names. `part_rows` is the most rows of a part, 0 for what fits the scheme.
    """

    models: Mapping[str, ModelGraph]
    scenario: Scenario
    schemes: tuple[str, ...]
    axes: tuple[SweptAxis, ...]
    design: str
    rows: int
    seed: int
    part_rows: int

    def columns(self, first: int, last: int) -> dict[str, Numbers]:
        """The column of every path in the rows from `first` to before `last`."""
        stretch = Stretch(first=first, last=last, rows=self.rows, seed=self.seed)
        column = DESIGNS[self.design].column
        return {axis.path: column(self.axes, at, stretch) for at, axis in enumerate(self.axes)}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of its description."""
        text = json.dumps(described(self))
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def together(self) -> frozenset[str]:
        """Its schemes whose rows are answered together, whichever names the scenario is given."""
        named = list(_named(self))
        return frozenset(
            scheme
            for scheme in self.schemes
            if all(goes_in_columns(scenario, {}, scheme, {}) for scenario in named)
        )


def _named(sweep: Sweep) -> Iterator[Scenario]:
    """The scenario of the first row, and with each other name and last number in turn where it can stand."""
    first = sweep.columns(0, 1)
    base = {axis.path: axis.given(first[axis.path])[0] for axis in sweep.axes}
    others = ({axis.path: value} for axis in sweep.axes for value in axis.named)
    for other in ({}, *others):
        with suppress(ScenarioError):
            yield changed(sweep.scenario, {**base, **other})


def described(sweep: Sweep) -> dict[str, Any]:
    """All that decides what stands in its rows, in plain values, the versions that answer among them."""
    answering = versions()
    return {
        "format": FORMAT,
        "product": answering.product,
        "data": answering.data,
        "models": {name: graph.digest for name, graph in sweep.models.items()},
        "scenario": scenario_to_dict(sweep.scenario),
        "schemes": list(sweep.schemes),
        "design": sweep.design,
        "rows": sweep.rows,
        "seed": sweep.seed,
        "part_rows": sweep.part_rows,
        "over": {axis.path: _described(axis) for axis in sweep.axes},
    }


def _described(axis: SweptAxis) -> Any:
    if axis.is_range:
        numbers = {"from": axis.low, "to": axis.high, "points": axis.points, "whole": axis.whole}
        return {**numbers, "spacing": axis.spacing}
    listed = axis.values.tolist() if isinstance(axis.values, np.ndarray) else list(map(_plain, axis.values))
    if len(listed) <= MOST_LISTED:
        return listed
    digest = hashlib.sha256(json.dumps(listed).encode()).hexdigest()
    return {"values": len(listed), "digest": digest}


def _plain(value: object) -> Any:
    """The value as JSON has it; parts of a scenario in words, which name every field."""
    return value if value is None or isinstance(value, bool | int | float | str) else repr(value)


def made_sweep(
    graphs: Sequence[ModelGraph],
    scenario: Scenario,
    over: Mapping[str, Any],
    *,
    schemes: tuple[str, ...],
    design: str = DEFAULT_DESIGN,
    rows: int | None = None,
    seed: int = DEFAULT_SEED,
    part_rows: int = 0,
) -> Sweep:
    """The sweep with its paths settled; raises `ScenarioError` or `UnknownNameError` for what cannot be.

    >>> import cutwise
    >>> vgg16 = [cutwise.load_model("sample:vgg16")]
    >>> over = {"channel.uplink_bps": {"from": "1 Mbit/s", "to": "1 Gbit/s", "spacing": "log"}}
    >>> sweep = made_sweep(vgg16, Scenario(), over, schemes=("fast_split",), design="random", rows=10**9)
    >>> len(sweep.columns(999_999_000, 10**9)["channel.uplink_bps"])
    1000
    """
    for name in schemes:
        SCHEMES[name]
    models = _by_name(graphs)
    _refuse_twice(schemes)
    if design not in DESIGNS:
        raise UnknownNameError("design", str(design), DESIGNS)
    numbers = {"seed": _whole("seed", seed, least=0), "part_rows": _whole("part_rows", part_rows, least=0)}
    draws = DESIGNS[design].draws
    if (rows is None) == draws:
        says = (
            f"rows: say how many rows {design} draws" if draws else f"rows: {design} counts its rows itself"
        )
        raise ScenarioError([says + ("" if draws else "; leave rows out")])
    axes = settled_axes(over, scenario, draws=draws)
    lengths = sorted({axis.count for axis in axes})
    if design == "paired" and len(lengths) > 1:
        raise ScenarioError([f"paired needs lists of one length, these have {lengths}"])
    count = _whole("rows", rows, least=1) if draws else DESIGNS[design].counted(axes)
    if count * len(models) * len(schemes) > most("swept_rows"):
        raise ScenarioError([f"{beyond('swept_rows', count * len(models) * len(schemes))}"])
    return Sweep(
        models=models, scenario=scenario, schemes=schemes, axes=axes, design=design, rows=count, **numbers
    )


def _by_name(graphs: Sequence[ModelGraph]) -> dict[str, ModelGraph]:
    """The models by their names; those of one name are counted."""
    found: dict[str, ModelGraph] = {}
    for graph in graphs:
        count = sum(name.partition(" #")[0] == graph.name for name in found)
        found[f"{graph.name} #{count + 1}" if count else graph.name] = graph
    return found


def _refuse_twice(schemes: tuple[str, ...]) -> None:
    if twice := next((name for name in schemes if schemes.count(name) > 1), ""):
        raise ScenarioError([f"schemes: {shown(twice)} is named twice; name it once"])


def _whole(name: str, value: object, *, least: int) -> int:
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        raise bounded([f"{name}: give a whole number of at least {least}, not {shown(value)}"])
    return number
