"""Peak memory by tier and kind for P2's schemes, and what of a reduction is concurrency or the third tier."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from cutwise.arrays import Mask
from cutwise.costs.memory.by_kind import MemoryByKind
from cutwise.costs.memory.held import held_at_peak
from cutwise.planning.one_device.cut_memory import shared_on
from cutwise.problem.split_problem import SplitProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class TierMemory:
    """What one tier holds at once in a scheme: `chains` models at work, by kind, frozen weights apart.

    `frozen_bytes` is part of the weights: one copy where it is shared, else one a chain.
    """

    scheme: str
    tier: str
    chains: int
    held: MemoryByKind
    frozen_bytes: float

    @property
    def total_bytes(self) -> float:
        """All kinds together."""
        return float(self.held.total_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """How much less the cloud holds than the server of split federated learning, and why.

    $1 - (M/N)(z_c/z_s)$: of `concurrency_ratio` fewer models at once, and each of them `tier_ratio` as large
    because an edge has a part. It is no property of adapters.
    """

    concurrency_ratio: float
    tier_ratio: float

    @property
    def reduction_ratio(self) -> float:
        """The part of the server's memory that is saved."""
        return 1.0 - self.concurrency_ratio * self.tier_ratio


def tier_memory(
    problem: SplitProblem, *, device_ops: Mask, edge_ops: Mask, users: int, edges: int
) -> tuple[TierMemory, ...]:
    """Peak memory of every tier for P2's schemes and those it is compared with; masks of shape (ops,).

    `device_ops` run on the user, `edge_ops` there or on the edge, the rest in the cloud; two-tier schemes cut
    after `device_ops`. `users` hold data, `edges` work at once (science notes 1.4). Shared: frozen weights
    once for all chains; replicated: a copy for each. Waves admit as many users at once as there are edges.
    """
    parts = _parts(problem, device_ops, edge_ops)
    everything, user, edge, cloud, server = parts
    rows: list[tuple[str, str, _Part, int, bool]] = [
        ("central LoRA", "cloud", everything, 1, True),
        ("federated LoRA", "user", everything, 1, True),
        ("split learning", "user", user, 1, True),
        ("split learning", "server", server, 1, True),
    ]
    for name, clients in (("split federated", users), (f"split federated in waves of {edges}", edges)):
        rows.append((name, "user", user, 1, True))
        rows += [(f"{name}, {kind}", "server", server, clients, kind == "shared") for kind in KINDS]
    rows += [("SplitLLM", "user", user, 1, True), ("SplitLLM", "edge", edge, 1, True)]
    rows += [(f"SplitLLM, {kind}", "cloud", cloud, edges, kind == "shared") for kind in KINDS]
    return tuple(
        TierMemory(
            scheme=scheme,
            tier=tier,
            chains=chains,
            held=part.times(chains, shared=shared),
            frozen_bytes=part.frozen_bytes * (1 if shared else chains),
        )
        for scheme, tier, part, chains, shared in rows
    )


KINDS = ("shared", "replicated")


def reduction(
    problem: SplitProblem, *, device_ops: Mask, edge_ops: Mask, users: int, edges: int
) -> Reduction:
    """What SplitLLM's cloud saves beside split federated learning, frozen weights replicated in both."""
    _, _, _, cloud, server = _parts(problem, device_ops, edge_ops)
    return Reduction(
        concurrency_ratio=edges / users,
        tier_ratio=float(cloud.held.total_bytes / server.held.total_bytes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What one chain holds of a part of the model."""

    held: MemoryByKind
    frozen_bytes: float

    def times(self, chains: int, *, shared: bool) -> MemoryByKind:
        """So many chains at once, frozen weights once where they are shared."""
        whole = {f.name: chains * float(getattr(self.held, f.name)) for f in fields(self.held)}
        if shared:
            whole["weights_bytes"] -= (chains - 1) * self.frozen_bytes
        return MemoryByKind(**whole)


def _parts(problem: SplitProblem, device_ops: Mask, edge_ops: Mask) -> tuple[_Part, ...]:
    """The whole model, the user's part, the edge's, the cloud's, and edge and cloud together."""
    cost = problem.cost
    sides = (np.ones_like(device_ops), device_ops, edge_ops & ~device_ops, ~edge_ops, ~device_ops)
    return tuple(
        _Part(held=held_at_peak(cost, ops).kinds, frozen_bytes=float(shared_on(cost, ops[None])[0]))
        for ops in sides
    )
