"""What fresh eyes found wrong in configurations: each with what is right."""

from __future__ import annotations

from typing import Any

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.importers.hugging_face.config_file import from_config
from cutwise.importers.import_report import import_report

VISION = {"model_type": "clip_vision_model", "hidden_size": 32, "intermediate_size": 64,
          "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 32, "patch_size": 16}  # fmt: skip
TEXT = {"model_type": "llama", "vocab_size": 50, "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 64}  # fmt: skip


def confidence(config: dict[str, Any]) -> dict[str, str]:
    return dict(import_report(price(from_config(config, {}), Workload())).confidence)


@pytest.mark.parametrize("family", ["owlvit", "blip", "clap", "mystery_vlm"])
def test_a_family_that_is_not_read_is_never_built_as_another(family: str) -> None:
    with pytest.raises(ModelImportError, match=f"model_type is '{family}'; read are "):
        from_config({"model_type": family, "text_config": {}, "vision_config": {}}, {})


def test_a_language_model_without_its_tower_is_not_called_exact() -> None:
    config = {"model_type": "llava", "text_config": TEXT, "vision_config": VISION}
    assert confidence(config)["parameters"].startswith("of the language model alone")


def test_open_lengths_are_said_beside_the_work() -> None:
    assert confidence(TEXT)["flops"] == "exact at the sizes that were assumed"
    graph = from_config(TEXT, {"sequence": 16})
    assert import_report(price(graph, Workload())).confidence["flops"] == "exact from shapes"


def test_experts_are_read_under_the_name_that_the_library_saves() -> None:
    """4 experts, not the 128 of the library's own default: as transformers 5.23.0 writes them."""
    sizes = {"model_type": "qwen3_moe", "vocab_size": 50, "hidden_size": 32, "moe_intermediate_size": 8,
             "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2,
             "num_key_value_heads": 2, "head_dim": 16, "num_experts_per_tok": 2,
             "max_position_embeddings": 64}  # fmt: skip
    read = [from_config({**sizes, name: 4}, {}) for name in ("num_experts", "num_local_experts")]
    assert read[0].parameters == read[1].parameters
    experts = [w for w in read[1].weights.values() if "experts" in w.id and len(w.shape) == 3]
    assert {weight.shape[0] for weight in experts} == {4}


def test_the_first_llama_and_the_first_clip_are_read_by_their_keys() -> None:
    old = {name: size for name, size in TEXT.items() if name != "max_position_embeddings"}
    assert from_config({**old, "max_sequence_length": 64}, {}).parameters == from_config(TEXT, {}).parameters
    text = {**TEXT, "model_type": "clip_text_model", "projection_dim": 16}
    towers = {"text_config": text, "vision_config": {**VISION, "projection_dim": 16}}
    dicts = {f"{name}_dict": sizes for name, sizes in towers.items()}
    kinds = {"model_type": "clip", "projection_dim": 16}
    assert from_config({**kinds, **dicts}, {}).parameters == from_config({**kinds, **towers}, {}).parameters


def test_more_layers_than_any_model_has_are_refused_while_they_are_counted() -> None:
    sizes = {"model_type": "albert", "vocab_size": 50, "embedding_size": 8, "hidden_size": 8,
             "intermediate_size": 8, "num_attention_heads": 1, "max_position_embeddings": 8,
             "num_hidden_layers": 1000, "inner_group_num": 1000}  # fmt: skip
    with pytest.raises(ModelImportError, match="describes over 50,000 ops"):
        from_config(sizes, {})


def test_an_adapter_of_another_kind_is_told_what_to_do() -> None:
    with pytest.raises(ModelImportError, match="of the kind 'IA3', which is not priced: only low-rank"):
        from_config({"peft_type": "IA3", "target_modules": ["k_proj"]}, {})


def test_answers_about_two_files_of_the_same_sizes_do_not_stand_in_for_each_other() -> None:
    plain, stated = from_config(TEXT, {}), from_config({**TEXT, "torch_dtype": "bfloat16"}, {})
    assert plain != stated
    assert price(stated, Workload()).graph.warnings == stated.warnings
