"""ONNX operators in our words."""

from __future__ import annotations

import pytest

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import TensorSpec
from cutwise.importers.onnx_format.ops import NodeFacts, rule_for

IMAGE, KERNEL = TensorSpec(shape=(1, 4, 8, 8)), TensorSpec(shape=(6, 2, 3, 3))


def test_attributes_that_are_absent_follow_from_the_weight():
    facts = NodeFacts("Conv", {}, (IMAGE, KERNEL), (False, True), (None,))
    assert rule_for(facts).attrs(facts) == {"kernel": (3, 3), "stride": (1, 1), "groups": 1}


@pytest.mark.parametrize("attributes", [{"group": [2]}, {"group": 0.5}, {"strides": 2}, {"strides": [0.5]}])
def test_an_attribute_of_another_kind_is_refused_by_its_name(attributes):
    facts = NodeFacts("Conv", attributes, (IMAGE, KERNEL), (False, True), (None,))
    with pytest.raises(ModelImportError, match=f"Conv: {next(iter(attributes))} is"):
        rule_for(facts).attrs(facts)
