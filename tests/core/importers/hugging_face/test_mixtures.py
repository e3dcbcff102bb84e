"""Mixtures of experts: published counts, active parts by hand, what a token sends, speed of the largest."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError, ScenarioError
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers import load_model
from cutwise.importers.hugging_face.config_file import from_config, regenerate
from tests.core.costs.no_loss import NO_LOSS
from tests.core.importers.priced_apart import priced_apart
from tests.shared_files import SHARED, needs

PUBLISHED = Path(__file__).parents[1] / "published"
FILES = SHARED / "cases" / "models" / "hf"
FAMILY_FILES = (
    "mixtral", "qwen_moe", "deepseek", "gpt_oss", "olmoe", "phimoe", "granitemoe", "glm4_moe", "dots1",
    "minimax_m2", "ernie4_5_moe", "hunyuan_v1_moe", "glm4_moe_lite",
)  # fmt: skip
HELD = {name: json.loads((PUBLISHED / f"{name}.json").read_text()) for name in FAMILY_FILES}
CONFIGS = {entry["name"]: entry["config"] for held in HELD.values() for entry in held["models"]}
RUNS = {entry["name"]: entry for held in HELD.values() for entry in held["runs"]}


def published(name: str) -> ModelGraph:
    return from_config(CONFIGS[name], {})


def tiny(name: str, **changes: Any) -> ModelGraph:
    return from_config(RUNS[name]["config"] | changes, {"sequence": 48})


MIXTRAL, QWEN3 = "two of eight experts", "a plain layer and a mixture in turn, head norms"


@pytest.mark.parametrize(
    ("file", "parameters"), [("mixtral-8x7b", 46_702_792_704), ("deepseek-v3", 671_026_404_352)]
)
@needs(FILES)
def test_the_given_files_have_the_published_number_of_parameters(file: str, parameters: int) -> None:
    assert load_model(FILES / f"{file}.json").parameters == parameters


# All parameters less experts that a token does not meet: (experts - chosen) x 3 x width x inner width in
# each layer that has any; gpt-oss also has their biases. The published figures beside them are rounded.
ACTIVE = {
    "Mixtral-8x7B-v0.1": (46_702_792_704 - 32 * 6 * 3 * 4096 * 14_336, 12.9),
    "Qwen3-30B-A3B": (30_532_122_624 - 48 * 120 * 3 * 2048 * 768, 3.3),
    "Qwen3-235B-A22B": (235_093_634_560 - 94 * 120 * 3 * 4096 * 1536, 22),
    "DeepSeek-V3": (671_026_404_352 - 58 * 248 * 3 * 7168 * 2048, 37),
    "DeepSeek-V2-Lite": (15_706_484_224 - 26 * 58 * 3 * 2048 * 1408, 2.7),
    "Qwen1.5-MoE-A2.7B": (14_315_784_192 - 24 * 56 * 3 * 2048 * 1408, 2.7),
    "OLMoE-1B-7B-0924": (6_919_161_856 - 16 * 56 * 3 * 2048 * 1024, 1.3),
    "Phi-3.5-MoE-instruct": (41_873_153_344 - 32 * 14 * 3 * 4096 * 6400, 6.6),
    "GLM-4.5-Air": (106_852_245_504 - 45 * 120 * 3 * 4096 * 1408, 13.4),
    "MiniMax-M2": (228_689_748_992 - 62 * 248 * 3 * 3072 * 1536, 11),
    "dots.llm1.base": (142_774_373_888 - 61 * 122 * 3 * 4096 * 1408, 14),
    "ERNIE-4.5-21B-A3B-PT": (21_825_437_888 - 27 * 58 * 3 * 2560 * 1536, 3.36),
    "Hunyuan-A13B-Instruct": (80_393_183_232 - 32 * 56 * 3 * 4096 * 3072, 12.75),
    "gpt-oss-20b": (20_914_757_184 - 24 * 28 * (3 * 2880 * 2880 + 3 * 2880), 4.19),
}


@pytest.mark.parametrize("name", ACTIVE)
def test_active_parameters_leave_out_the_experts_that_a_token_does_not_meet(name: str) -> None:
    by_hand, said = ACTIVE[name]
    assert published(name).active_parameters == by_hand
    assert by_hand / 1e9 == pytest.approx(said, rel=0.025)


def test_gpt_oss_counts_its_active_part_without_the_table_of_words() -> None:
    """3.6 and 5.1 billion in its model card: "unembedding parameters are counted towards active, but not
    embeddings"; the table has 201,088 x 2,880 of them."""
    for name, said in (("gpt-oss-20b", 3.61), ("gpt-oss-120b", 5.13)):
        graph = published(name)
        assert graph.table_parameters == 201_088 * 2880
        assert (graph.active_parameters - graph.table_parameters) / 1e9 == pytest.approx(said, abs=0.005)


