"""The best band split in closed form, by a bisection of our own, and where no split keeps the limits."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace

import pytest

import cutwise
from cutwise.channels import FixedRate, Shannon
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.plans.plan import Plan
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Limits, Privacy, Scenario, Sharing
from tests.conftest import Load

Terms = tuple[float, float]
SAMPLES = (2, 3)
SPEEDS = (16.0, 20.0)


def model(load_ops: Load, b_flops: float = 50, b_bytes: Terms = (1, 2)) -> ModelGraph:
    """x -> a -> b -> c: behind a 4 B cross each way, behind b 1 B up and 2 B down; c needs the server."""
    return load_ops(
        [
            {"id": "x", "kind": "input", "output_bytes": 1},
            {
                "id": "a", "inputs": ["x"], "forward_flops": 40, "backward_flops": 60, "output_bytes": 4,
                "gradient_bytes": 4, "weight_bytes": 2, "trainable_bytes": 2,
            },
            {
                "id": "b", "inputs": ["a"], "forward_flops": 0.4 * b_flops, "backward_flops": 0.6 * b_flops,
                "output_bytes": b_bytes[0], "gradient_bytes": b_bytes[1], "weight_bytes": 2,
                "trainable_bytes": 2,
            },
            {"id": "c", "inputs": ["b"], "forward_flops": 1e6, "output_bytes": 1},
        ]
    )  # fmt: skip


def cell(*, speeds: tuple[float, float] = SPEEDS, **limits: float) -> Scenario:
    """A byte takes 1 s up and half a second down on the whole band; radios draw next to nothing."""
    devices = tuple(
        Device(
            name=name, flops_per_s=speed, samples=count, compute_power_w=power, idle_power_w=0.0,
            transmit_power_w=1e-12, radio_circuit_power_w=0.0, receive_power_w=0.0,
        )
        for name, speed, count, power in zip(("one", "two"), speeds, SAMPLES, (4.0, 1.0), strict=True)
    )  # fmt: skip
    return Scenario(
        workload=Workload(batch_size=1, label_bytes=0.0),
        devices=devices,
        server=Server(flops_per_s=1e18),
        channel=FixedRate(uplink_bps=8.0, downlink_bps=16.0),
        sharing=Sharing(bandwidth="optimised", server="dedicated"),
        privacy=Privacy(keep_on_device=("a",)),
        limits=Limits(**limits),
    )


def terms(device: int, cut: str, b_flops: float = 50, speeds: tuple[float, float] = SPEEDS) -> Terms:
    """Seconds of computing, and of sending on the whole band: n x (4 + 2) + 2 x 1.5 behind a, else
    n x (1 + 1) + 4 x 1.5.
    """
    count, flops = SAMPLES[device], {"a": 100, "b": 100 + b_flops}[cut]
    return count * flops / speeds[device], {"a": count * 6 + 3, "b": count * 2 + 6}[cut]


def together(one: Terms, two: Terms) -> float:
    """The end at which both need the whole band: w / (T - c) + v / (T - d) = 1, a quadratic in T."""
    (c, w), (d, v) = one, two
    return (c + d + w + v + math.sqrt((c - d + w - v) ** 2 + 4 * w * v)) / 2


def ends(b_flops: float = 50, speeds: tuple[float, float] = SPEEDS) -> dict[str, float]:
    """The best end for every pair of cuts."""
    return {
        first + second: together(terms(0, first, b_flops, speeds), terms(1, second, b_flops, speeds))
        for first, second in itertools.product("ab", repeat=2)
    }


def cuts_of(plan: Plan) -> str:
    return "".join(decision.cut.crossing[0] for decision in plan.decisions)


def shares_of(plan: Plan) -> list[float]:
    return [decision.bandwidth_share for decision in plan.decisions]


def test_two_unequal_devices_with_one_cut_share_the_band_as_worked_by_hand(load_ops: Load) -> None:
    """With b dear the cut is a: 12.5 + 15 / x and 15 + 21 / (1 - x) s are both 50 s at x = 0.4."""
    plan = cutwise.plan(model(load_ops, 200), cell(), "split_federated", common_cut=True)
    assert cuts_of(plan) == "aa"
    assert shares_of(plan) == pytest.approx([0.4, 0.6], rel=1e-7)
    assert plan.delay_s == pytest.approx(50.0, rel=1e-8)
    assert [stage.delay_s for stage in plan.stages] == pytest.approx([50.0, 50.0], rel=1e-7)
    assert plan.status == "optimal"


def test_the_one_cut_is_the_one_whose_best_split_ends_first(load_ops: Load) -> None:
    """With b cheap: 18.75 + 10 / x and 22.5 + 12 / (1 - x) s meet at (63.25 + sqrt(513.0625)) / 2 s."""
    plan = cutwise.plan(model(load_ops), cell(), "split_federated", common_cut=True)
    end = (63.25 + math.sqrt(513.0625)) / 2
    assert cuts_of(plan) == "bb"
    assert plan.delay_s == pytest.approx(end, rel=1e-8)
    assert shares_of(plan) == pytest.approx([10 / (end - 18.75), 12 / (end - 22.5)], rel=1e-7)
    assert plan.report.bound == pytest.approx(end, rel=1e-8)


@pytest.mark.parametrize("speeds", [(16.0, 20.0), (16.0, 2000.0), (2000.0, 5.0), (8.0, 9.0)])
@pytest.mark.parametrize("b_flops", [20.0, 50.0, 120.0, 200.0])
def test_the_best_pair_of_cuts_and_the_best_common_cut_have_the_closed_forms_end(
    load_ops: Load, speeds: tuple[float, float], b_flops: float
) -> None:
    graph, scenario, by_hand = model(load_ops, b_flops), cell(speeds=speeds), ends(b_flops, speeds)
    free = cutwise.plan(graph, scenario, "split_federated")
    common = cutwise.plan(graph, scenario, "split_federated", common_cut=True)
    assert free.delay_s == pytest.approx(min(by_hand.values()), rel=1e-8)
    assert common.delay_s == pytest.approx(min(by_hand["aa"], by_hand["bb"]), rel=1e-8)
    assert by_hand[cuts_of(free)] == pytest.approx(free.delay_s, rel=1e-8)
    assert (free.status, common.status) == ("optimal", "optimal")


def test_a_given_cut_has_its_own_best_split_and_the_free_choices_bound(load_ops: Load) -> None:
    plan = cutwise.plan(model(load_ops), cell(), "split_federated", cut="a")
    assert plan.delay_s == pytest.approx(50.0, rel=1e-8)
    assert shares_of(plan) == pytest.approx([0.4, 0.6], rel=1e-7)
    assert plan.report.bound == pytest.approx(min(ends().values()), rel=1e-8)
    assert plan.status == "feasible"


def test_over_a_shannon_channel_the_split_is_that_of_a_bisection_of_our_own(load_ops: Load) -> None:
    """Rates by 3GPP-like figures written out here; the end is halved until the shares fill the band."""
    radio = Shannon(uplink_bandwidth_hz=40.0, downlink_bandwidth_hz=20.0)
    places, powers = (60.0, 120.0), (1e-8, 3e-8)
    devices = tuple(
        replace(device, distance_m=place, transmit_power_w=power)
        for device, place, power in zip(cell().devices, places, powers, strict=True)
    )
    scenario = replace(cell(), devices=devices, channel=radio)
    plan = cutwise.plan(model(load_ops, 200), scenario, "split_federated", common_cut=True)
    finish = [late_by(radio, places[device], powers[device], device) for device in (0, 1)]

    def needed(device: int, end_s: float) -> float:
        return root(lambda share: end_s - finish[device](share), 1e-9, 1.0)

    end_s = root(lambda end: 1.0 - needed(0, end) - needed(1, end), max(f(1.0) for f in finish), 1e6)
    assert cuts_of(plan) == "aa"
    assert plan.delay_s == pytest.approx(end_s, rel=1e-8)
    assert shares_of(plan) == pytest.approx([needed(0, end_s), needed(1, end_s)], rel=1e-6)
    assert abs(shares_of(plan)[0] - 0.5) > 0.05


def root(rising: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function turns positive, by halving."""
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) >= 0 else (middle, high)
    return high


