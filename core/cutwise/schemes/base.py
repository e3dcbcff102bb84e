"""What a scheme is, and the table of all of them."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from cutwise.arrays import Mask
from cutwise.planning.whole_round.best_modes import ChosenModes, best_modes
from cutwise.plans.learning import ONE_SERVER_MODEL, Learning
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import Round
from cutwise.problem.split_problem import SplitProblem
from cutwise.registry import Registry


class Scheme(Protocol):
    """Decides every device's cut and share, and says what one round costs.

    A scheme is a frozen dataclass; its fields are its options, which become widgets and command-line
    flags. The first line of its docstring is what people read in lists. `is_baseline` marks what
    plans are compared with; `round_of` says whether devices work in turn or at once; `separable` that
    each device's cut may be chosen alone under a fixed sharing policy, which lets a sweep answer all
    its scenarios from one table; `exhaustive` that it tries every split, which proves an answer for a small
    model and gives none for a large one. `learning` says how its devices train, for rounds to a target.
    One that is not separable may say `turns_alone`: a device's turn is the same whatever the others do.
    One that divides the devices names the option that says into how many parts (`divided_into`), and the
    schemes that one part, and a part a device, come to (`ends`). One whose devices all have one cut, which is
    the same whatever their numbers are, says which it is by `given_cut(problem)`, of shape (ops,).
    """

    is_baseline: ClassVar[bool]
    round_of: ClassVar[Round]
    separable: ClassVar[bool]
    exhaustive: ClassVar[bool]

    @property
    def learning(self) -> Learning:
        """How devices train with its options."""
        ...

    def solve(self, problem: SplitProblem) -> Plan:
        """The plan for `problem`; infeasible is a status of the plan, not an error."""
        ...


SCHEMES: Registry[type[Any]] = Registry("scheme")


def comes_back(scheme: str) -> bool:
    """True for a scheme whose last part of the model runs on the device again."""
    return bool(getattr(SCHEMES[scheme], "comes_back", False))


def divided_into(scheme: str) -> str:
    """The option of a scheme that says into how many parts it divides the devices; empty for the others.

    >>> divided_into("gsfl"), divided_into("fast_split")
    ('groups', '')
    """
    return str(getattr(SCHEMES[scheme], "divided_into", ""))


def has_given_cut(scheme: str) -> bool:
    """True for a scheme whose cut stays the same whatever the speeds, rates, powers and data are.

    >>> has_given_cut("server_only"), has_given_cut("fast_split")
    (True, False)
    """
    return hasattr(SCHEMES[scheme], "given_cut")


def given_cut(problem: SplitProblem, scheme: Scheme) -> Mask | None:
    """The cut (ops,) that such a scheme gives to all devices; None of another."""
    own: Any = scheme
    return own.given_cut(problem) if hasattr(own, "given_cut") else None


def baseline_names() -> tuple[str, ...]:
    """Names of the schemes that plans are compared with, in order of registration."""
    return tuple(name for name, scheme in SCHEMES.items() if scheme.is_baseline)


def rival_names() -> tuple[str, ...]:
    """Baselines that answer for a model of any size: trying every split is no rival but a proof."""
    return tuple(name for name in baseline_names() if not SCHEMES[name].exhaustive)


def in_best_modes(problem: SplitProblem, scheme: Scheme) -> ChosenModes:
    """The problem in the power modes that are best under the scheme, where some are to be decided."""
    one_for_all = getattr(scheme, "common_cut", False) or scheme.learning == ONE_SERVER_MODEL
    alone = getattr(scheme, "turns_alone", scheme.separable) and not one_for_all
    return best_modes(problem, scheme.solve, scheme.round_of, alone=alone)


def answered(problem: SplitProblem, scheme: Scheme) -> Plan:
    """The scheme's plan, its parties in their best power modes."""
    chosen = in_best_modes(problem, scheme)
    return chosen.plan(scheme.solve(chosen.problem))
