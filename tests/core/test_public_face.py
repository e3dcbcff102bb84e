"""`import cutwise` costs nothing, and the public functions agree with each other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import cutwise
from cutwise.pipeline import best_baseline
from cutwise.scenario.parties import Device
from cutwise.scenario.parts import Limits, Privacy, Scenario

HEAVY = ("pandas", "ortools", "pydantic", "torch", "streamlit", "plotly", "networkx")


@pytest.mark.parametrize("module", ["cutwise", "cutwise.importers.gate.guard", "cutwise.importers.base"])
def test_importing_it_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_exporters_are_there_before_torch_is_loaded() -> None:
    code = "import sys, cutwise; cutwise.from_torch, cutwise.export; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def test_a_module_becomes_a_graph_and_a_file_that_is_the_same_graph(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    module, example = torch.nn.Linear(4, 3), torch.zeros(2, 4)
    graph = cutwise.from_torch(module, example)
    assert graph.parameters == 4 * 3 + 3
    written = cutwise.export(module, example, tmp_path / "net.pt2")
    assert written == cutwise.load_model(tmp_path / "net.pt2") == graph


def test_planning_loads_no_page_and_no_torch() -> None:
    code = (
        "import sys, cutwise; cutwise.plan(cutwise.load_model('sample:vgg16'));"
        "print([name for name in ('torch', 'streamlit', 'plotly', 'pandas') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_every_public_name_is_there() -> None:
    for name in cutwise.__all__:
        assert getattr(cutwise, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        cutwise.nothing  # noqa: B018


def test_no_scenario_means_the_default_one() -> None:
    graph = cutwise.load_model("sample:vgg16")
    assert cutwise.plan(graph) == cutwise.plan(graph, Scenario())


def test_the_same_question_has_the_same_answer() -> None:
    graph = cutwise.load_model("sample:googlenet")
    fleet = Scenario(devices=(Device(name="a"), Device(name="b", profile="jetson_nano")))
    for scheme in ("fast_split", "split_federated", "random_cut"):
        assert cutwise.plan(graph, fleet, scheme) == cutwise.plan(graph, fleet, scheme)


def test_compare_asks_every_scheme_anew_and_keeps_the_order() -> None:
    graph = cutwise.load_model("sample:vgg16")
    table = cutwise.compare(graph, schemes=["device_only", "fast_split"])
    assert table["scheme"].tolist() == ["device_only", "fast_split"]
    assert table["delay_s"].tolist() == [cutwise.plan(graph, scheme=name).delay_s for name in table["scheme"]]


def test_compare_shows_different_cuts_as_a_count() -> None:
    graph = cutwise.load_model("sample:vgg16")
    fleet = Scenario(devices=(Device(flops_per_s=1e9), Device(flops_per_s=1e15)))
    assert cutwise.compare(graph, fleet, ["fast_split"])["cut"].tolist() == ["2 different cuts"]


def test_the_best_baseline_is_valid_and_has_the_least_objective() -> None:
    graph = cutwise.load_model("sample:vgg16")
    best = best_baseline(graph)
    assert best is not None
    table = cutwise.compare(
        graph, schemes=["device_only", "first_layer", "best_static", "regression", "random_cut"]
    )
    valid = table[table["status"] != "infeasible"]
    assert best.delay_s == valid["delay_s"].min()


def test_where_every_baseline_breaks_a_rule_there_is_no_best_one() -> None:
    graph = cutwise.load_model("sample:vgg16")
    assert best_baseline(graph, Scenario(limits=Limits(deadline_s=1e-9))) is None


def test_raw_data_at_the_server_is_never_the_best_baseline_where_privacy_forbids_it() -> None:
    graph = cutwise.load_model("sample:vgg16")
    slow = Device(flops_per_s=1e6)
    fast_link = Scenario(devices=(slow,))
    allowed = Scenario(devices=(slow,), privacy=Privacy(keep_on_device="raw_allowed"))
    forbidden, free = best_baseline(graph, fast_link), best_baseline(graph, allowed)
    assert forbidden is not None
    assert free is not None
    assert forbidden.scheme not in ("server_only", "centralised")
    assert free.scheme in ("server_only", "centralised")
