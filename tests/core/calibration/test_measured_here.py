"""Ops run on this machine: as the graph says they are, timed by the processor, in a file that plans."""

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

import cutwise
from cutwise.__main__ import main
from cutwise.calibration.calibration_file import load_calibration
from cutwise.calibration.runs import calibrate
from cutwise.calibration.runs.clock import seconds_of
from cutwise.calibration.runs.generic_layers import BLOCKS, generic_layers
from cutwise.calibration.runs.measured_ops import OpSeconds, measured_ops, shapes_at
from cutwise.calibration.runs.op_runs import NOT_RUN, RUNS, prepared
from cutwise.calibration.runs.profiled_graph import profile_here
from cutwise.calibration.timed_rows import MachineRates
from cutwise.costs.graph_cost import price
from cutwise.costs.ops.formulas import OP_COSTS
from cutwise.costs.workload import Workload
from cutwise.errors import CutwiseError
from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec, Weight

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Helpers that wait for a busy processor would be counted."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


PLACED = {"reshape", "flatten", "transpose", "squeeze", "unsqueeze", "slice", "split", "expand", "identity"}
"""Kinds that mostly name data."""


@pytest.mark.parametrize("name", cutwise.samples())
def test_every_op_of_a_sample_makes_the_tensor_that_the_graph_says(name: str) -> None:
    """PyTorch works shapes out on its meta device, without computing."""
    graph, wrong, not_run = cutwise.load_model(f"sample:{name}"), [], set()
    for op in graph.ops:
        shapes, output = shapes_at(graph, op, 3)
        ready = prepared(op, shapes, output, device="meta") if op.kind != "where" else None
        if ready is None:
            not_run |= {op.kind}
        elif (made := tuple(ready[0]().shape)) != output and made != (torch.Size(output).numel(),):
            wrong.append((op.id, op.kind, made, output))
    assert not wrong
    assert not_run <= {*NOT_RUN, *PLACED, "where"}


def test_only_kinds_with_a_price_are_run() -> None:
    assert not RUNS.keys() - OP_COSTS.keys()


def test_generic_blocks_can_be_run_whole() -> None:
    graph = generic_layers()
    for op in graph.ops:
        if op.block:
            shapes, output = shapes_at(graph, op, 2)
            ready = prepared(op, shapes, output, device="meta")
            assert ready is not None
            assert tuple(ready[0]().shape) == output


def test_waiting_is_not_computing() -> None:
    assert seconds_of(lambda: time.sleep(0.001), most_s=0.001) < 0.001


def test_seconds_are_those_of_a_call_however_many_are_timed_at_once() -> None:
    def spin() -> None:
        started = time.thread_time()
        while time.thread_time() - started < 1e-4:
            pass

    assert seconds_of(spin, most_s=0.01) == pytest.approx(1e-4, rel=0.2)


def test_what_helpers_compute_is_shared_evenly() -> None:
    """All of it in one helper, while the caller waits: by one processor all, by two half of it."""
    data = b"x" * 2_000_000

    def call() -> None:
        helper = Thread(target=lambda: hashlib.sha256(data).digest())
        helper.start()
        helper.join()

    one, two = (seconds_of(call, most_s=0.02, threads=count) for count in (1, 2))
    assert two / one == pytest.approx(0.5, rel=0.2)


def test_twice_the_work_takes_about_twice_as_long() -> None:
    data = Op(id="x", kind="input", output=TensorSpec(shape=(1, 256, 512)))
    weights = (Weight(id="w", shape=(512, 512)),)
    layer = Op(id="fc", kind="linear", inputs=("x",), output=TensorSpec(shape=(1, 256, 512)), weights=weights)
    graph = ModelGraph(name="one", ops=(data, layer))
    one, two = (
        measured_ops(graph, ["fc"], batch_size=size, training=False)["fc"].forward_s for size in (4, 8)
    )
    assert two / one == pytest.approx(2, rel=0.35)


def test_rows_carry_what_the_price_list_says_of_their_ops() -> None:
    graph = generic_layers()
    names = [op.id for op in graph.ops if op.block == "small ops"]
    cost = price(graph, Workload(batch_size=4))
    seconds = [OpSeconds(op=name, batch_size=4, forward_s=1e-5, backward_s=2e-5) for name in names]
    (step,) = calibrate.rows_of(cost, seconds)
    assert (step.launches, step.backward_launches) == (16, 32)
    assert step.measured_s == pytest.approx(16 * 3e-5)
    assert step.moved_bytes == 4 * (8 * 2 * 16 + 8 * 3 * 64)
    names = [op.id for op in graph.ops if op.block == "transition, 256 channels"]
    seconds = [OpSeconds(op=name, batch_size=4, forward_s=1e-3, backward_s=2e-3) for name in names]
    forward, step = calibrate.rows_of(cost, seconds)
    assert forward.measured_s == pytest.approx(4e-3)
    assert step.measured_s == pytest.approx(12e-3)
    assert forward.backward_flops == 0
    assert step.forward_flops == forward.forward_flops