def late_by(radio: Shannon, distance_m: float, power_w: float, device: int) -> Callable[[float], float]:
    """When the device ends behind a with a share of the band: 4 B a sample and 2 B of model each way."""
    noise_w_per_hz = 10 ** ((-174 - 30) / 10)
    gain = 10 ** (-(43.3 + 30 * math.log10(distance_m)) / 10)
    usable = 0.88 * (1 - 0.14)
    size_bytes = 4 * SAMPLES[device] + 2

    def ends(share: float) -> float:
        up_hz, down_hz = share * radio.uplink_bandwidth_hz, share * radio.downlink_bandwidth_hz
        up = power_w * gain / (noise_w_per_hz * 10**0.5 * up_hz)
        down = 10 * gain / (noise_w_per_hz * 10**0.9 * radio.downlink_bandwidth_hz)
        up_bps = usable * up_hz * min(math.log2(1 + up), 7.4063)
        down_bps = usable * down_hz * min(math.log2(1 + down), 7.4063)
        return terms(device, "a")[0] + 8 * size_bytes * (1 / up_bps + 1 / down_bps)

    return ends


def test_a_deadline_that_no_split_meets_is_told_with_the_earliest_end(load_ops: Load) -> None:
    end, graph = min(ends().values()), model(load_ops)
    plan = cutwise.plan(graph, cell(deadline_s=0.99 * end), "split_federated")
    assert plan.status == "infeasible"
    (broken,) = plan.violations
    assert (broken.rule, broken.where, broken.has) == ("deadline", "round", 0.99 * end)
    assert broken.needs == pytest.approx(end, rel=1e-8)
    kept = cutwise.plan(graph, cell(deadline_s=1.01 * end), "split_federated")
    assert (kept.status, kept.violations) == ("optimal", ())


