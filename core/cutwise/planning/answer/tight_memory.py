"""What would decide a memory that is tight: how the program runs, where nobody said, else a measurement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Mask
from cutwise.costs.graph_cost import price
from cutwise.costs.memory.held import held_at_peak
from cutwise.costs.memory.verdict import FITS_RATIO, PartyMemory, verdict
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.frozen import Frozen, FrozenDict
from cutwise.plans.plan import DeviceDecision, Plan
from cutwise.problem.split_problem import SplitProblem
from cutwise.units import in_prefix

Way = Callable[[Workload], Workload]
MOST_PARTIES = 4
"""Tight parties that are looked into, the fullest first: each way to run is priced anew for them."""


def _with_small_adapters(workload: Workload) -> Workload:
    tuning = workload.tuning
    if not isinstance(tuning, Lora):
        return workload
    return replace(workload, tuning=replace(tuning, adapter_dtype="bf16"))


def _without_dropout(workload: Workload) -> Workload:
    tuning = workload.tuning
    if not isinstance(tuning, Lora):
        return workload
    return replace(workload, tuning=replace(tuning, dropout_ratio=0.0))


WAYS: Mapping[str, Way] = FrozenDict(
    {
        'loss.compute = "fused"': lambda one: replace(one, loss=replace(one.loss, compute="fused")),
        'kernels = "fused"': lambda one: replace(one, kernels="fused"),
        'preset = "liger"': lambda one: replace(one, preset="liger"),
        'preset = "torchtune"': lambda one: replace(one, preset="torchtune"),
        'checkpointing = "blocks"': lambda one: replace(one, checkpointing="blocks"),
        "loss.kept_logits = false": lambda one: replace(one, loss=replace(one.loss, kept_logits=False)),
        'tuning.adapter_dtype = "bf16"': _with_small_adapters,
        "tuning.dropout_ratio = 0": _without_dropout,
        "quantisation.keeps_inputs = false": lambda one: replace(
            one, quantisation=replace(one.quantisation, keeps_inputs=False)
        ),
        'optimizer_step = "fused"': lambda one: replace(one, optimizer_step="fused"),
        "gradient_accumulation = 2": lambda one: replace(one, gradient_accumulation=2),
        'attention = "eager"': lambda one: replace(one, attention="eager"),
    }
)
"""Ways that a program may run where the workload does not say, as the workload would say them."""
OF_QUANTISED = "quantisation."


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Tight(Frozen):
    """One tight party: its side (ops,), and what its process takes beside what is allocated."""

    memory: PartyMemory
    side: Mask


def with_deciders(problem: SplitProblem, plan: Plan) -> Plan:
    """The plan with what would decide each memory that is tight."""
    tight = sorted(_tight_parties(problem, plan), key=lambda one: -_share(one.memory))[:MOST_PARTIES]
    said = {one.memory.party: _decided_by(problem, one) for one in tight}
    if not said:
        return plan
    rows = tuple(
        replace(row, decided_by=said[row.party]) if row.verdict == "tight" and row.party in said else row
        for row in plan.memory
    )
    return replace(plan, memory=rows)


def _share(memory: PartyMemory) -> float:
    return memory.process_bytes / memory.limit_bytes


def _tight_parties(problem: SplitProblem, plan: Plan) -> Iterator[_Tight]:
    sides = {decision.device: decision for decision in plan.decisions}
    for memory in plan.memory:
        if memory.verdict != "tight":
            continue
        if memory.party in sides:
            yield _Tight(memory=memory, side=_device_side(problem, sides[memory.party]))
        elif memory.party == problem.scenario.server.name:
            rest = [~_near_side(problem, decision) for decision in plan.decisions]
            yield _Tight(memory=memory, side=max(rest, key=lambda side: int(side.sum())))


def _device_side(problem: SplitProblem, decision: DeviceDecision) -> Mask:
    return _mask(problem, (*decision.cut.device_ops, *decision.returned_ops))


def _near_side(problem: SplitProblem, decision: DeviceDecision) -> Mask:
    """What runs before the server: on the device, or on it and its edge."""
    if decision.edge_cut is None:
        return _device_side(problem, decision)
    return _mask(problem, decision.edge_cut.device_ops)


def _mask(problem: SplitProblem, names: tuple[str, ...]) -> Mask:
    side = np.zeros(len(problem.cost.graph), dtype=bool)
    side[[problem.cost.graph.index[name] for name in names]] = True
    return side


def _decided_by(problem: SplitProblem, tight: _Tight) -> str:
    workload, memory = problem.workload, tight.memory
    free = in_prefix(max(0.0, FITS_RATIO * memory.process_bytes - memory.limit_bytes), "G")
    measured = f"{memory.party} surely fits with {free:.3g} GB more, or when a run there is measured"
    if workload.preset is not None or not workload.training:
        return measured
    ratios = {way: _ratio_under(problem, tight, changed) for way, changed in _ways(workload)}
    fitting = [way for way, ratio in ratios.items() if ratio < 1 and _word(memory, ratio) == "fits"]
    breaking = [way for way, ratio in ratios.items() if ratio > 1 and _word(memory, ratio) == "does not fit"]
    said = [f"fits if {' or '.join(fitting[:3])}"] if fitting else _leanest(memory, ratios)
    if _word(memory, 1.0) == "does not fit":
        breaking = ["it runs as assumed"]
    said += [f"does not fit if {' or '.join(breaking[:3])}"] if breaking else []
    if not said:
        return f"{measured}; no single option of the run decides it"
    return f"{memory.party} {'; '.join(said)}: say how it is run with workload.preset or these options"


def _leanest(memory: PartyMemory, ratios: Mapping[str, float]) -> list[str]:
    """The option that takes least, where none makes it fit for sure."""
    way = min(ratios, key=lambda name: ratios[name])
    if ratios[way] >= 1:
        return []
    return [f"takes {in_prefix(memory.process_bytes * ratios[way], 'G'):.3g} GB if {way}"]


def _ways(workload: Workload) -> Iterator[tuple[str, Workload]]:
    for way, change in WAYS.items():
        if way.startswith(OF_QUANTISED) and not workload.quantised:
            continue
        changed = change(workload)
        if changed != workload:
            yield way, changed


def _ratio_under(problem: SplitProblem, tight: _Tight, workload: Workload) -> float:
    """What the party's fullest client would take if the program ran so, over what it is said to take."""
    now, then = (
        held_at_peak(cost, tight.side) for cost in (problem.cost, price(problem.cost.graph, workload))
    )
    return then.allocated_bytes / now.allocated_bytes if now.allocated_bytes else 1.0


def _word(memory: PartyMemory, ratio: float) -> str:
    """The verdict where it is said how the program runs, and so takes this much of what was predicted."""
    return verdict(
        allocated_bytes=memory.allocated_bytes * ratio,
        process_bytes=memory.process_bytes * ratio,
        memory_bytes=memory.limit_bytes,
        stated=True,
    )
