"""How deep a cut lies, and which models an indication is for."""

from __future__ import annotations

import numpy as np
import pytest

import cutwise
from cutwise.graph.model_graph import ModelGraph, Op, TensorSpec, Weight
from cutwise.leakage.relative_depth import depth_ratios, family_of

FAMILIES = {
    "resnet18": "cnn", "googlenet": "cnn", "densenet121": "cnn", "mobilenet_v2": "cnn", "vgg16": "cnn",
    "unet": "cnn", "vit_b16": "transformer", "gpt2": "transformer", "two_tower": None,
}  # fmt: skip


@pytest.mark.parametrize(("name", "family"), FAMILIES.items())
def test_shipped_models_are_of_their_families(name: str, family: str | None) -> None:
    assert family_of(cutwise.load_model(f"sample:{name}")) == family


def test_every_shipped_model_has_a_row_here() -> None:
    assert set(FAMILIES) == set(cutwise.samples())


def layer(name: str, kind: str, read: str, *, role: str = "parameter") -> Op:
    weight = Weight(id=f"{name}.weight", shape=(4, 4), role=role)
    return Op(id=name, kind=kind, inputs=(read,), output=TensorSpec(shape=(1, 4)), weights=(weight,))


def test_layers_with_weights_count_and_norms_do_not() -> None:
    """Of three products and a table one and then three are on the device: a quarter, three quarters."""
    ops = (
        Op(id="x", kind="input", output=TensorSpec(shape=(1, 4))),
        layer("table", "embedding", "x"),
        layer("norm", "layer_norm", "table"),
        layer("one", "linear", "norm"),
        layer("two", "linear", "one"),
        layer("three", "linear", "two", role="frozen"),
    )
    graph = ModelGraph(name="four layers", ops=ops)
    masks = np.arange(6)[None, :] < np.array([1, 3, 5, 6])[:, None]
    assert depth_ratios(graph, masks).tolist() == [0.0, 0.25, 0.75, 1.0]


def test_a_model_without_weighted_layers_is_of_no_family() -> None:
    graph = ModelGraph(name="nothing", ops=(Op(id="x", kind="input", output=TensorSpec(shape=(1, 4))),))
    assert family_of(graph) is None