def test_a_model_without_experts_is_active_as_a_whole() -> None:
    graph = tiny(QWEN3, mlp_only_layers=[0, 1, 2, 3])
    assert graph.active_parameters == graph.parameters
    assert not any("experts" in warning for warning in graph.warnings)


def test_a_layer_works_for_the_rows_of_its_tokens_and_holds_all_experts() -> None:
    """48 tokens x 2 of 8 experts: 96 rows x (128 x 192 + 96 x 128) multiply-adds; the router 48 x 128 x 8."""
    cost = price(tiny(MIXTRAL), Workload(loss=NO_LOSS))
    rows = {part: cost.row(f"layers/0/mlp/{part}") for part in ("gate_up_proj", "down_proj", "router")}
    assert rows["gate_up_proj"].forward_flops == 2 * 96 * 128 * 192
    assert rows["down_proj"].forward_flops == 2 * 96 * 96 * 128
    assert rows["router"].forward_flops == 2 * 48 * 128 * 8
    for row in rows.values():
        assert row.backward_input_flops == row.backward_weight_flops == row.forward_flops
    assert rows["gate_up_proj"].weight_bytes == 4 * 8 * 192 * 128


def test_what_crosses_inside_a_layer_is_said_and_priced() -> None:
    """Before the router one row of 128 numbers a token crosses, between router and experts two."""
    graph = tiny(MIXTRAL)
    cost = price(graph, Workload(loss=NO_LOSS))
    said = next(warning for warning in graph.warnings if "experts" in warning)
    assert "in 2 layers a token passes 2 of 8 experts" in said
    assert "sends 2 rows of 128 numbers a token each way" in said
    before = cost.row("layers/0/mlp/post_attention_layernorm")
    inside = cost.row("layers/0/mlp/dispatch")
    assert before.output_bytes == before.gradient_bytes == 4 * 48 * 128
    assert inside.output_bytes == inside.gradient_bytes == 2 * 4 * 48 * 128


# Trained parameters and saved bytes of one sample more, of transformers 5.23 under peft 0.21 with rank 8 at
# q_proj, k_proj, v_proj and o_proj, and with "all-linear" at the model with a shared expert.
WITH_ADAPTERS = [
    (MIXTRAL, "attention", 13_312, 617_088),
    (QWEN3, "attention", 36_864, 1_419_456),
    ("a shared expert beside two of eight", "all_linear", 25_360, 776_064),
    ("heads normalised once turned", "attention", 13_312, 792_960),
    ("half of each head turned, heads normalised", "attention", 13_312, 623_040),
]


@pytest.mark.parametrize(("name", "target", "trained", "saved"), WITH_ADAPTERS)
def test_adapters_beside_experts_keep_what_peft_keeps(
    name: str, target: str, trained: int, saved: int
) -> None:
    tuning = Lora(rank=8, targets=(target,), dropout_ratio=0.0)
    cost = price(tiny(name), Workload(loss=NO_LOSS, attention="flash", tuning=tuning))
    assert cost.trainable_parameters == trained
    assert cost.saved_bytes.sum() == pytest.approx(saved, rel=1e-9)


# Bytes of one sample more, of transformers 5.23 on a processor: weights in bf16, and fp32 weights under
# autocast to bf16, which leaves the grouped product in fp32.
IN_16_BIT = [
    (MIXTRAL, 568_512, 924_864),
    ("a shared expert beside two of eight", 604_032, 984_960),
    ("V3: experts in groups by sigmoids", 811_776, 1_104_288),
    ("sinks, biases and windows", 853_056, 1_407_552),
    ("probabilities of the chosen only", 564_672, 921_408),
    ("norms over all heads", 659_904, 1_016_256),
]


