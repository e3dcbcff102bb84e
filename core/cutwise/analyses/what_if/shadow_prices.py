"""What a little more of each quantity saves now, and up to where: derivatives of the plan as it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from cutwise.analyses.base import registered, rows_of, table_text
from cutwise.analyses.what_if.inputs.asked_rows import Answers, AskedRows, columns_of
from cutwise.analyses.what_if.inputs.changed_quantities import Quantity, quantities_named
from cutwise.analyses.what_if.inputs.helping_ways import end_of, field_of
from cutwise.analyses.what_if.inputs.sections import COARSE, turning_factors
from cutwise.arrays import Floats, Ints, Mask
from cutwise.fields.field_values import Settled
from cutwise.frozen import Frozen
from cutwise.question import Question
from cutwise.units import PREFIXES, UNITS, quantity

if TYPE_CHECKING:
    import pandas

Law = Literal["linear", "hyperbolic", "steps", "other"]
STEP_RATIO = 1e-3
"""How far from today's value the two other points lie that tell the law."""
SAME_LAW_RATIO = 1e-9
"""The middle point lies so near the law, of the whole; rounding is a thousandth of this."""
SMALLER_STEPS = (1.0, 0.1, 0.01)
FARTHEST = 10.0
"""Break-evens are looked for up to so many times more and less."""
EDGES = replace(COARSE, nearness=1e-6)
"""Break-evens where each row takes a plan: nearer than any digit that is shown."""
ROWS_A_PRICE, CALLS_A_PRICE = 60, 20
"""Rows that a price takes where each takes a plan, and calls where rows are answered together, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowPrice(Frozen):
    """What one more `unit_text` of a quantity saves, in seconds and joules, negative where it costs.

    `exact` where three points lie on a law whose derivative is known. The cuts stay the same between
    `holds_from` and `holds_to`, in SI units; None where they do as far as was looked. `step_s` and `step_j`
    are what is saved at once on reaching `holds_to` with the cuts that are best there.
    """

    name: str
    title: str
    now: str
    unit_text: str
    saved_s: float
    saved_j: float
    law: Law
    exact: bool
    holds_from: float | None
    holds_to: float | None
    from_text: str
    to_text: str
    cut_below: str
    cut_above: str
    step_s: float
    step_j: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowPrices(Frozen):
    """Shadow prices by how much of today's delay (or energy) one per cent more saves, best first.

    Quantities that would take too long are `left`.
    """

    prices: tuple[ShadowPrice, ...]
    cut: str
    of: str
    left: tuple[str, ...] = ()

    def to_frame(self) -> pandas.DataFrame:
        """One row a quantity."""
        import pandas

        names = [name for name in ShadowPrice.__dataclass_fields__ if name != "name"]
        return pandas.DataFrame([[getattr(one, n) for n in names] for one in self.prices], columns=names)

    def plain(self) -> dict[str, Any]:
        """The cut they are of, and one row a quantity."""
        rows = zip(self.prices, rows_of(self.to_frame()), strict=True)
        prices = [{"name": one.name, **row} for one, row in rows]
        return {"cut": self.cut, "of": self.of, "prices": prices, "left": list(self.left)}

    def summary(self) -> str:
        """The quantity that saves most, and where a step is to be had."""
        saving = [one for one in self.prices if _saved(one, self.of) > 0]
        steps = [one for one in self.prices if not _saved(one, self.of) and _step(one, self.of) > 0]
        said = [self._said(saving[0])] if saving else ["no quantity saves anything by a little more of it"]
        said += [
            f"a little more {_lower(one.title)} saves nothing, {one.to_text} saves "
            f"{_step(one, self.of):.4g} {self._unit}"
            for one in steps[:1]
        ]
        rough = [_lower(one.title) for one in self.prices if not one.exact]
        said += [f"by differences, not exact: {', '.join(rough)}"] if rough else []
        left = ", ".join(_lower(title) for title in self.left)
        said += [f"not looked at, as it would take long: {left}"] if left else []
        return "; ".join(said)

    @property
    def _unit(self) -> str:
        return "s" if self.of == "delay" else "J"

    def _said(self, one: ShadowPrice) -> str:
        until = f" up to {one.to_text}" if one.holds_to is not None else " as far as was looked"
        return (
            f"one more {one.unit_text} of {_lower(one.title)} saves {_saved(one, self.of):.4g} {self._unit} "
            f"now, with these cuts{until}"
        )

    def text(self) -> str:
        """What people read first of the table, and its summary."""
        shown = self.to_frame()[list(SHOWN)].rename(columns=SHOWN)
        return f"{table_text(shown)}\n{self.summary()}" if self.prices else self.summary()


SHOWN = {
    "title": "quantity", "now": "now", "unit_text": "one more", "saved_s": "saves_s", "saved_j": "saves_j",
    "law": "law", "exact": "exact", "from_text": "same cuts from", "to_text": "to", "cut_above": "then",
    "step_s": "step_s", "step_j": "step_j",
}  # fmt: skip


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowPricesAnalysis(Settled):
    """What one more of each quantity saves with the cuts of the plan, and up to where they stay the best."""

    name: ClassVar[str] = "shadow_prices"
    title: ClassVar[str] = "What one more saves"
    asks: ClassVar[str] = "What does one more Mbit/s, GB or W save now, and up to where?"
    of_plan: ClassVar[bool] = True
    in_report: ClassVar[bool] = True
    quantities: tuple[str, ...] = quantity(
        (), title="Quantities", help="Only these, separated by commas: paths of the scenario; all if absent"
    )

    def run(self, question: Question) -> ShadowPrices:
        """One price a quantity that moves smoothly or by steps; whole numbers have none."""
        asked = AskedRows.of(question)
        known = [one for one in quantities_named(question.scenario, self.quantities) if not one.whole]
        quick = [one for one in known if not (asked.slow and field_of(one) == "memory_bytes")]
        found, _ = asked.looked_at(quick, rows=ROWS_A_PRICE, calls=CALLS_A_PRICE)
        left = [one for one in known if one not in found]
        of = "energy" if question.scenario.objective.is_energy else "delay"
        prices = shadow_prices(asked, found)
        telling = (one for one in prices if one.saved_s or one.saved_j or one.step_s or one.step_j)
        now = {one.name: one.value for one in found}
        scales = {one.name: _prefixed(one)[0] for one in found}
        order = sorted(telling, key=lambda one: -_saved(one, of) * now[one.name] / scales[one.name])
        return ShadowPrices(
            prices=tuple(order), cut=asked.present.label(0), of=of, left=tuple(one.title for one in left)
        )


def shadow_prices(asked: AskedRows, found: Sequence[Quantity]) -> list[ShadowPrice]:
    """The price of every quantity under the plan of the scenario as it is."""
    if not found:
        return []
    numbers = np.arange(len(found))
    slopes = _slopes(asked, found)
    now, edges = asked.present, _edges(asked, found)
    beyond = asked.changed_by(found, np.tile(numbers, 2), np.where(np.isnan(edges), 1.0, edges).ravel())
    return list(_prices(found, slopes, edges, beyond, now))


def _edges(asked: AskedRows, found: Sequence[Quantity]) -> Floats:
    """The nearest factors (up and down, quantities) with other cuts, nan where none were found.

    Where less of a memory binds, rows may take a plan each, so that such searches end at a millionth.
    """
    ends = np.array([[end_of(one, way, FARTHEST) for one in found] for way in (1, -1)])
    slow = np.array([[False] * len(found), [field_of(one) == "memory_bytes" for one in found]])
    edges = np.full(ends.shape, np.nan)
    for some, precision in ((~slow, asked.precision(EDGES)), (slow, EDGES)):
        numbers = np.nonzero(some)[1]

        def other_cut(search: Ints, factors: Floats, which: Ints = numbers) -> Mask:
            answers = asked.changed_by(found, which[search], factors)
            return np.array([answers.labels[code] for code in answers.cut]) != asked.present.label(0)

        if len(numbers):
            edges[some] = turning_factors(other_cut, ends[some], precision)
    return edges


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Slopes(Frozen):
    """Derivatives of delay and energy by the factor of each quantity, at 1, with the law they follow."""

    delay_s: Floats
    energy_j: Floats
    law: tuple[Law, ...]


def _slopes(asked: AskedRows, found: Sequence[Quantity]) -> _Slopes:
    """From three points about today's, at the first step at which all have the same cuts."""
    which = np.repeat(np.arange(len(found)), 3)
    steps = np.array([np.array([1 - h, 1.0, 1 + h]) for h in STEP_RATIO * np.array(SMALLER_STEPS)])
    tried = []
    for points in steps:
        answers = asked.answers(columns_of(found, [(which, np.tile(points, len(found)))]))
        cuts = answers.cut.reshape(-1, 3)
        tried.append((points, answers, (cuts == cuts[:, 1:2]).all(axis=1)))
        if tried[-1][2].all():
            break
    rows = [next((t for t in tried if t[2][i]), tried[-1]) for i in range(len(found))]
    told = [_slope(p, _three(a, i), same=bool(s[i])) for i, (p, a, s) in enumerate(rows)]
    return _Slopes(
        delay_s=np.array([delay for delay, _, _ in told]),
        energy_j=np.array([energy for _, energy, _ in told]),
        law=tuple(law for _, _, law in told),
    )


