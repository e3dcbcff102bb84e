"""What a scheme is, and the table of all of them."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

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
    its scenarios from one table.
    """

    is_baseline: ClassVar[bool]
    round_of: ClassVar[Round]
    separable: ClassVar[bool]

    def solve(self, problem: SplitProblem) -> Plan:
        """The plan for `problem`; infeasible is a status of the plan, not an error."""
        ...


SCHEMES: Registry[type[Any]] = Registry("scheme")


def baseline_names() -> tuple[str, ...]:
    """Names of the schemes that plans are compared with, in order of registration."""
    return tuple(name for name, scheme in SCHEMES.items() if scheme.is_baseline)
