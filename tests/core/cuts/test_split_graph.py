"""What a split is, and what it costs, worked out by hand on a diamond."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cutwise.cuts.split_graph import SplitGraph, crossing_ops, features_of, is_split
from cutwise.errors import SolverError


@pytest.fixture
def diamond() -> SplitGraph:
    """0 -> 1, 0 -> 2, 1 -> 3, 2 -> 3; ops weigh 1, 2, 4, 8; peaks 5, 7, 6, 9; outputs 10, 20, 40, 80."""
    return SplitGraph(
        op_count=4,
        edges=[(0, 1), (0, 2), (1, 3), (2, 3)],
        device_features=[[1.0], [2.0], [4.0], [8.0]],
        peak_features=[[5.0], [7.0], [6.0], [9.0]],
        crossing_features=[[10.0], [20.0], [40.0], [80.0]],
        pinned=[True, False, False, False],
        feature_names=("work", "transient", "sent"),
    )


def test_features_are_sums_a_peak_and_each_crossing_tensor_once(diamond: SplitGraph) -> None:
    masks = [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]

    # only 0: its one tensor has two readers on the server, 10 once. {0, 1}: 1 + 2 on the device, 10 for the
    # reader 2 and 20 for 3. {0, 1, 2}: 0 is read on the device only, 20 + 40. All: nothing crosses.
    assert features_of(diamond, masks).tolist() == [[1, 5, 10], [3, 7, 30], [7, 7, 60], [15, 9, 0]]
    assert crossing_ops(diamond, masks[1]).tolist() == [[True, True, False, False]]


def test_an_empty_device_side_costs_nothing(diamond: SplitGraph) -> None:
    assert features_of(diamond, np.zeros(4, dtype=bool)).tolist() == [[0, 0, 0]]


def test_features_do_not_depend_on_how_many_masks_are_priced_together() -> None:
    rng = np.random.default_rng(0)
    graph = SplitGraph(
        op_count=200,
        edges=[(v, v + 1) for v in range(199)],
        device_features=rng.random((200, 2)),
        crossing_features=rng.random((200, 1)),
    )
    masks = np.asfortranarray(np.arange(200) < rng.integers(0, 200, (50, 1)))

    together = features_of(graph, masks)

    assert all((features_of(graph, mask)[0] == row).all() for mask, row in zip(masks, together, strict=True))


@pytest.mark.parametrize(
    ("mask", "answer"),
    [([1, 1, 0, 0], True), ([0, 0, 0, 0], False), ([1, 1, 0, 1], False), ([1, 1, 1, 1], True)],
)
def test_a_split_holds_the_pins_and_the_producers_of_what_it_reads(
    diamond: SplitGraph, mask: list[int], answer: bool
) -> None:
    assert is_split(diamond, mask) is answer


def test_a_split_keeps_ties_together(diamond: SplitGraph) -> None:
    tied = replace(diamond, ties=((1, 2),))

    assert not is_split(tied, [1, 1, 0, 0])
    assert is_split(tied, [1, 1, 1, 0])


def test_equal_graphs_have_equal_digests_and_every_part_counts(diamond: SplitGraph) -> None:
    assert diamond == replace(diamond)
    changed = [
        replace(diamond, ties=((1, 2),)),
        replace(diamond, pinned=[True, True, False, False]),
        replace(diamond, edges=[(0, 1), (0, 2), (1, 3)]),
        replace(diamond, feature_names=("a", "b", "c")),
        replace(diamond, peak_features=[[5.0], [7.0], [6.0], [8.0]]),
    ]
    assert len({diamond, *changed}) == 6


def test_arrays_are_read_only(diamond: SplitGraph) -> None:
    with pytest.raises(ValueError, match="read-only"):
        diamond.device_features[0, 0] = 3.0


def test_repeated_edges_count_once(diamond: SplitGraph) -> None:
    doubled = replace(diamond, edges=np.concatenate([diamond.edges, diamond.edges]))

    assert doubled == diamond


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"edges": [(2, 1)]}, "edge 2 -> 1 goes backwards"),
        ({"edges": [(0, 4)]}, "edges name op 4"),
        ({"device_features": [[1.0], [np.inf], [1.0], [1.0]]}, r"device_features: op 1 has \[inf\]"),
        ({"crossing_features": [[1.0]]}, "one row for each of 4 ops"),
        ({"peak_features": [[1.0], [-1.0], [1.0], [1.0]]}, "a peak is at least 0"),
        ({"pinned": [True]}, "one flag for each of 4 ops"),
        ({"ties": ((1, 9),)}, "ops are numbered 0 to 3"),
        ({"feature_names": ("a", "a", "b")}, "3 different names"),
    ],
)
def test_a_wrong_graph_is_refused_with_the_reason(
    diamond: SplitGraph, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(SolverError, match=sentence):
        replace(diamond, **changes)
