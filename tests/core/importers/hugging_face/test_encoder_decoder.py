"""Encoders with a decoder that reads them: two lengths, cross attention, and cuts that send both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutwise
from cutwise.channels import FixedRate
from cutwise.costs.cut_sums import cut_sums
from cutwise.costs.graph_cost import price
from cutwise.costs.layer_roles import linear_roles
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError, ScenarioError
from cutwise.graph.blocks import blocks
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers import load_model
from cutwise.importers.hugging_face.config_file import from_config, regenerate
from cutwise.scenario.parties import Device, Server
from cutwise.scenario.parts import Scenario
from tests.core.costs.no_loss import NO_LOSS
from tests.core.importers.safetensors_files import saved
from tests.shared_files import CASES, needs

HELD = CASES.parent / "models" / "hf"
T5_SMALL = {
    "model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "d_model": 512, "d_ff": 2048,
    "d_kv": 64, "num_heads": 8, "num_layers": 6, "vocab_size": 32_128,
}  # fmt: skip
TINY = {
    "model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "d_model": 16, "d_ff": 32, "d_kv": 4,
    "num_heads": 2, "num_layers": 1, "vocab_size": 30, "dropout_rate": 0.0,
}  # fmt: skip
WHISPER = {
    "model_type": "whisper", "d_model": 16, "encoder_layers": 2, "decoder_layers": 1, "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32, "encoder_attention_heads": 2, "decoder_attention_heads": 2, "vocab_size": 30,
    "num_mel_bins": 8, "max_source_positions": 20, "max_target_positions": 12,
}  # fmt: skip
MARIAN = {"model_type": "marian", **{key: WHISPER[key] for key in list(WHISPER)[1:8]}}
LENGTHS = {"sequence": 4, "decoder_sequence": 3}


@needs(HELD)
@pytest.mark.parametrize(("name", "parameters"), [("t5-small", 60_506_624), ("whisper-medium", 763_857_920)])
def test_published_files_have_the_published_number_of_parameters(name: str, parameters: int) -> None:
    assert load_model(HELD / f"{name}.json").parameters == parameters


@needs(CASES)
def test_sizes_that_a_file_leaves_out_are_those_of_the_library() -> None:
    """32,128 words of 768; 12 layers of 4 x 768 x 512 and 2 x 768 x 2048 with 2 norms, 12 with as much again
    for cross attention; two last norms; biases of 32 distances for 8 heads, of encoder and decoder."""
    attention, mlp, norm = 4 * 768 * 512, 2 * 768 * 2048, 768
    layers = 12 * (attention + mlp + 2 * norm) + 12 * (2 * attention + mlp + 3 * norm)
    graph = load_model(CASES / "unread_t5_base.config.json")
    assert graph.parameters == 32_128 * 768 + layers + 2 * norm + 2 * 32 * 8


def test_both_lengths_are_open_and_have_names_of_their_own() -> None:
    graph = from_config(T5_SMALL, {"decoder_sequence": 20})
    assert dict(graph.dims) == {"sequence": 128, "decoder_sequence": 20}
    assert graph.warnings == (
        "dimension 'sequence' is open; 128 is assumed, dims={'sequence': …} gives another size",
    )
    shapes = {op.id: op.output.shape for op in graph.ops}
    assert shapes["input_ids"] == (1, 128)
    assert shapes["decoder_input_ids"] == (1, 20)
    assert shapes["encoder/layers/0/attention/position_bias"] == (1, 8, 128, 128)
    attention = graph.ops[graph.index["decoder/layers/5/cross_attention/attention"]]
    assert (attention.attrs["q_length"], attention.attrs["k_length"]) == (20, 128)


def test_another_length_of_what_is_read_keeps_that_of_what_is_written() -> None:
    graph = from_config(TINY, LENGTHS)
    again = regenerate(graph, sequence=9)
    assert again == from_config(TINY, {"sequence": 9, "decoder_sequence": 3})
    assert dict(again.dims) == {"sequence": 9, "decoder_sequence": 3}
    assumed = from_config(TINY, {"sequence": 4})
    assert regenerate(assumed, sequence=9).warnings == from_config(TINY, {"sequence": 9}).warnings


def test_sound_has_the_length_that_the_file_says() -> None:
    graph = from_config(WHISPER, {})
    assert dict(graph.dims) == {"decoder_sequence": 12}
    assert graph.ops[0].output.shape == (1, 8, 40)
    with pytest.raises(ModelImportError, match="open is: decoder_sequence"):
        from_config(WHISPER, {"sequence": 10})
    with pytest.raises(ModelImportError, match="'decoder_sequence' = 13; this model takes 1 to 12 tokens"):
        from_config(WHISPER, {"decoder_sequence": 13})


def test_sines_are_not_trained() -> None:
    """The encoder's positions: 20 rows of 16."""
    cost = price(from_config(WHISPER, {}), Workload())
    assert cost.parameters - cost.trainable_parameters == 20 * 16


