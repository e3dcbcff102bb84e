"""What unsure inputs do, as a record: bands over drawn worlds, and the cuts of a device in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cutwise.analyses.base import rows_of, table_text
from cutwise.analyses.what_if.cut_regrets import NEAR_RATIO
from cutwise.frozen import Frozen
from cutwise.units import percent

if TYPE_CHECKING:
    import pandas

LEVELS = {"P5": 0.05, "P10": 0.1, "P50": 0.5, "P90": 0.9, "P95": 0.95}


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnBand(Frozen):
    """What a figure stays below in a twentieth, a tenth, half, nine tenths and nineteen of twenty worlds."""

    figure: str
    unit: str
    now: float
    levels: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CutChance(Frozen):
    """How often a cut is best, and within 5 % of the best, and how much it costs more than the best.

    `mean_regret` is over the drawn worlds, `worst_regret` the largest at the corners of the ranges; None for
    a cut that breaks a limit somewhere that another keeps.
    """

    cut: str
    best_ratio: float
    near_ratio: float
    mean_regret: float | None
    worst_regret: float | None
    planned: bool
    robust: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertainty(Frozen):
    """Bands over the drawn worlds, and the cuts of `device` in them, the most probable first.

    Where `exact`, no world within the ranges has a regret beyond those of the corners; `why_not` says what
    speaks against it. `kept_ratio` is the part of the worlds in which some plan keeps every limit.
    """

    ranges: tuple[str, ...]
    bands: tuple[DrawnBand, ...]
    device: str
    cuts: tuple[CutChance, ...]
    unit: str
    exact: bool
    why_not: str
    kept_ratio: float
    draws: int

    def to_frame(self) -> pandas.DataFrame:
        """One row a band."""
        import pandas

        rows = [[one.figure, one.unit, one.now, *one.levels] for one in self.bands]
        return pandas.DataFrame(rows, columns=["figure", "unit", "as given", *LEVELS])

    def cuts_frame(self) -> pandas.DataFrame:
        """One row a cut."""
        import pandas

        names = list(CutChance.__dataclass_fields__)
        return pandas.DataFrame([[getattr(one, n) for n in names] for one in self.cuts], columns=names)

    def plain(self) -> dict[str, Any]:
        """Ranges, bands and cuts."""
        return {
            "ranges": list(self.ranges),
            "bands": rows_of(self.to_frame()),
            "device": self.device,
            "cuts": list(self.cuts),
            "regret_unit": self.unit,
            "exact": self.exact,
            "why_not": self.why_not,
            "kept_ratio": self.kept_ratio,
            "draws": self.draws,
        }

    def summary(self) -> str:
        """How wide the delay is, how sure the cut is, and which is robust."""
        first = self.bands[0]
        low, high = first.levels[1], first.levels[3]
        told = [f"{first.figure} {low:.4g} to {high:.4g} {first.unit} (P10 to P90 of {self.draws:,} worlds)"]
        if self.kept_ratio < 1:
            told.append(f"some plan keeps the limits in {percent(self.kept_ratio):.3g} % of them")
        told += self._cuts_told()
        told.append(f"drawn: {', '.join(self.ranges)}")
        return "; ".join(told)

    def _cuts_told(self) -> Iterator[str]:
        planned = next((one for one in self.cuts if one.planned), None)
        robust = next((one for one in self.cuts if one.robust), None)
        if planned:
            near = f"within {percent(NEAR_RATIO):.0f} % of the best in {percent(planned.near_ratio):.3g} %"
            yield f"the cut of {self.device}, {planned.cut}, is {near} of them"
        if robust and robust.worst_regret is not None:
            sure = "at most" if self.exact else "at the corners, which is no bound,"
            same = "that cut" if robust.planned else robust.cut
            regret = f"{robust.worst_regret:.4g} {self.unit}"
            yield f"least regretted at worst: {same}, {sure} {regret} over the best"
        if self.why_not:
            yield self.why_not

    def text(self) -> str:
        """Both tables and the summary."""
        cuts = f"\n{table_text(self.cuts_frame(), na_rep='breaks a limit')}" if self.cuts else ""
        return f"{table_text(self.to_frame())}{cuts}\n{self.summary()}"
