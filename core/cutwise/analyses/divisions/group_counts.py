"""Delay and energy of a round over the number of groups that its devices are divided into."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from cutwise.analyses.base import registered, rows_of, table_text
from cutwise.analyses.comparison import cuts_text, is_valid, optimality
from cutwise.fields.field_values import Settled
from cutwise.planning.sharing.device_groups import counts_of
from cutwise.plans.inference_words import said
from cutwise.plans.plan import Plan
from cutwise.question import Question, shown_plan
from cutwise.schemes.base import SCHEMES, divided_into
from cutwise.schemes.options import scheme_with
from cutwise.tolerances import SAME_RATIO
from cutwise.units import percent

if TYPE_CHECKING:
    import pandas

USUAL = "gsfl"
"""The scheme that is asked about where the question's own divides nobody."""
EVERY = 0
"""The value of the option with which a scheme decides the number itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DividedRound:
    """The round of so many parts, each device with its best cut in it.

    `like` is the scheme that it comes to: in turn, or all at once; empty between the two.
    """

    count: int
    like: str
    delay_s: float
    energy_j: float
    keeps_limits: bool
    optimality: str
    cut: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DividedRounds:
    """Rounds of a scheme by the number of `parts` ("groups", "clusters"), the fewest first.

    `best` is the place of the number that the scheme itself decides for; `complete` says that there is no
    other number, `equal_between` that only one part and a part a device share the band at its best, all other
    numbers equally.
    """

    scheme: str
    parts: str
    rounds: tuple[DividedRound, ...]
    best: int
    complete: bool
    equal_between: bool
    training: bool

    def to_frame(self) -> pandas.DataFrame:
        """One row a number of parts."""
        import pandas

        rows = [
            [one.count, one.delay_s, one.energy_j, place == self.best, one.keeps_limits, one.like,
             one.optimality, one.cut]
            for place, one in enumerate(self.rounds)
        ]  # fmt: skip
        names = ["delay_s", "energy_j", "best", "keeps_limits", "like", "optimality", "cut"]
        return pandas.DataFrame(rows, columns=[self.parts, *names])

    def plain(self) -> dict[str, Any]:
        """The scheme, the number that is best, and one row a number."""
        return {
            "scheme": self.scheme,
            f"best_{self.parts}": self.rounds[self.best].count,
            "complete": self.complete,
            "equal_between": self.equal_between,
            "rounds": rows_of(self.to_frame()),
        }

    def summary(self) -> str:
        """Which number is best, and what the fewest and the most parts cost beside it."""
        best, ends = self.rounds[self.best], (self.rounds[0], self.rounds[-1])
        if len(self.rounds) == 1:
            told = [f"one device is not divided: a round takes {best.delay_s:.6g} s"]
            return said(told[0], training=self.training)
        verb = "are" if best.count > 1 else "is"
        told = [f"{self.count_text(best)} {verb} best, a round takes {best.delay_s:.6g} s"]
        told += [self._beside(end, best) for end in ends if end is not best]
        if not self.complete:
            told.append(f"{len(self.rounds)} of {self.rounds[-1].count} numbers were tried")
        if self.equal_between:
            told.append("between the two ends the band is shared equally")
        return said("; ".join(told), training=self.training)

    def count_text(self, one: DividedRound) -> str:
        """How many parts, in words."""
        return f"{one.count} {self.parts if one.count > 1 else self.parts.removesuffix('s')}"

    def _beside(self, end: DividedRound, best: DividedRound) -> str:
        change = percent(end.delay_s / best.delay_s - 1) if best.delay_s else 0.0
        beside = f"{abs(change):.3g} % {'slower' if change >= 0 else 'faster'}"
        return f"{self.count_text(end)} ({end.like.replace('_', ' ')}) {beside}"

    def text(self) -> str:
        """The table and its summary."""
        return f"{table_text(self.to_frame())}\n{self.summary()}"


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsAnalysis(Settled):
    """A round of GSFL, or of another scheme that divides its devices, by the number of groups."""

    name: ClassVar[str] = "groups"
    title: ClassVar[str] = "How many groups"
    asks: ClassVar[str] = (
        "What do delay and energy of a round become with one group, two, up to one a device?"
    )
    of_plan: ClassVar[bool] = True
    in_report: ClassVar[bool] = True

    def run(self, question: Question) -> DividedRounds:
        """Every number with its own plan; beyond 64 devices as many numbers, even in their logarithm."""
        asked = divided_question(question)
        parts, devices = divided_into(asked.scheme), len(asked.scenario.devices)
        counts = counts_of(EVERY, devices)
        plans = [_planned(asked, parts, count) for count in counts]
        ends = {1: SCHEMES[asked.scheme].ends[0], devices: SCHEMES[asked.scheme].ends[1]}
        return DividedRounds(
            scheme=asked.scheme,
            parts=parts,
            rounds=tuple(
                _round(plan, count, ends.get(count, "")) for plan, count in zip(plans, counts, strict=True)
            ),
            best=_place_of(_planned(asked, parts, EVERY), plans),
            complete=len(counts) == devices,
            equal_between=asked.scenario.sharing.bandwidth == "optimised" and devices > 2,
            training=asked.scenario.workload.training,
        )


def divided_question(question: Question) -> Question:
    """The question about its own scheme where that divides the devices, else about GSFL as it is.

    Raises `CutwiseError` where the scheme has no such options.
    """
    scheme_with(question.scheme, dict(question.options))
    if divided_into(question.scheme):
        return question
    return replace(question, scheme=USUAL, options={})


def _planned(asked: Question, parts: str, count: int) -> Plan:
    return shown_plan(replace(asked, options={**asked.options, parts: count}), listed=False)


def _round(plan: Plan, count: int, like: str) -> DividedRound:
    return DividedRound(
        count=count,
        like=like,
        delay_s=plan.delay_s,
        energy_j=plan.energy_j,
        keeps_limits=is_valid(plan),
        optimality=optimality(plan),
        cut=cuts_text(plan),
    )


def _place_of(chosen: Plan, plans: list[Plan]) -> int:
    """Where the round that the scheme decides for itself stands among them."""

    def off(plan: Plan) -> float:
        pairs = ((plan.delay_s, chosen.delay_s), (plan.energy_j, chosen.energy_j))
        return max(abs(here - there) / there if there else 0.0 for here, there in pairs)

    offs = [off(plan) for plan in plans]
    return next((place for place, value in enumerate(offs) if value <= SAME_RATIO), offs.index(min(offs)))
