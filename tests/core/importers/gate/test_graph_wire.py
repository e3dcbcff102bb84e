from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec, Weight
from cutwise.importers import load_model, samples
from cutwise.importers.gate.graph_wire import from_lines, to_lines

names = st.text(min_size=1, max_size=8)
shapes = st.lists(st.integers(1, 9), max_size=4).map(tuple)
numbers = st.floats(0, 1e18) | st.integers(0, 10**6)
attributes = st.dictionaries(names, numbers | st.booleans() | names | shapes, max_size=3)


@given(name=names, shape=shapes, attrs=attributes, figures=st.dictionaries(names, numbers, max_size=3))
def test_nothing_of_an_op_is_lost(name: str, shape: tuple[int, ...], attrs: object, figures: object) -> None:
    first = Op(id=name, kind="input", output=TensorSpec(shape=shape, dtype="int8"))
    weights = (Weight(id=name, shape=shape, dtype="bf16", role="buffer"),)
    second = Op(
        id=name + "'", kind=name, inputs=(name, name), output=TensorSpec(shape=shape), weights=weights,
        block=name, attrs=attrs, figures=figures, source=name,
    )  # fmt: skip
    graph = ModelGraph(
        name=name,
        ops=(first, second),
        batch_size=3,
        dims={name: 7},
        provenance={"format": name},
        warnings=(name,),
    )
    back = from_lines(to_lines(graph))
    assert back == graph
    assert back.ops == graph.ops
    assert (back.name, back.batch_size, back.warnings) == (graph.name, graph.batch_size, graph.warnings)
    assert (dict(back.dims), dict(back.provenance)) == (dict(graph.dims), dict(graph.provenance))


@pytest.mark.parametrize("name", samples())
def test_samples_survive_the_way_out_of_the_guard(name: str) -> None:
    graph = load_model(f"sample:{name}")
    assert from_lines(to_lines(graph)).digest == graph.digest


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"name": "a", "ops": 1}\n{}', '{"name": "a", "ops": 2}\n{}', '{"name": 1}']
)
def test_other_text_is_no_graph(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        from_lines(text)
