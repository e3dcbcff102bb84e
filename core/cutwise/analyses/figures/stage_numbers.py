"""The formula of each stage of one device's turn, with its numbers put in: seconds, joules and bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cutwise.costs.cut_sums import CutSums, Side
from cutwise.planning.answer.plan_conditions import conditions_of_plan, sums_of_plan, turns_of_cuts
from cutwise.plans.plan import Plan
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import Conditions, Pace
from cutwise.problem.split_problem import SplitProblem


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class OwnTurn:
    """One device's cut, what it meets, and what came of it."""

    sums: CutSums
    conditions: Conditions
    stages: StageTimes


def own_turn(problem: SplitProblem, plan: Plan, at: int) -> OwnTurn | None:
    """The turn of one device; None where no formula of its cut makes it: text is generated, samples sent."""
    if problem.cost.generation is not None or not turns_of_cuts(problem, plan)[at]:
        return None
    return OwnTurn(
        sums=sums_of_plan(problem, plan).reshaped(lambda column: column[[at]]),
        conditions=conditions_of_plan(problem, plan).of(at),
        stages=plan.stages[at],
    )


def delay_numbers(turn: OwnTurn) -> Iterator[tuple[str, str]]:
    """The field of each stage, and its seconds as a formula."""
    sums, own, compute, link = turn.sums, turn.conditions, turn.conditions.compute, turn.conditions.link
    device = (compute.device_flops_per_s, compute.device_pace)
    server = (compute.server_flops_per_s, compute.server_pace)
    forward = _pass(sums.device, own, device, back=False)
    backward = _pass(sums.device, own, device, back=True)
    yield "device_forward_s", forward + _coding(own, sums.output_bytes, link.encode_s_per_byte)
    yield "device_backward_s", backward + _coding(own, sums.gradient_bytes, link.decode_s_per_byte)
    both = f"({_pass(sums.server, own, server, back=False)} + {_pass(sums.server, own, server, back=True)})"
    time_ratio = number(compute.server_time_ratio)
    slower = "" if time_ratio == "1" else f" * {time_ratio}"
    yield "server_compute_s", f"{both}{slower} / {number(compute.server_share)}"
    up, down = _sent_bytes(turn)
    late_up = _latency(own, link.uplink_latency_s, up, sums.more_uplink_messages)
    yield "uplink_s", f"8 * {number(up)} / {number(link.uplink_bps)}{late_up}"
    late_down = _latency(own, link.downlink_latency_s, down, sums.more_downlink_messages)
    yield "downlink_s", f"8 * {number(down)} / {number(link.downlink_bps)}{late_down}"
    if sums.edge is None:
        sync = number(_sync_bytes(turn))
        yield (
            "model_sync_s",
            f"8 * {sync} / {number(link.uplink_bps)} + 8 * {sync} / {number(link.downlink_bps)}",
        )


def energy_numbers(turn: OwnTurn) -> Iterator[tuple[str, str]]:
    """The field of each owner, and its joules in this turn as a formula."""
    power, link, stages = turn.conditions.power, turn.conditions.link, turn.stages
    turn_s = number(stages.delay_s)
    computing = f"({number(stages.device_forward_s)} + {number(stages.device_backward_s)})"
    yield (
        "device_energy_j",
        f"{number(power.device_power_w)} * {computing} + {number(power.device_idle_power_w)} * {turn_s}",
    )
    sending, receiving = _on_air(turn)
    yield "radio_energy_j", _radio(turn, sending, receiving)
    if turn.sums.edge is None:
        share = number(turn.conditions.compute.server_share)
        busy = f"{number(power.server_power_w)} * {number(power.server_power_ratio)}"
        idle = f"{number(power.server_idle_power_w)} * {number(power.server_idle_ratio)}"
        yield (
            "server_energy_j",
            f"{busy} * {number(stages.server_compute_s)} * {share} + {idle} * {share} * {turn_s}",
        )
    network = f"{number(power.network_power_w)} * {number(link.network_share)}"
    yield "network_energy_j", f"{network} * ({sending} + {receiving})"


def traffic_numbers(turn: OwnTurn) -> Iterator[tuple[str, str]]:
    """What the device sends, receives and exchanges."""
    up, down = _sent_bytes(turn)
    yield "traffic_bytes", f"{number(up)} + {number(down)} + 2 * {number(_sync_bytes(turn))}"


def _on_air(turn: OwnTurn) -> tuple[str, str]:
    """Seconds that the radio sends and receives."""
    link, (up, down), sync = turn.conditions.link, _sent_bytes(turn), number(_sync_bytes(turn))
    duty = "" if number(link.duty_ratio) == "1" else f"{number(link.duty_ratio)} * "
    return (
        f"{duty}8 * ({number(up)} + {sync}) / {number(link.uplink_bps)}",
        f"{duty}8 * ({number(down)} + {sync}) / {number(link.downlink_bps)}",
    )


