"""What a plan in inference means to those who wait for its answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Floats, Number
from cutwise.costs.generation.columns import Generation
from cutwise.frozen import Frozen
from cutwise.planning.answer.plan_conditions import conditions_of_plan, sums_of_plan
from cutwise.planning.one_device.cut_positions import ops_mask
from cutwise.planning.one_device.objective import device_energy
from cutwise.plans.evaluate import stage_times
from cutwise.plans.plan import Plan
from cutwise.plans.rounds import Round
from cutwise.plans.serving import Inference, ServedDevice, TokenFigures
from cutwise.plans.stages import StageTimes
from cutwise.problem.pricing import priced
from cutwise.problem.roofs import unknown_bandwidths
from cutwise.problem.split_problem import SplitProblem

PARTS: dict[str, Callable[[StageTimes], Number]] = {
    "device": lambda stages: stages.device_forward_s + stages.device_backward_s,
    "uplink": lambda stages: stages.uplink_s,
    "edge": lambda stages: stages.edge_compute_s,
    "backhaul": lambda stages: stages.backhaul_s,
    "server": lambda stages: stages.server_compute_s,
    "downlink": lambda stages: stages.downlink_s,
}
"""What can each work on another batch at the same time."""


def with_inference(problem: SplitProblem, plan: Plan, round_of: Round) -> Plan:
    """The plan with what it means in inference; as it is in training."""
    if problem.workload.training:
        return plan
    asked = problem.cost.generation and problem.cost.generation.generation
    parts = np.array([[part(stage) for part in PARTS.values()] for stage in plan.stages])
    given = problem.workload.local_iterations is not None
    requests = problem.iterations * problem.workload.batch_size if given else problem.samples
    tokens = _tokens(problem, plan, asked) if asked else [None] * len(plan.stages)
    served = [
        _served(problem, plan, device, float(requests[device]), parts[device], tokens[device])
        for device in range(len(plan.stages))
    ]
    total = float(requests.sum())
    return replace(
        plan,
        inference=Inference(
            devices=tuple(served),
            sequential_requests_per_s=_rate(total, plan.delay_s),
            pipelined_requests_per_s=_rate(total, float(round_of.total(parts.max(axis=1)))),
            prompt_tokens=asked.prompt_tokens if asked else None,
            new_tokens=asked.new_tokens if asked else None,
            says=_says(problem, asked) if asked else (),
        ),
    )


def _served(
    problem: SplitProblem,
    plan: Plan,
    device: int,
    requests: float,
    parts: Floats,
    tokens: TokenFigures | None,
) -> ServedDevice:
    delay_s = float(plan.stages[device].delay_s)
    return ServedDevice(
        device=plan.decisions[device].device,
        request_delay_s=delay_s / float(problem.iterations[device]),
        sequential_requests_per_s=_rate(requests, delay_s),
        pipelined_requests_per_s=_rate(requests, float(parts.max())),
        slowest_part=list(PARTS)[int(parts.argmax())],
        tokens=tokens,
    )


def _rate(amount: float, seconds: float) -> float:
    return amount / seconds if seconds > 0 else float("inf")


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _Spent(Frozen):
    """Seconds, joules and bytes of a batch of every device, shape (devices,)."""

    delay_s: Floats
    energy_j: Floats
    device_j: Floats
    traffic_bytes: Floats

    @classmethod
    def of(cls, problem: SplitProblem, stages: StageTimes) -> _Spent:
        def column(value: Number) -> Floats:
            return np.broadcast_to(np.asarray(value, dtype=np.float64), len(problem.iterations)) / (
                problem.iterations
            )

        return cls(
            delay_s=column(stages.delay_s - stages.waiting_s),
            energy_j=column(stages.energy_j),
            device_j=column(device_energy(stages)),
            traffic_bytes=column(stages.traffic_bytes),
        )


def _tokens(problem: SplitProblem, plan: Plan, asked: Generation) -> list[TokenFigures]:
    """The figures of every device, told apart by what a request with one new token and with none takes."""
    whole = _spent(problem, plan)
    first = _spent(_at(problem, asked, 1), plan) if asked.new_tokens > 1 else whole
    prompt = _spent(_at(problem, asked, 0), plan) if asked.prompt_tokens and asked.new_tokens else None
    caches = _caches(problem, plan)
    return [
        _token_figures(problem, asked, whole, first, prompt, device, caches[device])
        for device in range(len(plan.stages))
    ]


def _token_figures(
    problem: SplitProblem,
    asked: Generation,
    whole: _Spent,
    first: _Spent,
    prompt: _Spent | None,
    device: int,
    cache: tuple[float, float],
) -> TokenFigures:
    new, batch = asked.new_tokens, problem.workload.batch_size

    def each(figure: Callable[[_Spent], Floats]) -> float | None:
        """The new tokens' part of a figure, over their number."""
        before = 0.0 if prompt is None else float(figure(prompt)[device])
        return (float(figure(whole)[device]) - before) / new if new else None

    token_s = each(lambda spent: spent.delay_s)
    return TokenFigures(
        time_to_first_token_s=float(first.delay_s[device]),
        token_s=token_s,
        tokens_per_s=None if token_s is None else _rate(batch, token_s),
        energy_per_token_j=_over(each(lambda spent: spent.energy_j), batch),
        device_energy_per_token_j=_over(each(lambda spent: spent.device_j), batch),
        traffic_per_token_bytes=_over(each(lambda spent: spent.traffic_bytes), batch),
        device_cache_bytes=cache[0],
        server_cache_bytes=cache[1],
    )


