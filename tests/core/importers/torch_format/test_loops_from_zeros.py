"""Loops that start from zeros, and inputs with time in front: what a module costs a sample, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload

torch = pytest.importorskip("torch")


def read(module: Any, *example: Any) -> Any:
    from cutwise.importers.torch_format.from_torch import from_torch

    graph = from_torch(module, example)
    return graph, price(graph, Workload())


def test_a_state_that_starts_from_zeros_is_multiplied_in_every_step() -> None:
    """4 steps of 3 x 5 and 5 x 5."""
    from torch._higher_order_ops.scan import scan

    class Cell(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.w = torch.nn.Parameter(torch.randn(3, 5))
            self.u = torch.nn.Parameter(torch.randn(5, 5))

        def forward(self, x: Any) -> Any:
            def step(h: Any, now: Any) -> Any:
                made = torch.tanh(now @ self.w + h @ self.u)
                return made, made.clone()

            return scan(step, torch.zeros(2, 5), x)[0]

    graph, cost = read(Cell(), torch.randn(4, 2, 3))
    assert (graph.batch_size, cost.macs) == (2, 4 * (3 * 5 + 5 * 5))


def test_the_batch_of_attention_to_another_text_is_what_both_have() -> None:
    """7 queries and 11 keys of 3 samples, time in front: products of 7 and twice 11 rows with 8 x 8, scores
    and context of 7 x 11 x 8, and 7 rows with 8 x 8."""
    module = torch.nn.MultiheadAttention(8, 2)

    class Reader(torch.nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.attention = module

        def forward(self, query: Any, key: Any) -> Any:
            return self.attention(query, key, key, need_weights=False)[0]

    graph, cost = read(Reader(), torch.randn(7, 3, 8), torch.randn(11, 3, 8))
    assert graph.batch_size == 3
    assert cost.macs == (7 + 11 + 11) * 64 + 2 * 7 * 11 * 8 + 7 * 64
