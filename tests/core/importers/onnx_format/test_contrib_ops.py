"""Every operator of onnxruntime that is read: shapes as onnxruntime makes them, work counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.workload import Workload
from cutwise.errors import CutwiseError
from cutwise.importers.gate.reading import read_here
from tests.core.importers.onnx_format.contrib_files import CASES, ContribCase


def priced(case: ContribCase, folder: Path) -> GraphCost:
    path = folder / "net.onnx"
    path.write_bytes(case.model().SerializeToString())
    return price(read_here(path, {}), Workload(batch_size=1))


@pytest.mark.parametrize("name", CASES)
def test_a_contributed_operator_is_read_and_priced(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    cost = priced(case, tmp_path)
    graph = cost.graph
    read = {place for op in graph.ops for place in op.inputs}
    ends = [op.output.shape for op in graph.ops if op.id not in read]
    assert sorted(set(ends)) == sorted(set(case.makes.values()))
    samples = graph.batch_size
    assert (cost.parameters, cost.macs * samples) == (case.parameters, case.macs)
    assert (dict(cost.unpriced), dict(graph.uncounted)) == ({}, {})


def test_what_a_packed_weight_takes_in_memory_is_what_the_file_holds(tmp_path: Path) -> None:
    """24 × 64 weights of 4 bits with 24 biases in fp32; 48 scales in fp32 and 24 bytes of zero points."""
    cost = priced(CASES["matmul_of_4_bits"], tmp_path)
    assert cost.weight_bytes.sum() == 24 * 64 / 2 + 24 * 4
    assert cost.buffer_bytes.sum() == 48 * 4 + 24


def test_half_of_an_experts_weights_work_where_two_of_four_are_active(tmp_path: Path) -> None:
    """6 tokens, two experts each, two products of 48 × 32; backward once for inputs and once for weights."""
    row = priced(CASES["mixture_of_experts"], tmp_path).row("n")
    assert row.forward_flops == 2 * 6 * 2 * 2 * 48 * 32 / 6
    assert row.backward_weight_flops == row.forward_flops


def _damaged(case: ContribCase) -> Iterator[Any]:
    """Files of the operator with an input left out, an attribute absent or absurd, a stored tensor cut."""
    reads = case.reads.split()
    for slot in range(len(reads)):
        yield replace(case, reads=" ".join([*reads[:slot], "-", *reads[slot + 1 :]])).model()
        yield replace(case, reads=" ".join(reads[: slot + 1])).model()
    for name, value in case.attributes.items():
        rest = {other: kept for other, kept in case.attributes.items() if other != name}
        yield replace(case, attributes=rest).model()
        for absurd in [0, -1, 2**62] if isinstance(value, int) else [[10**9] * 3, [-1] * 2]:
            yield replace(case, attributes={**rest, name: absurd}).model()
    for place, tensor in enumerate(case.stored):
        made = case.model()
        if tensor.dims:
            made.graph.initializer[place].ClearField("raw_data")
            made.graph.initializer[place].dims[0] = 0
            yield made


@pytest.mark.parametrize("name", CASES)
def test_a_damaged_operator_is_read_or_refused_with_a_sentence(name: str, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    for made in _damaged(CASES[name]):
        path.write_bytes(made.SerializeToString())
        with suppress(CutwiseError):
            price(read_here(path, {}), Workload(batch_size=1))
