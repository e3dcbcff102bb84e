"""P3's scheme (SFT): smashed data compressed, a cut a device, the band divided by need."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from cutwise.fields.field_values import Settled
from cutwise.frozen import FrozenDict
from cutwise.planning.answer.best_plan import planned
from cutwise.planning.sharing.band_split import best_band, even_shares, plan_with_band
from cutwise.planning.sharing.codec_choice import OWN, codec_choices, on_limit, with_compressor
from cutwise.planning.sharing.fading_slots import bound_over_slots, fading_gains, over_slots
from cutwise.planning.sharing.server_shares import with_server_shares
from cutwise.planning.sharing.two_timescale import spectrum, two_timescale
from cutwise.plans.learning import Learning
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import AT_ONCE, Round
from cutwise.problem.conditions import Conditions
from cutwise.problem.numbers import accuracy_loss_ratio
from cutwise.problem.split_problem import SplitProblem
from cutwise.schemes.base import SCHEMES
from cutwise.solvers.shares.minmax_share import minmax_share
from cutwise.units import quantity


@SCHEMES.named("sft")
@dataclass(frozen=True, slots=True, kw_only=True)
class Sft(Settled):
    """Split fine-tuning: smashed data compressed, a cut for every device, the band divided by need."""

    is_baseline: ClassVar[bool] = False
    round_of: ClassVar[Round] = AT_ONCE
    separable: ClassVar[bool] = False
    exhaustive: ClassVar[bool] = False
    learning: ClassVar[Learning] = Learning(own_codec=True)
    method: Literal["exact", "two_timescale"] = quantity(
        "exact", title="Method",
        help="The exact answer, or P3's own: augmented Lagrangian for coding and cuts, SQP for the band",
    )  # fmt: skip
    codec: str = quantity(
        OWN, title="Compressor", choices=codec_choices,
        help="The scenario's own (P3's top-k where it has none), or the one named",
    )  # fmt: skip
    server_shares: Literal["scenario", "optimised"] = quantity(
        "scenario", title="Server shares", help="By the scenario's policy, or divided by need like the band"
    )
    slots: int = quantity(
        0, ge=0, le=1000, title="Slots", shown=(0, 50),
        help="Slots of a round, each with a fading draw and a band split of its own; 0: the mean channel",
    )  # fmt: skip
    antennas: int = quantity(
        1, ge=1, le=64, title="Receive antennas", shown=(1, 8),
        help="Antennas whose signals are added where the channel fades: 1 is Rayleigh, more fade less",
    )  # fmt: skip

    def solve(self, problem: SplitProblem) -> Plan:
        r"""The plan that ends the round first: $\min_{\rho, l, b} \max_k T_k(\rho, l_k, b_k)$.

        Under $\sum_k b_k \le B$, device memory and the accuracy limit (P3, arXiv 2501.09237; the delay
        model is ours, as P3's was not available). Whatever `sharing.bandwidth` says, the band is divided
        by need. Without an accuracy limit the compressor keeps the setting it has. The bound of both
        methods is that of the exact one: the gap of `two_timescale` is its distance from the optimum.
        """
        started = time.perf_counter()
        problem = with_compressor(problem, self.codec)
        optimal = on_limit(problem)
        coded_s = time.perf_counter() - started
        if problem.device_count == 1 or problem.micro_batches > 1:
            conditions = optimal.conditions(active=problem.device_count)
            return planned(optimal, scheme="sft", round_of=AT_ONCE, conditions=conditions)
        return self._at_once(problem, optimal, coded_s)

    def _at_once(self, problem: SplitProblem, optimal: SplitProblem, coded_s: float) -> Plan:
        started = time.perf_counter()
        even, bound = self._even(optimal)
        band = best_band(optimal, even, common_cut=False)
        bound = band.bound if bound is None else bound
        timing = {"code_s": coded_s, "exact_s": time.perf_counter() - started}
        if self.method == "two_timescale":
            started = time.perf_counter()
            found = two_timescale(replace(problem, pinned=optimal.pinned), even)
            optimal, band = found.problem, found.band
            timing["two_timescale_s"] = time.perf_counter() - started
        if self.slots:
            gains = fading_gains(optimal, self.slots, antennas=self.antennas)
            splitter = spectrum if self.method == "two_timescale" else minmax_share
            by_policy = self.server_shares == "scenario"
            bound = bound_over_slots(on_limit(problem), even, gains) if by_policy else None
            band = over_slots(optimal, band.conditions, band, gains, splitter)
        method = f"{_METHODS[self.method]}; {_said(optimal)}"
        return plan_with_band(
            optimal, scheme="sft", band=band, bound=bound, proven=True, method=method, timing=timing
        )

    def _even(self, problem: SplitProblem) -> tuple[Conditions, float | None]:
        """The conditions of equal band shares, and a bound where the server's shares are chosen too."""
        even = even_shares(problem)
        if self.server_shares == "scenario" or problem.scenario.objective.kind != "delay":
            return even, None
        divided = with_server_shares(problem, even)
        return divided.conditions, divided.bound


_METHODS = FrozenDict(
    {"exact": "min-max band split", "two_timescale": "augmented Lagrangian and SQP in two timescales"}
)


def _said(problem: SplitProblem) -> str:
    """The compressor, what it costs and on what evidence."""
    compression = problem.scenario.compression
    loss = accuracy_loss_ratio(compression)
    return f"{compression.codec.label}, loss {loss:.3g} ({compression.accuracy.evidence})"