@pytest.mark.parametrize(("name", "held_in_bf16", "under_autocast"), IN_16_BIT)
def test_what_is_kept_in_16_bit(name: str, held_in_bf16: int, under_autocast: int) -> None:
    plain = Workload(batch_size=2, loss=NO_LOSS, attention="flash")
    for work, kept in (
        (replace(plain, weights_dtype="bf16"), held_in_bf16),
        (replace(plain, autocast=True, compute_dtype="bf16"), under_autocast),
    ):
        two, three = (
            batch * price(tiny(name), replace(work, batch_size=batch)).saved_bytes.sum() for batch in (2, 3)
        )
        assert three - two == pytest.approx(kept, rel=0.005)


def test_dense_layers_stand_where_the_configuration_says() -> None:
    """Of four layers every second routes, but for the last, which is listed."""
    alternating, behind = tiny(QWEN3), published("DeepSeek-V3")
    assert [n for n in range(4) if f"layers/{n}/mlp/router" in alternating.index] == [1]
    assert [n for n in range(61) if f"layers/{n}/mlp/router" not in behind.index] == [0, 1, 2]


def test_windows_of_gpt_oss_are_those_of_its_layer_types() -> None:
    plain, named = (
        tiny("sinks, biases and windows", **change)
        for change in ({}, {"layer_types": ["full_attention", "sliding_attention"]})
    )
    windows = [
        [graph.ops[graph.index[f"layers/{n}/attention/attention"]].attrs.get("window") for n in (0, 1)]
        for graph in (plain, named)
    ]
    assert windows == [[16, None], [None, 16]]


@pytest.mark.parametrize("name", ["DeepSeek-V2-Lite", "gpt-oss-20b", "Qwen3-30B-A3B"])
def test_another_length_is_made_of_what_the_graph_remembers(name: str) -> None:
    """Without the file: queries of V2 Lite stay whole, whose null says so."""
    longer = regenerate(published(name), sequence=200)
    assert longer.digest == from_config(CONFIGS[name], {"sequence": 200}).digest


def test_sizes_that_a_file_leaves_out_are_those_of_the_library() -> None:
    """`AutoConfig.for_model("deepseek_v3")` of transformers 5.23 is the published model."""
    graph = from_config({"model_type": "deepseek_v3", "hidden_size": 7168, "num_hidden_layers": 61}, {})
    assert graph.parameters == 671_026_404_352
    said = next(warning for warning in graph.warnings if "leaves out" in warning)
    assert "n_routed_experts = 256" in said
    assert "hidden_size" not in said


def test_layers_of_glm_are_plain_where_it_lists_them() -> None:
    graph = tiny("latent attention, the first layer plain", mlp_layer_types=["sparse", "dense"])
    assert [n for n in range(2) if f"layers/{n}/mlp/router" in graph.index] == [0]


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        (MIXTRAL, {"num_experts_per_tok": 9}, "num_experts_per_tok is 9, more than num_local_experts = 8"),
        (MIXTRAL, {"num_local_experts": 10**6}, "num_local_experts is 1000000; give a whole number from 1"),
        (QWEN3, {"mlp_only_layers": [10**9]}, "mlp_only_layers is [1000000000]; give a list of numbers"),
        ("heads normalised once turned", {"moe_topk": [1, 2]}, "moe_topk is not the same in all layers"),
        (QWEN3, {"mlp_only_layers": [True]}, "mlp_only_layers is [True]; give a list of numbers"),
        ("V2: greedy", {"topk_method": "noaux"}, "topk_method is 'noaux'; give one of greedy"),
        ("V3: experts in groups by sigmoids", {"n_group": 3}, "16, which is no multiple of n_group = 3"),
        ("V3: experts in groups by sigmoids", {"topk_group": 5}, "topk_group is 5, more than n_group = 4"),
    ],
)
def test_experts_that_do_not_fit_are_refused(name: str, change: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelImportError) as error:
        tiny(name, **change)
    assert says in str(error.value)


def test_adapters_by_role_pass_stacked_experts_by() -> None:
    with pytest.raises(
        ScenarioError, match="stacked experts get adapters by name only: layers/0/mlp/gate_up"
    ):
        price(tiny(MIXTRAL), Workload(tuning=Lora(targets=("mlp",))))


