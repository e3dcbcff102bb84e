"""Break-evens as an analysis: at which values of a quantity the cut of a device changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cutwise.analyses.base import asked_plan, registered, rows_of, table_text
from cutwise.analyses.cut_curve import device_at
from cutwise.analyses.maps.axes.usual_quantities import usual_link
from cutwise.analyses.maps.changing_cuts import ChangingCuts, changing_cuts, neighbours_told
from cutwise.fields.field_values import Settled
from cutwise.plain import plain
from cutwise.question import Question, unpinned
from cutwise.units import quantity

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEvens:
    """At which values of some quantities the cut of a device changes; `planned` is the plan's own cut."""

    planned: str
    found: tuple[ChangingCuts, ...]

    def to_frame(self) -> pandas.DataFrame:
        """One row a quantity and cut: from which value on it is best, and whether it is today's."""
        import pandas

        rows = [
            (one.axis.path, start, one.axis.unit, cut, at == one.today)
            for one in self.found
            for at, (start, cut) in enumerate(zip(one.starts, one.cuts, strict=True))
        ]
        return pandas.DataFrame(rows, columns=["quantity", "from", "unit", "cut", "today"])

    def plain(self) -> list[dict[str, Any]]:
        """One entry a quantity: its range and present value, what is exact, and one row a cut."""
        frame = self.to_frame()
        return [
            {
                "device": one.device,
                "planned": self.planned,
                "axis": plain(one.axis),
                "law": one.law,
                "exact": one.exact,
                "complete": one.complete,
                "alone": one.alone,
                "cuts": rows_of(frame[frame["quantity"] == one.axis.path].drop(columns="quantity")),
            }
            for one in self.found
        ]

    def summary(self) -> str:
        """For each quantity the present cut and both neighbours."""
        told = [_told(one) for one in self.found]
        whose = self.found[0].device if self.found else ""
        return f"best for {whose}, {'; '.join(told)}; the plan cuts {self.planned}"

    def text(self) -> str:
        """The table and its summary."""
        return f"{table_text(self.to_frame())}\n{self.summary()}"


def _told(found: ChangingCuts) -> str:
    written = [f"{start:.6g} {found.axis.unit}".strip() for start in found.starts]
    return f"by {found.axis.title.lower()}: {neighbours_told(found, written)}"


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEvenAnalysis(Settled):
    """The values of one or more quantities at which the cut of a device changes, the others as they are."""

    name: ClassVar[str] = "break_evens"
    title: ClassVar[str] = "Break-evens"
    asks: ClassVar[str] = "At which values of a quantity does the cut of a device change?"
    of_plan: ClassVar[bool] = True
    in_report: ClassVar[bool] = False
    device: str = quantity("", title="Device", help="Name of the device; the slowest one if absent")
    along: tuple[str, ...] = quantity(
        (), title="Along",
        help="Paths of quantities, separated by commas; the uplink, or its bandwidth, if absent",
    )  # fmt: skip

    def run(self, question: Question) -> BreakEvens:
        """The changes along each quantity, all else as the scheme plans it."""
        asked = unpinned(question)
        plan = asked_plan(asked)
        device = device_at(plan, self.device)
        paths = self.along or (usual_link(asked.scenario),)
        found = changing_cuts(asked, plan, device, dict.fromkeys(paths, (None, None)))
        return BreakEvens(planned=asked_plan(question).decisions[device].cut.label, found=found)
