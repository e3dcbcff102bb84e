"""Schemes side by side on one scenario: one row a scheme, and which of them passes over all data first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeGuard

from cutwise.analyses.base import registered, rows_of, table_text
from cutwise.errors import CutwiseError
from cutwise.fields.field_values import Settled
from cutwise.frozen import Frozen
from cutwise.planning.answer.evidence import with_evidence
from cutwise.plans.inference_words import said
from cutwise.plans.plan import OWNERS, Plan
from cutwise.plans.serving import Inference
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import Question, asked_problem, shown_options, shown_scheme
from cutwise.schemes.base import SCHEMES, answered, rival_names
from cutwise.schemes.options import scheme_with
from cutwise.tolerances import SAME_RATIO
from cutwise.units import quantity

if TYPE_CHECKING:
    import pandas

HEADLINES = (
    "place", "scheme", "status", "delay_per_data_pass_s", "delay_s", "time_to_target_s",
    "rounds_to_target", "energy_j", "traffic_bytes", "device_memory_bytes", "server_memory_bytes", "memory",
    "cut",
    "optimality", "violations",
)  # fmt: skip
"""The columns that people read first."""
LONGEST_CELL = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsolved:
    """A scheme that gives no plan for this problem, and why."""

    scheme: str
    reason: str


Outcome: TypeAlias = Plan | Unsolved


@dataclass(frozen=True, kw_only=True)
class Comparison(Frozen):
    """Schemes side by side: what each answered, in the order in which they were asked."""

    outcomes: tuple[Outcome, ...]

    @property
    def plans(self) -> Mapping[str, Plan]:
        """The plans by scheme."""
        return {found.scheme: found for found in self.outcomes if isinstance(found, Plan)}

    @property
    def best(self) -> Plan | None:
        """The valid plan that passes over all data first."""
        return best_of(self.outcomes)

    @property
    def best_baseline(self) -> Plan | None:
        """The same among baselines; brute force is no rival but a proof."""
        rivals = rival_names()
        return best_of([found for found in self.outcomes if found.scheme in rivals])

    @property
    def ordered(self) -> tuple[Plan, ...]:
        """The plans by place, schemes before baselines; those that break a rule after them, by delay."""
        place = dict(zip((found.scheme for found in self.outcomes), places(self.outcomes), strict=True))

        def key(plan: Plan) -> tuple[float, float, bool]:
            rank = place[plan.scheme]
            if rank is None:
                return math.inf, plan.delay_per_data_pass_s, False
            return rank, 0.0, SCHEMES[plan.scheme].is_baseline

        return tuple(sorted(self.plans.values(), key=key))

    def to_frame(self) -> pandas.DataFrame:
        """One row a scheme."""
        return comparison_table(self.outcomes)

    def plain(self) -> list[dict[str, Any]]:
        """One row a scheme, absent figures None."""
        return rows_of(self.to_frame())

    def summary(self) -> str:
        """Which scheme is first."""
        if self.best is None:
            return "every scheme breaks a rule"
        first = f"{self.best.scheme} passes over all data first, in {self.best.delay_per_data_pass_s:.6g} s"
        return said(first, training=self.best.inference is None)

    def text(self) -> str:
        """The first columns: absent figures as -, long texts cut short."""
        table = self.to_frame()
        wanted = (name for name in (*HEADLINES[:4], *INFERENCE_COLUMNS, *HEADLINES[4:]) if name in table)
        known = table[[name for name in wanted if table[name].notna().any()]]
        short = {name: _short for name in ("place", "cut", "violations") if name in known}
        return table_text(known, na_rep="-", formatters=short)


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class CompareAnalysis(Settled):
    """Schemes side by side with their default options, the question's own scheme with the options asked."""

    name: ClassVar[str] = "compare"
    title: ClassVar[str] = "Schemes side by side"
    asks: ClassVar[str] = "Which scheme passes over all data first, and at what cost?"
    of_plan: ClassVar[bool] = True
    in_report: ClassVar[bool] = False
    schemes: tuple[str, ...] = quantity(
        (), title="Schemes", help="Only these schemes, separated by commas; all of them if absent"
    )

    def run(self, question: Question) -> Comparison:
        """One outcome a scheme; one that cannot answer says why."""
        problem, own = asked_problem(question), {shown_scheme(question): shown_options(question)}
        names = self.schemes or tuple(SCHEMES)
        return Comparison(outcomes=tuple(outcome_of(problem, name, own.get(name, {})) for name in names))