def _radio(turn: OwnTurn, sending: str, receiving: str) -> str:
    """On air, for every bit, and while connected."""
    power, (up, down), sync = turn.conditions.power, _sent_bytes(turn), number(_sync_bytes(turn))
    terms = [
        f"{number(power.sending_power_w)} * {sending}",
        f"{number(power.receiving_power_w)} * {receiving}",
    ]
    if np.any(power.uplink_j_per_bit) or np.any(power.downlink_j_per_bit):
        terms.append(f"8 * {number(power.uplink_j_per_bit)} * ({number(up)} + {sync})")
        terms.append(f"8 * {number(power.downlink_j_per_bit)} * ({number(down)} + {sync})")
    if np.any(power.radio_connected_w):
        alone = np.any(turn.sums.alone)
        moving = f"8 * {sync} * (1 / {number(turn.conditions.link.uplink_bps)}"
        moving += f" + 1 / {number(turn.conditions.link.downlink_bps)})"
        connected = moving if alone else number(turn.stages.delay_s)
        terms.append(f"{number(power.radio_connected_w)} * {connected}")
    return " + ".join(terms) or "0"


def _sent_bytes(turn: OwnTurn) -> tuple[float, float]:
    """Bytes of the round up and down, coded, with labels and words."""
    sums, link, compute = turn.sums, turn.conditions.link, turn.conditions.compute
    samples = compute.iterations * compute.batch_size
    labels, words = link.label_bytes * sums.has_server, link.returned_bytes * sums.has_server
    up = samples * (sums.output_bytes * link.uplink_compression_ratio + labels)
    down = samples * (sums.gradient_bytes * link.downlink_compression_ratio + words)
    return _one(up), _one(down)


def _sync_bytes(turn: OwnTurn) -> float:
    sums, iterations = turn.sums, turn.conditions.compute.iterations
    return _one(sums.device.exchanged_bytes + iterations * sums.kept_equal_bytes)


def _coding(own: Conditions, size_bytes: Any, s_per_byte: Any) -> str:
    """The seconds of coding what crosses, as a term to add."""
    samples = own.compute.iterations * own.compute.batch_size
    return f" + {number(samples * size_bytes)} * {number(s_per_byte)}" if np.any(s_per_byte) else ""


def _latency(own: Conditions, latency_s: Any, size_bytes: float, more: Any) -> str:
    """The latency of every message, as a term to add."""
    messages = own.compute.iterations * own.compute.micro_batches * (float(size_bytes > 0) + more)
    return f" + {number(messages)} * {number(latency_s)}" if np.any(latency_s) else ""


def _pass(side: Side, own: Conditions, speed: tuple[Any, Pace], *, back: bool) -> str:
    """Iterations times what a mini-batch takes once and what each of its samples takes."""
    flops_per_s, pace = speed
    ahead = "backward_" if back else ""
    read = {n: number(getattr(side, f"{ahead}{n}")) for n in ("moved_bytes", "read_bytes", "launches")}
    flops = number(getattr(side, f"{'backward' if back else 'forward'}_flops"))
    fixed, sample = (
        number(getattr(side, f"{'backward' if back else 'forward'}_{name}_s")) for name in ("fixed", "sample")
    )
    over = "" if np.all(np.isinf(pace.bytes_per_s)) else f" / {number(pace.bytes_per_s)}"
    starts = f"{read['launches']} * {number(pace.launch_s)}" if np.any(pace.launch_s) else "0"
    once = f"{starts} + {read['read_bytes']}{over}" if over else starts
    each = f"{flops} / {number(flops_per_s)}" + (f" + {read['moved_bytes']}{over}" if over else "")
    ratio = f"{number(pace.backward_ratio)} * " if back else ""
    batch, parts = number(own.compute.batch_size), number(own.compute.micro_batches)
    once = once if parts == "1" else f"{parts} * ({once})"
    starting = f"{parts} * {fixed}" if parts != "1" else fixed
    measured = f" + {starting} + {batch} * {sample}" if float(fixed) or float(sample) else ""
    return f"{number(own.compute.iterations)} * ({ratio}({once} + {batch} * ({each})){measured})"


def _one(value: Any) -> float:
    return float(np.asarray(value, dtype=np.float64).reshape(-1)[0])


def number(value: Any) -> str:
    """A number as Python reads it, with nine digits; endless rates too."""
    return f"{_one(value):.9g}".replace("inf", "1e999")
