"""`workload.sequence_length`: a configuration is priced at the length asked for, as if read at it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import cutwise
from cutwise.costs.options.tuning import FullTuning, Lora
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers import load_bytes
from cutwise.problem.pricing import priced
from cutwise.scenario.parts import Scenario

LLAMA: dict[str, Any] = {
    "model_type": "llama", "vocab_size": 101, "hidden_size": 64, "intermediate_size": 96,
    "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}  # fmt: skip
READ, ASKED = 128, 48
TUNINGS = {"full": FullTuning(), "lora": Lora(rank=4), "merged lora": Lora(rank=4, merged=True)}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(LLAMA))
    return path


def at(tokens: int | None, **changes: Any) -> Scenario:
    return Scenario(workload=Workload(sequence_length=tokens, **changes))


@pytest.mark.parametrize("tuning", TUNINGS.values(), ids=TUNINGS)
@pytest.mark.parametrize("scheme", ["fast_split", "split_federated", "best_static"])
def test_the_plan_is_that_of_the_configuration_read_at_this_length(
    config: Path, scheme: str, tuning: FullTuning | Lora
) -> None:
    graph, asked = cutwise.load_model(config), at(ASKED, tuning=tuning)
    from_the_start = cutwise.load_model(config, dims={"sequence": ASKED})
    assert graph.dims["sequence"] == READ
    found = cutwise.plan(graph, asked, scheme)
    assert found == cutwise.plan(from_the_start, asked, scheme)
    assert found.stages == cutwise.plan(from_the_start, at(None, tuning=tuning), scheme).stages
    assert found.stages != cutwise.plan(graph, at(None, tuning=tuning), scheme).stages


def test_every_column_of_the_price_is_that_of_the_configuration_read_at_this_length(config: Path) -> None:
    asked = Workload(sequence_length=ASKED)
    cost = priced(cutwise.load_model(config), asked)
    from_the_start = priced(cutwise.load_model(config, dims={"sequence": ASKED}), asked)
    assert cost == from_the_start
    assert cost.graph.dims == {"sequence": ASKED}
    assert cost.graph.warnings == from_the_start.graph.warnings


def test_comparisons_sweeps_and_simulations_follow(config: Path) -> None:
    graph, names = cutwise.load_model(config), ["fast_split", "device_only"]
    lengths = [16, READ, 256]
    rows = cutwise.sweep(graph, over={"workload.sequence_length": lengths}, schemes=names)
    expected = [
        cutwise.compare(cutwise.load_model(config, dims={"sequence": n}), None, names) for n in lengths
    ]
    assert rows["delay_s"].tolist() == [delay for table in expected for delay in table["delay_s"]]
    assert rows["cut"].tolist() == [cut for table in expected for cut in table["cut"]]
    asked = at(ASKED)
    played = cutwise.simulate(graph, asked, cutwise.plan(graph, asked))
    assert played.makespan_s == pytest.approx(cutwise.plan(graph, asked).delay_s, rel=1e-9)


def test_a_scenario_file_asks_for_a_length(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "long.toml"
    file.write_text('format = "cutwise-scenario/1"\nworkload = { sequence_length = 200 }\n')
    asked = cutwise.plan(cutwise.load_model(config), cutwise.load_scenario(file))
    assert asked.delay_s == cutwise.plan(cutwise.load_model(config, dims={"sequence": 200})).delay_s


def test_an_upload_follows_without_its_file(config: Path) -> None:
    """The guarded reader hands the graph over as JSON; the configuration comes with it."""
    uploaded = load_bytes("config.json", config.read_bytes())
    assert cutwise.plan(uploaded, at(ASKED)) == cutwise.plan(cutwise.load_model(config), at(ASKED))


def test_labels_follow_the_length(config: Path) -> None:
    """A causal language model predicts a token at every place: 8 bytes each."""
    from cutwise.problem.split_problem import build_problem

    assert build_problem(cutwise.load_model(config), at(ASKED)).label_bytes == 8 * ASKED


def test_a_length_that_the_model_cannot_have_is_refused(config: Path) -> None:
    with pytest.raises(ScenarioError, match=r"workload\.sequence_length: .*this model takes 1 to 256 tokens"):
        cutwise.plan(cutwise.load_model(config), at(257))


def image_config(tmp_path: Path) -> ModelGraph:
    sizes = {name: LLAMA[name] for name in ("hidden_size", "num_hidden_layers", "num_attention_heads")}
    path = tmp_path / "vit.json"
    path.write_text(
        json.dumps({"model_type": "vit", **sizes, "intermediate_size": 96, "image_size": 32, "patch_size": 8})
    )
    return cutwise.load_model(path)


def test_a_model_of_images_and_a_file_with_fixed_sizes_follow_no_length(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no open dimension 'sequence'; leave it out"):
        cutwise.plan(image_config(tmp_path), at(ASKED))
    with pytest.raises(ScenarioError, match=r"read at 128 tokens, not 48; load it with .*--dim sequence=48"):
        cutwise.plan(cutwise.load_model("sample:gpt2"), at(ASKED))


def test_adapters_that_are_there_already_are_made_for_the_new_length(config: Path) -> None:
    """The graph a plan hands out has its adapters; priced at another length it gets them anew."""
    tuned = Workload(tuning=Lora(rank=4), sequence_length=ASKED)
    adapted = priced(cutwise.load_model(config), tuned).graph
    again = replace(tuned, sequence_length=64)
    assert priced(adapted, again) == priced(cutwise.load_model(config), again)