def outcome_of(
    problem: SplitProblem, scheme: str, options: Mapping[str, Any] = MappingProxyType({})
) -> Outcome:
    """The plan of a scheme, or why it gives none (brute force on a large model).

    Raises `UnknownNameError` for a scheme or an option that does not exist, `ScenarioError` for a value that
    does not fit.
    """
    chosen = scheme_with(scheme, options)
    try:
        return with_evidence(problem, answered(problem, chosen), chosen.learning)
    except CutwiseError as error:
        return Unsolved(scheme=scheme, reason=str(error))


def is_valid(outcome: Outcome) -> TypeGuard[Plan]:
    """True for a plan that keeps every rule; only such a plan can be the best."""
    return isinstance(outcome, Plan) and outcome.status != "infeasible"


def best_of(outcomes: Sequence[Outcome]) -> Plan | None:
    """The valid plan that passes over all data first; of several a scheme before a baseline.

    None where every plan breaks a rule.
    """
    first = [
        found
        for found, place in zip(outcomes, places(outcomes), strict=True)
        if is_valid(found) and place == 1
    ]
    return min(first, key=lambda found: SCHEMES[found.scheme].is_baseline, default=None)


def places(outcomes: Sequence[Outcome]) -> tuple[int | None, ...]:
    """1 for the least delay per pass over all data, and so on; equal delays share a place.

    A plan that breaks a rule has none. The delay of one round does not count, because rounds of
    different schemes train on different numbers of samples.
    """
    delays = [found.delay_per_data_pass_s if is_valid(found) else None for found in outcomes]
    valid = sorted(delay for delay in delays if delay is not None)
    return tuple(
        None if delay is None else 1 + sum(other < delay * (1 - SAME_RATIO) for other in valid)
        for delay in delays
    )


def optimality(plan: Plan) -> str:
    """How good a plan is within its scheme, in words.

    A gap is rounded up to a hundredth of a percent.
    """
    if plan.status == "infeasible":
        return "breaks a rule"
    if plan.status == "optimal":
        return "certified optimal"
    if plan.report.gap is None:
        return "feasible, no bound known"
    return f"heuristic, gap ≤ {math.ceil(1e4 * plan.report.gap) / 100:g} %"


def rounds_per_data_pass(plan: Plan) -> float:
    """Rounds in which as many samples are trained on as all devices hold.

    A round of 20 s whose scheme passes over all data in 30 s holds two thirds of the data: 1.5 rounds.
    """
    return plan.delay_per_data_pass_s / plan.delay_s if plan.delay_s else 1.0


def cuts_text(plan: Plan) -> str:
    """The cut that all devices share, or how many different ones there are."""
    cuts = {decision.cut.label for decision in plan.decisions}
    return cuts.pop() if len(cuts) == 1 else f"{len(cuts)} different cuts"


def comparison_table(outcomes: Sequence[Outcome]) -> pandas.DataFrame:
    """One row an outcome, in the order given; figures of a scheme without a plan are absent.

    Delay, energy and traffic are those of one round, memory is what is held at once; `place` is the
    rank by delay per pass over all data. In inference there are also figures of a request and of a token, of
    the device where they are worst.
    """
    import pandas

    rows = [
        {"place": place, **(_row(found) if isinstance(found, Plan) else _unsolved_row(found))}
        for place, found in zip(places(outcomes), outcomes, strict=True)
    ]
    serves = any(isinstance(found, Plan) and found.inference for found in outcomes)
    table = pandas.DataFrame(rows, columns=["place", *COLUMNS, *(INFERENCE_COLUMNS if serves else ())])
    table["place"] = pandas.Series([row["place"] for row in rows], dtype=object)
    return table


