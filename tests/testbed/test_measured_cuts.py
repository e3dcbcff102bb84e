"""A few cuts timed here and now beside what is predicted for them, and the link that they are timed over."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import cutwise
from cutwise.costs.cut_sums import cut_sums
from cutwise.costs.graph_cost import price
from cutwise.costs.workload import Workload
from cutwise.measured.split_levels import predicted_cuts_s
from cutwise.measured.split_runs import LayerBenchmark, LayerWork, SplitRun, run_of
from tests.testbed.bed_run import run_document
from tests.testbed.op_facts import table_works
from tests.testbed.op_profile import LOSS
from tests.testbed.op_tables import seeded
from tests.testbed.paced_link import PacedLink
from tests.testbed.split_training import Bed, server_link
from tests.testbed.whole_module import Whole, table_places

BED = Bed(model="cnn", sizes={"width": 16}, slowdown=2, uplink_bps=1e8, downlink_bps=1e8)
CUTS, BATCH = (1, 7, 19), 8
INSIDE_A_BLOCK = 7
UNUSED = LayerBenchmark(flops_per_s=1.0, bytes_per_s=1.0, launch_s=1.0, layers=())
ABOUT = {"name": "here", "date": "", "machine": "", "command": ""}
SMALL = {
    "cnn": ({"width": 8, "side": 32}, 4),
    "gpt": ({"width": 48, "heads": 3, "words": 200, "tokens": 32}, 2),
}


@pytest.fixture(scope="module")
def run(one_thread: None) -> SplitRun:
    with server_link() as link:
        return run_of(ABOUT | run_document(link, BED, batch=BATCH, steps=2, cuts=CUTS))


def test_cuts_are_predicted_from_the_profile_of_their_ops(run: SplitRun) -> None:
    """CPU seconds with the bytes at the link's pace: busy machines delay messages. Shipped runs have bars."""
    paced = replace(run, uplink_bps=1e8, downlink_bps=1e8, latency_s=0.0)
    predicted_s = predicted_cuts_s(paced, "profile per op", UNUSED)
    sent_s = [8 * (cut.up_bytes + cut.down_bytes) / 1e8 for cut in run.cuts]
    measured_s = [2 * cut.device_s + cut.server_s for cut in run.cuts]
    assert np.abs(predicted_s / np.add(sent_s, measured_s) - 1).mean() < 0.3


def test_what_crosses_is_what_was_sent(run: SplitRun) -> None:
    """Behind the stem 16 channels of 32x32; inside a block two tensors of 16x16; nothing behind the loss.

    Up with eight labels of int64, down without.
    """
    sent = {cut.position: (cut.up_bytes, cut.down_bytes) for cut in run.cuts}
    stem, inside = BATCH * 16 * 32 * 32 * 4, BATCH * 4 * (16 * 16 * 16 + 32 * 8 * 8)
    labels = BATCH * 8
    assert sent == {1: (stem + labels, stem), INSIDE_A_BLOCK: (inside + labels, inside), 19: (0, 0)}


@pytest.mark.parametrize("model", SMALL)
def test_the_importer_counts_what_ran_at_every_cut(model: str) -> None:
    """FLOPs of products as torch counts them, and bytes across each cut both ways as they were sent."""
    sizes, batch = SMALL[model]
    table = seeded(model, sizes)
    drawn = table.draw(torch.Generator().manual_seed(0), batch)
    graph = cutwise.from_torch(Whole(table), (drawn[0],))
    cost = price(graph, Workload(batch_size=batch))
    cuts = range(1, len(table.ops))
    place = table_places(graph, table)
    sums = cut_sums(cost, np.array([[at < cut for at in place] for cut in cuts]))

    values: dict[int, Any] = {-1: drawn[0]}
    table.run(range(len(table.ops)), values)
    sent = [sum(values[at].nbytes for at in table.frontier(cut)) for cut in cuts]
    assert (batch * sums.output_bytes).tolist() == sent
    assert (batch * sums.gradient_bytes).tolist() == sent

    works = [work for name, work in table_works(table, drawn).items() if name != LOSS]
    dense = [work.forward_flops + _scores_flops(work, sizes, batch) for work in works]
    assert batch * 2 * cost.macs == pytest.approx(sum(dense), rel=1e-9)
    assert (batch * np.asarray(sums.device.forward_flops) >= np.cumsum(dense)[:-1]).all()


def _scores_flops(work: LayerWork, sizes: Mapping[str, int], batch: int) -> float:
    """Two products of tokens by tokens over the width, which torch does not count on a processor."""
    if work.kind != "attention":
        return 0.0
    return 2 * 2 * batch * sizes["tokens"] ** 2 * sizes["width"]


@pytest.mark.parametrize("rate_bps", [1e7, 1e8])
def test_a_paced_link_takes_as_long_as_its_rate_says(rate_bps: float) -> None:
    content = torch.zeros(int(rate_bps / 8 * 0.1), dtype=torch.uint8)
    here, there = socket.socketpair()
    sender, receiver = PacedLink(here, rate_bps=rate_bps), PacedLink(there, rate_bps=None)
    got: list[Tensor] = []
    thread = threading.Thread(target=lambda: got.extend(receiver.receive()[1]))
    thread.start()
    began_s = time.perf_counter()
    sender.send({}, [content])
    thread.join()
    taken_s = time.perf_counter() - began_s
    sender.close()
    receiver.close()
    assert got[0].nbytes == content.nbytes
    assert 0.1 <= taken_s < 0.5