@pytest.mark.parametrize(("tied", "more"), [(True, 0), (False, 30 * 16)])
def test_an_output_layer_of_its_own_is_said(tied: bool, more: int) -> None:
    graph = from_config({**TINY, "tie_word_embeddings": tied}, LENGTHS)
    assert graph.parameters == from_config(TINY, LENGTHS).parameters + more
    assert any("480 parameters of its own" in warning for warning in graph.warnings) is not tied


def test_layers_are_drawn_with_cross_attention_in_the_decoder() -> None:
    graph = from_config(T5_SMALL, {})
    paths = {op.block for op in graph.ops}
    assert "decoder/layers/5/cross_attention" in paths
    names = [block.name for block in blocks(graph)]
    assert [name for name in names if name.startswith("encoder/layers/")] == [
        f"encoder/layers/{number}" for number in range(6)
    ]
    assert names[-1] == "head"


def test_adapters_find_the_projections_of_both_attentions() -> None:
    graph = from_config(T5_SMALL, {})
    found = {graph.ops[at].id for at, role in linear_roles(graph).items() if role == "attention"}
    assert {f"decoder/layers/3/cross_attention/{name}" for name in "qkvo"} <= found
    assert price(graph, Workload(tuning=Lora(targets=("attention",)))).trainable_parameters > 0


def test_what_is_made_of_places_alone_is_sent_once_a_mini_batch() -> None:
    """2 heads x 4 x 4 floats are 128 bytes: 16 bytes for each of 8 samples, and as much comes back."""
    row = price(from_config(TINY, LENGTHS), Workload(batch_size=8)).row(
        "encoder/layers/0/attention/position_bias"
    )
    assert row.output_bytes == row.gradient_bytes == 2 * 4 * 4 * 4 / 8


def test_attention_with_trained_biases_keeps_its_probabilities_and_cross_attention_does_not() -> None:
    """Scores of 2 heads x 3 x 3 in fp32; a fused kernel keeps a number a row, 2 x 3, and its result: 8 x 3
    features, in the layout of the queries, which the projection behind keeps too."""
    cost = price(from_config(TINY, LENGTHS), Workload(loss=NO_LOSS))
    own, cross = (cost.row(f"decoder/layers/0/{part}/attention") for part in ("attention", "cross_attention"))
    assert own.backward_flops == 2 * own.forward_flops
    assert cross.backward_flops == 2.5 * cross.forward_flops
    assert own.saved_bytes == 4 * (8 * 3 * 3 + 2 * 3 * 3)
    assert cross.saved_bytes == 4 * (8 * (3 + 4 + 4) + 8 * 3 + 2 * 3)


def test_a_cut_inside_the_decoder_sends_what_the_encoder_made_too() -> None:
    """Cross attention reads 4 tokens of 16 features, and the sum behind attention 3 tokens of 16."""
    graph = from_config({**TINY, "num_decoder_layers": 2}, LENGTHS)
    cost = price(graph, Workload())
    end = graph.index["decoder/layers/0/mlp/add"]
    mask = np.arange(len(graph)) <= end
    sent = {"encoder/final_layer_norm/final_layer_norm": 4 * 16, "decoder/layers/0/mlp/add": 3 * 16}
    bias = 2 * 3 * 3 / 32
    assert cut_sums(cost, mask).output_bytes[0] == 4 * (sum(sent.values()) + bias)


def world(rng: np.random.Generator, **workload: Any) -> Scenario:
    device = Device(name="phone", flops_per_s=10 ** rng.uniform(6, 8), samples=100)
    channel = FixedRate(uplink_bps=10 ** rng.uniform(5, 8), downlink_bps=10 ** rng.uniform(5, 8))
    return Scenario(
        devices=(device,),
        server=Server(flops_per_s=10 ** rng.uniform(7, 9)),
        channel=channel,
        workload=Workload(batch_size=4, **workload),
    )


def without_table(config: dict[str, Any]) -> ModelGraph:
    return from_config({**config, "tie_word_embeddings": False}, LENGTHS if config is TINY else {})


