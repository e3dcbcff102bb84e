"""Split training in two processes is training in one, to the last bit, wherever the model is cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
import torch

from tests.testbed.op_tables import OpTable, seeded, sgd
from tests.testbed.paced_link import PacedLink
from tests.testbed.server_process import weights_digest
from tests.testbed.split_training import Bed, SplitTraining, asked, server_link, whole_step

STEPS = 3
SMALL: Mapping[str, tuple[Mapping[str, int], int]] = {
    "cnn": ({"width": 8, "side": 16}, 4),
    "gpt": ({"width": 48, "heads": 3, "words": 200, "tokens": 32}, 2),
}
"""Sizes of a model, and its mini-batch."""
CUTS = {"cnn": 20, "gpt": 19}


@pytest.fixture(scope="module")
def link(one_thread: None) -> Iterator[PacedLink]:
    with server_link() as found:
        yield found


def batches(table: OpTable, batch: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(1)
    return [table.draw(generator, batch) for _ in range(STEPS)]


@pytest.mark.parametrize("model", SMALL)
def test_losses_and_weights_are_those_of_unsplit_training_at_every_cut(model: str, link: PacedLink) -> None:
    sizes, batch = SMALL[model]
    whole = seeded(model, sizes)
    optimizer, drawn = sgd(whole.parameters(slice(None))), batches(whole, batch)
    expected = [whole_step(whole, optimizer, one).loss for one in drawn]
    assert len(set(expected)) == STEPS

    cuts = range(len(whole.ops) + 1)
    assert len(cuts) == CUTS[model]
    for cut in cuts:
        training = SplitTraining(link, Bed(model=model, sizes=sizes), cut)
        assert [training.step(one).loss for one in drawn] == expected, cut
        here, there = slice(cut), slice(cut, None)
        assert weights_digest(training.table, here) == weights_digest(whole, here), cut
        assert asked(link, "weights")["digest"] == weights_digest(whole, there), cut


def test_inside_a_residual_block_two_tensors_cross_and_each_once() -> None:
    table = seeded("cnn", SMALL["cnn"][0])
    names = [op.name for op in table.ops]
    inside = names.index("b1.conv2") + 1
    assert [names[place] for place in table.frontier(inside)] == ["b0.add", "b1.conv2"]
    assert [names[place] for place in table.frontier(names.index("b1.add") + 1)] == ["b1.add"]
    assert table.frontier(0) == (-1,)
    assert table.frontier(len(names)) == ()
