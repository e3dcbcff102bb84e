"""Encoders of text: heads, padding rows, shared layers; right values of the cases beside the project."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.importers.hugging_face.config_file import from_config
from tests.core.importers.configurations import ALBERT, BERT, ROBERTA
from tests.shared_files import CASES, needs

FOLDER = CASES.parent / "models" / "hf"
ELEVEN_LABELS = {"id2label": {str(number): f"label {number}" for number in range(11)}}


@pytest.mark.parametrize(
    ("name", "more", "parameters"),
    [
        ("gpt-neox-20b", {}, 20_554_567_680),
        ("llama-qa", {}, 1_235_818_498),
        ("bert-multichoice", {}, 109_483_009),
        ("roberta-base", {}, 124_697_433),
        ("electra-small-seqcls", ELEVEN_LABELS, 16_600_715),
    ],
)
@needs(FOLDER)
def test_cases_have_the_parameters_they_are_known_for(name: str, more: Any, parameters: int) -> None:
    config = json.loads((FOLDER / f"{name}.json").read_text())
    assert from_config({**config, **more}, {}).parameters == parameters


def test_places_of_roberta_begin_behind_the_paddings() -> None:
    """514 rows, of which those of the padding at 1 and the one before it are no token's."""
    assert dict(from_config(ROBERTA, {"sequence": 512}).dims) == {"sequence": 512}
    with pytest.raises(ModelImportError, match="this model takes 1 to 512 tokens"):
        from_config(ROBERTA, {"sequence": 513})
    assert from_config({**ROBERTA, "pad_token_id": None}, {"sequence": 512}).parameters


def test_layers_of_albert_share_their_weights_and_are_all_run() -> None:
    """One layer of 12 x 768² and biases and norms holds all weights; twelve run."""
    shared, own = (from_config({**ALBERT, "num_hidden_groups": groups}, {}) for groups in (1, 12))
    layer = 4 * (768 * 768 + 768) + 2 * 768 * 3072 + 3072 + 768 + 2 * 2 * 768
    assert own.parameters - shared.parameters == 11 * layer
    assert price(own, Workload()).macs == price(shared, Workload()).macs
    assert sum(op.kind == "attention" for op in shared.ops) == 12


def test_a_choice_is_one_sample_and_the_report_says_so() -> None:
    graph = from_config({**BERT, "architectures": ["BertForMultipleChoice"]}, {})
    assert any("a sample is one choice" in warning for warning in graph.warnings)
    assert graph.ops[-1].output.shape == (1, 1)


def test_a_generator_narrower_than_its_layers_tells_words_from_its_embedding() -> None:
    sizes = {"hidden_size": 256, "embedding_size": 128, "num_attention_heads": 4}
    config = {**BERT, **sizes, "model_type": "electra", "architectures": ["ElectraForMaskedLM"]}
    graph = from_config(config, {})
    assert graph.ops[-1].weights[0].id == "electra.embeddings.word_embeddings.weight"
    assert graph.ops[-1].inputs == ("head/LayerNorm",)
    assert graph.ops[graph.index["embeddings/embeddings_project"]].output.shape == (1, 128, 256)
