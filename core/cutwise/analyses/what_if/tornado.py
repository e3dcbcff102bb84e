"""Which numbers change the plan most: each a little less and a little more, all else as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cutwise.analyses.base import registered, rows_of, table_text
from cutwise.analyses.what_if.inputs.asked_rows import Answers, AskedRows, columns_of
from cutwise.analyses.what_if.inputs.changed_quantities import Quantity, quantities_named
from cutwise.arrays import Floats
from cutwise.fields.field_values import Settled
from cutwise.frozen import Frozen
from cutwise.question import Question
from cutwise.tolerances import SAME_RATIO
from cutwise.units import percent, quantity

if TYPE_CHECKING:
    import pandas

CHANGE_RATIO = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Swing(Frozen):
    """What a quantity does to delay and energy at its `low` and its `high` value, planned anew at both.

    `swing_ratio` is how far the two ends of what is sorted by lie apart, over what it is now, `other_ratio`
    that of the other of delay and energy. A cut is empty where it is today's.
    """

    name: str
    title: str
    low: str
    high: str
    low_delay_s: float
    high_delay_s: float
    low_energy_j: float
    high_energy_j: float
    low_cut: str
    high_cut: str
    low_keeps: bool
    high_keeps: bool
    swing_ratio: float
    other_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tornado(Frozen):
    """Quantities by how much they move the plan, largest first; those that change nothing are in `still`.

    `of` is what is sorted by: delay, or energy where that alone is minimised. Quantities that would take
    too long are `left`.
    """

    change_ratio: float
    delay_s: float
    energy_j: float
    cut: str
    of: str
    swings: tuple[Swing, ...]
    still: tuple[str, ...]
    left: tuple[str, ...] = ()

    def to_frame(self) -> pandas.DataFrame:
        """One row a quantity, largest swing first."""
        import pandas

        names = [name for name in Swing.__dataclass_fields__ if name != "name"]
        return pandas.DataFrame([[getattr(one, n) for n in names] for one in self.swings], columns=names)

    def plain(self) -> dict[str, Any]:
        """The plan as it is, and one row a quantity."""
        rows = rows_of(self.to_frame())
        return {
            "change_ratio": self.change_ratio,
            "delay_s": self.delay_s,
            "energy_j": self.energy_j,
            "cut": self.cut,
            "of": self.of,
            "quantities": [{"name": one.name, **row} for one, row in zip(self.swings, rows, strict=True)],
            "still": list(self.still),
            "left": list(self.left),
        }

    def summary(self) -> str:
        """Which quantity moves most, and which move nothing."""
        ratio = f"{percent(self.change_ratio):.3g} %"
        nothing = f"; no change from {', '.join(map(_lower, self.still))}" if self.still else ""
        if self.left:
            nothing += f"; not looked at, as it would take long: {', '.join(map(_lower, self.left))}"
        if not self.swings:
            return f"no quantity changes anything by {ratio} less or more{nothing}"
        first = self.swings[0]
        return (
            f"{ratio} less or more of each, planned anew: most changes with the {_lower(first.title)}, "
            f"{self.of} from {percent(self._change(first, 'low')):+.3g} % to "
            f"{percent(self._change(first, 'high')):+.3g} %{nothing}"
        )

    def _change(self, swing: Swing, end: str) -> float:
        name = "delay_s" if self.of == "delay" else "energy_j"
        now = getattr(self, name)
        return float(getattr(swing, f"{end}_{name}") / now - 1) if now else 0.0

    def text(self) -> str:
        """The table and its summary."""
        shown = self.to_frame().drop(columns=["low_keeps", "high_keeps", "other_ratio"])
        return f"{table_text(shown)}\n{self.summary()}" if self.swings else self.summary()


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class TornadoAnalysis(Settled):
    """Every number of the scenario a little less and a little more, planned anew."""

    name: ClassVar[str] = "tornado"
    title: ClassVar[str] = "What changes most"
    asks: ClassVar[str] = "Which quantity changes delay and energy most when it is a little less or more?"
    of_plan: ClassVar[bool] = True
    in_report: ClassVar[bool] = True
    change_ratio: float = quantity(
        CHANGE_RATIO, unit="ratio", gt=0, lt=1, title="Change", shown=(0.05, 0.5),
        help="By which share each quantity is less and more",
    )  # fmt: skip
    quantities: tuple[str, ...] = quantity(
        (),
        title="Quantities",
        help="Only these, separated by commas: paths of the scenario; all if absent",
    )

    def run(self, question: Question) -> Tornado:
        """One sweep of twice as many rows as there are quantities, and one as things are."""
        asked = AskedRows.of(question)
        found, left = asked.looked_at(quantities_named(question.scenario, self.quantities), rows=2)
        ends = [_ends(one, self.change_ratio) for one in found]
        which = np.repeat(np.arange(len(found)), 2)
        factors = np.concatenate([*ends, [1.0]])
        answers = asked.answers(columns_of(found, [(np.append(which, -1), factors)]))
        of = "energy" if question.scenario.objective.is_energy else "delay"
        swings = list(_swings(found, factors, answers, of))
        moved = [one for one in swings if one.swing_ratio > SAME_RATIO or one.other_ratio > SAME_RATIO]
        return Tornado(
            change_ratio=self.change_ratio,
            delay_s=float(answers.delay_s[-1]),
            energy_j=float(answers.energy_j[-1]),
            cut=answers.label(-1),
            of=of,
            swings=tuple(sorted(moved, key=lambda one: (-one.swing_ratio, -one.other_ratio))),
            still=tuple(one.title for one in found if one.name not in {moving.name for moving in moved}),
            left=tuple(one.title for one in left),
        )


def _lower(title: str) -> str:
    return title[0].lower() + title[1:]


def _ends(found: Quantity, ratio: float) -> Floats:
    """The two factors, within the quantity's own bounds and at whole numbers where it has only such."""
    return found.snapped(np.clip([1 - ratio, 1 + ratio], found.least, found.most))


def _swings(found: Sequence[Quantity], factors: Floats, answers: Answers, of: str) -> Iterator[Swing]:
    pair = answers.delay_s, answers.energy_j
    sorted_by, other = pair[::-1] if of == "energy" else pair
    for number, one in enumerate(found):
        low, high = 2 * number, 2 * number + 1
        yield Swing(
            name=one.name,
            title=one.title,
            low=one.told(factors[low]),
            high=one.told(factors[high]),
            low_delay_s=float(answers.delay_s[low]),
            high_delay_s=float(answers.delay_s[high]),
            low_energy_j=float(answers.energy_j[low]),
            high_energy_j=float(answers.energy_j[high]),
            low_cut=answers.moved(low),
            high_cut=answers.moved(high),
            low_keeps=bool(answers.kept[low]),
            high_keeps=bool(answers.kept[high]),
            swing_ratio=_swing(sorted_by[[low, high, -1]]),
            other_ratio=_swing(other[[low, high, -1]]),
        )


def _swing(ends: Floats) -> float:
    return float(np.ptp(ends) / abs(ends[-1])) if ends[-1] else 0.0
