"""The formula of each stage of one device's turn: seconds, joules and bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from cutwise.analyses.figures.figure_formulas import Formula, Part, formula, number, one_of
from cutwise.costs.cut_sums import CutSums, Side
from cutwise.planning.answer.plan_conditions import conditions_of_plan, sums_of_plan, turns_of_cuts
from cutwise.plans.plan import Plan
from cutwise.plans.stages import StageTimes
from cutwise.problem.conditions import Conditions, Pace
from cutwise.problem.split_problem import SplitProblem

Told: TypeAlias = Iterator[tuple[str, Formula]]


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


def delay_formulas(turn: OwnTurn) -> Told:
    """The field of each stage, and its seconds as a formula."""
    sums, compute, link = turn.sums, turn.conditions.compute, turn.conditions.link
    device = (compute.device_flops_per_s, compute.device_pace)
    passes = (_pass(sums.device, turn.conditions, device, back=back) for back in (False, True))
    coding = ((sums.output_bytes, link.encode_s_per_byte), (sums.gradient_bytes, link.decode_s_per_byte))
    for name, one, (size, coding_s) in zip(("forward", "backward"), passes, coding, strict=True):
        yield f"device_{name}_s", _coded(turn, one, size, coding_s)
    yield "server_compute_s", _server(turn)
    yield "uplink_s", _moved(turn, "up", link.uplink_latency_s, sums.more_uplink_messages)
    yield "downlink_s", _moved(turn, "down", link.downlink_latency_s, sums.more_downlink_messages)
    if sums.edge is None:
        both = "8 * {sync} / {up_rate} + 8 * {sync} / {down_rate}"
        yield "model_sync_s", formula(both, **_on_link(turn))


def energy_formulas(turn: OwnTurn) -> Told:
    """The field of each owner, and its joules in this turn as a formula."""
    power, stages = turn.conditions.power, turn.stages
    device = "{power} * ({forward} + {backward}) + {idle} * {turn}"
    yield (
        "device_energy_j",
        formula(
            device,
            power=(power.device_power_w, "compute power"),
            forward=(stages.device_forward_s, "forward seconds"),
            backward=(stages.device_backward_s, "backward seconds"),
            idle=(power.device_idle_power_w, "idle power"),
            turn=(stages.delay_s, "seconds of the turn"),
        ),
    )
    yield "radio_energy_j", _radio(turn)
    if turn.sums.edge is None:
        yield "server_energy_j", _server_energy(turn)
    sending, receiving = _on_air(turn)
    network = {
        "power": (power.network_power_w, "access point's power"),
        "share": (turn.conditions.link.network_share, "share of it"),
    }
    yield (
        "network_energy_j",
        formula("{power} * {share} * ({up} + {down})", **network, up=sending, down=receiving),
    )


def traffic_formulas(turn: OwnTurn) -> Told:
    """What the device sends, receives and exchanges."""
    yield "traffic_bytes", formula("{up} + {down} + 2 * {sync}", **_on_link(turn))


def _on_link(turn: OwnTurn) -> Mapping[str, Part]:
    """Bytes and rates of the turn by the names that templates have for them."""
    link, (up, down) = turn.conditions.link, _sent_bytes(turn)
    return {
        "up": (up, "uplink bytes"),
        "down": (down, "downlink bytes"),
        "sync": (_sync_bytes(turn), "model bytes"),
        "up_rate": (link.uplink_bps, "uplink rate"),
        "down_rate": (link.downlink_bps, "downlink rate"),
    }


def _moved(turn: OwnTurn, way: str, latency_s: Any, more: Any) -> Formula:
    """Seconds of what goes one way: its bits over the rate, and the latency of every message."""
    compute, (up, down) = turn.conditions.compute, _sent_bytes(turn)
    sent = (up if way == "up" else down) > 0
    messages = compute.iterations * compute.micro_batches * (float(sent) + more)
    late = " + {messages} * {latency}" if np.any(latency_s) else ""
    return formula(
        f"8 * {{{way}}} / {{{way}_rate}}{late}",
        **_on_link(turn),
        messages=(messages, f"{way}link messages"),
        latency=(latency_s, f"{way}link latency"),
    )


def _on_air(turn: OwnTurn) -> tuple[Formula, Formula]:
    """Seconds that the radio sends and receives."""
    link = turn.conditions.link
    duty = "" if number(link.duty_ratio) == "1" else "{duty} * "
    parts = {**_on_link(turn), "duty": (link.duty_ratio, "share of the time on air")}
    sending = formula(f"{duty}8 * ({{up}} + {{sync}}) / {{up_rate}}", **parts)
    return sending, formula(f"{duty}8 * ({{down}} + {{sync}}) / {{down_rate}}", **parts)


def _radio(turn: OwnTurn) -> Formula:
    """On air, for every bit, and while connected."""
    power, (sending, receiving) = turn.conditions.power, _on_air(turn)
    terms = ["{sending_w} * {sending}", "{receiving_w} * {receiving}"]
    if np.any(power.uplink_j_per_bit) or np.any(power.downlink_j_per_bit):
        terms += ["8 * {up_bit} * ({up} + {sync})", "8 * {down_bit} * ({down} + {sync})"]
    if np.any(power.radio_connected_w):
        moving = "8 * {sync} * (1 / {up_rate} + 1 / {down_rate})"
        terms.append(f"{{connected_w}} * {moving if np.any(turn.sums.alone) else '{turn}'}")
    return formula(
        " + ".join(terms),
        **_on_link(turn),
        sending=sending,
        receiving=receiving,
        sending_w=(power.sending_power_w, "power while sending"),
        receiving_w=(power.receiving_power_w, "power while receiving"),
        up_bit=(power.uplink_j_per_bit, "joules an uplink bit"),
        down_bit=(power.downlink_j_per_bit, "joules a downlink bit"),
        connected_w=(power.radio_connected_w, "power while connected"),
        turn=(turn.stages.delay_s, "seconds of the turn"),
    )


def _server_energy(turn: OwnTurn) -> Formula:
    power, stages = turn.conditions.power, turn.stages
    busy, idle = "{power} * {clock} * {busy} * {share}", "{idle} * {rest} * {share} * {turn}"
    return formula(
        f"{busy} + {idle}",
        power=(power.server_power_w, "server's compute power"),
        clock=(power.server_power_ratio, "part of it at its clock"),
        busy=(stages.server_compute_s, "server's seconds"),
        share=(turn.conditions.compute.server_share, "share of the server"),
        idle=(power.server_idle_power_w, "server's idle power"),
        rest=(power.server_idle_ratio, "part of it that counts"),
        turn=(stages.delay_s, "seconds of the turn"),
    )


def _server(turn: OwnTurn) -> Formula:
    """Both passes at the server, at its clock and with its share."""
    compute, side = turn.conditions.compute, turn.sums.server
    speed = (compute.server_flops_per_s, compute.server_pace)
    forward = _pass(side, turn.conditions, speed, back=False)
    backward = _pass(side, turn.conditions, speed, back=True)
    slower = "" if number(compute.server_time_ratio) == "1" else " * {slower}"
    return formula(
        f"({{forward}} + {{backward}}){slower} / {{share}}",
        forward=forward,
        backward=backward,
        slower=(compute.server_time_ratio, "time at its clock over that at the highest"),
        share=(compute.server_share, "share of the server"),
    )


def _sent_bytes(turn: OwnTurn) -> tuple[float, float]:
    """Bytes of the round up and down, coded, with labels and words."""
    sums, link, compute = turn.sums, turn.conditions.link, turn.conditions.compute
    samples = compute.iterations * compute.batch_size
    labels, words = link.label_bytes * sums.has_server, link.returned_bytes * sums.has_server
    up = samples * (sums.output_bytes * link.uplink_compression_ratio + labels)
    down = samples * (sums.gradient_bytes * link.downlink_compression_ratio + words)
    return one_of(up), one_of(down)


def _sync_bytes(turn: OwnTurn) -> float:
    sums, iterations = turn.sums, turn.conditions.compute.iterations
    return one_of(sums.device.exchanged_bytes + iterations * sums.kept_equal_bytes)


def _coded(turn: OwnTurn, computed: Formula, size_bytes: Any, s_per_byte: Any) -> Formula:
    """Seconds of computing, with those of coding what crosses."""
    if not np.any(s_per_byte):
        return computed
    samples = turn.conditions.compute.iterations * turn.conditions.compute.batch_size
    return formula(
        "{computed} + {size} * {coding}",
        computed=computed,
        size=(samples * size_bytes, "bytes that are coded"),
        coding=(s_per_byte, "coding seconds a byte"),
    )


def _pass(side: Side, own: Conditions, speed: tuple[Any, Pace], *, back: bool) -> Formula:
    """Mini-batches times what each takes once and what each of its samples takes."""
    parts = _of_pass(side, own, speed, back=back)
    pace, micro = speed[1], number(own.compute.micro_batches) != "1"
    moving = not np.all(np.isinf(pace.bytes_per_s))
    terms = ["{launches} * {launch}"] if np.any(pace.launch_s) else []
    terms += ["{read} / {bandwidth}"] if moving else []
    once = " + ".join(terms)
    once = f"{{micro}} * ({once}) + " if once and micro else f"{once} + " if once else ""
    each = "{flops} / {speed} + {moved} / {bandwidth}" if moving else "{flops} / {speed}"
    ratio = "{ratio} * " if back and number(pace.backward_ratio) != "1" else ""
    columns = f"{once}{{batch}} * ({each})"
    columns = f"{ratio}({columns})" if ratio else columns
    fixed = "{micro} * {fixed}" if micro else "{fixed}"
    seconds = f" + {fixed} + {{batch}} * {{sample}}" if _measured(side, back=back) else ""
    return formula(f"{{iterations}} * ({columns}{seconds})", **parts)


def _of_pass(side: Side, own: Conditions, speed: tuple[Any, Pace], *, back: bool) -> dict[str, Part]:
    """What a pass does and how fast, by the names that templates have for it."""
    (flops_per_s, pace), way = speed, "backward" if back else "forward"
    ahead = "backward_" if back else ""
    return {
        "iterations": (own.compute.iterations, "mini-batches"),
        "batch": (own.compute.batch_size, "samples a mini-batch"),
        "micro": (own.compute.micro_batches, "micro-batches"),
        "launches": (getattr(side, f"{ahead}launches"), f"{way} kernels"),
        "read": (getattr(side, f"{ahead}read_bytes"), f"{way} weight bytes"),
        "moved": (getattr(side, f"{ahead}moved_bytes"), f"{way} bytes moved a sample"),
        "flops": (getattr(side, f"{way}_flops"), f"{way} FLOPs a sample"),
        "fixed": (getattr(side, f"{way}_fixed_s"), f"measured {way} seconds a mini-batch"),
        "sample": (getattr(side, f"{way}_sample_s"), f"measured {way} seconds a sample"),
        "speed": (flops_per_s, "speed"),
        "bandwidth": (pace.bytes_per_s, "bandwidth"),
        "launch": (pace.launch_s, "seconds a kernel start"),
        "ratio": (pace.backward_ratio, "backward ratio"),
    }


def _measured(side: Side, *, back: bool) -> bool:
    """True where seconds of ops were measured in this pass."""
    way = "backward" if back else "forward"
    return any(np.any(getattr(side, f"{way}_{name}_s")) for name in ("fixed", "sample"))
