"""Delay and energy of a round over the number of groups that its devices are divided into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from cutwise.analyses.base import registered, rows_of, table_text
from cutwise.analyses.comparison import cuts_text, is_valid, optimality
from cutwise.caches import kept
from cutwise.fields.field_values import Settled
from cutwise.planning.sharing.device_groups import counts_of
from cutwise.plans.inference_words import said
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
        takes = said(f"the round takes {best.delay_s:.6g} s", training=self.training)
        if len(self.rounds) == 1:
            return f"one device is not divided: {takes}"
        verb = "are" if best.count > 1 else "is"
        told = [f"{self.named(best)} {verb} best, {takes}"]
        told += [self._beside(end, best) for end in ends if end is not best]
        if not self.complete:
            told.append(f"{len(self.rounds)} of {self.rounds[-1].count} numbers were tried")
        if self.equal_between:
            told.append("between the two ends the band is shared equally")
        return "; ".join(told)

    def named(self, one: DividedRound) -> str:
        """How many parts, and the scheme that it comes to."""
        like = f" ({one.like.replace('_', ' ')})" if one.like else ""
        return f"{self.count_text(one)}{like}"

    def count_text(self, one: DividedRound) -> str:
        """How many parts, in words."""
        return f"{one.count} {self.parts if one.count > 1 else self.parts.removesuffix('s')}"

    def _beside(self, end: DividedRound, best: DividedRound) -> str:
        change = end.delay_s / best.delay_s - 1 if best.delay_s else 0.0
        if abs(change) <= SAME_RATIO:
            return f"{self.named(end)} as fast"
        return f"{self.named(end)} {abs(percent(change)):.3g} % {'slower' if change > 0 else 'faster'}"

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
        rounds = [divided_round(asked, count) for count in counts_tried(question)]
        return divided_rounds(asked, rounds, chosen=divided_round(asked, EVERY))


def divided_question(question: Question) -> Question:
    """The question about its own scheme where that divides the devices, else about GSFL as it is.

    The number of parts that it gives is left out. Raises `CutwiseError` where the scheme has no such options.
    """
    scheme_with(question.scheme, dict(question.options))
    parts = divided_into(question.scheme)
    rest = {name: value for name, value in question.options.items() if name != parts}
    return replace(question, options=rest) if parts else replace(question, scheme=USUAL, options={})


def number_given(question: Question) -> int:
    """The number of parts that a question gives, at most one a device; 0 where the scheme decides."""
    parts = divided_into(question.scheme)
    given = int(getattr(scheme_with(question.scheme, dict(question.options)), parts)) if parts else EVERY
    return min(given, len(question.scenario.devices))


def counts_tried(question: Question) -> tuple[int, ...]:
    """The numbers of parts that are planned, the fewest first; the one that is given is among them."""
    usual = counts_of(EVERY, len(question.scenario.devices))
    return tuple(sorted({*usual, number_given(question) or usual[0]}))


@kept
def divided_round(asked: Question, count: int) -> DividedRound:
    """The round of so many parts; of the number that the scheme decides for itself where `count` is 0."""
    parts, devices = divided_into(asked.scheme), len(asked.scenario.devices)
    plan = shown_plan(replace(asked, options={**asked.options, parts: count}), listed=False)
    ends = {1: SCHEMES[asked.scheme].ends[0], devices: SCHEMES[asked.scheme].ends[1]}
    return DividedRound(
        count=count,
        like=ends.get(count, ""),
        delay_s=plan.delay_s,
        energy_j=plan.energy_j,
        keeps_limits=is_valid(plan),
        optimality=optimality(plan),
        cut=cuts_text(plan),
    )


def divided_rounds(asked: Question, rounds: Sequence[DividedRound], *, chosen: DividedRound) -> DividedRounds:
    """The rounds of all `counts_tried` together; `chosen` is that of the scheme's own number."""
    devices = len(asked.scenario.devices)
    return DividedRounds(
        scheme=asked.scheme,
        parts=divided_into(asked.scheme),
        rounds=tuple(rounds),
        best=_place_of(chosen, rounds),
        complete=len(rounds) == devices,
        equal_between=asked.scenario.sharing.bandwidth == "optimised" and devices > 2,
        training=asked.scenario.workload.training,
    )


def _place_of(chosen: DividedRound, rounds: Sequence[DividedRound]) -> int:
    """Where the round that the scheme decides for itself stands among them."""

    def off(one: DividedRound) -> float:
        pairs = ((one.delay_s, chosen.delay_s), (one.energy_j, chosen.energy_j))
        return max(abs(here - there) / there if there else 0.0 for here, there in pairs)

    offs = [off(one) for one in rounds]
    return next((place for place, value in enumerate(offs) if value <= SAME_RATIO), offs.index(min(offs)))
