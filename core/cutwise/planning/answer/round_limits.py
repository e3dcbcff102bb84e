"""What the other devices of a plan leave to one of them: the limits of the round, with their cuts held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.frozen import Frozen
from cutwise.planning.answer.plan_conditions import device_sides
from cutwise.planning.one_device.candidates import server_may_overflow
from cutwise.planning.one_device.cut_memory import SideMemory
from cutwise.planning.one_device.device_limits import held_at_once
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import Round
from cutwise.problem.split_problem import SplitProblem
from cutwise.tolerances import LIMIT_ROUNDING


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class HeldRound(Frozen):
    """The cuts (devices, ops), turns and server charges (devices,) of a plan in which one device may change.

    `deadline_s` and `server_bytes` are infinite where the round has no such limit, or breaks it anyway.
    """

    problem: SplitProblem
    round_of: Round
    masks: Mask
    delays_s: Floats
    client_bytes: Floats
    deadline_s: float
    server_bytes: float

    @classmethod
    def of(cls, problem: SplitProblem, plan: Plan, *, one_model: bool) -> HeldRound:
        """The round that the plan describes."""
        deadline_s = problem.scenario.limits.deadline_s
        slack, active = 1 + LIMIT_ROUNDING, plan.active
        in_time = deadline_s is not None and plan.delay_s <= deadline_s * slack
        cap = problem.server_budget_bytes * slack
        together = active > 1 and server_may_overflow(problem, clients=active)
        round_of = Round(parallel=active > 1, rule="", phases=plan.phases, one_model=one_model)
        masks = device_sides(problem, plan)
        clients = charged_at_server(problem, masks) if together else np.zeros(len(masks))
        held = together and held_at_once(problem, masks, clients, round_of) <= cap
        return cls(
            problem=problem,
            round_of=round_of,
            masks=masks,
            delays_s=np.array([stage.delay_s for stage in plan.stages]),
            client_bytes=clients,
            deadline_s=deadline_s * slack if in_time and deadline_s is not None else np.inf,
            server_bytes=cap if held else np.inf,
        )

    def in_time(self, device: int, delays_s: Floats) -> Mask:
        """Which turns (cuts,) of the device end the round by its deadline."""
        if self.deadline_s == np.inf:
            return np.ones(len(delays_s), dtype=bool)
        rows = np.repeat(self.delays_s[:, None], len(delays_s), axis=1)
        rows[device] = delays_s
        return np.asarray(self.round_of.total(rows) <= self.deadline_s)

    def holds(self, device: int, mask: Mask) -> bool:
        """True when the server holds the model of this cut beside those of all others."""
        if self.server_bytes == np.inf:
            return True
        masks, clients = self.masks.copy(), self.client_bytes.copy()
        masks[device], clients[device] = mask, charged_at_server(self.problem, mask[None])[0]
        return held_at_once(self.problem, masks, clients, self.round_of) <= self.server_bytes


def charged_at_server(problem: SplitProblem, masks: Mask) -> Floats:
    """What the server is charged for each of these cuts alone (cuts,), by the sweep."""
    return SideMemory.of(problem.cost, ~masks).charged_bytes(problem.server_runtime)
