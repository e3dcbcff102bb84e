"""Configurations in other words: of 2019, of Meta, and of models whose language model is a part."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutwise.errors import ModelImportError
from cutwise.importers import load_bytes, load_model
from cutwise.importers.hugging_face.config_file import from_config, regenerate
from tests.core.importers.configurations import BERT, CONFIGS, Config
from tests.shared_files import CASES, needs

HF = CASES.parent / "models" / "hf"
PUBLISHED = Path(__file__).parents[1] / "published"
PARTS = json.loads((PUBLISHED / "language_parts.json").read_text())["models"]
META = {
    "dim": 4096, "n_layers": 32, "n_heads": 32, "n_kv_heads": 8, "vocab_size": 128_256,
    "ffn_dim_multiplier": 1.3, "multiple_of": 1024, "norm_eps": 1e-05, "rope_theta": 500_000.0,
}  # fmt: skip
OLD_GPT2 = {"n_embd": 768, "n_layer": 12, "n_head": 12, "n_ctx": 1024, "vocab_size": 50_257}


@pytest.mark.parametrize(
    ("file", "parameters"),
    [
        # 2 tables of 50,000 x 256; 8 layers of 4 x 256 x 256 + 3 x 256 x 768 + 2 x 256; the last norm. Two
        # thirds of 4 x 256 are 682, up to a multiple of 128.
        ("meta-params-json.json", 2 * 50_000 * 256 + 8 * (4 * 256**2 + 3 * 256 * 768 + 512) + 256),
        # GPT-2 with 21,128 words.
        ("gpt2-old-no-model-type.json", 124_439_808 - (50_257 - 21_128) * 768),
    ],
)
@needs(HF)
def test_the_cases_without_a_model_type_are_read(file: str, parameters: int) -> None:
    assert load_model(HF / file).parameters == parameters


def test_the_file_of_llama_3_is_the_model_of_its_published_configuration() -> None:
    """8,030,261,248 parameters; regenerated from what it keeps, it is the same."""
    graph = from_config(META, {}, file="params.json")
    assert graph.parameters == 8_030_261_248
    assert graph.provenance["family"] == "llama"
    assert regenerate(graph, sequence=16).parameters == graph.parameters
    assert any("shares the token table" in warning for warning in graph.warnings)


@pytest.mark.parametrize(
    ("change", "parameters"),
    [
        # Llama 2 7B and 13B: two thirds of four widths, up to a multiple of 256.
        ({"n_kv_heads": None, "vocab_size": 32_000, "ffn_dim_multiplier": None, "multiple_of": 256},
         6_738_415_616),
        ({"dim": 5120, "n_layers": 40, "n_heads": 40, "n_kv_heads": None, "vocab_size": 32_000,
          "ffn_dim_multiplier": None, "multiple_of": 256}, 13_015_864_320),
        # Mistral 7B says its inner width.
        ({"hidden_dim": 14_336, "head_dim": 128, "vocab_size": 32_000, "sliding_window": 4096},
         7_241_732_096),
    ],
)  # fmt: skip
def test_inner_widths_are_worked_out_as_meta_does(change: Config, parameters: int) -> None:
    assert from_config({**META, **change}, {}).parameters == parameters


def test_a_vocabulary_left_to_the_tokenizer_is_asked_for() -> None:
    with pytest.raises(ModelImportError, match=r"vocab_size is -1, .*; give the number of its words in the"):
        from_config({**META, "vocab_size": -1}, {}, file="params.json")


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        (OLD_GPT2, 124_439_808),
        ({**OLD_GPT2, "n_positions": 1024, "architectures": ["GPT2LMHeadModel"]}, 124_439_808),
        ({**BERT, "model_type": None}, 109_514_298),
        ({**BERT, "model_type": None, "architectures": None}, 109_514_298),
        ({**CONFIGS["DistilBERT"], "model_type": None, "sinusoidal_pos_embds": False}, 66_985_530),
    ],
)
def test_class_or_keys_tell_the_family_of_an_old_file(config: Config, parameters: int) -> None:
    graph = from_config(config, {})
    assert graph.parameters == parameters
    text = json.dumps(config).encode()
    assert load_bytes("config.json", text).parameters == parameters


@pytest.mark.parametrize(
    ("table", "multiple", "parameters"),
    [({}, 8, 129_135_360), ({"layer": "Mamba2"}, 16, 128_989_632)],
)
def test_files_of_mamba_ssm_are_the_published_models(table: Config, multiple: int, parameters: int) -> None:
    """Both of 130 million: 50,277 words are filled up to 50,280 and 50,288."""
    sizes = {"d_model": 768, "n_layer": 24, "vocab_size": 50_277, "pad_vocab_size_multiple": multiple}
    graph = from_config({**sizes, "ssm_cfg": table, "rms_norm": True, "fused_add_norm": True}, {})
    assert graph.parameters == parameters
    assert any("mamba-ssm make them anew" in warning for warning in graph.warnings)


@pytest.mark.parametrize("entry", PARTS, ids=lambda entry: str(entry["name"]))
def test_what_is_left_out_of_a_model_that_sees_is_said_with_its_parameters(entry: dict[str, Any]) -> None:
    graph = from_config(entry["config"], {"sequence": 16})
    said = next(warning for warning in graph.warnings if "is read alone" in warning)
    assert f"without a vision tower ({entry['tower_parameters']:,} parameters) and what joins" in said
    assert graph.dims == {"sequence": 16}
    assert regenerate(graph, sequence=8).parameters == entry["parameters"]
    assert said in regenerate(graph, sequence=8).warnings


def test_layers_that_read_images_are_passed_over_without_them() -> None:
    """40 layers of which 8 read images are the 32 layers of Llama 3.1 8B."""
    text = {
        **CONFIGS["Llama-3-70B"], "hidden_size": 4096, "intermediate_size": 14_336,
        "num_attention_heads": 32, "num_hidden_layers": 40, "model_type": "mllama_text_model",
        "cross_attention_layers": [3, 8, 13, 18, 23, 28, 33, 38],
    }  # fmt: skip
    graph = from_config({"model_type": "mllama", "text_config": text, "vision_config": {}}, {})
    assert graph.parameters == 8_030_261_248
    assert any("8 layers that read images" in warning for warning in graph.warnings)


def test_a_language_model_of_an_unknown_family_is_refused_by_the_outer_name() -> None:
    with pytest.raises(ModelImportError, match="model_type is 'emu3'"):
        from_config({"model_type": "emu3", "text_config": {"model_type": "emu3_text_model"}}, {})


NESTED = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 9), st.text(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
TABLES = (
    "text_config", "vision_config", "audio_config", "cross_attention_layers", "tie_word_embeddings",
    "architectures", "model_type", "moe", "layer_types", "attn_config", "ssm_cfg", "d_model", "n_layer",
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(TABLES), NESTED, max_size=4), st.sampled_from(range(3)))
def test_any_nesting_gives_a_graph_or_one_sentence(change: Config, which: int) -> None:
    tiny = {"dim": 8, "n_layers": 1, "n_heads": 2, "norm_eps": 1e-5, "vocab_size": 10}
    text = {"model_type": "qwen2_vl", "vision_config": {"model_type": "qwen2_vl"}, "num_hidden_layers": 1}
    llava = {"model_type": "llava", "text_config": {"num_hidden_layers": 1}, "vision_config": {}}
    message = "one sentence"
    try:
        from_config({**(tiny, text, llava)[which], **change}, {"sequence": 4})
    except ModelImportError as error:
        message = str(error)
    assert "\n" not in message
