"""What would meet a target: changes of one quantity or of two, with what to set, and the sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cutwise.analyses.base import rows_of, table_text
from cutwise.analyses.what_if.least_factors import FARTHEST
from cutwise.analyses.what_if.meeting_schemes import MeetingScheme
from cutwise.frozen import Frozen

if TYPE_CHECKING:
    import pandas

CHEAP = "the least sum of logarithms of ratios: twice of one costs as much as half of another"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Frozen):
    """The least change of one quantity with which a plan keeps every limit.

    `factor` is over what it is now, None where none that was looked at does; `settings` is what to set in
    the scenario. `cut` is that of the plan there.
    """

    name: str
    title: str
    now: str
    factor: float | None
    becomes: str
    cost: float | None
    delay_s: float | None
    energy_j: float | None
    cut: str
    settings: Mapping[str, Any]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedPair(Frozen):
    """Two quantities that together meet the target at the least cost; the cost is theirs together."""

    names: tuple[str, str]
    factors: tuple[float, float]
    cost: float
    delay_s: float
    energy_j: float
    settings: Mapping[str, Any]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets(Frozen):
    """What would meet a target: each quantity alone, cheapest first, the cheapest pair, other schemes.

    `met` says that the plan keeps it as things are. Where not `exact`, factors are to a thousandth, as every
    one that is tried takes a plan of its own; quantities that would take too long are `left`.
    """

    target: str
    met: bool
    changes: tuple[Change, ...]
    pair: ChangedPair | None
    schemes: tuple[MeetingScheme, ...]
    exact: bool
    left: tuple[str, ...] = ()

    @property
    def possible(self) -> tuple[Change, ...]:
        """The changes that meet it, cheapest first."""
        return tuple(one for one in self.changes if one.factor is not None)

    def to_frame(self) -> pandas.DataFrame:
        """One row a quantity, cheapest first, those that cannot last."""
        import pandas

        names = ["title", "now", "becomes", "factor", "cost", "delay_s", "energy_j", "cut"]
        frame = pandas.DataFrame([[getattr(one, n) for n in names] for one in self.changes], columns=names)
        return frame.rename(columns={"title": "quantity", "becomes": "must_become"})

    def plain(self) -> dict[str, Any]:
        """The target, every change with what to set, the cheapest pair, the schemes that meet it."""
        rows = zip(self.changes, rows_of(self.to_frame()), strict=True)
        return {
            "target": self.target,
            "met": self.met,
            "cheap_means": CHEAP,
            "exact": self.exact,
            "left": list(self.left),
            "changes": [
                {"name": one.name, **row, "settings": dict(one.settings), "sentence": one.sentence}
                for one, row in rows
            ],
            "pair": self.pair,
            "schemes": list(self.schemes),
        }

    def summary(self) -> str:
        """The one sentence: what is cheapest, alone and in a pair, and which scheme needs nothing."""
        if self.met:
            return f"{self.target}: kept as things are"
        alone = self.possible
        parts = [f"{alone[0].sentence} would do" if alone else "no single quantity would do"]
        if self.pair:
            parts.append(f"cheapest of two together: {self.pair.sentence}")
        if self.schemes:
            first = self.schemes[0]
            parts.append(
                f"{first.scheme} keeps it as things are ({first.delay_s:.4g} s, {first.energy_j:.4g} J)"
            )
        near = "" if self.exact else "; factors to a thousandth"
        left = ", ".join(title[0].lower() + title[1:] for title in self.left)
        rest = f"; not looked at, as it would take long: {left}" if left else ""
        return f"{self.target}: {', or '.join(parts)}{near}{rest}"

    def text(self) -> str:
        """The table, what cheap means, and the sentence."""
        if not self.changes:
            return self.summary()
        table = f"{table_text(self.to_frame().head(len(self.possible)))}\n" if self.possible else ""
        cannot = [one.title for one in self.changes if one.factor is None]
        told = f"cannot alone, up to {FARTHEST:g} times: {', '.join(cannot)}\n" if cannot else ""
        return f"{table}{told}cheapest: {CHEAP}\n{self.summary()}"
