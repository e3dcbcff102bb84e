"""A headline figure explained: the terms that make it, with numbers put in, and where inputs come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from cutwise.analyses.bands.certainty import basis_of
from cutwise.analyses.base import asked_plan, registered, rows_of, table_text
from cutwise.analyses.cut_curve import device_at
from cutwise.costs.cut_sums import CutSums, Side
from cutwise.fields.field_values import Settled
from cutwise.planning.answer.plan_conditions import conditions_of_plan, sums_of_plan, turns_of_cuts
from cutwise.plans.plan import Plan
from cutwise.plans.stages import STAGES
from cutwise.problem.conditions import Conditions, Pace
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import Question, problem_of_plan
from cutwise.scenario.parties import Party
from cutwise.units import quantity

if TYPE_CHECKING:
    import pandas

MOST_ROWS = 8
OWNERS = {
    "device_compute": "devices, computing and idle", "device_radio": "devices' radios",
    "server": "server and edges", "network": "access points",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One part of a figure: its name, its value, and its formula with numbers put in, where it has one."""

    part: str
    value: float
    numbers: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureBasis:
    """A figure of the plan with the rule by which its `terms` make it, one device's turn, and the inputs.

    The terms are the plan's own figures: they add up to `value`, or the largest of them is it, as `rule`
    says. `turn` are the stages of `device`, which add up to its term. `inputs` are pairs of a name and what
    it is and rests on.
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

        rows = [["figure", one.part, one.value, one.numbers] for one in self.terms]
        rows += [[f"turn of {self.device}", one.part, one.value, one.numbers] for one in self.turn]
        return pandas.DataFrame(rows, columns=["of", "term", self.unit, "with numbers put in"])

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
        """The terms, the inputs and the summary."""
        inputs = "\n".join(f"  {name}: {said}" for name, said in self.inputs)
        return f"{table_text(self.to_frame())}\n{inputs}\n{self.summary()}"


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class NumberAnalysis(Settled):
    """What a headline figure is made of."""

    name: ClassVar[str] = "number"
    title: ClassVar[str] = "Explain this number"
    asks: ClassVar[str] = "Which terms make the figure, with numbers put in, and where does each come from?"
    of_plan: ClassVar[bool] = True
    in_report: ClassVar[bool] = False
    figure: Literal["delay", "energy", "traffic"] = quantity(
        "delay", title="Figure", help="Which headline figure is explained"
    )
    device: str = quantity("", title="Device", help="Whose turn is taken apart; the slowest if absent")

    def run(self, question: Question) -> FigureBasis:
        """The terms of the figure in the plan that is shown."""
        plan = asked_plan(question)
        problem = problem_of_plan(question, plan)
        at = device_at(plan, self.device)
        value, unit, rule, terms = {"delay": _delay, "energy": _energy, "traffic": _traffic}[self.figure](
            plan
        )
        return FigureBasis(
            figure=self.figure,
            unit=unit,
            value=value,
            rule=rule,
            terms=terms,
            device=plan.decisions[at].device,
            turn=_turn(problem, plan, at) if self.figure == "delay" else (),
            inputs=tuple(_inputs(problem, plan, at)),
        )


Made = tuple[float, str, str, tuple[Term, ...]]


def _delay(plan: Plan) -> Made:
    names = [one.device for one in plan.decisions]
    turns = [float(stage.delay_s) for stage in plan.stages]
    at_once = plan.active > 1
    rule = "phases one after another, in each the longest group, in a group its devices in turn"
    if len(plan.phases) == 1:
        several = any(len(group) > 1 for group in plan.phases[0])
        rule = "the longest turn counts" if at_once and not several else rule
        rule = rule if at_once else "the turns are added up"
    return plan.delay_s, "s", rule, _largest(names, turns, adding=not at_once)


def _energy(plan: Plan) -> Made:
    terms = tuple(Term(part=OWNERS[name], value=float(j)) for name, j in plan.energy_by_owner_j.items())
    return plan.energy_j, "J", "what all owners spend in a round, added up", terms


def _traffic(plan: Plan) -> Made:
    sent = [float(stage.traffic_bytes) for stage in plan.stages]
    names = [one.device for one in plan.decisions]
    return (
        sum(sent),
        "B",
        "what every device sends and receives, added up",
        _largest(names, sent, adding=True),
    )


def _largest(names: Sequence[str], values: Sequence[float], *, adding: bool) -> tuple[Term, ...]:
    """The largest terms; the rest as one where they are added up."""
    order = sorted(range(len(values)), key=lambda at: -values[at])
    terms = [Term(part=names[at], value=values[at]) for at in order[:MOST_ROWS]]
    rest = order[MOST_ROWS:]
    if rest and adding:
        terms.append(Term(part=f"{len(rest)} others", value=sum(values[at] for at in rest)))
    return tuple(terms)


def _turn(problem: SplitProblem, plan: Plan, at: int) -> tuple[Term, ...]:
    """The stages of one device's turn, with the numbers that make them where its turn is that of its cut."""
    stages = plan.stages[at]
    numbers = dict(_numbers(problem, plan, at)) if turns_of_cuts(problem, plan)[at] else {}
    terms = [
        Term(part=one.title, value=float(one.taken_s(stages)), numbers=numbers.get(one.name, ""))
        for one in STAGES
        if float(one.taken_s(stages))
    ]
    if float(stages.overlap_s):
        terms.append(Term(part="Saved as micro-batches overlap", value=-float(stages.overlap_s)))
    return tuple(terms)


