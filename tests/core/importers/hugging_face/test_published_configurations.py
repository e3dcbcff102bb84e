"""Published configurations: parameters, multiply-adds and saved bytes as the transformers library has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.errors import ModelImportError
from cutwise.importers.hugging_face.config_file import from_config
from cutwise.importers.hugging_face.key_bounds import DROPOUTS
from tests.core.costs.no_loss import NO_LOSS

FILES = sorted((Path(__file__).parents[1] / "published").glob("*.json"))
HELD = [json.loads(path.read_text()) for path in FILES]
MODELS = [entry for held in HELD for entry in held.get("models", [])]
HEADS = [
    ({**held["heads"]["config"], "architectures": [name]}, parameters)
    for held in HELD
    if "heads" in held
    for name, parameters in held["heads"]["parameters"].items()
]
RUNS = [entry for held in HELD for entry in held.get("runs", [])]


def called(entry: dict[str, Any]) -> str:
    return str(entry["name"])


def class_of(value: Any) -> str:
    return str(value["architectures"][0]) if isinstance(value, dict) else str(value)


@pytest.mark.parametrize("entry", MODELS, ids=called)
def test_parameters_are_those_of_an_instantiation_without_weights(entry: dict[str, Any]) -> None:
    assert from_config(entry["config"], {}).parameters == entry["parameters"]


@pytest.mark.parametrize(("config", "parameters"), HEADS, ids=class_of)
def test_every_class_of_a_family_has_the_parts_that_the_library_gives_it(
    config: dict[str, Any], parameters: int
) -> None:
    assert from_config(config, {}).parameters == parameters


@pytest.mark.parametrize("entry", RUNS, ids=called)
def test_a_small_model_costs_what_a_real_pass_does(entry: dict[str, Any]) -> None:
    """Without dropout and loss; saved bytes are those of one sample more, with flash unless a run says so."""
    config = {**entry["config"], **dict.fromkeys(sorted(DROPOUTS), 0.0)}
    graph = from_config(config, entry["dims"] if "dims" in entry else {"sequence": entry["sequence"]})
    assert graph.parameters == entry["parameters"]
    cost = price(graph, Workload(loss=NO_LOSS, attention=entry.get("attention", "flash")))
    assert not cost.unpriced
    whole = price(graph, Workload(loss=NO_LOSS, attention="sdpa"))  # flash skips what windows hide
    assert whole.macs == pytest.approx(entry["multiply_adds"], rel=1e-3)
    assert cost.saved_bytes.sum() == pytest.approx(entry["saved_bytes"], rel=entry.get("within", 0.02))


EAGER = [entry for entry in RUNS if "eager_saved_bytes" in entry]


@pytest.mark.parametrize("entry", EAGER, ids=called)
def test_attention_in_the_open_keeps_what_a_real_pass_in_the_open_does(entry: dict[str, Any]) -> None:
    config = {**entry["config"], **dict.fromkeys(sorted(DROPOUTS), 0.0)}
    cost = price(from_config(config, entry["dims"]), Workload(loss=NO_LOSS, attention="eager"))
    assert cost.saved_bytes.sum() == pytest.approx(entry["eager_saved_bytes"], rel=1e-3)


SIZES = st.sampled_from([0, 1, 3, 16, -1, 10**12])
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    SIZES,
    st.floats(),
    st.sampled_from(["x", "gelu", ""]),
    st.lists(SIZES, max_size=4),
    st.dictionaries(st.sampled_from(["a", "hidden_size"]), SIZES, max_size=2),
)


@settings(max_examples=200)
@given(st.sampled_from(range(len(RUNS))), st.data())
def test_any_value_of_any_key_of_any_family_gives_a_graph_or_one_sentence(number: int, data: Any) -> None:
    """Keys of a tower, whose configuration stands inside, are changed as well."""
    config = json.loads(json.dumps(RUNS[number]["config"]))
    for _ in range(data.draw(st.integers(1, 3))):
        parts = [config, *(part for part in config.values() if isinstance(part, dict) and part)]
        part = data.draw(st.sampled_from(parts))
        part[data.draw(st.sampled_from(sorted(part)))] = data.draw(VALUES)
    message = "one sentence"
    try:
        cost = price(from_config(config, {}), Workload())
    except ModelImportError as error:
        message = str(error)
    else:
        assert cost.forward_flops.min() >= 0
    assert "\n" not in message
