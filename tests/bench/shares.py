"""The min-max band split for many devices over a Shannon channel, and plans of growing fleets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import cutwise
from cutwise.channels import FixedRate, Shannon
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Scenario, Sharing
from tests.bench.clock import once, seconds, table

SEED = 7


def fleet(count: int) -> tuple[Device, ...]:
    draw = np.random.default_rng(SEED)
    speeds, places = 10 ** draw.uniform(10, 12, count), draw.uniform(10, 300, count)
    return tuple(
        Device(name=f"d{i}", flops_per_s=speed, distance_m=place, memory_bytes=8e9)
        for i, (speed, place) in enumerate(zip(speeds.tolist(), places.tolist(), strict=True))
    )


def run() -> None:
    graph = cutwise.load_model("sample:resnet18")
    rows = []
    for count in (1, 30, 1000):
        cell = Scenario(devices=fleet(count), channel=FixedRate(uplink_bps=1e9, downlink_bps=1e9))
        air = replace(cell, channel=Shannon(), sharing=Sharing(bandwidth="optimised"))
        cutwise.plan(graph, cell)
        proven_s = seconds(lambda cell=cell: cutwise.plan(graph, cell), rounds=2)
        free_s = seconds(lambda cell=cell: cutwise.plan(graph, cell, certify=False), rounds=2)
        shared_s, shared = once(lambda air=air: cutwise.plan(graph, air, scheme="split_federated"))
        even = cutwise.plan(graph, replace(air, sharing=Sharing(bandwidth="equal")), scheme="split_federated")
        rows.append(
            [
                str(count), f"{1e3 * free_s:.1f}", f"{1e3 * proven_s:.1f}", f"{1e3 * shared_s:.0f}",
                f"{shared.report.gap:.0e}", f"{even.delay_s / shared.delay_s:.2f}x",
            ]
        )  # fmt: skip
    print("\nResNet-18, different devices, milliseconds; the round with equal shares over the best shares")
    header = ["devices", "fast_split", "certified", "split_federated, best shares", "gap", "equal / best"]
    table(header, rows)
    _groups()


def _groups() -> None:
    graph, rows = cutwise.load_model("sample:resnet18"), []
    for count in (30, 1000):
        cell = Scenario(devices=fleet(count), channel=FixedRate(uplink_bps=1e9, downlink_bps=1e9))
        in_turn = cutwise.plan(graph, cell, scheme="split_learning").delay_s
        best_s, best = once(lambda cell=cell: cutwise.plan(graph, cell, scheme="gsfl"))
        six_s, six = once(lambda cell=cell: cutwise.plan(graph, cell, scheme="gsfl", groups=6))
        rows.append(
            [
                str(count), f"{1e3 * best_s:.0f}", str(best.active), f"{best.delay_s / in_turn:.2f}x",
                f"{1e3 * six_s:.0f}", f"{six.report.gap:.1%}", f"{six.delay_s / in_turn:.2f}x",
            ]
        )  # fmt: skip
    print("\nGSFL: the best number of groups, and six, milliseconds; the round over that of split learning")
    table(["devices", "best", "groups", "round", "six groups", "gap", "round"], rows)
