"""Rounds as rows on one time axis: who works when, as planned, and in what the seconds go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from cutwise.plans.plan import Plan
from cutwise.tolerances import SUM_ROUNDING
from cutwise_dashboard.charts.turn_parts import seconds_by_part
from cutwise_dashboard.format import readable, seconds_text

MOST_ROWS = 8
ALIKE_RATIO = 0.01
"""Rows whose parts differ by less of the round than this stand as one."""
IN_ORDER = ("Device computing", "Uplink", "Server computing", "Downlink", "Model exchange")
MOST_NAMED = 2
WAITING = "Waiting for the others"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartBar:
    """One part of a device's turn; `text` says whose it is and how long it lasts."""

    part: str
    start_s: float
    length_s: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRow:
    """What is done one after another: a group's turns, phase by phase; `alike` rows look like it."""

    devices: tuple[str, ...]
    bars: tuple[PartBar, ...]
    end_s: float
    alike: int = 1

    def drawn(self, least_s: float) -> tuple[PartBar, ...]:
        """The bars; where turns are shorter than this and nothing waits, one bar a part for all of them."""
        seconds = {part: sum(bar.length_s for bar in self.bars if bar.part == part) for part in IN_ORDER}
        has_gaps = abs(sum(seconds.values()) - self.end_s) > SUM_ROUNDING * self.end_s * len(self.bars)
        if len(self.devices) < 2 or has_gaps or self.end_s / len(self.devices) >= least_s:
            return self.bars
        found, start_s = [], 0.0
        for part, length_s in seconds.items():
            if length_s > 0:
                text = f"{self.name}: {part.lower()} {seconds_text(length_s)}"
                found.append(PartBar(part=part, start_s=start_s, length_s=length_s, text=text))
                start_s += length_s
        return tuple(found)

    def waits(self, delay_s: float) -> tuple[PartBar, ...]:
        """When the row is idle in a round of this length: before a phase of others has ended, and at last."""
        starts = [*(bar.start_s for bar in self.bars), delay_s]
        ends = [0.0, *(bar.start_s + bar.length_s for bar in self.bars)]
        near_s = SUM_ROUNDING * delay_s * (1 + len(self.bars))
        return tuple(
            PartBar(
                part=WAITING,
                start_s=end_s,
                length_s=start_s - end_s,
                text=f"{self.name}: {WAITING.lower()} {seconds_text(start_s - end_s)}",
            )
            for end_s, start_s in zip(ends, starts, strict=True)
            if start_s - end_s > near_s
        )

    @property
    def name(self) -> str:
        """Whose row it is."""
        more = len(self.devices) - 1
        named = f"{self.devices[0]} and {more} more" if more >= MOST_NAMED else ", ".join(self.devices)
        return f"{named} · {self.alike} alike" if self.alike > 1 else named


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundShown:
    """A round under its name, the longest rows first where not all are shown; why there is none."""

    name: str
    delay_s: float = 0.0
    rows: tuple[RoundRow, ...] = ()
    left_out: str = ""
    refused: str = ""

    @property
    def head(self) -> str:
        """The name with how long the round takes."""
        return f"{self.name}: {self.refused or seconds_text(self.delay_s)}"


def round_shown(name: str, plan: Plan) -> RoundShown:
    """The rows of a plan's round, alike ones folded, at most eight."""
    rows = _folded(list(_rows(plan)), plan.delay_s)
    ranked = sorted(range(len(rows)), key=lambda place: -rows[place].end_s)[:MOST_ROWS]
    kept = tuple(rows[place] for place in sorted(ranked))
    more = sum(row.alike for row in rows) - sum(row.alike for row in kept)
    ends_s = max((rows[i].end_s for i in range(len(rows)) if i not in ranked), default=0.0)
    left_out = f"and {more} more, which end by {seconds_text(ends_s)}" if more else ""
    return RoundShown(name=name, delay_s=plan.delay_s, rows=kept, left_out=left_out)


def _rows(plan: Plan) -> Iterator[RoundRow]:
    """One row a group; groups of later phases go on in the rows of the phases before."""
    starts = phase_starts_s(plan)
    for lane in zip_longest(*plan.phases, fillvalue=()):
        bars: list[PartBar] = []
        end_s = 0.0
        for group, start_s in zip(lane, starts, strict=True):
            at_s = start_s
            for place in group:
                bars += _turn(plan, place, at_s)
                at_s += float(plan.stages[place].delay_s)
            end_s = at_s if group else end_s
        names = tuple(plan.decisions[place].device for group in lane for place in group)
        yield RoundRow(devices=names, bars=tuple(bars), end_s=end_s)


def phase_starts_s(plan: Plan) -> list[float]:
    """When each phase begins: a phase lasts as long as the longest of its groups."""
    starts, at_s = [], 0.0
    for groups in plan.phases:
        starts.append(at_s)
        at_s += max(sum(float(plan.stages[place].delay_s) for place in group) for group in groups)
    return starts


def _turn(plan: Plan, place: int, start_s: float) -> Iterator[PartBar]:
    seconds, decision = seconds_by_part(plan.stages[place]), plan.decisions[place]
    for part in IN_ORDER:
        length_s = float(seconds[part])  # type: ignore[index]
        if length_s > 0:
            told = (
                f"{decision.device}, {readable(decision.cut.label)}: {part.lower()} {seconds_text(length_s)}"
            )
            yield PartBar(part=part, start_s=start_s, length_s=length_s, text=told)
            start_s += length_s


def _folded(rows: Sequence[RoundRow], delay_s: float) -> list[RoundRow]:
    """Rows that look alike as one, in the place of the first."""
    found: list[RoundRow] = []
    for row in rows:
        twin = next((i for i, other in enumerate(found) if _alike(row, other, ALIKE_RATIO * delay_s)), None)
        if twin is None:
            found.append(row)
        else:
            found[twin] = replace(found[twin], alike=found[twin].alike + row.alike)
    return found


def _alike(one: RoundRow, other: RoundRow, near_s: float) -> bool:
    if [bar.part for bar in one.bars] != [bar.part for bar in other.bars]:
        return False
    pairs = zip(one.bars, other.bars, strict=True)
    return all(
        abs(a.start_s - b.start_s) <= near_s and abs(a.length_s - b.length_s) <= near_s for a, b in pairs
    )


def parts_drawn(rounds: Sequence[RoundShown]) -> tuple[str, ...]:
    """The parts that any of the rounds has, in the order of a turn, and waiting at last."""
    there = {bar.part for one in rounds for row in one.rows for bar in row.bars}
    waits = any(row.waits(one.delay_s) for one in rounds for row in one.rows)
    return (*(part for part in IN_ORDER if part in there), *((WAITING,) if waits else ()))
