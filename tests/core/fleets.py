"""Random small models and fleets, and what enumeration says: every closed set, every combination."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import cutwise
from cutwise.channels import FixedRate, Shannon
from cutwise.costs.cut_sums import cut_sums
from cutwise.costs.memory.peak_memory import peak_memory
from cutwise.costs.workload import Workload
from cutwise.energy import Amplifier, ClockLaw, ClockTable, PaperLaw, Phone5g, PhoneLte, PhoneWifi, StaticLaw
from cutwise.planning.whole_round.round_value import spread_of
from cutwise.plans.evaluate import stage_times
from cutwise.plans.rounds import Round
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.scenario.energy_part import Energy
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Limits, Objective, Privacy, Scenario, Sharing

TOLERANCE = 1 + 1e-9
OWNERS = ("device", "network", "server")
AS_PAPERS = Energy(clock=PaperLaw(), radio=Amplifier())
"""P4's law of the clock, and radios that draw only on air."""


def load(folder: Path, ops: list[dict[str, Any]], name: str = "toy") -> Any:
    """The graph of these ops, through the file format that users write by hand."""
    file = folder / f"{name}.json"
    file.write_text(json.dumps({"format": "cutwise-graph/1", "name": name, "ops": ops}))
    return cutwise.load_model(file)


def random_ops(rng: np.random.Generator, *, measured: bool = False, most: int = 8) -> list[dict[str, Any]]:
    """A DAG with fan-out and merges, some zero bytes, zero gradients and zero work."""
    ops: list[dict[str, Any]] = [{"id": "x", "kind": "input", "output_bytes": float(rng.integers(0, 2e5))}]
    if rng.random() < 0.2:
        ops.append({"id": "x2", "kind": "input", "output_bytes": float(rng.integers(1, 1e5))})
    for number in range(int(rng.integers(2, most))):
        readable = [op["id"] for op in ops]
        count = min(len(readable), int(rng.integers(1, 4)))
        op: dict[str, Any] = {
            "id": f"op{number}",
            "inputs": rng.choice(readable, count, replace=False).tolist(),
        }
        for figure, largest, zero in (
            ("forward_flops", 1e9, 0.1), ("backward_flops", 2e9, 0.1), ("output_bytes", 4e5, 0.15),
            ("weight_bytes", 1e6, 0.4), ("saved_bytes", 1e5, 0.2),
        ):  # fmt: skip
            op[figure] = 0.0 if rng.random() < zero else float(rng.random() * largest)
        if op["weight_bytes"] and rng.random() < 0.7:
            op["trainable_bytes"] = op["weight_bytes"] * float(rng.choice([1.0, 0.3]))
        if rng.random() < 0.3:
            op["gradient_bytes"] = float(rng.choice([0.0, 1e5]))
        if measured:
            for figure in ("device_forward_s", "device_backward_s", "server_forward_s", "server_backward_s"):
                pair = [float(rng.random() * 1e-2), float(rng.random() * 1e-3)]
                op[figure] = pair if rng.random() < 0.5 else pair[1]
        ops.append(op)
    return ops


