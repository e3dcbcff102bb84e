"""An adapter's configuration in the words of a workload: parameters as peft trains them, and its sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cutwise.costs.graph_cost import price
from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.importers import load_bytes, load_model
from cutwise.importers.hugging_face.config_file import from_config
from cutwise.importers.hugging_face.stated.adapter import adapter_options, is_adapter, not_counted
from cutwise.problem.stated_workload import as_stated, with_adapter
from tests.shared_files import CASES, needs

SIZES = {
    "vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4,
    "intermediate_size": 48, "max_position_embeddings": 40,
}  # fmt: skip
MODELS: dict[str, dict[str, Any]] = {
    "llama": {"model_type": "llama", "num_key_value_heads": 2, **SIZES},
    "bert": {"model_type": "bert", "architectures": ["BertForMaskedLM"], **SIZES},
    "gpt2": {
        "model_type": "gpt2",
        "vocab_size": 99,
        "n_embd": 32,
        "n_layer": 3,
        "n_head": 4,
        "n_positions": 40,
    },
}
ADAPTER = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "lora_dropout": 0.1}
FILE = CASES.parent / "models" / "hf" / "peft-adapter_config.json"

# Trainable parameters of get_peft_model in peft 0.21.2 on the same models with r = 4.
PEFT = [
    ("llama", {"target_modules": ["q_proj", "v_proj"]}, 1344),
    ("llama", {"target_modules": "all-linear"}, 5568),
    ("llama", {"target_modules": ["q_proj", "down_proj"], "layers_to_transform": [0, 2]}, 1152),
    ("llama", {"target_modules": r".*\.(q_proj|k_proj)"}, 1344),
    ("bert", {"target_modules": ["query", "dense"]}, 3712),
    ("bert", {"target_modules": ["attention.output.dense"]}, 768),
    ("gpt2", {"target_modules": ["c_attn", "c_proj"]}, 4224),
]


@pytest.mark.parametrize(("model", "more", "trained"), PEFT)
def test_an_adapter_trains_as_many_parameters_as_in_peft(model: str, more: Any, trained: int) -> None:
    graph = from_config(MODELS[model], {"sequence": 8})
    tuning = json.dumps(adapter_options({**ADAPTER, **more}))
    stated = replace(graph, provenance={**graph.provenance, "tuning": tuning})
    workload = as_stated(Workload(), stated)
    assert isinstance(workload.tuning, Lora)
    assert price(graph, workload).trainable_parameters == trained


def test_a_rank_stabilised_adapter_is_scaled_by_the_root_of_its_rank() -> None:
    options = adapter_options({**ADAPTER, "r": 16, "target_modules": ["q_proj"], "use_rslora": True})
    assert Lora(rank=16, alpha=options["alpha"]).factor == 8 / 4


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"peft_type": "IA3"}, "peft_type is 'IA3'; give 'LORA'"), ({"r": 0}, "r is 0"), ({"r": True}, "r"),
        ({"r": 10**400}, "r is 1000"), ({"lora_alpha": float("nan")}, "lora_alpha is nan"),
        ({"lora_dropout": 1}, "lora_dropout is 1"), ({"target_modules": None}, "target_modules is None"),
        ({"target_modules": ["(a+)+$"]}, "target_modules is"), ({"target_modules": "(a+)+$"}, "names of"),
        ({"target_modules": ["q"] * 99}, "a list of 1 to 64 names"),
        ({"layers_to_transform": [-1]}, "layers_to_transform is [-1]"),
    ],
)  # fmt: skip
def test_an_adapter_that_makes_no_sense_is_refused_by_its_key(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelImportError) as error:
        adapter_options({**ADAPTER, "target_modules": ["q_proj"], **change})
    assert says in str(error.value)


def test_what_an_adapter_trains_beside_its_matrices_is_said() -> None:
    assert not_counted({**ADAPTER, "bias": "none", "rank_pattern": {}, "modules_to_save": None}) == ""
    said = not_counted({**ADAPTER, "bias": "all", "modules_to_save": ["classifier"], "use_dora": True})
    assert (
        said
        == "not counted of the adapter: modules that are trained whole, DoRA's magnitudes, trained biases"
    )


@needs(FILE)
def test_an_adapter_alone_is_named_with_its_options_and_its_base() -> None:
    with pytest.raises(ModelImportError) as error:
        load_model(FILE)
    said = str(error.value)
    assert "is a PEFT adapter's configuration (of org/base-3b), rank = 16, alpha = 32, targets = [" in said
    assert 'targets = ["*/q_proj", "*/v_proj", "*/k_proj", "*/o_proj"], dropout_ratio = 0.05;' in said
    assert "put it into the folder of that model's config.json" in said
    with pytest.raises(ModelImportError, match="is a PEFT adapter's configuration"):
        load_bytes("adapter_config.json", FILE.read_bytes())


def test_an_adapter_given_alone_tunes_the_workload_there_is() -> None:
    content = json.dumps({**ADAPTER, "target_modules": ["q_proj"]}).encode()
    tuned = with_adapter(Workload(batch_size=3), content)
    lora = Lora(rank=4, alpha=8.0, targets=("*/q_proj",), dropout_ratio=0.1)
    assert tuned == Workload(batch_size=3, tuning=lora)
    for other in (b"{", b"peft_type", json.dumps({**ADAPTER, "model_type": "llama"}).encode(), b"[" * 10**6):
        assert not is_adapter(other)
        assert with_adapter(Workload(), other) is None
