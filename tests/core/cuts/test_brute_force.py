"""Every split once, and a clear refusal when there are too many."""

from __future__ import annotations

import numpy as np
import pytest

from cutwise.cuts.brute_force import all_splits, split_batches
from cutwise.cuts.split_graph import is_split
from cutwise.errors import SolverError
from tests.core.cuts.graphs import chain, graph_of


def test_a_chain_has_a_split_behind_each_op_from_the_pinned_one_on() -> None:
    masks = all_splits(graph_of(chain(30), pinned=[4]))

    assert masks.sum(axis=1).tolist() == list(range(5, 31))


def test_a_fan_of_readers_has_every_subset() -> None:
    """14 readers of the pinned op: 2^14 = 16,384 splits, in batches, each once."""
    graph = graph_of([(0, v) for v in range(1, 15)])
    batches = list(split_batches(graph))

    assert [len(batch) for batch in batches] == [4096] * 4
    masks = np.concatenate(batches)
    assert len(np.unique(masks, axis=0)) == 16_384
    assert all(is_split(graph, mask) for mask in masks[::1000])


def test_too_many_splits_are_refused_with_what_to_do() -> None:
    with pytest.raises(SolverError, match="over 1,000 splits, too many to try one by one; use the pool"):
        all_splits(graph_of([(0, v) for v in range(1, 15)]), max_splits=1000)