def random_scenario(rng: np.random.Generator, names: list[str], *, devices: int) -> Scenario:
    """Speeds 0.01 to 100 times the server's, all kinds of sharing, objectives, latencies and labels."""
    server_flops = 1e12
    kind = str(rng.choice(["delay", "energy", "weighted"]))
    owners = tuple(owner for owner in OWNERS if rng.random() < 0.6) or ("server",)
    return Scenario(
        workload=Workload(
            mode="inference" if rng.random() < 0.15 else "training",
            batch_size=int(rng.integers(1, 9)),
            label_bytes=float(rng.choice([0.0, 8.0, 1e4])),
            labels_at="device" if rng.random() < 0.2 else "server",
            optimizer=str(rng.choice(["sgd", "adam"])),
        ),
        devices=tuple(
            Device(
                flops_per_s=float(server_flops * 10 ** rng.uniform(-2, 2)),
                samples=int(rng.integers(1, 40)),
                distance_m=float(rng.uniform(5, 200)),
                idle_power_w=float(rng.choice([0.0, 2.0])),
                compute_power_w=float(rng.uniform(0, 20)),
            )
            for _ in range(devices)
        ),
        server=Server(flops_per_s=server_flops, compute_power_w=float(rng.choice([0.0, 250.0, 2e4]))),
        channel=random_channel(rng),
        sharing=Sharing(
            bandwidth=str(rng.choice(["dedicated", "equal", "time_division"])),
            server=str(rng.choice(["dedicated", "equal"])),
        ),
        privacy=Privacy(keep_on_device="raw_allowed" if rng.random() < 0.6 else (str(rng.choice(names)),)),
        energy=random_energy(rng.spawn(1)[0]),
        objective=Objective(
            kind=kind,
            energy_of=owners,
            delay_weight=float(rng.choice([0.2, 0.5, 1.0])),
            energy_weight=float(rng.choice([0.1, 0.5])),
        ),
    )


def random_energy(rng: np.random.Generator) -> Energy:
    """Any law of the clock with any figures, any radio."""
    points = np.sort(rng.uniform(0.2, 1.0, 3))
    laws = (
        PaperLaw(),
        StaticLaw(),
        StaticLaw(
            static_ratio=float(rng.uniform(0, 1)),
            exponent=float(rng.uniform(0.5, 4)),
            fixed_time_ratio=float(rng.choice([0.0, 0.3])),
            least_clock_ratio=float(rng.choice([0.0, 0.3, 0.7])),
        ),
        ClockTable(
            clock_ratios=(*(points * 0.95).tolist(), 1.0),
            power_ratios=(*rng.uniform(0.2, 1.1, 3).tolist(), 1.0),
            time_ratios=(*rng.uniform(0.9, 4, 3).tolist(), 1.0),
        ),
    )
    radios = (Amplifier(), Phone5g(signal_dbm=float(rng.uniform(-110, -70))), PhoneLte(), PhoneWifi())
    return Energy(clock=laws[rng.integers(len(laws))], radio=radios[rng.integers(len(radios))])


def clocks_of(law: ClockLaw, least: float, count: int = 401) -> np.ndarray:
    """The clocks that may be chosen: the points of a table, else a fine grid."""
    if isinstance(law, ClockTable):
        points = np.array(law.clock_ratios)
        return points[points >= least]
    return np.linspace(least, 1.0, count)


def random_channel(rng: np.random.Generator) -> FixedRate | Shannon:
    latency = {
        "uplink_latency_s": float(rng.choice([0.0, 0.02, 0.3])),
        "downlink_latency_s": float(rng.choice([0.0, 0.02, 0.3])),
        "network_power_w": float(rng.choice([0.0, 6.8])),
    }
    if rng.random() < 0.3:
        return Shannon(uplink_bandwidth_hz=10 ** rng.uniform(5, 8), **latency)
    uplink, downlink = 10 ** rng.uniform(5, 10, 2)
    return FixedRate(uplink_bps=uplink, downlink_bps=downlink, **latency)


def random_problem(
    rng: np.random.Generator, folder: Path, *, devices: int, measured: bool = False, most: int = 8
) -> SplitProblem:
    """A random model under a random scenario, sometimes with two ops tied to one side."""
    ops = random_ops(rng, measured=measured, most=most)
    graph = load(folder, ops)
    names = [op["id"] for op in ops]
    problem = build_problem(graph, random_scenario(rng, names, devices=devices))
    if rng.random() < 0.25:
        tie = tuple(sorted(rng.choice(len(ops), 2, replace=False).tolist()))
        problem = replace(problem, ties=(tie,))
    return problem


def with_scenario(problem: SplitProblem, **parts: Any) -> SplitProblem:
    """The same problem under a scenario with some parts replaced, ties kept."""
    scenario = replace(problem.scenario, **parts)
    return replace(build_problem(problem.cost.graph, scenario), ties=problem.ties)


