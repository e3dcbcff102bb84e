"""A scenario as numbers: speeds, rates, iterations, labels and ties."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import cutwise
from cutwise.channels import FixedRate, Shannon
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec, Weight
from cutwise.hardware.profiles import hardware
from cutwise.problem.pricing import targets_of, tied_ops
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.energy_part import Energy
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Scenario, Sharing
from tests.core.fleets import AS_PAPERS

THREE = tuple(Device(name=name) for name in "abc")


def test_iterations_are_batches_of_a_devices_own_samples(chain: ModelGraph) -> None:
    """ceil(100/32) = 4 and ceil(64/32) = 2, twice for two epochs; local iterations replace them."""
    fleet = (Device(samples=100), Device(samples=64))
    for given, expected in (
        ({}, [4, 2]),
        ({"local_epochs": 2}, [8, 4]),
        ({"local_iterations": 5}, [5, 5]),
    ):
        workload = Workload(batch_size=32, **given)
        problem = build_problem(chain, Scenario(devices=fleet, workload=workload))
        assert problem.iterations.tolist() == expected


@pytest.mark.parametrize(
    ("bandwidth", "rate", "duty", "network"),
    [
        ("dedicated", 90.0, 1.0, 1.0),
        ("equal", 30.0, 1.0, 1 / 3),
        ("time_division", 30.0, 1 / 3, 1.0),
        ("optimised", 30.0, 1.0, 1 / 3),
    ],
)
def test_active_devices_share_the_band_by_the_policy(
    chain: ModelGraph, bandwidth: str, rate: float, duty: float, network: float
) -> None:
    scenario = Scenario(devices=THREE, channel=FixedRate(uplink_bps=90), sharing=Sharing(bandwidth=bandwidth))
    conditions = build_problem(chain, scenario).conditions(active=3)
    assert conditions.link.uplink_bps == pytest.approx([rate] * 3)
    assert conditions.link.duty_ratio == pytest.approx(duty)
    assert conditions.link.network_share == pytest.approx([network] * 3)


def test_alone_a_device_has_everything(chain: ModelGraph) -> None:
    for bandwidth in ("dedicated", "equal", "time_division", "optimised"):
        scenario = Scenario(
            devices=THREE, channel=FixedRate(uplink_bps=90), sharing=Sharing(bandwidth=bandwidth)
        )
        conditions = build_problem(chain, scenario).conditions()
        assert conditions.link.uplink_bps == pytest.approx([90.0] * 3)
        assert (conditions.link.duty_ratio, conditions.compute.server_share) == (1.0, 1.0)


def test_the_server_is_shared_by_its_own_policy(chain: ModelGraph) -> None:
    for server, share in (("equal", 0.25), ("dedicated", 1.0)):
        problem = build_problem(chain, Scenario(sharing=Sharing(server=server)))
        assert problem.conditions(active=4).compute.server_share == share


def test_given_shares_win_over_the_policy(chain: ModelGraph) -> None:
    scenario = Scenario(
        devices=THREE, channel=FixedRate(uplink_bps=100), sharing=Sharing(bandwidth="time_division")
    )
    conditions = build_problem(chain, scenario).conditions(active=3, share=np.array([0.2, 0.3, 0.5]))
    assert conditions.link.uplink_bps == pytest.approx([20.0, 30.0, 50.0])
    assert conditions.link.duty_ratio == 1.0


def test_a_shannon_share_of_the_band_is_more_than_its_share_of_the_rate(chain: ModelGraph) -> None:
    """A device sends its whole power in whatever it holds of the band."""
    weak = tuple(replace(device, distance_m=2000.0) for device in THREE)
    problem = build_problem(chain, Scenario(devices=weak, channel=Shannon()))
    assert (problem.conditions(active=3).link.uplink_bps > problem.conditions().link.uplink_bps / 3).all()


def test_what_is_not_given_comes_from_the_profile(chain: ModelGraph) -> None:
    """Of peak and bandwidth what its class reaches, 0.51; of what it draws in training what is above idle."""
    row = hardware()["jetson_tx2"]
    problem = build_problem(chain, Scenario(devices=(Device(profile="jetson_tx2"),)))
    assert problem.device_flops_per_s.tolist() == [pytest.approx(0.51 * row.fp32_flops_per_s)]
    assert problem.device_pace.bytes_per_s == pytest.approx([0.51 * (row.memory_bandwidth_bytes_per_s or 0)])
    assert np.asarray(problem.device_pace.launch_s).tolist() == [4.8e-5]
    assert problem.device_memory_bytes.tolist() == [row.memory_bytes]
    assert problem.power.device_power_w.tolist() == [pytest.approx(0.7 * row.power_w - row.idle_power_w)]
    assert problem.power.device_idle_power_w.tolist() == [row.idle_power_w]


def test_a_sending_amplifier_needs_its_circuits_besides(chain: ModelGraph) -> None:
    """0.3 W + 0.2 W / 0.35; connected it draws nothing."""
    power = build_problem(chain, Scenario(energy=AS_PAPERS)).power
    assert power.sending_power_w.tolist() == [pytest.approx(0.3 + 0.2 / 0.35)]
    assert power.radio_connected_w.tolist() == [0.0]


def test_a_device_that_gives_figures_of_its_radio_has_that_one(chain: ModelGraph) -> None:
    """1.5 W + 0.2 W / 0.35 while it sends; the other device is on 5G, 2.6 W and 10.6 nJ a bit."""
    devices = (Device(name="own", radio_circuit_power_w=1.5), Device(name="other"))
    power = build_problem(chain, Scenario(devices=devices)).power
    assert power.sending_power_w.tolist() == [pytest.approx(1.5 + 0.2 / 0.35), 0.0]
    assert power.radio_connected_w.tolist() == [0.0, 2.6]
    assert power.uplink_j_per_bit.tolist() == [0.0, 1.06e-8]


def test_under_the_paper_law_parties_draw_their_full_load(chain: ModelGraph) -> None:
    """RTX A6000: 300 W less 22 W idle; 0.7 x 300 less 22 W while it trains."""
    loads = [build_problem(chain, Scenario(energy=e)).power.server_power_w for e in (AS_PAPERS, Energy())]
    assert loads == [pytest.approx(278.0), pytest.approx(188.0)]


def test_figures_of_its_own_need_no_profile_and_no_memory_limit(chain: ModelGraph) -> None:
    problem = build_problem(
        chain, Scenario(devices=(Device(flops_per_s=5.0),), server=Server(flops_per_s=7.0))
    )
    assert problem.device_flops_per_s.tolist() == [5.0]
    assert problem.device_memory_bytes.tolist() == [np.inf]
    assert (problem.server_flops_per_s, problem.server_memory_bytes) == (7.0, np.inf)


@pytest.mark.parametrize(
    ("shape", "targets"), [((1, 1000), 1), ((1, 128, 50257), 128), ((1, 2, 64, 64), 4096), ((), 1), ((5,), 1)]
)
def test_a_sample_has_a_target_for_each_place_without_the_class_axis(
    shape: tuple[int, ...], targets: int
) -> None:
    graph = ModelGraph(name="m", ops=(Op(id="y", kind="linear", output=TensorSpec(shape=shape)),))
    assert targets_of(graph) == targets


def test_targets_are_those_of_one_sample_of_a_batch() -> None:
    op = Op(id="y", kind="linear", output=TensorSpec(shape=(4, 128, 10)))
    assert targets_of(ModelGraph(name="m", ops=(op,), batch_size=4)) == 128


def test_ops_that_read_one_weight_are_tied_unless_untied() -> None:
    shared = Weight(id="table", shape=(10, 4))
    ops = (
        Op(id="ids", kind="input", output=TensorSpec(shape=(1, 8), dtype="int64")),
        Op(
            id="lookup",
            kind="embedding",
            inputs=("ids",),
            weights=(shared,),
            output=TensorSpec(shape=(1, 8, 4)),
        ),
        Op(
            id="head",
            kind="linear",
            inputs=("lookup",),
            weights=(shared,),
            output=TensorSpec(shape=(1, 8, 10)),
        ),
    )
    graph = ModelGraph(name="m", ops=ops)
    assert tied_ops(graph) == ((1, 2),)
    assert build_problem(graph, Scenario()).ties == ((1, 2),)
    assert build_problem(graph, Scenario(workload=Workload(tied_weights="untied"))).ties == ()


def test_ties_are_places_in_the_adapted_model() -> None:
    workload = Workload(tuning=Lora(targets=("attention",)), tied_weights="one_side")
    problem = build_problem(cutwise.load_model("sample:gpt2"), Scenario(workload=workload))
    tied = [[problem.cost.graph.ops[i].id for i in group] for group in problem.ties]
    assert ["embeddings/tokens", "lm_head"] in tied


@pytest.mark.parametrize(
    "workload", [Workload(tuning=Lora(targets=("attention",))), Workload(mode="inference")], ids=str
)
def test_a_weight_that_nothing_trains_ties_no_ops(workload: Workload) -> None:
    assert build_problem(cutwise.load_model("sample:gpt2"), Scenario(workload=workload)).ties == ()


def test_tied_ops_stay_on_one_side_of_every_plan() -> None:
    graph = cutwise.load_model("sample:gpt2")
    assert cutwise.plan(graph).decisions[0].cut.label == "all on device"
    free = cutwise.plan(
        graph, Scenario(workload=Workload(tied_weights="untied"), devices=(Device(flops_per_s=1e9),))
    )
    assert free.decisions[0].cut.label != "all on device"
    split = cutwise.plan(graph, scheme="first_layer")
    assert "tied weights" in [violation.rule for violation in split.violations]


def test_raw_samples_have_the_bytes_of_all_inputs(diamond: ModelGraph) -> None:
    assert build_problem(diamond, Scenario()).input_bytes == 1000.0
