"""Sweeps that fit into memory: all rows at once as one table, model by model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cutwise.analyses.base import rows_of
from cutwise.analyses.sweeps import SweptScenarios, swept
from cutwise.frozen import Frozen
from cutwise.sweeping.whole_sweep import Sweep

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptModels(Frozen):
    """What every model's rows came to, under its name."""

    models: Mapping[str, SweptScenarios]

    def to_frame(self) -> pandas.DataFrame:
        """One row a scenario and scheme, model by model; of many models the first column says which."""
        import pandas

        frames = {name: found.to_frame() for name, found in self.models.items()}
        if len(frames) == 1:
            return next(iter(frames.values()))
        named = [frame.assign(model=name) for name, frame in frames.items()]
        table = pandas.concat(named, ignore_index=True)
        return table[["model", *(name for name in table.columns if name != "model")]]

    def plain(self) -> list[dict[str, Any]]:
        """One row a scenario and scheme."""
        return rows_of(self.to_frame())

    def summary(self) -> str:
        """Nothing: the table says all."""
        return ""

    def text(self) -> str:
        """The table."""
        text: str = self.to_frame().to_string(index=False)
        return text


def swept_models(sweep: Sweep) -> SweptModels:
    """Every row of a sweep at once, schemes within a scenario; raises `ScenarioError` beyond `sweep_rows`."""
    columns = sweep.columns(0, sweep.rows)
    over = {axis.path: axis.given(columns[axis.path]) for axis in sweep.axes}
    return SweptModels(
        models={
            name: swept(graph, sweep.scenario, over=over, schemes=sweep.schemes, zip=bool(over))
            for name, graph in sweep.models.items()
        }
    )