def _three(answers: Answers, number: int) -> Floats:
    part = slice(3 * number, 3 * number + 3)
    return np.array([answers.delay_s[part], answers.energy_j[part]])


def _slope(points: Floats, values: Floats, *, same: bool) -> tuple[float, float, Law]:
    """Derivatives at the middle point of values (2, 3), by the law that all three lie on."""
    scale = np.abs(values).max(axis=1) * SAME_LAW_RATIO
    if same and (np.abs(values - values[:, 1:2]) <= scale[:, None] * 1e-3).all():
        return 0.0, 0.0, "steps"
    laws: tuple[tuple[Law, Floats, float], ...] = (("linear", points, 1.0), ("hyperbolic", 1 / points, -1.0))
    for law, at, sign in laws:
        slope = (values[:, 2] - values[:, 0]) / (at[2] - at[0])
        middle = values[:, 0] + slope * (at[1] - at[0])
        if same and (np.abs(middle - values[:, 1]) <= scale).all():
            return float(sign * slope[0]), float(sign * slope[1]), law
    slope = (values[:, 2] - values[:, 0]) / (points[2] - points[0])
    return float(slope[0]), float(slope[1]), "other"


def _prices(
    found: Sequence[Quantity], slopes: _Slopes, edges: Floats, beyond: Answers, now: Answers
) -> Iterator[ShadowPrice]:
    for i, one in enumerate(found):
        up, down = edges[:, i]
        above, below = i, len(found) + i
        scale, prefix = _prefixed(one)
        unit = f"{prefix}{UNITS.get(one.unit, one.unit)}" or "unit"
        per = scale / one.value
        steps = slopes.law[i] == "steps" and not math.isnan(up)
        yield ShadowPrice(
            name=one.name,
            title=one.title,
            now=one.amount(1.0),
            unit_text=unit,
            saved_s=-float(slopes.delay_s[i] * per) + 0.0,
            saved_j=-float(slopes.energy_j[i] * per) + 0.0,
            law=slopes.law[i],
            exact=slopes.law[i] != "other",
            holds_from=None if math.isnan(down) else float(down * one.value),
            holds_to=None if math.isnan(up) else float(up * one.value),
            from_text="" if math.isnan(down) else one.told(float(down)),
            to_text="" if math.isnan(up) else one.told(float(up)),
            cut_below="" if math.isnan(down) else beyond.label(below),
            cut_above="" if math.isnan(up) else beyond.label(above),
            step_s=float(now.delay_s[0] - beyond.delay_s[above]) if steps else 0.0,
            step_j=float(now.energy_j[0] - beyond.energy_j[above]) if steps else 0.0,
        )


def _prefixed(one: Quantity) -> tuple[float, str]:
    """The unit that suits today's value: how much of it is one, and its prefix."""
    if one.unit in ("s", "", "ratio", "count"):
        return 1.0, ""
    return next(((f, p) for p, f in PREFIXES.items() if one.value >= f), (1.0, ""))


def _saved(one: ShadowPrice, of: str) -> float:
    return one.saved_s if of == "delay" else one.saved_j


def _step(one: ShadowPrice, of: str) -> float:
    return one.step_s if of == "delay" else one.step_j


def _lower(title: str) -> str:
    return title[0].lower() + title[1:]
