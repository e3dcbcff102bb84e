"""Which schemes keep the limits of a scenario as things are."""

from __future__ import annotations

from dataclasses import dataclass

from cutwise.analyses.comparison import outcome_of
from cutwise.frozen import Frozen
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import build_problem
from cutwise.question import Question
from cutwise.schemes.base import SCHEMES, rival_names


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingScheme(Frozen):
    """A scheme whose plan keeps every limit, with what its round costs."""

    scheme: str
    delay_s: float
    energy_j: float


def schemes_that_meet(question: Question) -> tuple[MeetingScheme, ...]:
    """The other schemes that keep every limit with their default options, the fastest over all data first.

    Schemes come before baselines, which are looked at where no scheme does.
    """
    problem = build_problem(question.graph, question.scenario)
    others = [name for name in SCHEMES if name != question.scheme]
    rivals = set(rival_names())
    for names in (
        [name for name in others if not SCHEMES[name].is_baseline],
        [name for name in others if name in rivals],
    ):
        plans = [outcome_of(problem, name) for name in names]
        kept = [found for found in plans if isinstance(found, Plan) and found.status != "infeasible"]
        if kept:
            order = sorted(kept, key=lambda found: found.delay_per_data_pass_s)
            return tuple(
                MeetingScheme(scheme=one.scheme, delay_s=one.delay_s, energy_j=one.energy_j) for one in order
            )
    return ()
