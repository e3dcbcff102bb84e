"""Fronts: what a slower round saves in energy, memory or traffic, keeps private, or costs in accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cutwise.analyses.base import registered, rows_of, table_text
from cutwise.analyses.what_if.front_points import FrontPoint
from cutwise.analyses.what_if.front_walks import AXES, AxisName, front_points
from cutwise.fields.field_values import Settled
from cutwise.frozen import Frozen
from cutwise.question import Question
from cutwise.units import quantity

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFront(Frozen):
    """Plans that no other beats in both delay and what it is held against, fastest first.

    `limits` are the scenario's own on the two axes, by column. Where not `complete` there are more points
    between these; `basis` says how they were found.
    """

    against: AxisName
    points: tuple[FrontPoint, ...]
    limits: Mapping[str, float]
    complete: bool
    basis: str

    def to_frame(self) -> pandas.DataFrame:
        """One row a point."""
        import pandas

        names = ["delay_s", AXES[self.against].column, "cut", "keeps_limits", "adopt"]
        rows = [[one.amount(name) for name in names] for one in self.points]
        return pandas.DataFrame(rows, columns=names)

    def plain(self) -> dict[str, Any]:
        """The limits, and one row a point with what to set for it."""
        rows = zip(self.points, rows_of(self.to_frame()), strict=True)
        return {
            "against": self.against,
            "limits": dict(self.limits),
            "complete": self.complete,
            "basis": self.basis,
            "points": [
                {**row, "settings": dict(one.settings), "pinned": one.pinned, "scheme": one.scheme}
                for one, row in rows
            ],
        }

    def summary(self) -> str:
        """What the slowest point of the front gains over the fastest."""
        axis = AXES[self.against]
        if not self.points:
            return f"no plan keeps the scenario's other limits: there is no front of {axis.title}"
        first, last = self.points[0], self.points[-1]
        told = "one plan is best in both" if len(self.points) == 1 else (
            f"{len(self.points)} plans, from {first.delay_s:.4g} s with {axis.text(first)} "
            f"to {last.delay_s:.4g} s with {axis.text(last)}"
        )  # fmt: skip
        beyond = sum(not one.keeps_limits for one in self.points)
        limits = f"; {beyond} beyond the limits of the scenario" if beyond else ""
        return f"delay against {axis.title}: {told}{limits}; {self.basis}"

    def text(self) -> str:
        """The table and its summary."""
        return f"{table_text(self.to_frame())}\n{self.summary()}" if self.points else self.summary()


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class FrontAnalysis(Settled):
    """The plans of the scheme that no other plan beats in both delay and another figure."""

    name: ClassVar[str] = "front"
    title: ClassVar[str] = "What a slower round gains"
    asks: ClassVar[str] = "How much energy, memory or traffic does a slower round save?"
    of_plan: ClassVar[bool] = True
    in_report: ClassVar[bool] = True
    against: AxisName = quantity(
        "energy",
        title="Against",
        help="What delay is weighed against; private_layers: how many layers stay on the device",
    )
    points: int = quantity(
        24, ge=2, le=1000, title="Points", shown=(5, 100), help="Most plans that are made for the front"
    )

    def run(self, question: Question) -> PlanFront:
        """The front under the scenario's other limits."""
        found = front_points(question, self.against, self.points)
        return PlanFront(
            against=self.against,
            points=found.points,
            limits=AXES[self.against].limits(question),
            complete=found.complete,
            basis=found.basis,
        )
