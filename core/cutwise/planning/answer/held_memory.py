"""What every party holds at its fullest moment: the figure that a plan shows and is checked against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.memory.by_kind import NOTHING_HELD, MemoryByKind
from cutwise.costs.memory.held import Held, held_at_peak
from cutwise.costs.memory.runtime import RuntimeFigures
from cutwise.costs.memory.verdict import PartyMemory
from cutwise.frozen import Frozen
from cutwise.planning.answer.decisions import Behind
from cutwise.planning.one_device.device_limits import held_at_once
from cutwise.plans.rounds import Round
from cutwise.plans.stages import StageTimes
from cutwise.problem.split_problem import SplitProblem


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class PartySides(Frozen):
    """One side of every device's cut, at parties of one kind: what each holds, arrays of shape (devices,)."""

    allocated_bytes: Floats
    charged_bytes: Floats
    process_bytes: Floats
    kinds: MemoryByKind

    @classmethod
    def of(cls, cost: GraphCost, sides: Mask, runtime: RuntimeFigures) -> PartySides:
        """The sides (devices, ops) under a runtime of numbers, or of arrays (devices,)."""
        held = [held_at_peak(cost, side) for side in sides]
        allocated = np.array([one.allocated_bytes for one in held])
        largest = np.array([one.largest_bytes for one in held])
        charged = np.asarray(runtime.charged_bytes(allocated_bytes=allocated, largest_bytes=largest))
        process = np.asarray(runtime.taken_bytes(charged))
        return cls(
            allocated_bytes=allocated,
            charged_bytes=charged,
            process_bytes=process,
            kinds=replace(_columns(held), runtime_bytes=process - allocated),
        )


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RoundMemory(Frozen):
    """What devices, edges and the server hold in a round; edges are None where there are none.

    `server_charged_bytes` counts all clients that are served at once, `server_bytes` is what its process
    takes for them.
    """

    device: PartySides
    edge: PartySides | None
    server: PartySides
    server_allocated_bytes: float
    server_charged_bytes: float
    server_bytes: float

    @classmethod
    def of(cls, problem: SplitProblem, *, held: Mask, behind: Behind | None, round_of: Round) -> RoundMemory:
        """The memory of a round whose devices hold `held` (devices, ops), edges what is behind them."""
        cost, served = problem.cost, behind.masks if behind else held
        server = PartySides.of(cost, ~served, problem.server_runtime)
        charged = held_at_once(problem, served, server.charged_bytes, round_of)
        return cls(
            device=PartySides.of(cost, held, problem.device_runtime),
            edge=PartySides.of(cost, served & ~held, behind.runtime) if behind else None,
            server=server,
            server_allocated_bytes=held_at_once(problem, served, server.allocated_bytes, round_of),
            server_charged_bytes=charged,
            server_bytes=float(problem.server_runtime.taken_bytes(charged)),
        )

    def of_stages(self, stages: StageTimes) -> StageTimes:
        """The stages with this memory."""
        edge = NOTHING_HELD if self.edge is None else self.edge.kinds
        return replace(
            stages, device_memory=self.device.kinds, edge_memory=edge, server_memory=self.server.kinds
        )

    def parties(self, problem: SplitProblem, behind: Behind | None) -> tuple[PartyMemory, ...]:
        """Every device, every edge with work, and the server, each with its verdict."""
        return tuple(self._parties(problem, behind))

    def _parties(self, problem: SplitProblem, behind: Behind | None) -> Iterator[PartyMemory]:
        stated = problem.workload.preset is not None  # a preset says how the run is made
        names = problem.scenario.device_names
        yield from _party_rows(names, self.device, problem.device_memory_bytes, stated=stated)
        if behind is not None and self.edge is not None:
            fullest: dict[str, PartyMemory] = {}
            for row in _party_rows(behind.names, self.edge, behind.memory_bytes, stated=stated):
                known = fullest.setdefault(row.party, row)
                if row.process_bytes > known.process_bytes:
                    fullest[row.party] = row
            yield from fullest.values()
        yield PartyMemory.of(
            party=problem.scenario.server.name,
            allocated_bytes=self.server_allocated_bytes,
            process_bytes=self.server_bytes,
            limit_bytes=problem.server_memory_bytes,
            stated=stated,
        )


def _party_rows(
    names: Sequence[str], sides: PartySides, limits: Floats, *, stated: bool
) -> Iterator[PartyMemory]:
    for name, allocated, process, limit in zip(
        names, sides.allocated_bytes, sides.process_bytes, limits, strict=True
    ):
        yield PartyMemory.of(
            party=name,
            allocated_bytes=float(allocated),
            process_bytes=float(process),
            limit_bytes=float(limit),
            stated=stated,
        )


def _columns(held: Sequence[Held]) -> MemoryByKind:
    rows = np.array([one.kinds.numbers for one in held], dtype=np.float64)
    return MemoryByKind.of_numbers(list(rows.T))