@pytest.mark.parametrize("workload", [{"mode": "inference"}, {"tied_weights": "copied"}, {}])
@pytest.mark.parametrize("config", [TINY, {**WHISPER, "encoder_layers": 1}], ids=["t5", "whisper"])
def test_the_best_cut_is_that_of_brute_force(config: dict[str, Any], workload: dict[str, Any]) -> None:
    graph = without_table(config)
    inside = 0
    for seed in range(4):
        scenario = world(np.random.default_rng(seed), **workload)
        least = cutwise.plan(graph, scenario, "brute_force").delay_s
        for scheme in ("fast_split", "block_wise_split"):
            found = cutwise.plan(graph, scenario, scheme)
            assert found.delay_s == pytest.approx(least, rel=1e-9)
        inside += 0 < len(found.decisions[0].cut.device_ops) < len(graph)
    assert inside or not workload


@pytest.mark.parametrize("scheme", ["fast_split", "split_llm"])
def test_whole_models_are_planned(scheme: str) -> None:
    scenario = world(np.random.default_rng(1), mode="inference")
    assert cutwise.plan(from_config(T5_SMALL, {}), scenario, scheme).status == "optimal"


@pytest.mark.parametrize("config", [TINY, WHISPER], ids=["t5", "whisper"])
def test_text_that_depends_on_another_is_not_generated_word_by_word(config: dict[str, Any]) -> None:
    with pytest.raises(ScenarioError, match="writes a text that depends on another") as error:
        price(from_config(config, {}), Workload(mode="inference", new_tokens=8))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"feed_forward_proj": "gated"}, "feed_forward_proj is 'gated'; give one of gated-gelu, "),
        ({"architectures": ["T5ForMultipleChoice"]}, "names 'T5ForMultipleChoice'; give a class"),
        ({"num_decoder_layers": 0}, "num_decoder_layers is 0; give a whole number from 1 to 1000"),
    ],
)
def test_keys_of_encoders_and_decoders_are_checked(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelImportError) as error:
        from_config({**TINY, **change}, {})
    assert says in str(error.value)


def test_marian_may_have_a_table_for_each_language() -> None:
    sizes = {key: value for key, value in WHISPER.items() if key not in {"model_type", "num_mel_bins"}}
    shared = {"model_type": "marian", **sizes}
    apart = {**shared, "share_encoder_decoder_embeddings": False, "decoder_vocab_size": 50}
    assert from_config(apart, {}).parameters == from_config(shared, {}).parameters + 50 * 16
    assert json.loads(from_config(apart, {}).provenance["config"])["decoder_vocab_size"] == 50


def test_a_classifier_reads_one_text_with_both_halves() -> None:
    sizes = {key: value for key, value in WHISPER.items() if key not in {"model_type", "num_mel_bins"}}
    config = {"model_type": "bart", **sizes, "architectures": ["BartForSequenceClassification"]}
    graph = from_config(config, {})
    assert dict(graph.dims) == {"sequence": 128}
    assert [op.id for op in graph.ops if op.kind == "input"] == ["input_ids"]
    assert graph.ops[-1].output.shape == (1, 3)


@pytest.mark.parametrize(
    ("config", "left_out", "more"),
    [
        (TINY, (), {"encoder.embed_tokens.weight": (30, 16), "lm_head.weight": (30, 16)}),
        (MARIAN, ("model.encoder.embed_positions.weight", "model.decoder.embed_positions.weight"), {}),
    ],
    ids=["a table under three names", "sines are not stored"],
)
def test_weights_beside_fit_however_they_are_stored(
    tmp_path: Path, config: dict[str, Any], left_out: tuple[str, ...], more: dict[str, tuple[int, ...]]
) -> None:
    """As the transformers library and older programs store them."""
    graph = from_config(config, {})
    shapes = {weight.id: weight.shape for weight in graph.weights.values()} | more
    tensors = {name: ("F32", shape) for name, shape in shapes.items() if name not in left_out}
    (tmp_path / "config.json").write_text(json.dumps(config))
    saved(tmp_path / "model.safetensors", tensors)
    lengths = {name: 4 for name in graph.dims}
    assert not load_model(tmp_path / "config.json", dims=lengths).warnings
    saved(tmp_path / "model.safetensors", {**tensors, "another": ("F32", (7,))})
    assert "files of two models" in load_model(tmp_path / "config.json", dims=lengths).warnings[0]