@pytest.mark.parametrize("common_cut", [False, True])
def test_a_memory_that_no_cut_keeps_is_broken_by_the_smallest(load_ops: Load, common_cut: bool) -> None:
    """Behind a it holds 2 + 2 B of weights and gradients and a tensor of 4 B: 8; behind b 4 + 4 + 4 = 12.

    The second device has room for both.
    """
    one, two = cell().devices
    scenario = replace(cell(), devices=(replace(one, memory_bytes=5.0), replace(two, memory_bytes=50.0)))
    plan = cutwise.plan(model(load_ops), scenario, "split_federated", common_cut=common_cut)
    assert plan.status == "infeasible"
    (broken,) = plan.violations
    assert (broken.rule, broken.where, broken.needs, broken.has) == ("device memory", "one", 8.0, 5.0)
    assert cuts_of(plan)[0] == "a"
    by_hand = ends()
    expected = by_hand["aa"] if common_cut else min(by_hand["aa"], by_hand["ab"])
    assert plan.delay_s == pytest.approx(expected, rel=1e-8)


def test_a_memory_that_keeps_one_cut_only_is_kept(load_ops: Load) -> None:
    """10 B are enough behind a, not behind b."""
    one, two = cell().devices
    scenario = replace(cell(), devices=(replace(one, memory_bytes=10.0), two))
    plan = cutwise.plan(model(load_ops), scenario, "split_federated")
    assert plan.status == "optimal"
    assert plan.delay_s == pytest.approx(min(ends()["aa"], ends()["ab"]), rel=1e-8)
    assert cuts_of(plan)[0] == "a"


def test_a_traffic_limit_that_no_cut_keeps_is_broken_by_the_least(load_ops: Load) -> None:
    """Behind a 8 n + 4 B, 20 and 28; behind b 3 n + 8 B, 14 and 17; all on a device 8 B of models."""
    plan = cutwise.plan(model(load_ops), cell(traffic_bytes=7.0), "split_federated")
    assert plan.status == "infeasible"
    assert [(v.rule, v.where, v.needs, v.has) for v in plan.violations] == [
        ("traffic", "one", 8.0, 7.0),
        ("traffic", "two", 8.0, 7.0),
    ]
    assert {decision.cut.label for decision in plan.decisions} == {"all on device"}


def test_a_traffic_limit_leaves_each_device_the_cuts_that_keep_it(load_ops: Load) -> None:
    """17 B allow b for both; 15 B for the first only, and the second computes 3 x 1,000,150 FLOP itself."""
    kept = cutwise.plan(model(load_ops, 200), cell(traffic_bytes=17.0), "split_federated")
    assert (kept.status, cuts_of(kept)) == ("optimal", "bb")
    assert kept.delay_s == pytest.approx(ends(200)["bb"], rel=1e-8)
    alone = cutwise.plan(model(load_ops), cell(traffic_bytes=15.0), "split_federated")
    assert [decision.cut.label for decision in alone.decisions] == ["after b", "all on device"]
    assert alone.delay_s == pytest.approx(together(terms(0, "b"), (3 * 1_000_150 / 20, 6.0)), rel=1e-8)
    assert alone.status == "optimal"


