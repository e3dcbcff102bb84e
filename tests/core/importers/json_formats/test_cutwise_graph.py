from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cutwise.errors import ModelImportError
from cutwise.importers import load_bytes, load_model
from cutwise.importers.json_formats.cutwise_graph import FIGURES

TOY: dict[str, Any] = {
    "format": "cutwise-graph/1",
    "name": "toy",
    "ops": [
        {"id": "x", "kind": "input", "inputs": [], "output_bytes": 602112},
        {"id": "a", "kind": "custom", "inputs": ["x"], "forward_flops": 1e9, "trainable_bytes": 4096},
    ],
}


@pytest.fixture
def refusal(tmp_path: Path) -> Any:
    def refuse(document: Any) -> str:
        path = tmp_path / "toy.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        with pytest.raises(ModelImportError) as error:
            load_model(path)
        return str(error.value)

    return refuse


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def load(document: Any, name: str = "toy.json") -> Any:
        path = tmp_path / name
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return load_model(path)

    return load


def with_op(**fields: Any) -> dict[str, Any]:
    return TOY | {"ops": [*TOY["ops"], {"id": "b", "inputs": ["a"], **fields}]}


def test_the_example_of_the_format_is_read(read: Any) -> None:
    graph = read(TOY)
    assert graph.name == "toy"
    assert [(op.id, op.kind, op.inputs) for op in graph.ops] == [("x", "input", ()), ("a", "custom", ("x",))]
    assert graph.provenance["format"] == "cutwise-graph/1"
    assert graph.warnings == ()


def test_figures_are_kept_as_stated_and_defaults_are_left_to_the_pricer(read: Any) -> None:
    graph = read(TOY)
    assert dict(graph.ops[0].figures) == {"output_bytes": 602112.0}
    assert dict(graph.ops[1].figures) == {"forward_flops": 1e9, "trainable_bytes": 4096.0}


def test_every_figure_of_the_format_is_read(read: Any) -> None:
    figures = {name: index for index, name in enumerate(FIGURES)}
    assert len(figures) == 12
    assert dict(read(with_op(**figures)).ops[-1].figures) == {name: float(n) for name, n in figures.items()}


def test_kind_defaults_to_custom_inputs_to_none_and_the_name_to_the_file(read: Any) -> None:
    graph = read({"format": "cutwise-graph/1", "ops": [{"id": "alone"}]}, "my model.json")
    assert (graph.name, graph.ops[0].kind, graph.ops[0].inputs) == ("my model", "custom", ())


def test_an_op_may_say_which_block_it_is_in(read: Any) -> None:
    assert read(with_op(block="layer1/0")).ops[-1].block == "layer1/0"


def test_measured_seconds_are_a_number_or_a_pair(read: Any) -> None:
    figures = read(with_op(device_forward_s=0.5, server_forward_s=[0.25, 2])).ops[-1].figures
    assert figures["device_forward_s"] == 0.5
    assert figures["server_forward_s"] == (0.25, 2.0)


def test_a_byte_order_mark_and_keys_in_any_order_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "toy.json"
    path.write_text(json.dumps(dict(reversed(TOY.items()))), encoding="utf-8-sig")
    assert len(load_model(path)) == 2


def test_an_upload_reads_as_the_same_graph(read: Any) -> None:
    assert load_bytes("toy.json", json.dumps(TOY).encode()) == read(TOY)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"forward_flops": -1}, "op 'b': forward_flops is -1; give 0 or a number from 1e-18 to 1e+18"),
        ({"forward_flops": True}, "op 'b': forward_flops is True; give 0 or a number from 1e-18 to 1e+18"),
        ({"forward_flops": "1"}, "op 'b': forward_flops is '1'; give 0 or a number from 1e-18 to 1e+18"),
        ({"output_bytes": [0, 1]}, r"op 'b': output_bytes is [0, 1]; give 0 or a number from 1e-18 to 1e+18"),
        (
            {"device_forward_s": [1]},
            "device_forward_s is [1]; give 0 or a number from 1e-18 to 1e+18, or a pair",
        ),
        (
            {"device_forward_s": [1, 2, 3]},
            "give 0 or a number from 1e-18 to 1e+18, or a pair [fixed, per sample] of them",
        ),
        ({"device_forward_s": [1, False]}, "op 'b': device_forward_s is [1, False]"),
        ({"flops": 1}, "op 'b': unknown key 'flops'; known are id, kind, inputs"),
        ({"kind": ""}, "op 'b': \"kind\" is ''; give a text"),
        ({"kind": "input"}, "op 'b': is an input and reads 'a'; an input reads nothing"),
        ({"inputs": "a"}, "op 'b': \"inputs\" is 'a'; give a list of op ids"),
        ({"inputs": ["c"]}, "op 'b' reads 'c', which is no op of this file; correct the id or add the op"),
        ({"inputs": ["b"]}, "ops 'b' → 'b' form a cycle"),
        ({"id": "a"}, "op 'a': the id is used twice; ids must be unique"),
        ({"id": 7}, 'op number 3: "id" is 7; give each op a text of its own as id'),
        ({"block": 3}, "op 'b': \"block\" is 3; give a path"),
    ],
)
def test_a_mistake_is_refused_with_its_op_and_its_remedy(refusal: Any, fields: Any, says: str) -> None:
    message = refusal(with_op(**fields))
    assert message.startswith("toy.json: ")
    assert says in message


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_numbers_that_are_not_finite_are_refused(refusal: Any, number: str) -> None:
    text = json.dumps(with_op(output_bytes=12345)).replace("12345", number)
    assert "op 'b': output_bytes is" in refusal(text)


