from __future__ import annotations

from typing import Any

import pytest
from onnx import TensorProto, helper

from cutwise.errors import ModelImportError
from cutwise.importers.onnx_format.sizes.dims import bind


def value(name: str, *shape: int | str | None, integer: bool = False) -> Any:
    kind = TensorProto.INT64 if integer else TensorProto.FLOAT
    return helper.make_tensor_value_info(name, kind, list(shape))


def sizes(*values: Any, **dims: int) -> dict[str, int]:
    return dict(bind(values, dims, file="net.onnx").open)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (("batch", 3, "height", "width"), {"batch": 1, "height": 224, "width": 224}),
        (("N", "C", "H", "W"), {"N": 1, "C": 3, "H": 224, "W": 224}),
        (("s0", 3, "s1", "s2"), {"s0": 1, "s1": 224, "s2": 224}),
        (("batch_size", "sequence_length"), {"batch_size": 1, "sequence_length": 128}),
        (("n", "frames", 3, 224, 224), {"n": 1, "frames": 16}),
        ((None, 3, None, None), {"x:0": 1, "x:2": 224, "x:3": 224}),
        (("?", 3, "?", "?"), {"x:0": 1, "x:2": 224, "x:3": 224}),
        ((-1, 3, 0, 5), {"x:0": 1, "x:2": 224}),
        (("seq", 1, 40), {"seq": 128}),
    ],
)
def test_open_dimensions_get_sensible_sizes(shape: Any, expected: dict[str, int]) -> None:
    assert sizes(value("x", *shape)) == expected


def test_token_ids_get_a_sequence_of_128() -> None:
    assert sizes(value("ids", None, None, integer=True)) == {"ids:0": 1, "ids:1": 128}


def test_one_name_has_one_size_in_all_inputs() -> None:
    both = (value("ids", "b", "s", integer=True), value("mask", "b", "s", integer=True))
    bound = bind(both, {"s": 9}, file="net.onnx")
    assert (dict(bound.open), dict(bound.chosen), bound.warnings) == ({"b": 1, "s": 9}, {"s": 9}, ())


def test_a_size_may_be_given_by_input_and_axis() -> None:
    assert sizes(value("x", "b", "s"), **{"x:1": 9}) == {"b": 1, "s": 9}


def test_the_batch_is_one_without_a_word_and_other_sizes_are_warned_of() -> None:
    bound = bind([value("x", "batch", 3, "height", 8)], {}, file="net.onnx")
    assert dict(bound.chosen) == {"height": 224}
    assert len(bound.warnings) == 1
    assert "'height' of input 'x' is open; 224 is assumed" in bound.warnings[0]


def test_a_given_batch_is_recorded() -> None:
    assert dict(bind([value("x", "batch", 3)], {"batch": 8}, file="net.onnx").chosen) == {"batch": 8}


def test_a_name_that_is_not_open_is_refused_with_those_that_are() -> None:
    with pytest.raises(ModelImportError, match=r"dims names 'seqence', .* open are: batch, sequence"):
        bind([value("x", "batch", "sequence")], {"seqence": 3}, file="net.onnx")


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(ModelImportError, match="input 'x' has size -7 at axis 1"):
        bind([value("x", 1, -7)], {}, file="net.onnx")