def closed_sets(problem: SplitProblem) -> np.ndarray:
    """Every device side that holds the pins, what each op reads, and whole ties, one by one."""
    graph, pinned = problem.cost.graph, problem.pinned.tolist()
    found = []
    for bits in itertools.product([False, True], repeat=len(graph)):
        keeps = all(on or not pin for on, pin in zip(bits, pinned, strict=True))
        closed = all(bits[producer] or not bits[reader] for producer, reader in graph.edges)
        together = all(len({bits[i] for i in tie}) == 1 for tie in problem.ties)
        if keeps and closed and together:
            found.append(bits)
    return np.array(found)


@dataclass(frozen=True, kw_only=True)
class Enumerated:
    """The least objective of all combinations of closed sets that keep every limit, infinite without one."""

    value: float
    sets: int


def enumerated(
    problem: SplitProblem, round_of: Round, conditions: Any, *, common_cut: bool = False
) -> Enumerated:
    """What trying every closed set for every device gives; all combinations where something couples them."""
    masks = closed_sets(problem)
    rows = [_scored(problem, masks, conditions.of(i), device=i) for i in range(problem.device_count)]
    spread = spread_of(problem, conditions, round_of)
    objective, limits = problem.scenario.objective, problem.scenario.limits
    couples = common_cut or limits.deadline_s is not None or round_of.parallel
    picks = [np.flatnonzero(row["kept"]) for row in rows]
    if not all(map(len, picks)):
        return Enumerated(value=np.inf, sets=len(masks))
    if common_cut:
        both = [k for k in range(len(masks)) if all(row["kept"][k] for row in rows)]
        combos = np.array([[k] * len(rows) for k in both], dtype=np.int64).reshape(-1, len(rows))
    elif couples:
        combos = np.stack(np.meshgrid(*picks, indexing="ij"), axis=-1).reshape(-1, len(rows))
    else:
        single = [
            row["delay"] if objective.kind == "delay" else row["energy"] if objective.kind == "energy"
            else objective.delay_weight * row["delay"] / spread.delay_s
            + objective.energy_weight * row["energy"] / spread.energy_j
            for row in rows
        ]  # fmt: skip
        value = sum(one[pick].min() for one, pick in zip(single, picks, strict=True))
        return Enumerated(value=float(value), sets=len(masks))
    delays = np.stack([row["delay"][combos[:, i]] for i, row in enumerate(rows)])
    energy = sum(row["energy"][combos[:, i]] for i, row in enumerate(rows))
    delay = delays.max(axis=0) if round_of.parallel else delays.sum(axis=0)
    value = {
        "delay": delay,
        "energy": energy,
        "weighted": objective.delay_weight * delay / spread.delay_s
        + objective.energy_weight * energy / spread.energy_j,
    }[objective.kind]
    kept = delay <= np.inf if limits.deadline_s is None else delay <= limits.deadline_s * TOLERANCE
    if round_of.parallel:
        kept &= _held(problem, masks, rows, combos) <= problem.server_memory_bytes * TOLERANCE
    return Enumerated(value=float(np.where(kept, value, np.inf).min(initial=np.inf)), sets=len(masks))


def _scored(problem: SplitProblem, masks: np.ndarray, conditions: Any, *, device: int) -> dict[str, Any]:
    stages = stage_times(cut_sums(problem.cost, masks), conditions)
    limits = problem.scenario.limits
    own = stages.device_energy_j + stages.radio_energy_j
    energies = {"device": own, "network": stages.network_energy_j, "server": stages.server_energy_j}
    device_bytes, server_bytes = held(problem, masks), held(problem, ~masks)
    kept = device_bytes <= problem.device_memory_bytes[device] * TOLERANCE
    kept &= server_bytes <= problem.server_memory_bytes * TOLERANCE
    if limits.device_energy_j is not None:
        kept &= own <= limits.device_energy_j * TOLERANCE
    if limits.traffic_bytes is not None:
        kept &= stages.traffic_bytes <= limits.traffic_bytes * TOLERANCE
    return {
        "delay": stages.delay_s + np.zeros(len(masks)),
        "energy": sum(energies[o] for o in problem.scenario.objective.energy_of) + np.zeros(len(masks)),
        "server_bytes": server_bytes,
        "memory": device_bytes,
        "own_j": own + np.zeros(len(masks)),
        "traffic": stages.traffic_bytes + np.zeros(len(masks)),
        "kept": kept,
    }  # fmt: skip


