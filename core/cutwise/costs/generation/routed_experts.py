"""How many experts of a mixture a step of generating text reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RoutedExperts(Frozen):
    """For each op, arrays (ops,): bytes of its experts, and the share that a token passes; 0 without."""

    weight_bytes: Floats
    chosen_ratio: Floats

    @classmethod
    def of(cls, graph: ModelGraph, weight_bytes: Floats) -> RoutedExperts:
        """The experts of `graph`, whose ops hold `weight_bytes`."""
        ratios = np.array(
            [op.attrs.get("experts_per_token", 0) / op.attrs.get("experts", 1) for op in graph.ops]
        )
        return cls(weight_bytes=np.where(ratios > 0, weight_bytes, 0.0), chosen_ratio=ratios)

    def read_bytes(self, tokens: float) -> Floats:
        """Bytes of the distinct experts that `tokens` tokens of one pass meet."""
        return self.weight_bytes * touched_ratio(self.chosen_ratio, tokens)


def touched_ratio(chosen_ratio: Floats, tokens: float) -> Floats:
    r"""Expected share of the experts that `tokens` tokens meet: $1 - (1 - k/E)^n$.

    Each token chooses k of E experts, all of them equally likely and independent of other tokens. Two of
    eight, for one token and for four: 0.25 and 1 - 0.75⁴.

    >>> [float(touched_ratio(np.array(2 / 8), tokens)) for tokens in (1, 4)]
    [0.25, 0.68359375]
    """
    return np.asarray(1.0 - (1.0 - chosen_ratio) ** tokens)
