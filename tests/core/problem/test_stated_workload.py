"""What a model's file says of the workload, where no scenario says otherwise; what cannot be trained."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import cutwise
from cutwise.__main__ import main
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec, Weight
from cutwise.importers.hugging_face.config_file import from_config
from cutwise.problem.stated_workload import default_scenario, stated_fields
from cutwise.scenario.parts import Scenario
from tests.shared_files import CASES, needs

TINY = {
    "model_type": "llama", "vocab_size": 40, "hidden_size": 32, "intermediate_size": 64,
    "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 64,
    "torch_dtype": "bfloat16",
}  # fmt: skip
QUANTISED = {**TINY, "quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 32}}
ADAPTER = {"kind": "lora", "rank": 2, "targets": ["*/q_proj"]}
INT8_ONNX = CASES.parent / "models" / "cnn_qdq_int8.onnx"


def with_adapter(graph: ModelGraph) -> ModelGraph:
    return replace(graph, provenance={**graph.provenance, "tuning": json.dumps(ADAPTER)})


def test_a_plan_without_a_scenario_has_the_formats_of_the_file() -> None:
    graph = from_config(TINY, {"sequence": 8})
    stated = Workload(weights_dtype="bf16")
    assert default_scenario(graph) == replace(Scenario(), workload=stated)
    assert cutwise.plan(graph) == cutwise.plan(graph, replace(Scenario(), workload=stated))
    assert cutwise.plan(graph) != cutwise.plan(graph, Scenario())


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ((), {"weights_dtype", "compute_dtype", "quantisation", "tuning"}),
        (("weights_dtype",), {"tuning"}),
        (("preset",), {"tuning"}),
        (("tuning",), {"weights_dtype", "compute_dtype", "quantisation"}),
        (("batch_size",), {"weights_dtype", "compute_dtype", "quantisation", "tuning"}),
    ],
)
def test_what_is_given_stands(given: tuple[str, ...], left: set[str]) -> None:
    graph = with_adapter(from_config(QUANTISED, {"sequence": 8}))
    assert stated_fields(graph, given=given).keys() == left


def test_quantised_weights_are_not_trained_but_adapters_beside_them_are() -> None:
    graph = from_config(QUANTISED, {"sequence": 8})
    with pytest.raises(ScenarioError, match=r"weights in int4 are not trained, so nothing of llama-0\.0M"):
        cutwise.plan(graph)
    for workload in (
        Workload(weights_dtype="int4", tuning=Lora()),
        Workload(mode="inference", weights_dtype="int4"),
    ):
        assert cutwise.plan(graph, replace(Scenario(), workload=workload)).status != "infeasible"
    assert cutwise.plan(with_adapter(graph)).status != "infeasible"
    assert cutwise.plan(graph, Scenario()).status != "infeasible"


def test_a_model_of_whole_numbers_has_nothing_to_train() -> None:
    weight = Weight(id="w", shape=(8, 4), dtype="int8")
    ops = (
        Op(id="x", kind="input", output=TensorSpec(shape=(1, 4))),
        Op(id="fc", kind="linear", inputs=("x",), output=TensorSpec(shape=(1, 8)), weights=(weight,)),
    )
    graph = ModelGraph(name="toy", ops=ops)
    says = (
        r"nothing of toy is trainable: its 32 parameters \(int8\) are frozen or stored quantised; set mode = "
    )
    with pytest.raises(ScenarioError, match=says):
        cutwise.plan(graph)
    assert cutwise.plan(graph, replace(Scenario(), workload=Workload(mode="inference"))).status == "optimal"


@needs(INT8_ONNX)
def test_an_int8_file_of_onnx_says_that_nothing_is_trainable() -> None:
    with pytest.raises(ScenarioError, match="nothing of cnn_qdq_int8 is trainable"):
        cutwise.plan(cutwise.load_model(INT8_ONNX))


def run(capsys: Any, *arguments: str) -> tuple[int, str, str]:
    code = main(list(arguments))
    told = capsys.readouterr()
    return code, told.out, told.err


def test_the_command_line_takes_what_the_file_says_and_tells_it(tmp_path: Path, capsys: Any) -> None:
    model, scenario = tmp_path / "config.json", tmp_path / "cell.toml"
    model.write_text(json.dumps(QUANTISED))
    code, _, told = run(capsys, "plan", str(model))
    assert code != 0
    assert "weights in int4 are not trained" in told

    scenario.write_text('format = "cutwise-scenario/1"\n[workload]\nmode = "inference"\n')
    code, _, told = run(capsys, "plan", str(model), str(scenario))
    assert code == 0
    assert 'weights_dtype = "int4"' in told
    assert "quantisation = { block = 32 }" in told
    assert "as the model's file says" in told

    scenario.write_text('format = "cutwise-scenario/1"\n[workload]\nweights_dtype = "fp32"\n')
    code, _, told = run(capsys, "plan", str(model), str(scenario))
    assert code == 0
    assert "as the model's file says" not in told