def _over(amount: float | None, count: int) -> float | None:
    return None if amount is None else amount / count


def _spent(problem: SplitProblem, plan: Plan) -> _Spent:
    conditions = conditions_of_plan(problem, plan).waiting(0.0)
    return _Spent.of(problem, stage_times(sums_of_plan(problem, plan), conditions))


def _at(problem: SplitProblem, asked: Generation, new_tokens: int) -> SplitProblem:
    """The same problem with so many new tokens for each request."""
    workload = replace(
        problem.workload, prompt_tokens=asked.prompt_tokens, new_tokens=new_tokens, sequence_length=None
    )
    return replace(
        problem,
        scenario=replace(problem.scenario, workload=workload),
        cost=priced(problem.cost.graph, workload),
    )


def _caches(problem: SplitProblem, plan: Plan) -> list[tuple[float, float]]:
    """Bytes of keys and values of a batch at every device, and behind it."""
    generation = problem.cost.generation
    assert generation is not None
    total = float(generation.cache_bytes.sum())
    held = [
        float(ops_mask(problem, (*one.cut.device_ops, *one.returned_ops)) @ generation.cache_bytes)
        for one in plan.decisions
    ]
    return [(here, total - here) for here in held]


def _says(problem: SplitProblem, asked: Generation) -> tuple[str, ...]:
    """How each kind of party generates text, and what was assumed where little was said."""
    scenario = problem.scenario
    known = [one.catalogue_row() for one in scenario.devices]
    kinds = (one.decoding_class(profile).title for one, profile in zip(scenario.devices, known, strict=True))
    server = scenario.server
    there = server.decoding_class(server.catalogue_row())
    told = [
        f"Devices generate text as {' or '.join(repr(kind) for kind in dict.fromkeys(kinds))}, the server as "
        f"{there.title!r}; the field decoding of a party names another class"
    ]
    if not asked.stated:
        told.append(
            "One token through a language model is taken for the first of a text, with room for keys and "
            f"values of {asked.room_tokens:,} tokens; prompt_tokens and new_tokens say what is generated"
        )
        if missing := unknown_bandwidths(scenario):
            fields = ", ".join(f"{path}.memory_bandwidth_bytes_per_s" for path in missing)
            told.append(
                f"{fields}: not known, so that time there is that of FLOPs alone; reading the weights takes "
                "many times as long"
            )
    return tuple(told)