def test_a_number_with_thousands_of_digits_is_refused(refusal: Any) -> None:
    text = json.dumps(with_op(output_bytes=12345)).replace("12345", "9" * 5000)
    assert "the number 999999999999… has 5000 digits" in refusal(text)


def test_ops_in_the_wrong_order_are_told_from_cycles(refusal: Any) -> None:
    ops = [{"id": "a", "inputs": ["b"]}, {"id": "b"}]
    message = refusal(TOY | {"ops": ops})
    assert "op 'a' reads 'b', which is listed after it; list ops inputs first" in message


def test_a_longer_cycle_is_named_all_round(refusal: Any) -> None:
    ops = [{"id": "a", "inputs": ["c"]}, {"id": "b", "inputs": ["a"]}, {"id": "c", "inputs": ["b"]}]
    message = refusal(TOY | {"ops": ops})
    assert "form a cycle; a model graph has none" in message
    assert all(f"'{name}'" in message for name in "abc")


def test_all_mistakes_are_told_at_once(refusal: Any) -> None:
    message = refusal(with_op(forward_flops=-1, saved_bytes=None, colour="red") | {"name": 3})
    for part in ('"name" is 3', "forward_flops is -1", "saved_bytes is None", "unknown key 'colour'"):
        assert part in message


def test_beyond_ten_mistakes_only_the_number_is_told(refusal: Any) -> None:
    ops = [{"id": f"op{number}", "weight_bytes": -1} for number in range(14)]
    message = refusal(TOY | {"ops": ops})
    assert message.count("weight_bytes") == 10
    assert message.endswith("; and 4 more")


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"ops": []}, 'the key "format" is missing; add "format": "cutwise-graph/1"'),
        ({"format": "cutwise-graph/2", "ops": [{"id": "a"}]}, 'the format read here is "cutwise-graph/1"'),
        ({"format": "cutwise-graph/1", "ops": []}, '"ops" is empty; list at least one op'),
        ({"format": "cutwise-graph/1"}, 'the list "ops" is missing'),
        ({"format": "cutwise-graph/1", "ops": {"id": "a"}}, "\"ops\" is {'id': 'a'}; give a list of ops"),
        ({"format": "cutwise-graph/1", "ops": [3, None]}, "op number 1 is a JSON number; give an object"),
        ('{"format": "cutwise-graph/1", "ops": [}', "is not valid JSON at line 1, column 39"),
        ('{"format": "cutwise-graph/1", "format": "x", "ops": []}', "the key 'format' stands twice"),
    ],
)
def test_a_document_of_another_form_is_refused(refusal: Any, document: Any, says: str) -> None:
    assert says in refusal(document)


def test_dims_have_nothing_to_bind(tmp_path: Path) -> None:
    path = tmp_path / "toy.json"
    path.write_text(json.dumps(TOY))
    with pytest.raises(
        ModelImportError, match="dims names 'sequence', but this format leaves no dimension open"
    ):
        load_model(path, dims={"sequence": 3})


def test_fifty_thousand_ops_are_read(read: Any) -> None:
    ops = [{"id": "0", "kind": "input"}]
    ops += [{"id": str(n), "inputs": [str(n - 1)], "forward_flops": n} for n in range(1, 50_000)]
    assert len(read(TOY | {"ops": ops})) == 50_000
