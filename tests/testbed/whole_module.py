"""A table of ops as one module, and where its ops went in the graph that the library reads of it."""

from __future__ import annotations

from torch import Tensor, nn

from cutwise.graph.model_graph import ModelGraph
from tests.testbed.op_tables import INPUT, OpTable


class Whole(nn.Module):
    """All ops of a table in one forward pass."""

    def __init__(self, table: OpTable) -> None:
        super().__init__()
        self.table = table
        self.parts = nn.ModuleDict(dict(zip(_names(table), (op.module for op in table.ops), strict=True)))

    def forward(self, data: Tensor) -> Tensor:
        values: dict[int, Tensor] = {INPUT: data}
        self.table.run(range(len(self.table.ops)), values)
        return values[len(self.table.ops) - 1]


def table_places(graph: ModelGraph, table: OpTable) -> list[int]:
    """Which op of the table each op of the graph belongs to; `INPUT` for the model's input."""
    names = _names(table)
    parts = [set(op.id.split("/")) for op in graph.ops]
    return [next((at for at, name in enumerate(names) if name in own), INPUT) for own in parts]


def _names(table: OpTable) -> list[str]:
    return [op.name.replace(".", "_") for op in table.ops]
