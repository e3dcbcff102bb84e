"""A published figure recomputed by plans of the public face: the paper's scheme and all that ran beside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cutwise.analyses.comparison import is_valid
from cutwise.caches import kept
from cutwise.errors import CutwiseError, SolverError
from cutwise.frozen import Frozen, FrozenDict
from cutwise.graph.model_graph import ModelGraph
from cutwise.papers.deviations import Deviation, deviations
from cutwise.papers.paper import Figure, Paper
from cutwise.pipeline import plan
from cutwise.plans.plan import Plan
from cutwise.scenario.parts import Scenario
from cutwise.schemes import rival_names
from cutwise.units import percent

MET_RATIO = 0.02
"""A figure is met where ours is no further from the published one."""

QUANTITIES: Mapping[str, Callable[[Plan], float]] = FrozenDict(
    {
        "delay_s": lambda found: found.delay_s,
        "server_energy_j": lambda found: found.energy_by_owner_j["server"],
        "traffic_bytes": lambda found: float(sum(float(stage.traffic_bytes) for stage in found.stages)),
        "server_memory_bytes": lambda found: found.server_memory_bytes,
    }
)
"""What a figure compares, as plans say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside(Frozen):
    """A scheme that ran on the preset: its quantity, and by how much the paper's own is below it.

    `saved_ratio` is None where it has nothing to save, `value` too where the scheme gives no plan. `counted`
    says that the figure is read from it; only a plan that keeps every rule is. `said` is what it breaks.
    """

    scheme: str
    status: str
    value: float | None
    saved_ratio: float | None
    counted: bool
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed(Frozen):
    """One figure: the paper's scheme with its options, everything beside it, and how the preset deviates.

    `ratio` is the least or the most that is saved beside a scheme that counts, None where all of those
    break a rule.
    """

    figure: Figure
    scheme: str
    options: Mapping[str, Any] = field(hash=False)
    own: Plan = field(hash=False)
    value: float
    rivals: tuple[Beside, ...]
    deviations: tuple[Deviation, ...]

    @property
    def read(self) -> Beside | None:
        """The scheme from which the figure is read."""
        return _read(self.figure, self.rivals)

    @property
    def ratio(self) -> float | None:
        """What the paper's scheme saves, read as the figure is."""
        return self.read.saved_ratio if self.read else None

    @property
    def met(self) -> bool:
        """Whether ours is within two points of what was published."""
        return meets(self.figure, self.ratio)

    @property
    def sentence(self) -> str:
        """Published and ours, beside what, and whether the one meets the other."""
        published = f"{self.figure.provenance}: {percent(self.figure.value_ratio):.4g} %"
        if self.read is None:
            return f"{published}; not met: every scheme that counts breaks a rule here."
        verdict = "met within two points" if self.met else "not met"
        ours = f"ours {percent(self.read.saved_ratio or 0.0):.4g} % beside {self.read.scheme}"
        return f"{published}; {ours}: {verdict}."


@kept
def _answer(
    graph: ModelGraph, scenario: Scenario, scheme: str, options: tuple[tuple[str, Any], ...]
) -> Plan | str:
    """The plan, or why there is none; figures of one scenario share it."""
    try:
        return plan(graph, scenario, scheme, **dict(options))
    except CutwiseError as error:
        return str(error)


def _broken(found: Plan) -> str:
    """The first rule that a plan breaks, and how many more."""
    more = len(found.violations) - 1
    first = found.violations[0].sentence if found.violations else ""
    return f"{first}; and {more} more" if more > 0 else first


def recomputed(paper: Paper, name: str) -> Recomputed:
    """The figure at its preset, with every baseline and the schemes the paper is compared with.

    Each is `cutwise.plan` on the same scenario with its default options, the paper's with those it names.
    Raises `UnknownNameError` for a figure the paper lacks.
    """
    figure, graph, scenario = paper.figure(name), paper.graph(), paper.at_preset(name)
    own = _answer(graph, scenario, paper.scheme, tuple(paper.options.items()))
    if isinstance(own, str):
        raise SolverError(f"{paper.key}: {own}")
    value = QUANTITIES[figure.quantity](own)
    rivals = tuple(
        _beside(figure, value, scheme, _answer(graph, scenario, scheme, ()))
        for scheme in schemes_of(paper, figure)
        if scheme != paper.scheme
    )
    return Recomputed(
        figure=figure,
        scheme=paper.scheme,
        options=paper.options,
        own=own,
        value=value,
        rivals=rivals,
        deviations=deviations(scenario, paper.scheme, paper.options, paper.stated),
    )


def read_beside(figure: Figure, own: Plan, graph: ModelGraph, scenario: Scenario) -> Beside | None:
    """The scheme that a figure is read from beside any plan of any scenario; None where all break a rule.

    At the figure's preset with the paper's plan it is that of `recomputed`.
    """
    value = QUANTITIES[figure.quantity](own)
    found = [
        _beside(figure, value, scheme, _answer(graph, scenario, scheme, ()))
        for scheme in figure.counted
        if scheme != own.scheme
    ]
    return _read(figure, found)


def schemes_of(paper: Paper, figure: Figure) -> tuple[str, ...]:
    """The paper's scheme and all that run beside it for a figure, those that count first.

    >>> from cutwise.papers import paper
    >>> schemes_of(paper("p5"), paper("p5").figure("delay"))[:3]
    ('gsfl', 'split_learning', 'federated')
    """
    return tuple(dict.fromkeys((paper.scheme, *figure.counted, *paper.compared, *rival_names())))


def meets(figure: Figure, ratio: float | None) -> bool:
    """Whether a saving is within two points of the published one."""
    return ratio is not None and abs(ratio - figure.value_ratio) <= MET_RATIO


def _read(figure: Figure, rivals: Iterable[Beside]) -> Beside | None:
    counted = [rival for rival in rivals if rival.counted and rival.saved_ratio is not None]
    pick = {"least": min, "most": max}[figure.reading]
    return pick(counted, key=lambda rival: rival.saved_ratio or 0.0) if counted else None


def _beside(figure: Figure, value: float, scheme: str, found: Plan | str) -> Beside:
    if isinstance(found, str):
        return Beside(
            scheme=scheme, status="no plan", value=None, saved_ratio=None, counted=False, said=found
        )
    theirs = QUANTITIES[figure.quantity](found)
    return Beside(
        scheme=scheme,
        status=found.status,
        value=theirs,
        saved_ratio=1 - value / theirs if theirs > 0 else None,
        counted=scheme in figure.counted and is_valid(found),
        said=_broken(found),
    )
