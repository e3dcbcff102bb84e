"""Delay against energy: what the cut and the server's clock can trade, in one round and over many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cutwise.analyses.base import EqualByContent, registered, rows_of, table_text
from cutwise.arrays import Floats, Mask
from cutwise.errors import ScenarioError
from cutwise.fields.field_values import Settled
from cutwise.frozen import Frozen
from cutwise.planning.answer.cut_labels import cut_of
from cutwise.planning.one_device.cut_table import CutTable, repriced, table_of
from cutwise.planning.one_device.objective import Prices, Spread, score_of
from cutwise.planning.whole_round.round_value import spread_of
from cutwise.planning.whole_round.server_clock import best_ratios, least_ratios
from cutwise.plans.rounds import IN_TURN
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import Question, problem_of
from cutwise.scenario.parts import Objective
from cutwise.solvers.energy_queue import next_queue_j
from cutwise.tolerances import SUM_ROUNDING
from cutwise.units import quantity

if TYPE_CHECKING:
    import pandas

POINTS = 33


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ServedRound(Frozen):
    """One way to serve every device in turn: its round's delay and counted energy, clocks, device sides.

    `keeps_limits` is False where some device has no cut that keeps its limits.
    """

    delay_s: float
    energy_j: float
    server_frequency_ratio: Floats
    masks: Mask
    keeps_limits: bool = True


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Front(EqualByContent):
    """Rounds that no other beats in both delay and energy, fastest first, with the cuts of each by name."""

    rounds: tuple[ServedRound, ...]
    cuts: tuple[str, ...]

    def to_frame(self) -> pandas.DataFrame:
        """One row a round; clocks are the server's lowest and highest over the devices."""
        import pandas

        ratios = [one.server_frequency_ratio for one in self.rounds]
        return pandas.DataFrame(
            {
                "delay_s": [one.delay_s for one in self.rounds],
                "energy_j": [one.energy_j for one in self.rounds],
                "lowest_frequency_ratio": [float(np.min(each)) for each in ratios],
                "highest_frequency_ratio": [float(np.max(each)) for each in ratios],
                "keeps_limits": [one.keeps_limits for one in self.rounds],
                "cut": self.cuts,
            }
        )

    def plain(self) -> list[dict[str, Any]]:
        """One row a round."""
        return rows_of(self.to_frame())

    def summary(self) -> str:
        """How much delay buys how much energy."""
        fastest, thriftiest = self.rounds[0], self.rounds[-1]
        more = thriftiest.delay_s / fastest.delay_s - 1 if fastest.delay_s else 0.0
        less = 1 - thriftiest.energy_j / fastest.energy_j if fastest.energy_j else 0.0
        kept = "" if fastest.keeps_limits else "; no cut keeps every device's limits"
        return f"up to {100 * more:.3g} % slower for {100 * less:.3g} % less energy{kept}"

    def text(self) -> str:
        """The table and its summary."""
        return f"{table_text(self.to_frame())}\n{self.summary()}"


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class DelayEnergyAnalysis(Settled):
    """Delay against energy (P4): devices in turn, each with the best cut and server clock for one weight."""

    name: ClassVar[str] = "delay_energy"
    title: ClassVar[str] = "Delay against energy"
    asks: ClassVar[str] = "How much energy does a slower round save, with the best cuts and server clocks?"
    of_plan: ClassVar[bool] = False
    in_report: ClassVar[bool] = True
    points: int = quantity(
        POINTS, ge=2, le=1000, title="Weights", help="Weights between delay and energy that are tried"
    )
    least_frequency_ratio: float = quantity(
        0.0, unit="ratio", ge=0, le=1, title="Least clock",
        help="The server's lowest clock over its highest; 0 for as fast as the device",
    )  # fmt: skip

    def run(self, question: Question) -> Front:
        """The front with the cuts of every round."""
        problem = problem_of(question)
        front = delay_energy_front(problem, points=self.points, least_ratio=self.least_frequency_ratio)
        different = {mask.tobytes(): mask for one in front for mask in one.masks}
        names = {key: cut_of(problem, mask).label for key, mask in different.items()}
        cuts = (dict.fromkeys(names[mask.tobytes()] for mask in one.masks) for one in front)
        return Front(rounds=tuple(front), cuts=tuple(" | ".join(each) for each in cuts))


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class LongRun(Frozen):
    """Rounds one after another under an energy budget: columns of shape (rounds,).

    `queue_j` is the energy owed before a round, `server_frequency_ratio` (rounds, devices) its clocks.
    """

    delay_s: Floats
    energy_j: Floats
    queue_j: Floats
    server_frequency_ratio: Floats


