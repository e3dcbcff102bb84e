"""Delay and energy over the number of groups: equal to the plan of every number, and to all partitions."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.plans.plan import Plan
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Limits, Objective, Scenario, Sharing
from cutwise.stated.shipped_scenarios import shipped_scenario

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
    assert analysed(shipped_scenario("phone_on_lte")).summary().startswith("one device is not divided")


def test_where_only_the_ends_share_the_band_at_its_best_that_is_said() -> None:
    assert (
        "between the two ends the band is shared equally"
        in analysed(shipped_scenario("campus_cell")).summary()
    )
    assert not analysed(shipped_scenario("lecture_hall")).equal_between