def test_an_energy_limit_takes_the_fast_cut_from_one_device(load_ops: Load) -> None:
    """At 4 W the first device needs 50 J behind a and 75 behind b, at 1 W the second 15 and 22.5: 60 J allow
    all but b on the first, which ends at (62 + sqrt(49 + 720)) / 2 = 44.87 s rather than 42.95.
    """
    plan = cutwise.plan(model(load_ops), cell(device_energy_j=60.0), "split_federated")
    assert plan.status == "optimal"
    assert cuts_of(plan) == "ab"
    assert plan.delay_s == pytest.approx((62 + math.sqrt(769)) / 2, rel=1e-8)
    common = cutwise.plan(model(load_ops), cell(device_energy_j=60.0), "split_federated", common_cut=True)
    assert (cuts_of(common), common.status) == ("aa", "optimal")
    assert common.delay_s == pytest.approx(50.0, rel=1e-8)


@pytest.mark.parametrize("common_cut", [False, True])
def test_where_no_share_keeps_the_energy_limit_the_round_still_ends_first(
    load_ops: Load, common_cut: bool
) -> None:
    """40 J are too few for any cut of the first device: the cuts are those without the limit, b and b, and
    the first breaks it with 75 J.
    """
    plan = cutwise.plan(model(load_ops), cell(device_energy_j=40.0), "split_federated", common_cut=common_cut)
    assert plan.status == "infeasible"
    (broken,) = plan.violations
    assert (broken.rule, broken.where, broken.has) == ("device energy", "one", 40.0)
    assert broken.needs == pytest.approx(75.0)
    assert plan.delay_s == pytest.approx(ends()["bb"], rel=1e-8)
    assert plan.report.bound is None


def test_a_deadline_and_an_energy_limit_are_broken_together(load_ops: Load) -> None:
    """44 s are enough behind b and b, but 60 J keep b from the first device, which ends at 44.87 s."""
    plan = cutwise.plan(model(load_ops), cell(device_energy_j=60.0, deadline_s=44.0), "split_federated")
    assert plan.status == "infeasible"
    assert [broken.rule for broken in plan.violations] == ["deadline"]
    assert plan.violations[0].needs == pytest.approx((62 + math.sqrt(769)) / 2, rel=1e-8)


def test_gaps_of_infinite_bounds_are_not_told(load_ops: Load) -> None:
    plan = cutwise.plan(model(load_ops), cell(device_energy_j=40.0), "split_federated")
    assert plan.report.gap is None


def test_an_energy_limit_is_kept_within_its_rounding(load_ops: Load) -> None:
    """The first device needs 50 J behind a, half a billionth more than allowed."""
    scenario = cell(device_energy_j=50.0 * (1 - 5e-10))
    plan = cutwise.plan(model(load_ops), scenario, "split_federated", common_cut=True)
    assert (cuts_of(plan), plan.status) == ("aa", "optimal")
    assert plan.delay_s == pytest.approx(50.0, rel=1e-8)


def test_micro_batches_that_overlap_share_the_band_equally(load_ops: Load) -> None:
    scenario = replace(cell(), workload=Workload(batch_size=2, micro_batches=2, label_bytes=0.0))
    assert shares_of(cutwise.plan(model(load_ops), scenario, "split_federated")) == [0.5, 0.5]


def test_the_time_told_is_that_of_the_search(load_ops: Load) -> None:
    plan = cutwise.plan(model(load_ops), cell(), "split_federated")
    assert 0 <= plan.report.timing["decide_s"] < 60


def test_a_memory_that_is_needed_to_the_last_byte_is_enough(load_ops: Load) -> None:
    """Behind a the first device needs 8 B."""
    one, two = cell().devices
    scenario = replace(cell(), devices=(replace(one, memory_bytes=8.0), two))
    plan = cutwise.plan(model(load_ops), scenario, "split_federated")
    assert plan.status == "optimal"
    assert plan.delay_s == pytest.approx(min(ends()["aa"], ends()["ab"]), rel=1e-8)


def test_of_cuts_that_all_meet_a_limit_exactly_each_may_be_the_best(load_ops: Load) -> None:
    """Two samples and 2 B up, 4 down behind b: 8 x 2 + 4 B cross behind a, 6 x 2 + 8 behind b. At b devices
    send 2 x (2 + 2) + 6 s on the whole band, at a 2 x (4 + 2) + 3, and b costs next to nothing.
    """
    devices = tuple(replace(device, samples=2) for device in cell().devices)
    scenario = replace(cell(traffic_bytes=20.0), devices=devices)
    plan = cutwise.plan(model(load_ops, 1, (2, 4)), scenario, "split_federated")
    assert (cuts_of(plan), plan.status) == ("bb", "optimal")
    assert plan.delay_s == pytest.approx(together((202 / 16, 14.0), (202 / 20, 14.0)), rel=1e-8)
