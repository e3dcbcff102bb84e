"""What fine-tuning takes, against published runs that were measured."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import pytest

from cutwise.costs.graph_cost import GraphCost, price
from cutwise.costs.kernels.kernel_costs import kernel_costs
from cutwise.costs.memory.peak_memory import peak_memory
from cutwise.costs.workload import Workload
from tests.core.costs.memory import measured_runs as runs
from tests.core.costs.memory.measured_runs import Row
from tests.shared_files import needs

pytestmark = needs(runs.PUBLISHED)

CARDS_BYTES = (8e9, 12e9, 16e9, 24e9, 40e9, 48e9, 80e9)
# What the process holds beside its tensors: 5 %, half the largest of them, and the runtime.
OVERHEAD, OF_LARGEST, RESERVE_BYTES = 1.05, 0.5, 0.6e9


def predicted(row: Row, cost: GraphCost) -> tuple[float, float, float]:
    """Allocated bytes, those of the process, and whichever of them the row measured."""
    allocated = peak_memory(cost)
    largest = max(kernel_costs(cost.graph, cost.workload).saved.sizes) * cost.workload.batch_size
    process = OVERHEAD * allocated + OF_LARGEST * largest + RESERVE_BYTES
    kinds = {"allocated": allocated, "reserved": process - RESERVE_BYTES, "process": process}
    return allocated, process, kinds[row["measured_as"]]


def share_within(ratios: list[float], band: float) -> float:
    return sum(abs(ratio - 1) <= band for ratio in ratios) / len(ratios)


def verdict(allocated: float, process: float, memory_bytes: float, *, stated: bool) -> str:
    if 1.2 * process <= memory_bytes:
        return "fits"
    return "does not fit" if allocated > (1.25 if stated else 1.6) * memory_bytes else "tight"


@pytest.mark.parametrize(
    ("workload_of", "centre", "within_15", "within_25", "most_tight"),
    [(runs.as_stated, 0.03, 0.90, 0.98, 0.20), (runs.as_a_user_says, 0.05, 0.75, 0.90, 0.35)],
)
def test_published_runs_take_what_was_measured(
    workload_of: Callable[[Row], Workload],
    centre: float,
    within_15: float,
    within_25: float,
    most_tight: float,
) -> None:
    """The median is right, most are near, and on no card is a run said to fit that does not, or the other way
    round, but for BERT-large in eager attention that its source does not name (half of what was measured).
    Where the source states everything 93 % are within 15 %."""
    stated = workload_of is runs.as_stated
    ratios, words, certain = [], [], []
    for row, graph in runs.readable():
        allocated, process, figure = predicted(row, price(graph, workload_of(row)))
        measured = float(row["measured_bytes"])
        ratios.append(figure / measured)
        eager = row["attention"] == "eager" and not stated
        for card in CARDS_BYTES:
            word = verdict(allocated, process, card, stated=stated)
            words.append(word)
            assert eager or not (word == "fits" and measured > card), row
            assert not (word == "does not fit" and measured <= card), row
        if stated and not row["assumptions"]:
            certain.append(figure / measured)
    assert not stated or share_within(certain, 0.15) >= 0.93
    assert median(ratios) == pytest.approx(1.0, abs=centre)
    assert share_within(ratios, 0.15) >= within_15
    assert share_within(ratios, 0.25) >= within_25
    assert words.count("tight") / len(words) <= most_tight