def held(problem: SplitProblem, sides: np.ndarray) -> np.ndarray:
    """Bytes of each side (sides, ops) at its peak: the sweep; where all ops state their figures, or less if
    these add up to less, with the copy of the optimiser's step when all else is gone.
    """
    cost, batch = problem.cost, problem.workload.batch_size
    fixed = cost.weight_bytes + cost.buffer_bytes + cost.weight_gradient_bytes + cost.optimizer_bytes
    widest = np.where(sides, cost.transient_bytes, 0.0).max(axis=1)
    step = sides @ cost.step_bytes * problem.workload.training
    added = sides @ fixed + np.maximum(batch * (sides @ cost.saved_bytes + widest), step)
    stated = np.array([bool(op.figures) or op.kind == "input" for op in cost.graph.ops])
    added = np.where((sides <= stated).all(axis=1), added, np.inf)
    return np.array([min(peak_memory(cost, side), sum) for side, sum in zip(sides, added, strict=True)])


def _held(problem: SplitProblem, masks: np.ndarray, rows: list[dict[str, Any]], combos: np.ndarray) -> Any:
    """What the server holds for each combination: untrained weights once, everything else for each client."""
    frozen = np.maximum(problem.cost.weight_bytes - problem.cost.trainable_bytes, 0.0)
    held = np.zeros(len(combos))
    union = np.zeros((len(combos), masks.shape[1]), dtype=bool)
    for i, row in enumerate(rows):
        at_server = ~masks[combos[:, i]]
        held += row["server_bytes"][combos[:, i]] - at_server @ frozen
        union |= at_server
    return held + union @ frozen


def random_limits(
    rng: np.random.Generator, problem: SplitProblem, round_of: Round, conditions: Any
) -> SplitProblem:
    """The problem with limits drawn from what its own cuts need, so that some bind and some cannot be met."""
    masks = closed_sets(problem)
    rows = [_scored(problem, masks, conditions.of(i), device=i) for i in range(problem.device_count)]

    def drawn(name: str, *, together: bool = False) -> float:
        values = np.concatenate([row[name] for row in rows])
        if together:
            values = values if round_of.parallel else len(rows) * values
        value = float(rng.choice(values) * rng.choice([1.0, 1.0, rng.uniform(0.7, 1.3)]))
        return max(value, 1e-9)

    parts: dict[str, Any] = {}
    given: dict[str, float] = {}
    if rng.random() < 0.5:
        memory = [drawn("memory") for _ in rows]
        parts["devices"] = tuple(
            replace(d, memory_bytes=m) for d, m in zip(problem.scenario.devices, memory, strict=True)
        )
    if rng.random() < 0.35:
        parts["server"] = replace(problem.scenario.server, memory_bytes=drawn("server_bytes"))
        if round_of.parallel:
            memory_bytes = parts["server"].memory_bytes * rng.uniform(0.8, len(rows))
            parts["server"] = replace(parts["server"], memory_bytes=float(memory_bytes))
    if rng.random() < 0.3:
        given["device_energy_j"] = drawn("own_j")
    if rng.random() < 0.3:
        given["traffic_bytes"] = drawn("traffic")
    if rng.random() < 0.5:
        given["deadline_s"] = drawn("delay", together=True)
    return with_scenario(problem, limits=Limits(**given), **parts)
