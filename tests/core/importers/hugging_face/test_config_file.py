"""Hugging Face configurations: published counts, refusals in one sentence, other lengths without a file."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.layer_roles import linear_roles
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.errors import CutwiseError, ModelImportError
from cutwise.graph.blocks import blocks
from cutwise.graph.model_graph import ModelGraph
from cutwise.graph.spans import MANY_BLOCKS
from cutwise.importers import load_bytes, load_model
from cutwise.importers.gate.graph_wire import from_lines, to_lines
from cutwise.importers.hugging_face.config_file import from_config, read, regenerate
from cutwise.importers.hugging_face.families import FAMILIES
from cutwise.importers.hugging_face.key_bounds import DROPOUTS
from tests.core.costs.no_loss import NO_LOSS
from tests.core.importers.configurations import BERT, CONFIGS, VIT, Config, of_family
from tests.core.importers.priced_apart import priced_apart
from tests.core.importers.safetensors_files import saved
from tests.shared_files import CASES

TOKENS = 128
LLAMA = CONFIGS["Llama-3.2-1B"]
TINY = {
    "model_type": "llama", "vocab_size": 10, "hidden_size": 8, "intermediate_size": 16,
    "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 256,
}  # fmt: skip
# 20 x 8 for both tables; for each layer four products of 8 x 8, three of 8 x 16 and two norms; the last norm.
TINY_PARAMETERS = 20 * 8 + 2 * (4 * 64 + 3 * 128 + 2 * 8) + 8


def priced(name: str, attention: Any = "flash") -> GraphCost:
    """Without a loss, and without dropout, as the passes it is held against were measured."""
    config = {**CONFIGS[name], **dict.fromkeys(sorted(DROPOUTS), 0.0)}
    return price(from_config(config, {}), Workload(loss=NO_LOSS, attention=attention))


def folder_with(path: Path, config: Any) -> Path:
    file = path / "config.json"
    file.write_text(config if isinstance(config, str) else json.dumps(config))
    return file


def refusal_of(config: Any, **dims: Any) -> str:
    with pytest.raises(ModelImportError) as error:
        from_config(config, dims)
    message = str(error.value)
    assert message.startswith("config.json: ")
    assert "\n" not in message
    return message


# As published by each model's authors, counted by PyTorch on the model built without weights.
PARAMETERS = {
    "GPT-2": 124_439_808, "GPT-2 medium": 354_823_168, "GPT-2 XL": 1_557_611_200,
    "Llama-3.2-1B": 1_235_814_400, "Llama-3.2-3B": 3_212_749_824, "Llama-2-7B": 6_738_415_616,
    "Llama-3-70B": 70_553_706_496, "Qwen2.5-0.5B": 494_032_768, "Qwen3-0.6B": 596_049_920,
    "Mistral-7B": 7_241_732_096, "Gemma-2-2B": 2_614_341_888, "Phi-3-mini": 3_821_079_552,
    "Falcon-7B at first": 6_921_720_704, "Falcon-40B at first": 41_303_293_952,
    "OPT-1.3B": 1_315_758_080, "OPT-350M": 331_196_416, "Pythia-1B": 1_011_781_632,
    "BERT base": 109_514_298, "RoBERTa": 124_697_433, "ALBERT": 11_221_680,
    "DistilBERT": 66_985_530, "ViT-B/16": 86_567_656,
}  # fmt: skip


@pytest.mark.parametrize("name", CONFIGS)
def test_parameters_are_the_published_number(name: str) -> None:
    assert from_config(CONFIGS[name], {}).parameters == PARAMETERS[name]


# Counted by PyTorch (FlopCounterMode with attention in the open) on the models at 128 tokens or 224 x 224.
GIGAMACS = {
    "GPT-2": 16.114, "GPT-2 XL": 201.55, "Llama-3.2-1B": 159.249, "Llama-2-7B": 850.0, "Llama-3-70B": 8917.7,
    "Qwen2.5-0.5B": 63.932, "Mistral-7B": 914.4, "OPT-1.3B": 169.41, "Pythia-1B": 117.34, "BERT base": 14.25,
    "ViT-B/16": 17.564,
}  # fmt: skip


@pytest.mark.parametrize("name", GIGAMACS)
def test_multiply_adds_are_those_that_torch_counts(name: str) -> None:
    cost = priced(name)
    assert not cost.unpriced
    assert cost.macs / 1e9 == pytest.approx(GIGAMACS[name], rel=1e-3)


# Storages kept by one forward pass of the transformers library 5.23.0 on PyTorch 2.13.0, one sample of 128
# tokens or one image, on a processor, without dropout and padding: bytes, by saved_tensors_hooks.
MEASURED = {
    "GPT-2": 133_008_384, "Llama-3.2-1B": 414_533_120, "Qwen2.5-0.5B": 331_941_376, "OPT-1.3B": 304_532_480,
    "OPT-350M": 152_291_328, "Pythia-1B": 304_252_928, "BERT base": 77_565_952, "DistilBERT": 39_767_040,
    "ViT-B/16": 118_160_680,
}  # fmt: skip
# Tables of the model that this forward pass makes anew and that belong to no sample: sines and cosines of
# 128 x 64 floats, or 128 places as whole numbers.
TABLES = {
    **dict.fromkeys(("Llama-3.2-1B", "Qwen2.5-0.5B", "Pythia-1B"), 2 * TOKENS * 64 * 4),
    **dict.fromkeys(("GPT-2", "OPT-1.3B", "OPT-350M", "BERT base"), TOKENS * 8),
}


@pytest.mark.parametrize("name", MEASURED)
def test_saved_bytes_are_those_of_a_real_pass_but_for_tables_of_the_model(name: str) -> None:
    assert priced(name).saved_bytes.sum() == MEASURED[name] - TABLES.get(name, 0)


# The same, in MB, of programs traced with an attention mask.
TRACED = {
    "GPT-2": 133.8, "GPT-2 XL": 1106, "Llama-3.2-1B": 440, "Llama-2-7B": 1400, "Llama-3-70B": 8068,
    "Qwen2.5-0.5B": 351, "Mistral-7B": 1618, "OPT-1.3B": 305, "BERT base": 77.6, "ViT-B/16": 118.2,
}  # fmt: skip


@pytest.mark.parametrize("name", TRACED)
def test_saved_bytes_are_within_a_percent_of_traced_programs_that_copy_shared_keys(name: str) -> None:
    """Keys and values are copied for every query head: in each layer two tensors of (query heads - key heads)
    x 128 x width floats more, 25.2 MB for Llama-3.2-1B."""
    assert priced(name, "sdpa").saved_bytes.sum() == pytest.approx(TRACED[name] * 1e6, rel=0.01)


def test_a_70_billion_model_is_priced_in_two_seconds_and_500_megabytes() -> None:
    seconds, kilobytes = priced_apart(CONFIGS["Llama-3-70B"])
    assert seconds < 2
    assert kilobytes < 500_000


DRAWN = sorted({config["model_type"] for config in CONFIGS.values()})


@pytest.mark.parametrize("family", DRAWN)
def test_every_family_is_drawn_in_blocks_of_its_layers(family: str) -> None:
    """Attention and perceptron in a block each, or both in one where they are small together."""
    config = of_family(family)
    graph = from_config(config, {})
    names = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
    layers = next(config[name] for name in names if name in config)
    paths = {op.block for op in graph.ops}
    assert {f"layers/{n}/{part}" for n in range(layers) for part in ("attention", "mlp")} <= paths
    names = [block.name for block in blocks(graph)]
    assert names[0] == "embeddings"
    if 2 + 2 * layers > MANY_BLOCKS:
        return
    assert names[-1] == "head"
    assert len(names) in (2 + layers, 2 + 2 * layers)


@pytest.mark.parametrize("family", sorted(set(DRAWN) - {"gemma2"}))
def test_adapters_find_the_projections_of_attention(family: str) -> None:
    graph = from_config(of_family(family), {})
    found = linear_roles(graph)
    attending = [
        graph.ops[at].block.endswith("/attention") for at, role in found.items() if role == "attention"
    ]
    assert attending
    assert all(attending)
    targets = tuple({"attention", "mlp"} & set(found.values()))
    assert price(graph, Workload(tuning=Lora(targets=targets))).trainable_parameters > 0


def test_grouped_queries_share_their_keys() -> None:
    graph = from_config(LLAMA, {})
    attention = graph.ops[graph.index["layers/3/attention/attention"]]
    assert {name: attention.attrs[name] for name in ("heads", "kv_heads", "head_dim", "causal")} == {
        "heads": 32, "kv_heads": 8, "head_dim": 64, "causal": True,
    }  # fmt: skip
    shapes = [graph.ops[graph.index[name]].output.shape for name in attention.inputs]
    assert shapes == [(1, 32, TOKENS, 64), (1, 8, TOKENS, 64), (1, 8, TOKENS, 64)]


def test_a_tied_output_layer_reads_the_table_of_the_embedding() -> None:
    graph = from_config(LLAMA, {})
    assert graph.ops[-1].weights[0].id == "model.embed_tokens.weight"
    assert graph.ops[-1].weights[0] == graph.ops[1].weights[0]
    untied = from_config({**LLAMA, "tie_word_embeddings": False}, {})
    assert untied.parameters == graph.parameters + 128_256 * 2048


def test_weights_are_called_as_in_the_file() -> None:
    graph = from_config(LLAMA, {})
    op = graph.ops[graph.index["layers/0/mlp/up_proj"]]
    assert op.weights[0].id == f"{op.source}.weight" == "model.layers.0.mlp.up_proj.weight"


@pytest.mark.parametrize(
    ("architecture", "parameters"),
    [
        # 30,522 + 512 + 2 rows of 768 and a norm; 12 layers of 7,087,872.
        ("BertModel", 23_837_184 + 12 * 7_087_872 + 590_592),
        ("BertForMaskedLM", 23_837_184 + 12 * 7_087_872 + 590_592 + 1536 + 30_522),
        ("BertForSequenceClassification", 23_837_184 + 12 * 7_087_872 + 590_592 + 2 * 769),
        ("BertForTokenClassification", 23_837_184 + 12 * 7_087_872 + 2 * 769),
        ("BertForQuestionAnswering", 23_837_184 + 12 * 7_087_872 + 2 * 769),
        ("BertForPreTraining", 23_837_184 + 12 * 7_087_872 + 2 * 590_592 + 1536 + 30_522 + 2 * 769),
    ],
)
def test_the_class_name_decides_what_stands_behind_an_encoder(architecture: str, parameters: int) -> None:
    """A pooler or a transform is 768 x 768 + 768 = 590,592, its norm 1,536; words have 30,522 biases."""
    assert from_config({**BERT, "architectures": [architecture]}, {}).parameters == parameters


@pytest.mark.parametrize(
    ("architecture", "shape"),
    [
        ("LlamaForCausalLM", (1, TOKENS, 128_256)),
        ("LlamaModel", (1, TOKENS, 2048)),
        ("LlamaForSequenceClassification", (1, 7)),
        ("LlamaForTokenClassification", (1, TOKENS, 7)),
    ],
)
def test_the_class_name_decides_what_a_decoder_answers(architecture: str, shape: tuple[int, ...]) -> None:
    labels = {str(label): "" for label in range(7)}
    graph = from_config({**LLAMA, "architectures": [architecture], "id2label": labels}, {})
    assert graph.ops[-1].output.shape == shape


@pytest.mark.parametrize("decoder", [False, True])
def test_an_encoder_used_as_a_decoder_looks_back_only(decoder: bool) -> None:
    graph = from_config({**BERT, "is_decoder": decoder}, {})
    assert {op.attrs["causal"] for op in graph.ops if op.kind == "attention"} == {decoder}


def test_images_may_be_oblong() -> None:
    graph = from_config({**VIT, "image_size": [224, 160]}, {})
    assert graph.ops[0].output.shape == (1, 3, 224, 160)
    assert graph.ops[graph.index["embeddings/class_token"]].output.shape == (1, 14 * 10 + 1, 768)
    assert not graph.dims


WHOLE = "give a whole number from 1 to 262144"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hidden_size": 4096.0}, f"hidden_size is 4096.0; {WHOLE}"),
        ({"hidden_size": True}, f"hidden_size is True; {WHOLE}"),
        ({"hidden_size": "4096"}, f"hidden_size is '4096'; {WHOLE}"),
        ({"hidden_size": [4096]}, f"hidden_size is [4096]; {WHOLE}"),
        ({"hidden_size": None}, f"hidden_size is missing; {WHOLE}"),
        ({"hidden_size": 10**9}, f"hidden_size is 1000000000; {WHOLE}"),
        ({"hidden_size": 0}, f"hidden_size is 0; {WHOLE}"),
        ({"vocab_size": 10**300}, "vocab_size is 1000000000000"),
        ({"num_hidden_layers": -4}, "num_hidden_layers is -4; give a whole number from 1 to 1000"),
        ({"num_hidden_layers": 2000}, "num_hidden_layers is 2000; give a whole number from 1 to 1000"),
        (
            {"num_attention_heads": 3, "head_dim": None},
            "hidden_size is 2048, which is no multiple of num_att",
        ),
        ({"num_key_value_heads": 5}, "is 32, which is no multiple of num_key_value_heads = 5"),
        ({"hidden_act": "__import__('os')"}, "hidden_act is \"__import__('os')\"; give one of gelu, "),
        ({"tie_word_embeddings": 1}, "tie_word_embeddings is 1; give true or false"),
        ({"model_type": "xlnet"}, "model_type is 'xlnet'; read are "),
        ({"model_type": ["llama"]}, "model_type is ['llama']; read are "),
        ({"model_type": None}, "model_type is missing; read are "),
        ({"architectures": "LlamaForCausalLM"}, "architectures is 'LlamaForCausalLM'; give a list of class"),
        ({"architectures": ["L" * 10**6 + "Model"]}, "; give a list of class names"),
        ({"architectures": ["LlamaForRanking"]}, "architectures names 'LlamaForRanking'; give a class that"),
        ({"add_cross_attention": True}, "add_cross_attention is true"),
    ],
)
def test_a_wrong_value_is_refused_by_its_key_value_and_range(change: Config, says: str) -> None:
    assert says in refusal_of({**LLAMA, **change})


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("Pythia-1B", {"rotary_pct": float("nan")}, "rotary_pct is nan; give a number from 0 to 1"),
        ("Gemma-2-2B", {"attn_logit_softcapping": "high"}, "attn_logit_softcapping is 'high'; give a number"),
        ("ViT-B/16", {"image_size": [224, True]}, "image_size is True; give a whole number from 1 to 16384"),
        ("ViT-B/16", {"patch_size": 300}, "patch_size is (300, 300), larger than image_size = (224, 224)"),
        ("GPT-2", {"architectures": ["GPT2ThreeHeadsModel"]}, "names 'GPT2ThreeHeadsModel'; give a class"),
        ("BERT base", {"architectures": ["BertForRanking"]}, "or export that model with cutwise.from_torch("),
        ("RoBERTa", {"max_position_embeddings": 2}, "is 2; give more than pad_token_id + 1 = 2"),
        ("ALBERT", {"num_hidden_groups": 13}, "num_hidden_groups is 13, more than num_hidden_layers = 12"),
        ("GPT-2", {"n_embd": None}, f"n_embd is missing; {WHOLE}"),
    ],
)
def test_keys_of_a_family_are_checked(name: str, change: Config, says: str) -> None:
    assert says in refusal_of({**CONFIGS[name], **change})


def test_an_unknown_family_is_refused_with_the_way_out() -> None:
    message = refusal_of({"model_type": "xlnet"})
    ways = (
        "cutwise.from_torch(model, example)",
        "torch.export.save",
        "cutwise export",
        "torch.onnx.export(",
    )
    for way in ways:
        assert way in message


def test_an_unknown_family_is_told_how_its_model_is_made() -> None:
    """The seven decoders and encoders among the cases were exported in this way with transformers 5.24."""
    named = refusal_of({"model_type": "xlnet", "architectures": ["XLNetLMHeadModel"]})
    assert "XLNetLMHeadModel(AutoConfig.from_pretrained(FOLDER, use_cache=False))" in named
    assert "torch.device('meta')" in named
    assert "AutoModel.from_config(AutoConfig.from_pretrained(" in refusal_of({"model_type": "xlnet"})


@pytest.mark.parametrize("path", sorted(CASES.glob("unread_*.config.json")), ids=lambda path: path.name)
def test_the_cases_that_are_not_read_name_their_family_those_read_and_the_way_on(path: Path) -> None:
    config = json.loads(path.read_text())
    if config["model_type"] in FAMILIES:
        assert load_model(path).parameters
        return
    message = refusal_of(config)
    for word in (config["model_type"], "read are ", "; else export", *config["architectures"]):
        assert word in message


def test_all_keys_that_a_family_lacks_are_named_at_once() -> None:
    message = refusal_of({"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2})
    for name in ("intermediate_size", "num_attention_heads", "max_position_embeddings", "vocab_size"):
        assert name in message
    assert message.endswith(", which family 'llama' needs too")


def test_keys_that_run_or_fetch_something_are_passed_over() -> None:
    evil = {
        "auto_map": {"AutoConfig": "evil.py--Evil"}, "attn_implementation": "kernels-community/evil",
        "experts_implementation": "evil", "torch_dtype": "hub", "dtype": "hub", "backbone": "evil",
        "quantization_config": {"quant_method": ["evil"] * 1000}, "_name_or_path": "../../etc",
    }  # fmt: skip
    graph = from_config({**TINY, **evil}, {})
    assert graph.ops == from_config(TINY, {}).ops
    assert "evil" not in json.dumps(dict(graph.provenance))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"model_type": "llama", "a": ' + "[" * 10**5, "nests lists or objects too deeply"),
        ('{"model_type": "llama", "hidden_size": ' + "9" * 5000 + "}", "has 5000 digits"),
        ('{"model_type": "llama", "model_type": "gpt2"}', "the key 'model_type' stands twice"),
        ('{"model_type": "llama", "hidden_size": Infinity}', "is missing; give a whole number"),
    ],
)
def test_damaged_json_is_refused(tmp_path: Path, text: str, says: str) -> None:
    start = time.process_time()
    with pytest.raises(ModelImportError) as error:
        load_model(folder_with(tmp_path, text))
    assert says in str(error.value)
    assert time.process_time() - start < 5


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.sampled_from([1, 2, 8, 16, 10**12]),
)


@settings(max_examples=200)
@given(st.sampled_from(sorted(CONFIGS)), st.data())
def test_any_value_of_any_key_gives_a_graph_or_one_sentence(name: str, data: Any) -> None:
    config = {key: value for key, value in CONFIGS[name].items() if key != "id2label"}
    for layers in ("num_hidden_layers", "n_layer", "n_layers"):
        config |= {layers: 2} if layers in config else {}
    for key in data.draw(st.lists(st.sampled_from(sorted(config)), max_size=3)):
        config[key] = data.draw(VALUES)
    message = "one sentence"
    try:
        cost = price(from_config(config, {}), Workload())
    except ModelImportError as error:
        message = str(error)
    else:
        assert cost.forward_flops.min() >= 0
    assert "\n" not in message


def test_the_sequence_is_128_tokens_unless_given() -> None:
    assumed, given_size = from_config(TINY, {}), from_config(TINY, {"sequence": 200})
    assert dict(assumed.dims) == {"sequence": 128}
    assert dict(given_size.dims) == {"sequence": 200}
    assert assumed.warnings == (
        "dimension 'sequence' is open; 128 is assumed, dims={'sequence': …} gives another size",
    )
    assert not given_size.warnings
    assert dict(from_config({**TINY, "max_position_embeddings": 64}, {}).dims) == {"sequence": 64}


@pytest.mark.parametrize(
    ("config", "dims", "says"),
    [
        (TINY, {"sequence": 257}, "dims gives 'sequence' = 257; this model takes 1 to 256 tokens"),
        (TINY, {"batch": 4}, "dims names 'batch', which is not open in this file; open is: sequence"),
        (VIT, {"sequence": 4}, "open is: nothing, for the image size is in the file"),
    ],
)
def test_a_length_the_model_cannot_take_is_refused(config: Config, dims: dict[str, int], says: str) -> None:
    assert says in refusal_of(config, **dims)


@pytest.mark.parametrize("name", ["GPT-2", "Gemma-2-2B", "Pythia-1B", "OPT-350M", "DistilBERT"])
def test_a_graph_is_made_again_at_another_length_as_if_read_at_it(name: str) -> None:
    config = {**CONFIGS[name], "architectures": []}
    graph, wanted = from_config(config, {}), from_config(config, {"sequence": 200})
    again = regenerate(graph, sequence=200)
    assert again == wanted
    assert (again.name, again.dims, again.warnings) == (wanted.name, wanted.dims, wanted.warnings)
    assert again.provenance == wanted.provenance
    assert regenerate(again, sequence=TOKENS).ops == graph.ops


def test_a_graph_that_came_through_the_guard_can_be_made_again() -> None:
    graph = load_bytes("config.json", json.dumps(TINY).encode(), {"sequence": 16})
    assert from_lines(to_lines(graph)) == graph
    assert regenerate(graph, sequence=32) == from_config(TINY, {"sequence": 32})


def test_only_configurations_of_text_models_can_be_made_again() -> None:
    hand_made = ModelGraph(name="toy", ops=())
    with pytest.raises(ModelImportError, match="toy: was not read from a configuration; load its file with"):
        regenerate(hand_made, sequence=4)
    with pytest.raises(ModelImportError, match="the image size is in the file"):
        regenerate(from_config(VIT, {}), sequence=4)
    with pytest.raises(ModelImportError, match="this model takes 1 to 256 tokens"):
        regenerate(from_config(TINY, {}), sequence=1000)


def test_a_window_is_noted_and_said_where_it_would_save_work() -> None:
    config = CONFIGS["Mistral-7B"]
    short, long = from_config(config, {}), from_config(config, {"sequence": 8192})
    assert next(op for op in short.ops if op.kind == "attention").attrs["window"] == 4096
    assert not any("4096 tokens at once" in warning for warning in short.warnings)
    assert any("some layers see 4096 tokens at once of 8192" in warning for warning in long.warnings)
    assert regenerate(short, sequence=8192).warnings == long.warnings


def test_flash_attention_skips_what_a_window_hides_and_no_other_kernel_does() -> None:
    """Queries of 32 heads of 128 features in 32 layers see 4096 of 8192 tokens: half of both products."""
    config = CONFIGS["Mistral-7B"]
    graph, wide = (
        from_config({**config, "sliding_window": window}, {"sequence": 8192}) for window in (4096, None)
    )
    whole = price(wide, Workload(attention="flash")).macs
    skipped = 32 * 32 * 8192 * (8192 - 4096) * 2 * 128
    assert price(graph, Workload(attention="flash")).macs == whole - skipped
    for kernel in ("sdpa", "eager"):
        assert price(graph, Workload(attention=kernel)).macs == whole


def test_gemma_and_qwen_put_windows_on_some_layers_only() -> None:
    gemma = from_config({**CONFIGS["Gemma-2-2B"], "attn_logit_softcapping": None}, {})
    assert not any(op.kind == "attention" for op in gemma.ops)
    seen = [op.attrs.get("window") for op in gemma.ops if op.id.endswith("/mask")]
    assert seen == [4096, None] * 13
    qwen = {
        **CONFIGS["Qwen3-0.6B"],
        "use_sliding_window": True,
        "sliding_window": 64,
        "max_window_layers": 20,
    }
    windows = ["window" in op.attrs for op in from_config(qwen, {}).ops if op.kind == "attention"]
    assert windows == [False] * 20 + [True] * 8
    assert "window" not in str(from_config({**qwen, "use_sliding_window": False}, {}).warnings)


def test_dropout_keeps_a_byte_and_a_result_of_its_own_for_every_element_it_meets() -> None:
    """GPT-2 drops a tenth of 128 x 768 floats behind its embeddings and both branches of 12 layers: 25 masks
    of a byte an element. What the sums keep does not change."""
    drops = price(from_config(CONFIGS["GPT-2"], {}), Workload(loss=NO_LOSS))
    assert drops.saved_bytes.sum() - priced("GPT-2").saved_bytes.sum() == 25 * 128 * 768
    assert not [op.id for op in from_config(CONFIGS["Pythia-1B"], {}).ops if "dropout_ratio" in op.attrs]


def tensors_of(graph: ModelGraph, *, dtype: str = "BF16", twice: bool = False) -> dict[str, tuple[str, Any]]:
    found = {weight.id: (dtype, weight.shape) for weight in graph.weights.values()}
    return found | ({"lm_head.weight": (dtype, graph.ops[-1].weights[0].shape)} if twice else {})


@pytest.mark.parametrize("twice", [False, True])
def test_weights_beside_the_configuration_agree_and_tell_the_dtype(tmp_path: Path, twice: bool) -> None:
    config = {**TINY, "tie_word_embeddings": True}
    saved(tmp_path / "model.safetensors", tensors_of(from_config(config, {}), twice=twice))
    graph = load_model(folder_with(tmp_path, config), dims={"sequence": 32})
    assert graph.parameters == TINY_PARAMETERS - 80
    assert not graph.warnings
    assert {weight.dtype for weight in graph.weights.values()} == {"bf16"}
    assert graph.provenance["weights"].startswith(f"{graph.parameters + 80 * twice:,} parameters in ")
    assert regenerate(graph, sequence=16).ops[1].output.dtype == "bf16"


def test_weights_of_another_model_are_noticed(tmp_path: Path) -> None:
    file = saved(tmp_path / "model.safetensors", {"w": ("F32", (3, 5))})
    graph = load_model(folder_with(tmp_path, TINY), dims={"sequence": 32})
    assert graph.warnings == (
        f"model.safetensors holds 15 parameters, the configuration describes {TINY_PARAMETERS:,} "
        f"({15 - TINY_PARAMETERS:+,}): parts that are not built here, or files of two models",
    )
    assert regenerate(graph, sequence=16).warnings == graph.warnings
    assert read(tmp_path / "config.json", {"sequence": 32}, weights=file) == graph


def test_damaged_weights_beside_a_configuration_are_left_aside_unless_named(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_text("version https://git-lfs.github.com/spec/v1")
    config = folder_with(tmp_path, TINY)
    assert load_model(config).parameters == TINY_PARAMETERS
    assert (
        "the weights beside the configuration are left aside: model.safet" in load_model(config).warnings[-1]
    )
    with pytest.raises(ModelImportError, match=r"model\.safetensors: names a header of "):
        read(config, {}, weights=weights)


def test_all_shards_beside_the_configuration_count(tmp_path: Path) -> None:
    tensors = list(tensors_of(from_config(TINY, {}), dtype="F16").items())
    for number, part in ((1, tensors[:5]), (2, tensors[5:])):
        saved(tmp_path / f"model-0000{number}-of-00002.safetensors", dict(part))
    graph = load_model(folder_with(tmp_path, TINY), dims={"sequence": 32})
    assert not graph.warnings
    assert graph.provenance["dtype"] == "fp16"


def test_weights_alone_are_read_with_the_configuration_beside_them_or_refused(tmp_path: Path) -> None:
    weights = saved(tmp_path / "model.safetensors", tensors_of(from_config(TINY, {}), dtype="F32"))
    with pytest.raises(ModelImportError) as error:
        load_model(weights)
    said = f"holds weights without a graph: {TINY_PARAMETERS:,} parameters in 21 tensors (fp32, "
    assert str(error.value).startswith(f"model.safetensors: {said}")
    assert "; give the config.json beside it, or export the model itself" in str(error.value)
    config = folder_with(tmp_path, TINY)
    assert load_model(weights) == load_model(config)


def test_a_configuration_is_recognised_by_its_content(tmp_path: Path) -> None:
    long = {"_padding": "x" * 9000, **TINY}
    path = folder_with(tmp_path, long)
    path = path.rename(tmp_path / "settings.json")
    graph = load_model(path)
    assert graph.provenance["format"] == "hf_config"
    assert graph.name == "settings"
    assert load_model(folder_with(tmp_path, TINY)).name == "llama-0.0M"


def test_uploads_are_refused_with_the_same_sentence() -> None:
    with pytest.raises(CutwiseError, match=r"config\.json: hidden_size is 4096\.0; give a whole number"):
        load_bytes("config.json", json.dumps({**LLAMA, "hidden_size": 4096.0}).encode())


def test_price_follows_the_batch_and_the_length() -> None:
    """Nothing depends on the batch but per batch; scores grow with the square of the length: the rest of
    16 layers is linear, so saved bytes are too."""
    graph = from_config(LLAMA, {})
    one, many = (price(graph, Workload(batch_size=size)) for size in (1, 64))
    assert (one.saved_bytes == many.saved_bytes).all()
    double = price(regenerate(graph, sequence=2 * TOKENS), replace(Workload(), sequence_length=2 * TOKENS))
    assert double.saved_bytes.sum() == 2 * one.saved_bytes.sum()
    scores = 16 * 32 * 2 * 64
    assert double.macs - 2 * one.macs == scores * ((2 * TOKENS) ** 2 - 2 * TOKENS**2)