def test_this_machine_is_calibrated_into_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = {name: BLOCKS[name] for name in ("transition, 256 channels", "small ops")}
    monkeypatch.setattr("cutwise.calibration.runs.generic_layers.BLOCKS", FrozenDict(few))
    monkeypatch.setattr(calibrate, "BLOCKS", FrozenDict(few))
    out = tmp_path / "mine.toml"
    assert main(["calibrate", "--out", str(out), "--name", "mine", "--json"]) == 0
    found, printed = load_calibration(out), json.loads(capsys.readouterr().out)
    assert (found.name, found.rows, printed["rows"]) == ("mine", 6, 6)
    assert 1e9 < found.flops_per_s < 1e14
    assert 1e8 < found.moved_bytes_per_s < 1e13
    assert "torch" in found.software


@pytest.mark.skipif(torch.cuda.is_available(), reason="has a CUDA device")
def test_an_accelerator_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "mine.toml")
    for words in (["calibrate", "--out", out], ["profile", "sample:two_tower", "--out", out]):
        assert main([*words, "--device", "cuda"]) == 2
        assert "PyTorch sees no CUDA device on this machine" in capsys.readouterr().err


RATES = MachineRates(flops_per_s=1e12, moved_bytes_per_s=1e11, launch_s=1e-5, backward_ratio=1.5)


def small_model() -> ModelGraph:
    data = Op(id="x", kind="input", output=TensorSpec(shape=(1, 8, 16, 16)))
    kernel = (Weight(id="w", shape=(8, 8, 3, 3)),)
    attrs = {"kernel": (3, 3), "stride": (1, 1), "groups": 1}
    conv = Op(
        id="conv", kind="conv2d", inputs=("x",), output=TensorSpec(shape=(1, 8, 16, 16)), weights=kernel,
        attrs=attrs, block="stage",
    )  # fmt: skip
    relu = Op(id="relu", kind="relu", inputs=("conv",), output=TensorSpec(shape=(1, 8, 16, 16)))
    odd = Op(id="odd", kind="of somebody", inputs=("relu",), output=TensorSpec(shape=(1, 8, 16, 16)))
    return ModelGraph(name="small", ops=(data, conv, relu, odd))


def test_a_profile_is_a_graph_file_with_seconds_of_both(tmp_path: Path) -> None:
    graph, path = small_model(), tmp_path / "small.json"
    found = profile_here(graph, party="device", other=RATES, most_s=0.001)
    path.write_text(found.text, encoding="utf-8")
    read = cutwise.load_model(path)
    assert (found.ops, found.not_run) == (2, {"of somebody": 1})
    assert [op.id for op in read.ops] == ["x", "conv", "relu", "odd"]
    conv = read.ops[1].figures
    cost = price(graph, Workload(batch_size=8))
    fixed, each = conv["server_forward_s"]
    assert fixed == pytest.approx(1e-5 + 4 * 8 * 8 * 9 / 1e11)
    assert each == pytest.approx(2 * 8 * 8 * 9 * 256 / 1e12 + 2 * 4 * 8 * 256 / 1e11)
    assert sum(conv["device_forward_s"]) > 0
    assert conv.get("forward_flops", 0) == 0
    assert conv["output_bytes"] == cost.output_bytes[1] == 4 * 8 * 256
    assert conv["trainable_bytes"] == 4 * 8 * 8 * 9
    assert cutwise.plan(read).status == "optimal"


def test_the_other_party_is_measured_into_the_same_file(tmp_path: Path) -> None:
    graph, path = small_model(), tmp_path / "small.json"
    path.write_text(profile_here(graph, party="device", other=RATES, most_s=0.001).text, encoding="utf-8")
    first = cutwise.load_model(path)
    path.write_text(profile_here(graph, party="server", other=first, most_s=0.001).text, encoding="utf-8")
    both = cutwise.load_model(path)
    assert both.ops[1].figures["device_forward_s"] == first.ops[1].figures["device_forward_s"]
    assert both.ops[1].figures["server_forward_s"] != first.ops[1].figures["server_forward_s"]
    with pytest.raises(CutwiseError, match="no op of it can be run here"):
        profile_here(both, party="device", other=RATES)
    with pytest.raises(CutwiseError, match="has other ops than small"):
        profile_here(graph, party="device", other=cutwise.load_model("sample:resnet18"))