def _numbers(problem: SplitProblem, plan: Plan, at: int) -> Iterator[tuple[str, str]]:
    """The formula of each stage with this device's numbers put in; none where text is generated."""
    if problem.cost.generation is not None or problem.micro_batches > 1:
        return
    sums = sums_of_plan(problem, plan).reshaped(lambda column: column[[at]])
    own = conditions_of_plan(problem, plan).of(at)
    compute, link = own.compute, own.link
    device = (compute.device_flops_per_s, compute.device_pace)
    server = (compute.server_flops_per_s, compute.server_pace)
    forward = _pass(sums.device, own, device, back=False)
    if _plain(link.encode_s_per_byte):
        yield "device_forward_s", forward
    if _plain(link.decode_s_per_byte):
        yield "device_backward_s", _pass(sums.device, own, device, back=True)
    both = f"({_pass(sums.server, own, server, back=False)} + {_pass(sums.server, own, server, back=True)})"
    shared = f"{_number(compute.server_share)}"
    time_ratio = _number(compute.server_time_ratio)
    slower = "" if time_ratio == "1" else f" * {time_ratio}"
    yield "server_compute_s", f"{both}{slower} / {shared}"
    yield from _sent(sums, own)


def _sent(sums: CutSums, own: Conditions) -> Iterator[tuple[str, str]]:
    """Bits over rates, where messages take no time of their own."""
    link, compute = own.link, own.compute
    samples = _number(compute.iterations * compute.batch_size)
    up = _number(sums.output_bytes * link.uplink_compression_ratio + link.label_bytes * sums.has_server)
    down = _number(sums.gradient_bytes * link.downlink_compression_ratio)
    if _plain(link.uplink_latency_s):
        yield "uplink_s", f"{samples} * 8 * {up} / {_number(link.uplink_bps)}"
    if _plain(link.downlink_latency_s) and _plain(link.returned_bytes):
        yield "downlink_s", f"{samples} * 8 * {down} / {_number(link.downlink_bps)}"


def _pass(side: Side, own: Conditions, speed: tuple[Any, Pace], *, back: bool) -> str:
    """Iterations times what a mini-batch takes once and what each of its samples takes."""
    flops_per_s, pace = speed
    ahead = "backward_" if back else ""
    read = {n: _number(getattr(side, f"{ahead}{n}")) for n in ("moved_bytes", "read_bytes", "launches")}
    flops = _number(getattr(side, f"{'backward' if back else 'forward'}_flops"))
    fixed, sample = (
        _number(getattr(side, f"{'backward' if back else 'forward'}_{name}_s"))
        for name in ("fixed", "sample")
    )
    over = "" if np.all(np.isinf(pace.bytes_per_s)) else f" / {_number(pace.bytes_per_s)}"
    starts = f"{read['launches']} * {_number(pace.launch_s)}" if np.any(pace.launch_s) else "0"
    once = f"{starts} + {read['read_bytes']}{over}" if over else starts
    each = f"{flops} / {_number(flops_per_s)}" + (f" + {read['moved_bytes']}{over}" if over else "")
    ratio = f"{_number(pace.backward_ratio)} * " if back else ""
    batch = _number(own.compute.batch_size)
    measured = f" + {fixed} + {batch} * {sample}" if float(fixed) or float(sample) else ""
    return f"{_number(own.compute.iterations)} * ({ratio}({once} + {batch} * ({each})){measured})"


def _plain(value: Any) -> bool:
    return not np.any(value)


def _number(value: Any) -> str:
    """A number as Python reads it, with six digits; endless rates too."""
    return f"{float(np.asarray(value, dtype=np.float64).reshape(-1)[0]):.9g}".replace("inf", "1e999")


def _inputs(problem: SplitProblem, plan: Plan, at: int) -> Iterator[tuple[str, str]]:
    """Speeds, rates and sizes with what they rest on."""
    scenario, decision = problem.scenario, plan.decisions[at]
    yield from ((f"time of {party}", basis) for party, basis in basis_of(problem, at))
    parties: tuple[tuple[str, Party], ...] = (
        (scenario.device_names[at], scenario.devices[at]),
        (scenario.server.name, scenario.server),
    )
    for name, party in parties:
        profile = party.catalogue_row()
        given = "given in the scenario" if party.flops_per_s is not None else None
        yield f"peak of {name}", given or f"{profile.title}: {profile.source_of('fp32_flops_per_s')}"
        yield f"bandwidth of {name}", f"{profile.title}: {profile.source_of('memory_bandwidth_bytes_per_s')}"
    yield (
        "rates",
        (
            f"{decision.uplink_bps:.6g} bit/s up and {decision.downlink_bps:.6g} down by the channel "
            f"{scenario.channel.kind!r}"
        ),
    )
    yield "cut", f"{decision.cut.label}; {decision.cut.crossing_bytes:.6g} B a sample cross it"
    yield "energy", plan.energy_evidence or "as the laws of the scenario say"
