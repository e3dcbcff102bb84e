"""A whole run: the profile of every op on both sides, the link, and every cut, as its file has it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

import torch

from tests.testbed.op_facts import op_entries
from tests.testbed.op_profile import op_profile
from tests.testbed.op_tables import seeded
from tests.testbed.paced_link import PacedLink
from tests.testbed.split_training import Bed, SplitTraining, Step, asked

SEED = 1
PROFILE_ROUNDS = 3
SMALL_BYTES, LARGE_BYTES = 100_000, 400_000
SHORTEST_S = 1e-6


def run_document(
    link: PacedLink, bed: Bed, *, batch: int, steps: int, cuts: Sequence[int] | None = None
) -> dict[str, Any]:
    """Medians over `steps` steps of each cut; rounds over all cuts, with profile and link probed in each.

    What the machine is slower at for a while so falls on all cuts alike. The first round is not counted.
    """
    table = seeded(bed.model, bed.sizes)
    drawn = table.draw(torch.Generator().manual_seed(SEED), batch)
    positions = range(len(table.ops) + 1) if cuts is None else cuts
    taken: dict[int, list[Step]] = {cut: [] for cut in positions}
    profiles: dict[str, list[dict[str, Any]]] = {"device": [], "server": []}
    probes = []
    for _ in range(steps + 1):
        asked(link, "start", model=bed.model, sizes=dict(bed.sizes), cut=0, rate_bps=bed.downlink_bps)
        link.rate_bps = bed.uplink_bps
        profiles["device"].append(op_profile(table, drawn, rounds=PROFILE_ROUNDS))
        answer = asked(link, "profile", seed=SEED, batch=batch, rounds=PROFILE_ROUNDS)
        profiles["server"].append(answer["ops"])
        probes.append(_probe(link))
        for cut, found in taken.items():
            training = SplitTraining(link, bed, cut)
            training.step(drawn)
            found.append(training.step(drawn))
    entries = op_entries(table, drawn)
    latency_s, *echoes_s = (median(column) for column in zip(*probes[1:], strict=True))
    uplink_bps = _rate_bps(*echoes_s[:2], paced_bps=bed.uplink_bps)
    downlink_bps = _rate_bps(*echoes_s[2:], paced_bps=bed.downlink_bps)
    return {
        "model": bed.model,
        "batch_size": batch,
        "slowdown_ratio": bed.slowdown,
        "uplink_bps": uplink_bps,
        "downlink_bps": downlink_bps,
        "latency_s": latency_s,
        "raw_bytes": drawn[0].nbytes,
        "label_bytes": drawn[1].nbytes,
        "ops": [
            {**entry, "work": asdict(entry["work"])}
            | {side: _middle([one[entry["name"]] for one in rounds[1:]]) for side, rounds in profiles.items()}
            for entry in entries
        ],
        "cuts": [_cut(cut, found[1:]) for cut, found in taken.items()],
    }


def _cut(position: int, steps: Sequence[Step]) -> dict[str, Any]:
    return {
        "position": position,
        "device_s": median(step.device_cpu_s for step in steps),
        "server_s": median(step.server_cpu_s for step in steps),
        "link_s": median(step.link_s for step in steps),
        "up_bytes": steps[0].up_bytes,
        "down_bytes": steps[0].down_bytes,
    }


def _middle(seconds: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: median(one[name] for one in seconds) for name in seconds[0]}


def _probe(link: PacedLink) -> tuple[float, ...]:
    """Seconds of nothing both ways, and of a small and a large message up, then down."""
    sizes = ((1, 1), (SMALL_BYTES, 1), (LARGE_BYTES, 1), (1, SMALL_BYTES), (1, LARGE_BYTES))
    return tuple(_echo_s(link, *size) for size in sizes)


def _rate_bps(small_s: float, large_s: float, *, paced_bps: float | None) -> float:
    """From what more bytes take; a paced link is no quicker than its pace, whatever a busy machine says."""
    more_bits = 8 * (LARGE_BYTES - SMALL_BYTES)
    least_s = more_bits / paced_bps if paced_bps else SHORTEST_S
    return more_bits / max(large_s - small_s, least_s)


def _echo_s(link: PacedLink, up_bytes: int, down_bytes: int) -> float:
    began_s = time.perf_counter()
    link.send({"ask": "echo", "back_bytes": down_bytes}, [torch.zeros(up_bytes, dtype=torch.uint8)])
    link.receive()
    return time.perf_counter() - began_s
