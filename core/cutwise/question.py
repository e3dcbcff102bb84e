"""What is asked: a model in a scenario, how it is planned, which cut is pinned, what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from cutwise.caches import kept
from cutwise.defaults import DEFAULT_SCHEME
from cutwise.errors import UnknownNameError
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import ModelGraph
from cutwise.planning.answer.evidence import with_evidence
from cutwise.planning.answer.next_best import with_alternatives
from cutwise.planning.answer.tight_memory import with_deciders
from cutwise.planning.sharing.codec_choice import OWN, on_limit, with_compressor
from cutwise.planning.whole_round.best_modes import ChosenModes, asks_modes, in_modes_of
from cutwise.plans.learning import ONE_SERVER_MODEL, WHOLE_MODELS
from cutwise.plans.plan import Plan
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.parts import Scenario
from cutwise.schemes import SCHEMES, baseline_names, rival_names
from cutwise.schemes.base import answered, in_best_modes
from cutwise.schemes.options import scheme_with


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Frozen):
    """Everything that is asked, and nothing that is answered.

    `options` are those of the scheme. `cut` pins one cut for every device: the ops it lies behind,
    comma-separated; empty for the best cuts. `baseline` is the scheme that plans are compared with; empty for
    the best valid one.
    """

    graph: ModelGraph
    scenario: Scenario = field(default_factory=Scenario)
    scheme: str = DEFAULT_SCHEME
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    cut: str = ""
    baseline: str = ""


def asked_problem(question: Question) -> SplitProblem:
    """Model and scenario as numbers; raises `ScenarioError` where they do not fit."""
    return build_problem(question.graph, question.scenario)


def problem_of(question: Question) -> SplitProblem:
    """The same with every party in the power mode that is best for the plan that is shown."""
    return _chosen_modes(question).problem


def problem_of_plan(question: Question, plan: Plan) -> SplitProblem:
    """The same in the modes that a plan has decided already."""
    return in_modes_of(asked_problem(question), plan)


def _chosen_modes(question: Question) -> ChosenModes:
    if not asks_modes(question.scenario):
        return ChosenModes(problem=asked_problem(question))
    scheme = scheme_with(shown_scheme(question), shown_options(question))
    return _decided_modes(question.graph, question.scenario, scheme)


@kept
def _decided_modes(graph: ModelGraph, scenario: Scenario, scheme: Any) -> ChosenModes:
    return in_best_modes(build_problem(graph, scenario), scheme)


def can_pin(scheme: str) -> bool:
    """True for schemes whose plan with a given cut can be shown: all but the baselines."""
    return not SCHEMES[scheme].is_baseline


def takes_cut(scheme: str) -> bool:
    """True for a scheme with an option for a given cut."""
    return any(option.name == "cut" for option in fields(SCHEMES[scheme]))


def shown_scheme(question: Question) -> str:
    """The scheme whose plan is shown: with a pinned cut one that takes it, with the same kind of round."""
    if not question.cut or takes_cut(question.scheme):
        return question.scheme
    at_once = SCHEMES[question.scheme].round_of.parallel
    alike = (name for name, scheme in SCHEMES.items() if scheme.round_of.parallel == at_once)
    return next(name for name in alike if takes_cut(name) and SCHEMES[name].separable)


def shown_options(question: Question) -> dict[str, Any]:
    """The options of the plan that is shown, the pinned cut among them."""
    if not question.cut:
        return dict(question.options)
    kept = question.options if takes_cut(question.scheme) else {}
    return {**kept, "cut": question.cut}


def unpinned(question: Question) -> Question:
    """The same question without the pinned cut."""
    return replace(question, cut="")


def shown_plan(question: Question, *, listed: bool = True) -> Plan:
    """The plan that is asked for: the scheme's own, or with a cut that is pinned the one with that cut.

    Unless it is `listed`, the next-best cuts are left out, which take longest in a model of thousands of ops.
    Raises `UnknownNameError` for a scheme or option that does not exist, `ScenarioError` for values that do
    not fit, `SolverError` where the scheme cannot answer.
    """
    modes = _chosen_modes(question)
    problem, chosen = modes.problem, scheme_with(shown_scheme(question), shown_options(question))
    found = modes.plan(chosen.solve(problem))
    plan = with_deciders(problem, with_evidence(problem, found, chosen.learning))
    if not (listed and weighs_cuts(chosen)):
        return plan
    if chosen.learning.own_codec:
        problem = on_limit(with_compressor(problem, shown_options(question).get("codec", OWN)))
    one_model = chosen.learning == ONE_SERVER_MODEL
    return with_alternatives(problem, plan, one_model=one_model)


def weighs_cuts(scheme: Any) -> bool:
    """True for a scheme that chooses among splits: no baseline but the exhaustive one, nor whole models.

    A scheme that comes back to the device has cuts of another kind, which are not listed.
    """
    if getattr(scheme, "comes_back", False):
        return False
    return scheme.learning != WHOLE_MODELS and (scheme.exhaustive or not scheme.is_baseline)


def baseline_plan(question: Question) -> Plan | None:
    """The baseline's plan: the one that is named, else the valid one with the least objective.

    None where every baseline breaks a rule. Raises `UnknownNameError` for a name that is no baseline's.
    """
    if question.baseline and question.baseline not in baseline_names():
        raise UnknownNameError("baseline", question.baseline, baseline_names())
    problem = asked_problem(question)
    asked = [question.baseline] if question.baseline else rival_names()
    chosen = [SCHEMES[name]() for name in asked]
    plans = [with_evidence(problem, answered(problem, one), one.learning) for one in chosen]
    if question.baseline:
        return plans[0]
    valid = [found for found in plans if found.status != "infeasible"]
    return min(valid, key=lambda found: found.report.value, default=None)
