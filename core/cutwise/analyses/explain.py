"""Why a plan is as it is: what takes most of the time, and what would move a cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cutwise.analyses.base import asked_plan, registered, rows_of, table_text
from cutwise.analyses.cut_curve import device_at
from cutwise.analyses.cut_moves import FACTORS, Move, moves
from cutwise.fields.field_values import Settled
from cutwise.plans.inference_words import said
from cutwise.plans.plan import Plan
from cutwise.plans.stages import STAGES
from cutwise.question import Question, unpinned
from cutwise.units import quantity

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True, kw_only=True)
class Dominant:
    """The part of a round that takes longest, its share, and the device that it was read from.

    `device` is empty where parts of all devices add up.
    """

    part: str
    ratio: float
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What takes longest in a round, and the next uplink rates at which the cut of one device changes.

    `device` is that device, `cut` its cut in the plan. Where that is not `exact` for all rates, the scheme
    planned anew at some of them. `training` is False in inference.
    """

    dominant: Dominant
    device: str
    cut: str
    moves: tuple[Move, ...]
    exact: bool
    training: bool = True

    def to_frame(self) -> pandas.DataFrame:
        """One row a rate at which the cut changes."""
        import pandas

        columns = ("uplink_bps", "faster", "cut")
        return pandas.DataFrame(
            [[getattr(move, name) for name in columns] for move in self.moves], columns=list(columns)
        )

    def plain(self) -> dict[str, Any]:
        """What takes longest, whose cut is meant, and one row a move."""
        most = {"part": self.dominant.part, "ratio": self.dominant.ratio, "device": self.dominant.device}
        return {
            "dominant": most,
            "device": self.device,
            "cut": self.cut,
            "exact": self.exact,
            "moves": rows_of(self.to_frame()),
        }

    def summary(self) -> str:
        """What takes longest, and whose cut moves."""
        where = f" at {self.dominant.device}" if self.dominant.device else ""
        most = f"{self.dominant.part} takes {100 * self.dominant.ratio:.0f} % of the round{where}"
        looked = f"{1 / FACTORS[-1]:g} to {FACTORS[-1]:g} times today's"
        where = f"; planned anew at {2 * len(FACTORS)} rates, {looked}" if not self.exact else ""
        moved = "at the rates named" if self.moves else "at no other uplink rate that was looked at"
        most = said(most, training=self.training)
        return (
            f"{most}; when all uplink rates change by one factor, the cut of {self.device}, {self.cut}, "
            f"moves {moved}{where}"
        )

    def text(self) -> str:
        """The table, if there is any move, and its summary."""
        table = f"{table_text(self.to_frame())}\n" if self.moves else ""
        return f"{table}{self.summary()}"


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainAnalysis(Settled):
    """Why the scheme's plan is as it is."""

    name: ClassVar[str] = "explain"
    title: ClassVar[str] = "Why the plan is as it is"
    asks: ClassVar[str] = "What takes longest in a round, and which uplink rate would move the cut?"
    of_plan: ClassVar[bool] = True
    in_report: ClassVar[bool] = True
    device: str = quantity("", title="Device", help="Whose cut is meant; the slowest device if absent")

    def run(self, question: Question) -> Explanation:
        """What takes longest in the plan that is shown, and what moves the cut of one device."""
        plan = asked_plan(question)
        best = asked_plan(unpinned(question)) if question.cut else plan
        device = device_at(best, self.device)
        found = moves(unpinned(question), best, device)
        return Explanation(
            dominant=dominant(plan),
            device=best.decisions[device].device,
            cut=best.decisions[device].cut.label,
            moves=found.found,
            exact=found.exact,
            training=plan.inference is None,
        )


def dominant(plan: Plan) -> Dominant:
    """What takes longest: over all devices in turn, or at the last device where all work at once."""
    at_once = plan.active > 1
    slowest = max(range(len(plan.stages)), key=lambda i: plan.stages[i].delay_s)
    counted = [plan.stages[slowest]] if at_once else list(plan.stages)
    seconds = dict.fromkeys((stage.doing for stage in STAGES), 0.0)
    for turn in counted:
        for stage in STAGES:
            seconds[stage.doing] += float(stage.taken_s(turn))
    part = max(seconds, key=lambda name: seconds[name])
    total = sum(seconds.values())
    return Dominant(
        part=said(part, training=plan.inference is None),
        ratio=seconds[part] / total if total else 0.0,
        device=plan.decisions[slowest].device if at_once else "",
    )
