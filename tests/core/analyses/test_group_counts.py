"""Delay and energy over the number of groups: equal to the plan of every number, and to all partitions."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import cutwise
from cutwise.analyses.divisions.group_counts import (
    EVERY,
    counts_tried,
    divided_question,
    divided_round,
    divided_rounds,
    number_given,
)
from cutwise.channels import FixedRate
from cutwise.costs.workload import Workload
from cutwise.plans.plan import Plan
from cutwise.question import Question
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Limits, Objective, Privacy, Scenario, Sharing
from cutwise.stated.shipped_scenarios import shipped_scenario
from tests.core.fleets import load

GRAPH = "sample:resnet18"
OPTION = {"gsfl": "groups", "cluster_parallel": "clusters"}


def analysed(scenario: Scenario, scheme: str = "gsfl", **options: Any) -> Any:
    return cutwise.analyse(cutwise.load_model(GRAPH), scenario, "groups", scheme=scheme, **options)


def planned(scenario: Scenario, scheme: str, **options: Any) -> Plan:
    return cutwise.plan(cutwise.load_model(GRAPH), scenario, scheme, **options)


def partitions(members: Sequence[int], count: int) -> Iterator[list[list[int]]]:
    """Every division of the members into so many groups that are not empty."""
    if not members:
        if not count:
            yield []
        return
    first, rest = members[0], members[1:]
    for found in partitions(rest, count - 1) if count else ():
        yield [[first], *found]
    for found in partitions(rest, count):
        for place in range(len(found)):
            yield [*found[:place], [first, *found[place]], *found[place + 1 :]]


@pytest.mark.parametrize("name", ["lecture_hall", "campus_cell"])
@pytest.mark.parametrize("scheme", list(OPTION))
def test_every_number_is_what_plan_says_and_the_ends_are_the_schemes_they_come_to(
    name: str, scheme: str
) -> None:
    scenario = shipped_scenario(name)
    found = analysed(scenario, scheme)
    tried = {1, 2, 5, len(scenario.devices)}
    for one in found.rounds:
        if one.count in tried:
            plan = planned(scenario, scheme, **{OPTION[scheme]: one.count})
            assert (one.delay_s, one.energy_j) == (plan.delay_s, plan.energy_j)
        if one.like:
            assert one.delay_s == pytest.approx(planned(scenario, one.like).delay_s, rel=1e-9)
    assert {found.rounds[0].like, found.rounds[-1].like} == {"split_learning", "split_federated"}
    assert found.rounds[found.best].delay_s == pytest.approx(planned(scenario, scheme).delay_s, rel=1e-12)
    assert found.rounds[found.best].delay_s == min(one.delay_s for one in found.rounds)


def test_exact_groups_are_the_best_of_all_partitions_of_random_fleets() -> None:
    """A turn among M groups is that of a device alone with an M-th of the rate and of the server."""
    draw = random.Random(16)
    for _ in range(3):
        devices = tuple(
            Device(name=f"d{k}", flops_per_s=10 ** draw.uniform(9.5, 12), samples=draw.randint(100, 2000))
            for k in range(4)
        )
        up, server = 10 ** draw.uniform(7, 9), 10 ** draw.uniform(12, 13.5)
        cell = Scenario(
            devices=devices,
            channel=FixedRate(uplink_bps=up, downlink_bps=2 * up),
            sharing=Sharing(bandwidth="equal", server="equal"),
        )
        cell = replace(cell, server=replace(cell.server, flops_per_s=server))
        for one in analysed(cell, grouping="exact").rounds:
            part = one.count
            alone = replace(
                cell,
                channel=FixedRate(uplink_bps=up / part, downlink_bps=2 * up / part),
                server=replace(cell.server, flops_per_s=server / part),
            )
            turns = [planned(replace(alone, devices=(d,)), "split_learning").delay_s for d in devices]
            ends = (max(sum(turns[i] for i in g) for g in each) for each in partitions(range(4), part))
            assert one.delay_s == pytest.approx(min(ends), rel=1e-9)


def chain_of(flops: Sequence[float], sent: Sequence[float], held: Sequence[float]) -> list[dict[str, Any]]:
    """An input and then ops in a row; backward costs twice as much as forward."""
    ops: list[dict[str, Any]] = [{"id": "x", "kind": "input", "output_bytes": 0.0}]
    for at, (work, out, weights) in enumerate(zip(flops, sent, held, strict=True)):
        ops.append(
            {
                "id": f"op{at}", "inputs": [ops[-1]["id"]], "forward_flops": work, "backward_flops": 2 * work,
                "output_bytes": out, "weight_bytes": weights, "trainable_bytes": weights,
            }
        )  # fmt: skip
    return ops


def cell_of(speeds: Sequence[float], samples: Sequence[int], *, up: float, server: float) -> Scenario:
    """Devices that share everything equally; raw data may leave, labels weigh nothing, one epoch."""
    pairs = zip(speeds, samples, strict=True)
    return Scenario(
        workload=Workload(batch_size=1, label_bytes=0.0),
        devices=tuple(Device(name=f"d{k}", flops_per_s=s, samples=n) for k, (s, n) in enumerate(pairs)),
        server=Server(flops_per_s=server),
        channel=FixedRate(uplink_bps=up, downlink_bps=2 * up),
        sharing=Sharing(bandwidth="equal", server="equal"),
        privacy=Privacy(keep_on_device="raw_allowed"),
    )


def turns_by_hand(ops: list[dict[str, Any]], cell: Scenario, parts: int) -> list[list[float]]:
    """Seconds of every device's turn at every cut of a chain when so many parts are at work at once."""
    up, down = cell.channel.uplink_bps / parts, cell.channel.downlink_bps / parts
    work = [op.get("forward_flops", 0.0) + op.get("backward_flops", 0.0) for op in ops]
    found = []
    for device in cell.devices:
        row = []
        for kept in range(1, len(ops) + 1):
            crossing = ops[kept - 1]["output_bytes"] if kept < len(ops) else 0.0
            weights = sum(op.get("weight_bytes", 0.0) for op in ops[:kept])
            per_sample = sum(work[:kept]) / device.flops_per_s
            per_sample += sum(work[kept:]) / (cell.server.flops_per_s / parts)
            per_sample += 8 * crossing / up + (8 * crossing / down if kept > 1 else 0.0)
            row.append(device.samples * per_sample + 8 * weights / up + 8 * weights / down)
        found.append(row)
    return found