def delay_energy_front(
    problem: SplitProblem, *, points: int = POINTS, least_ratio: float = 0.0
) -> list[ServedRound]:
    """Rounds that no round in turn beats in both delay and energy, fastest first.

    Each is exact: the best cuts and clocks for one of `points` weights between delay and the energy that the
    objective counts (P4). No round lies below the line between two neighbours of enough weights.
    """
    cuts = _PricedCuts.of(problem, least_ratio)
    spread = cuts.spread
    found = [
        cuts.choice(Prices(second=weight / spread.delay_s, joule=(1 - weight) / spread.energy_j))
        for weight in np.linspace(0.0, 1.0, points)
    ]
    return list(_undominated(sorted(found, key=lambda one: (one.delay_s, one.energy_j))))


def long_run(
    problem: SplitProblem,
    *,
    energy_budget_j: float,
    delay_price: float,
    rounds: int,
    least_ratio: float = 0.0,
) -> LongRun:
    r"""Rounds whose mean energy tends to the budget, each chosen for what is owed by then.

    With the energy owed $Q_{t+1} = \max(Q_t + E_t - \bar E, 0)$ every round minimises $V D + Q_t E$: the
    clock is the best at these prices and the cut the best at that clock (ASL, arXiv 2403.05158). A
    larger `delay_price` $V$ (joules squared a second) is faster and owes more on the way. Raises
    `ScenarioError` for numbers that are not positive.
    """
    given = {"energy_budget_j": energy_budget_j, "delay_price": delay_price, "rounds": rounds}
    if wrong := [
        f"{name} is {value:g}; give a positive number" for name, value in given.items() if value <= 0
    ]:
        raise ScenarioError(wrong)
    cuts, queue_j = _PricedCuts.of(problem, least_ratio), 0.0
    rows = []
    for _ in range(rounds):
        choice = cuts.choice(Prices(second=delay_price, joule=queue_j))
        rows.append((choice.delay_s, choice.energy_j, queue_j, choice.server_frequency_ratio))
        queue_j = float(next_queue_j(queue_j=queue_j, energy_j=choice.energy_j, budget_j=energy_budget_j))
    delays, energies, queues, ratios = zip(*rows, strict=True)
    return LongRun(
        delay_s=np.array(delays),
        energy_j=np.array(energies),
        queue_j=np.array(queues),
        server_frequency_ratio=np.stack(ratios),
    )


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _PricedCuts(Frozen):
    """The cuts that can be optimal for any price of a second and of a joule."""

    problem: SplitProblem
    table: CutTable
    spread: Spread
    least: Floats

    @classmethod
    def of(cls, problem: SplitProblem, least_ratio: float) -> _PricedCuts:
        """The table of a weighted objective holds the best cut for every weight."""
        kept = problem.scenario.objective
        weighted = Objective(kind="weighted", energy_of=kept.energy_of)
        asked = replace(problem, scenario=replace(problem.scenario, objective=weighted))
        conditions = asked.conditions()
        spread = spread_of(asked, conditions, IN_TURN)
        table = table_of(asked, conditions, score_of(weighted, spread))
        return cls(problem=asked, table=table, spread=spread, least=least_ratios(asked, least_ratio))

    def choice(self, prices: Prices) -> ServedRound:
        """The best cuts and clocks at these prices, within every device's limits."""
        full = self.problem.conditions()
        ratio = best_ratios(self.problem, full, prices, self.least)
        conditions = full.at_clock(ratio, self.problem.scenario.energy.clock)
        priced = repriced(self.table, self.problem, conditions, lambda stages: stages.delay_s)
        kept = np.isfinite(priced.delays_s)
        values = np.where(kept, 0.0, np.inf)
        for price, amounts in ((prices.second, priced.delays_s), (prices.joule, priced.counted_j)):
            values = values + price * np.where(kept, amounts, 0.0)
        picks = priced.best(np.where(priced.excess > 0, np.inf, values))
        rows = np.arange(len(picks))
        return ServedRound(
            delay_s=float(priced.delays_s[rows, picks].sum()),
            energy_j=float(priced.counted_j[rows, picks].sum()),
            server_frequency_ratio=ratio,
            masks=priced.masks(picks),
            keeps_limits=bool((priced.excess[rows, picks] <= 0).all()),
        )


def _undominated(ordered: list[ServedRound]) -> Iterator[ServedRound]:
    """Of choices by rising delay those that spend less than all before."""
    least_j = np.inf
    for choice in ordered:
        if choice.energy_j < least_j * (1 - SUM_ROUNDING):
            least_j = choice.energy_j
            yield choice