COLUMNS = (
    "scheme", "baseline", "status", "delay_per_data_pass_s", "delay_s", "time_to_target_s",
    "time_to_target_least_s", "time_to_target_most_s", "rounds_to_target", "rounds_to_target_least",
    "rounds_to_target_most", "samples_per_round",
    "energy_j", *(f"energy_{owner}_j" for owner in OWNERS), "energy_per_data_pass_j", "cut", "traffic_bytes",
    "device_memory_bytes", "server_memory_bytes", "memory", "optimality", "method", "violations", "evidence",
    "product_version", "data_version",
)  # fmt: skip


INFERENCE_COLUMNS = (
    "request_delay_s", "sequential_requests_per_s", "pipelined_requests_per_s", "time_to_first_token_s",
    "token_s", "energy_per_token_j",
)  # fmt: skip


def _row(plan: Plan) -> dict[str, Any]:
    return {
        "scheme": plan.scheme,
        "baseline": SCHEMES[plan.scheme].is_baseline,
        "status": plan.status,
        "delay_per_data_pass_s": plan.delay_per_data_pass_s,
        "delay_s": plan.delay_s,
        "time_to_target_s": plan.time_to_target_s,
        "time_to_target_least_s": plan.time_to_target_least_s,
        "time_to_target_most_s": plan.time_to_target_most_s,
        "rounds_to_target": plan.rounds_to_target,
        "rounds_to_target_least": plan.rounds_to_target_least,
        "rounds_to_target_most": plan.rounds_to_target_most,
        "samples_per_round": plan.samples_per_round,
        "energy_j": plan.energy_j,
        **{f"energy_{owner}_j": plan.energy_by_owner_j[owner] for owner in OWNERS},
        "energy_per_data_pass_j": plan.energy_j * rounds_per_data_pass(plan),
        "cut": cuts_text(plan),
        "traffic_bytes": sum(stage.traffic_bytes for stage in plan.stages),
        "device_memory_bytes": max(stage.device_memory.total_bytes for stage in plan.stages),
        "server_memory_bytes": plan.server_memory_bytes,
        "memory": plan.memory_verdict,
        "optimality": optimality(plan),
        "method": plan.report.method,
        "violations": "; ".join(violation.sentence for violation in plan.violations),
        "evidence": plan.evidence,
        "product_version": plan.product_version,
        "data_version": plan.data_version,
        **(_inference_row(plan.inference) if plan.inference else {}),
    }


def _inference_row(served: Inference) -> dict[str, float | None]:
    """Requests a second of all devices, and what a request and a token take where they take most."""
    tokens = [one.tokens for one in served.devices if one.tokens]
    return {
        "request_delay_s": max(one.request_delay_s for one in served.devices),
        "sequential_requests_per_s": served.sequential_requests_per_s,
        "pipelined_requests_per_s": served.pipelined_requests_per_s,
        "time_to_first_token_s": max((one.time_to_first_token_s for one in tokens), default=None),
        "token_s": max((one.token_s for one in tokens if one.token_s is not None), default=None),
        "energy_per_token_j": max(
            (one.energy_per_token_j for one in tokens if one.energy_per_token_j is not None), default=None
        ),
    }


def _unsolved_row(found: Unsolved) -> dict[str, Any]:
    return {
        "scheme": found.scheme,
        "baseline": SCHEMES[found.scheme].is_baseline,
        "status": "unsolved",
        "optimality": "no plan",
        "violations": found.reason,
    }


def _short(value: Any) -> str:
    """The first words of a text; - for an absent one."""
    text = "-" if value in (None, "") else str(value)
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
