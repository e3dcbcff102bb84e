"""Where a published figure falls among ours over plausible settings, and which setting moves it most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cutwise.arrays import Floats
from cutwise.budgets import beyond, most
from cutwise.errors import ScenarioError
from cutwise.frozen import Frozen
from cutwise.papers.measures import MEASURES
from cutwise.papers.paper import Figure, Paper
from cutwise.papers.recomputed import Recomputed, recomputed

if TYPE_CHECKING:
    import pandas

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Headline(Frozen):
    """Our reduction for every draw, columns of shape (draws,), beside the published one.

    `recomputed` is our figure at the preset, by plans.
    """

    figure: Figure
    settings: Mapping[str, Floats]
    reduction_ratio: Floats
    recomputed: Recomputed

    @property
    def preset_ratio(self) -> float:
        """Our figure at the preset; not a number where every scheme that counts breaks a rule there."""
        return np.nan if self.recomputed.ratio is None else self.recomputed.ratio

    @property
    def quantiles(self) -> dict[float, float]:
        """5, 25, 50, 75 and 95 % of the draws save at most this."""
        return {q: float(np.quantile(self.reduction_ratio, q)) for q in QUANTILES}

    @property
    def published_rank_ratio(self) -> float:
        """The part of the draws that save less than what was published."""
        return float((self.reduction_ratio < self.figure.value_ratio).mean())

    @property
    def influence(self) -> dict[str, float]:
        """Rank correlation of every setting with the reduction (Spearman), the strongest first."""
        found = {name: _spearman(values, self.reduction_ratio) for name, values in self.settings.items()}
        return dict(sorted(found.items(), key=lambda item: -abs(item[1])))

    def to_frame(self) -> pandas.DataFrame:
        """One row a draw."""
        import pandas

        return pandas.DataFrame({**self.settings, "reduction_ratio": self.reduction_ratio})


def headline(paper: Paper, name: str, *, draws: int = 10_000, seed: int = 7) -> Headline:
    """Our reduction over `draws` settings from the paper's ranges, and at its preset.

    Raises `ScenarioError` for fewer than two draws or more than `draws_count`, `UnknownNameError` for a
    figure that the paper lacks.
    """
    if draws < 2:
        raise ScenarioError([f"draws is {draws}; give at least 2"])
    if draws > most("draws_count"):
        raise ScenarioError([f"draws: {beyond('draws_count', draws)}"])
    figure = paper.figure(name)
    rng = np.random.default_rng(seed)
    drawn = {setting.path: setting.drawn(rng, draws) for setting in paper.settings}
    columns = MEASURES[figure.measure](paper.graph(), paper.at_preset(name), drawn, paper.options)
    return Headline(
        figure=figure,
        settings=drawn,
        reduction_ratio=reduction_of(figure, paper.scheme, columns),
        recomputed=recomputed(paper, name),
    )


def reduction_of(figure: Figure, scheme: str, columns: Mapping[str, Floats]) -> Floats:
    """What the paper's scheme saves in every draw, the least or the most over the schemes that count."""
    pick = {"least": np.min, "most": np.max}[figure.reading]
    return np.asarray(pick([1 - columns[scheme] / columns[rival] for rival in figure.counted], axis=0))


def _spearman(values: Floats, others: Floats) -> float:
    one, two = (np.argsort(np.argsort(column)).astype(np.float64) for column in (values, others))
    if np.ptp(values) == 0 or np.ptp(others) == 0:
        return 0.0
    return float(np.corrcoef(one, two)[0, 1])
