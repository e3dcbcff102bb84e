"""Decoders of text: what their configurations leave to the family, and files seen in the wild."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.costs.generation.token_axis import token_axis
from cutwise.costs.graph_cost import price
from cutwise.costs.layer_roles import linear_roles
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers import load_model
from cutwise.importers.hugging_face.config_file import from_config, regenerate
from cutwise.importers.hugging_face.families import FAMILIES
from tests.core.costs.no_loss import NO_LOSS
from tests.shared_files import CASES, needs

PUBLISHED = sorted((Path(__file__).parents[1] / "published").glob("*.json"))
HF = CASES.parent / "models" / "hf"
SIZES = {
    "vocab_size": 100, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 6,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 256,
}  # fmt: skip


def windows_of(graph: ModelGraph) -> list[int | None]:
    return [op.attrs.get("window") for op in graph.ops if op.kind == "attention"]


@pytest.mark.parametrize(
    ("file", "parameters"),
    [("gemma-2b.json", 2_506_172_416), ("gemma3-1b.json", 999_885_952)],
)
@needs(HF)
def test_the_cases_have_their_published_parameters(file: str, parameters: int) -> None:
    assert load_model(HF / file).parameters == parameters


def test_every_sixth_layer_of_gemma_3_sees_all_tokens_unless_its_file_says_which() -> None:
    gemma3 = {**SIZES, "model_type": "gemma3_text", "sliding_window": 32}
    assert windows_of(from_config(gemma3, {})) == [32, 32, 32, 32, 32, None]
    assert windows_of(from_config({**gemma3, "sliding_window_pattern": 2}, {})) == [32, None] * 3
    types = ["full_attention"] * 4 + ["sliding_attention"] * 2
    named = from_config({**gemma3, "layer_types": types}, {})
    assert windows_of(named) == [None] * 4 + [32, 32]
    assert any("some layers see 32 tokens at once" in warning for warning in named.warnings)


def test_attention_that_its_program_only_writes_out_keeps_its_probabilities_whatever_is_asked() -> None:
    """Bloom, one layer of 4 heads at 128 tokens: 4 x 128 x 128 floats."""
    bloom = {"model_type": "bloom", "vocab_size": 100, "hidden_size": 64, "n_layer": 1, "n_head": 4}
    graph = from_config(bloom, {})
    cost = price(graph, Workload(loss=NO_LOSS, attention="flash"))
    assert cost.saved_bytes[graph.index["layers/0/attention/softmax"]] == 4 * 128 * 128 * 4


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"layer_types": ["full_attention"] * 5}, "give a list of 6 of full_attention, sliding_attention"),
        ({"layer_types": ["chunked"] * 6}, "give a list of 6 of full_attention, sliding_attention"),
        ({"sliding_window_pattern": 0}, "sliding_window_pattern is 0; give a whole number from 1 to 1000"),
    ],
)
def test_a_wrong_list_of_layers_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelImportError, match=says):
        from_config({**SIZES, "model_type": "gemma3_text", **change}, {})


RUNS = [entry["config"] for path in PUBLISHED for entry in json.loads(path.read_text())["runs"]]


@pytest.mark.parametrize(("change", "elements"), [({}, 2 * 16), ({"new_decoder_architecture": True}, 2 * 64)])
def test_falcon_caches_one_head_or_copies_for_all(change: dict[str, Any], elements: int) -> None:
    """4 heads of 16: keys and values of one head a token, or, where groups share some, of every head."""
    falcon = {"model_type": "falcon", "vocab_size": 100, "hidden_size": 64, "num_attention_heads": 4}
    graph = from_config({**falcon, "num_hidden_layers": 2, "num_kv_heads": 2, **change}, {})
    axis = token_axis(graph)
    assert axis is not None
    assert [one.elements for one in axis.attentions] == [elements, elements]


def test_a_list_that_repeats_itself_too_often_is_refused_at_once() -> None:
    neo = {"model_type": "gpt_neo", "vocab_size": 9, "hidden_size": 8, "num_layers": 4, "num_heads": 2}
    sizes = {**neo, "max_position_embeddings": 32}
    assert from_config({**sizes, "attention_types": [[["global", "local"], 2]]}, {}).parameters
    start = time.process_time()
    for types in ([[["local"] * 10**5, 10**9]], [[["local"], 10**9]] * 10**4):
        with pytest.raises(ModelImportError, match="give a list of 4 of global, local"):
            from_config({**sizes, "attention_types": types}, {})
    normed = {**SIZES, "model_type": "stablelm", "qk_layernorm": True, "hidden_size": 4096}
    with pytest.raises(ModelImportError, match="give at most 256"):
        from_config({**normed, "num_attention_heads": 2048, "num_key_value_heads": 2048}, {})
    assert time.process_time() - start < 2


# Blocks of a layer that are not called attention and mlp.
OTHER_PARTS = {**dict.fromkeys(("mamba", "falcon_mamba", "mamba2"), ("mixer",)), "lfm2": ("mlp",)}
ROOMS = ("architectures.decoders.", "architectures.mamba")
DECODERS = {
    config["model_type"]: config
    for config in RUNS
    if any(room in FAMILIES[config["model_type"]].__module__ for room in ROOMS)
}


@pytest.mark.parametrize("family", sorted(DECODERS))
def test_layers_of_a_family_lie_in_blocks_and_adapters_find_their_projections(family: str) -> None:
    graph = from_config(DECODERS[family], {})
    paths = {op.block for op in graph.ops}
    assert {f"layers/1/{part}" for part in OTHER_PARTS.get(family, ("attention", "mlp"))} <= paths
    roles = linear_roles(graph)
    for at, role in roles.items():
        assert (role == "attention") == graph.ops[at].block.endswith("/attention"), graph.ops[at].id
    targets = tuple({"attention", "mlp"} & {*roles.values()})
    assert price(graph, Workload(tuning=Lora(targets=targets))).trainable_parameters > 0


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
    st.lists(st.integers(0, 2), max_size=3), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.sampled_from([1, 2, 3, 8, 16, 10**12]),
)  # fmt: skip
KEYS_BESIDE = (
    "head_dim", "sliding_window", "layer_types", "no_rope_layers", "attention_types", "attn_config",
    "partial_rotary_factor", "clip_qkv", "num_labels", "id2label", "time_step_rank", "expand", "rotary_dim",
)  # fmt: skip


@settings(max_examples=120)
@given(st.sampled_from(list(DECODERS.values())), st.data())
def test_any_value_of_any_key_gives_a_graph_or_one_sentence_in_every_family(
    config: dict[str, Any], data: Any
) -> None:
    changed = dict(config)
    for key in data.draw(st.lists(st.sampled_from([*sorted(config), *KEYS_BESIDE]), max_size=3)):
        changed[key] = data.draw(VALUES)
    message = "one sentence"
    try:
        graph = from_config(changed, {})
        cost = price(graph, Workload())
    except ModelImportError as error:
        message = str(error)
    else:
        assert cost.forward_flops.min() >= 0
        if graph.dims:
            assert regenerate(graph, sequence=graph.dims["sequence"]).ops == graph.ops
    assert "\n" not in message
