"""A headline figure explained: the terms that make it, with numbers put in, and where inputs come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from cutwise.analyses.base import asked_plan, registered, rows_of, table_text
from cutwise.analyses.cut_curve import device_at
from cutwise.analyses.figures.figure_inputs import band_input, figure_inputs
from cutwise.analyses.figures.figure_terms import FIGURES, OWNERS, Term
from cutwise.analyses.figures.stage_formulas import (
    OwnTurn,
    Told,
    delay_formulas,
    energy_formulas,
    own_turn,
    traffic_formulas,
)
from cutwise.fields.field_values import Settled
from cutwise.frozen import FrozenDict
from cutwise.plans.plan import Plan
from cutwise.plans.stages import STAGES, StageTimes
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import Question, problem_of_plan
from cutwise.units import quantity

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureBasis:
    """A figure of the plan with the rule by which its `terms` make it, one device's turn, and the inputs.

    The terms are the plan's own figures: they add up to `value`, or the largest of them is it, as `rule`
    says. `turn` is what the turn of `device` adds to the figure, stage by stage or owner by owner. `inputs`
    are pairs of a name and what it is and rests on.
    """

    figure: str
    unit: str
    value: float
    rule: str
    terms: tuple[Term, ...]
    device: str
    turn: tuple[Term, ...]
    inputs: tuple[tuple[str, str], ...]

    def to_frame(self) -> pandas.DataFrame:
        """One row a term, those of the figure first, then those of the device's turn."""
        import pandas

        both = (("figure", self.terms), (f"turn of {self.device}", self.turn))
        rows = [[of, one.part, one.value, one.words, one.numbers] for of, terms in both for one in terms]
        return pandas.DataFrame(rows, columns=["of", "term", self.unit, "in words", "with numbers put in"])

    def plain(self) -> dict[str, Any]:
        """The figure, its rule, its terms and its inputs."""
        return {
            "figure": self.figure,
            "unit": self.unit,
            "value": self.value,
            "rule": self.rule,
            "terms": rows_of(self.to_frame()),
            "inputs": dict(self.inputs),
        }

    def summary(self) -> str:
        """The figure and how its terms make it."""
        return f"{self.figure} {self.value:.6g} {self.unit}: {self.rule}"

    def text(self) -> str:
        """The terms, the formulas in both forms, the inputs and the summary."""
        table = table_text(self.to_frame().iloc[:, :3])
        formulas = [
            line
            for one in (*self.terms, *self.turn)
            if one.formula
            for line in (f"  {one.part} = {one.words}", f"  {' ' * len(one.part)} = {one.numbers}")
        ]
        inputs = [f"  {name}: {said}" for name, said in self.inputs]
        return "\n".join([table, *formulas, *inputs, self.summary()])


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class NumberAnalysis(Settled):
    """What a headline figure is made of."""

    name: ClassVar[str] = "number"
    title: ClassVar[str] = "Explain this number"
    asks: ClassVar[str] = "Which terms make the figure, with numbers put in, and where does each come from?"
    of_plan: ClassVar[bool] = True
    in_report: ClassVar[bool] = False
    figure: Literal["delay", "energy", "traffic", "memory"] = quantity(
        "delay", title="Figure", help="Which headline figure is explained"
    )
    device: str = quantity("", title="Device", help="Whose turn is taken apart; the slowest if absent")

    def run(self, question: Question) -> FigureBasis:
        """The terms of the figure in the plan that is shown."""
        plan = asked_plan(question)
        problem = problem_of_plan(question, plan)
        at = device_at(plan, self.device)
        made = FIGURES[self.figure](plan, at)
        return FigureBasis(
            figure=self.figure,
            unit=made.unit,
            value=made.value,
            rule=made.rule,
            terms=made.terms,
            device=plan.decisions[at].device,
            turn=_turn(problem, plan, at, self.figure),
            inputs=(*band_input(problem, plan, self.figure), *figure_inputs(problem, plan, at)),
        )


def _turn(problem: SplitProblem, plan: Plan, at: int, figure: str) -> tuple[Term, ...]:
    """What one device's turn adds to the figure, with the numbers that make it where they are its cut's."""
    stages, own = plan.stages[at], own_turn(problem, plan, at)
    formulas = dict(FORMULAS[figure](own)) if own is not None and figure in FORMULAS else {}
    terms = [
        Term(part=title, value=value, formula=formulas.get(name))
        for name, title, value in PARTS_OF[figure](stages)
        if value
    ]
    if figure == "delay" and float(stages.overlap_s):
        terms.append(Term(part="Saved as micro-batches overlap", value=-float(stages.overlap_s)))
    return tuple(terms)


Parts = Iterator[tuple[str, str, float]]


def _delays(stages: StageTimes) -> Parts:
    return ((one.name, one.title, float(one.taken_s(stages))) for one in STAGES)


def _energies(stages: StageTimes) -> Parts:
    return (
        (field, OWNERS[owner], float(getattr(stages, field)))
        for owner, field in zip(OWNERS, ENERGIES, strict=True)
    )


def _bytes(stages: StageTimes) -> Parts:
    yield "traffic_bytes", "Up, down, and the model both ways", float(stages.traffic_bytes)


ENERGIES = ("device_energy_j", "radio_energy_j", "server_energy_j", "network_energy_j")
FORMULAS: Mapping[str, Callable[[OwnTurn], Told]] = FrozenDict(
    {"delay": delay_formulas, "energy": energy_formulas, "traffic": traffic_formulas}
)
PARTS_OF: Mapping[str, Callable[[StageTimes], Parts]] = FrozenDict(
    {"delay": _delays, "energy": _energies, "traffic": _bytes, "memory": lambda stages: iter(())}
)