def test_two_devices_in_turn_and_at_once_by_hand(tmp_path: Path) -> None:
    """One op of 3 GFLOP in all and 1 MB of weights at 8 and 16 Mbit/s; 1 and 2 GFLOP/s, a server of 6.

    Kept: 3 s and 1.5 s of work, and 1 + 0.5 s for the weights; given away: nothing crosses, 0.5 s at the
    server. In turn every device gives it away: 0.5 + 0.5 = 1 s. At once each has half of the server: 1 s.
    With a server of 1 GFLOP/s it takes 3 s there in turn, and 6 s of half of it at once. In turn the first
    keeps 4.5 against 3 and gives it away, the second 3 against 3: 6 s. At once the weights take 2 + 1 s: the
    first 6 s either way, the second 4.5 s: 6 s, as fast. With a server of 0.9 the first keeps it at once.
    """
    ops = chain_of([1e9], [0.0], [1e6])
    graph = load(tmp_path, ops)
    for server, in_turn, at_once in ((6e9, 1.0, 1.0), (1e9, 6.0, 6.0), (0.9e9, 10 / 3 + 3.0, 6.0)):
        cell = cell_of([1e9, 2e9], [1, 1], up=8e6, server=server)
        found = cutwise.analyse(graph, cell, "groups", scheme="gsfl")
        assert [one.delay_s for one in found.rounds] == pytest.approx([in_turn, at_once], rel=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_every_number_equals_all_divisions_and_all_cuts_tried_by_hand(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    count, length = draw.randint(2, 4), draw.randint(1, 4)
    ops = chain_of(
        [10 ** draw.uniform(6, 9) for _ in range(length)],
        [10 ** draw.uniform(2, 5) for _ in range(length)],
        [10 ** draw.uniform(3, 6) for _ in range(length)],
    )
    cell = cell_of(
        [10 ** draw.uniform(8, 11) for _ in range(count)],
        [draw.randint(1, 400) for _ in range(count)],
        up=10 ** draw.uniform(6, 9),
        server=10 ** draw.uniform(10, 12),
    )
    found = cutwise.analyse(load(tmp_path, ops), cell, "groups", scheme="gsfl", grouping="exact")
    assert [one.count for one in found.rounds] == list(range(1, count + 1))
    least = []
    for one in found.rounds:
        table = turns_by_hand(ops, cell, one.count)
        ends = [
            max(sum(table[i][cuts[i]] for i in group) for group in groups)
            for groups in partitions(range(count), one.count)
            for cuts in itertools.product(range(len(ops)), repeat=count)
        ]
        assert one.delay_s == pytest.approx(min(ends), rel=1e-9), one.count
        least.append(min(ends))
    assert found.rounds[found.best].delay_s == pytest.approx(min(least), rel=1e-9)


def test_the_number_that_is_given_changes_none_of_the_rounds() -> None:
    graph, hall = cutwise.load_model(GRAPH), shipped_scenario()
    free = Question(graph=graph, scenario=hall, scheme="gsfl")
    given = replace(free, options={"groups": 2})
    assert divided_question(given) == free
    assert (number_given(free), number_given(given)) == (0, 2)
    assert number_given(replace(free, options={"groups": 99})) == len(hall.devices)
    assert number_given(replace(free, scheme="fast_split")) == 0
    rounds = [divided_round(free, count) for count in counts_tried(given)]
    whole = divided_rounds(free, rounds, chosen=divided_round(free, EVERY))
    assert whole == analysed(hall) == analysed(hall, groups=2)


def test_of_many_devices_the_number_that_is_given_is_tried_too() -> None:
    devices = tuple(Device(name=f"d{k}") for k in range(200))
    asked = Question(graph=cutwise.load_model(GRAPH), scenario=Scenario(devices=devices), scheme="gsfl")
    usual = counts_tried(asked)
    other = next(count for count in range(1, 201) if count not in usual)
    assert set(counts_tried(replace(asked, options={"groups": other}))) == {*usual, other}
    assert (usual[0], usual[-1]) == (1, 200)


def test_a_scheme_that_divides_nobody_is_answered_for_gsfl() -> None:
    hall = shipped_scenario()
    assert analysed(hall, "fast_split") == analysed(hall, "gsfl")
    assert analysed(hall, "fast_split").scheme == "gsfl"


def test_the_sentence_names_the_best_and_both_ends() -> None:
    told = analysed(shipped_scenario()).summary()
    in_turn, at_once, best = (
        planned(shipped_scenario(), scheme).delay_s
        for scheme in ("split_learning", "split_federated", "gsfl")
    )
    assert told.startswith("4 groups are best")
    for text, end_s in (("1 group (split learning)", in_turn), ("5 groups (split federated)", at_once)):
        assert f"{text} {100 * (end_s / best - 1):.3g} % slower" in told


def test_the_best_is_what_the_scheme_decides_under_every_objective_and_limit() -> None:
    hall = shipped_scenario()
    for other in (
        replace(hall, objective=Objective(kind="energy")),
        replace(hall, objective=Objective(kind="weighted")),
        replace(hall, limits=Limits(deadline_s=1e-6)),
    ):
        found = analysed(other)
        best, plan = found.rounds[found.best], planned(other, "gsfl")
        assert (best.delay_s, best.energy_j) == pytest.approx((plan.delay_s, plan.energy_j), rel=1e-12)
        assert best.keeps_limits == (plan.status != "infeasible")


def test_one_device_has_nobody_to_be_divided_from() -> None:
    told = "one device is not divided: the round takes"
    assert analysed(shipped_scenario("phone_on_lte")).summary().startswith(told)


def test_in_inference_the_sentence_speaks_of_requests() -> None:
    lte = shipped_scenario("phone_on_lte")
    served = replace(lte, workload=replace(lte.workload, mode="inference"))
    assert analysed(served).summary().startswith("one device is not divided: all requests take")


def test_where_only_the_ends_share_the_band_at_its_best_that_is_said() -> None:
    assert (
        "between the two ends the band is shared equally"
        in analysed(shipped_scenario("campus_cell")).summary()
    )
    assert not analysed(shipped_scenario("lecture_hall")).equal_between