@pytest.mark.parametrize(("batch", "kept"), [(1, 3_143_872), (3, 4_700_608)])
def test_adapters_at_experts_are_merged_as_peft_merges_them(batch: int, kept: int) -> None:
    """peft 0.21 with rank 4 at queries, and by `target_parameters` at both stacked weights: in each layer
    4 x (128 + 128) and 8 x 4 x (128 + 192 + 96 + 128). Kept beside what is a sample's: tables of sines and
    cosines of 48 x 16 floats, and where the rows of each of 8 experts begin."""
    targets = ("*/q_proj", "*/gate_up_proj", "*/down_proj")
    tuning = Lora(rank=4, targets=targets, dropout_ratio=0.0)
    work = Workload(batch_size=batch, loss=NO_LOSS, attention="flash", tuning=tuning)
    cost = price(tiny(MIXTRAL), work)
    assert cost.trainable_parameters == 2 * (4 * (128 + 128) + 8 * 4 * (128 + 192 + 96 + 128))
    tables = 2 * 48 * 16 * 4 + 2 * 8 * 4
    assert batch * cost.saved_bytes.sum() + tables == pytest.approx(kept, rel=1e-9)
    plain = price(tiny(MIXTRAL), replace(work, tuning=replace(tuning, targets=("*/q_proj",))))
    merged = 4 * 2 * 8 * (192 * 128 + 96 * 128)  # once a mini-batch
    assert cost.macs - plain.macs == pytest.approx(merged / batch, abs=1)


def test_a_model_of_600_billion_is_priced_in_three_seconds() -> None:
    """The whole of it, import of the library included, and in 500 MB."""
    seconds, kilobytes = priced_apart(CONFIGS["DeepSeek-V3"])
    assert seconds < 3
    assert kilobytes < 500_000


def test_generated_tokens_read_the_experts_they_meet() -> None:
    """Without a prompt, of three samples: each weight matrix of 8 experts is read to 1 - (6/8)^3 = 37/64."""
    cost = generating(tiny(MIXTRAL), batch=3)
    (token,) = steps(cost)
    at = cost.graph.index["layers/0/mlp/gate_up_proj"]
    assert 3 * token.first_bytes[at] == pytest.approx(37 / 64 * 4 * 8 * 192 * 128)
    assert cost.generation is not None
    assert cost.generation.steps.weight_bytes[at] == 0
    assert cost.weight_bytes[at] == 4 * 8 * 192 * 128


def test_a_prompt_reads_nearly_all_experts() -> None:
    """40 tokens of one sample: 1 - (6/8)^40."""
    cost = generating(tiny(MIXTRAL), batch=1, prompt=40)
    at = cost.graph.index["layers/1/mlp/down_proj"]
    prompt, token = steps(cost)
    assert prompt.first_bytes[at] == pytest.approx((1 - 0.75**40) * 4 * 8 * 128 * 96)
    assert token.first_bytes[at] == pytest.approx(0.25 * 4 * 8 * 128 * 96)


def test_a_cache_of_latents_holds_them_and_not_the_keys_of_every_head() -> None:
    """V3 keeps 512 + 64 numbers a token and layer (arXiv 2412.19437); a new token works 128 x (2 x 512 + 64)
    multiply-adds for each, one of a prompt 128 x (192 + 128)."""
    graph = published("DeepSeek-V3")
    cost = generating(graph, batch=1, prompt=100, weights_dtype="bf16")
    at = graph.index["layers/30/attention/attention"]
    prompt, token = steps(cost)
    assert token.first_bytes[at] == 100 * (512 + 64) * 2
    assert token.first_flops[at] == pytest.approx(2 * 128 * (2 * 512 + 64) * 100)
    assert prompt.first_flops[at] == pytest.approx(2 * 128 * (192 + 128) * 100**2 / 2)


def generating(graph: ModelGraph, *, batch: int, prompt: int = 0, **changes: Any) -> GraphCost:
    work = Workload(mode="inference", batch_size=batch, prompt_tokens=prompt, new_tokens=1, **changes)
    return price(graph, work)


def steps(cost: GraphCost) -> Any:
    assert cost.generation is not None
    return cost.generation.steps.steps
