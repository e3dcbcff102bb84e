from __future__ import annotations

import math

import numpy as np
import pytest

from cutwise.convergence import table
from cutwise.convergence.table import Cell, Curves, RoundsToTarget, read_table, rounds_to_target, table_text

FACTS = {"model": "net", "data": "ten images", "devices": "4", "test_images": "10"}
GSFL = Cell("gsfl", "iid", 1, 2, "none")
TEXT = """# model: net
# data: ten images
# devices: 4
# test_images: 10
scheme,partition,local_epochs,groups,compression,learning_rate,seed,right_answers
gsfl,iid,1,2,none,0.1,0,5 8 7 9
gsfl,iid,1,2,none,0.1,1,4 6 8 8
gsfl,iid,1,2,none,0.1,2,9 9 9 9
split_learning,iid,1,1,none,0.2,0,9 9
split_federated,iid,1,4,none,0.2,0,1 2
centralised,pooled,1,1,none,0.2,0,3 9
"""


@pytest.fixture
def small_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "shipped_table", lambda: read_table(TEXT))


def asked(
    target: float, *, groups: int | None = 2, scheme: str = "gsfl", partition: str = "iid"
) -> RoundsToTarget:
    found = rounds_to_target(scheme, partition, 1, groups, "none", target)
    assert found is not None
    return found


@pytest.mark.usefixtures("small_table")
class TestSmallTable:
    def test_rounds_are_counted_to_the_first_time_at_the_target(self) -> None:
        # 8 of 10: round 2, round 3, round 1.
        found = asked(0.8)
        assert (found.median, found.low, found.high) == (2.0, 1, 3)
        assert (found.seeds_reached, found.seeds) == (3, 3)

    def test_seeds_that_never_get_there_count_as_the_latest(self) -> None:
        # 9 of 10: round 4, never, round 1.
        found = asked(0.9)
        assert (found.median, found.low, found.high, found.seeds_reached) == (4.0, 1, None, 2)

    def test_a_median_among_the_unreached_is_none(self) -> None:
        found = asked(0.95)
        assert (found.median, found.low, found.high, found.seeds_reached) == (None, None, None, 0)

    def test_the_evidence_says_what_was_measured(self) -> None:
        assert asked(0.9).evidence == (
            "an order rather than a forecast, measured on another model: net, ten images, 4 devices; "
            "gsfl, 2 groups, iid, local epochs 1, "
            "compression none, learning rate 0.1; 2 of 3 seeds reached 0.9 within 4 rounds "
            "(rounds, least to most: 1 to 4)"
        )
        assert asked(0.95).evidence.endswith(
            "0 of 3 seeds reached 0.95 within 4 rounds (rounds, least to most: none)"
        )

    def test_gsfl_at_its_limits_is_another_scheme(self) -> None:
        assert asked(0.9, groups=1) == asked(0.9, scheme="split_learning")
        assert asked(0.2, groups=4) == asked(0.2, scheme="split_federated", groups=None)

    def test_pooled_data_have_no_partition(self) -> None:
        assert asked(0.9, scheme="centralised", partition="dirichlet_0.5").median == 2.0

    @pytest.mark.parametrize(
        "unknown",
        [
            ("gsfl", "iid", 1, 3, "none", 0.9),
            ("gsfl", "iid", 1, None, "none", 0.9),
            ("gsfl", "iid", 3, 2, "none", 0.9),
            ("gsfl", "dirichlet_0.3", 1, 2, "none", 0.9),
            ("gsfl", "iid", 1, 2, "6_bit", 0.9),
            ("card", "iid", 1, 2, "none", 0.9),
            ("gsfl", "iid", 1, 2, "none", 0.951),
            ("gsfl", "iid", 1, 2, "none", 0.0),
            ("gsfl", "iid", 1, 2, "none", math.nan),
        ],
    )
    def test_what_was_not_measured_has_no_evidence(
        self, unknown: tuple[str, str, int, int | None, str, float]
    ) -> None:
        assert rounds_to_target(*unknown) is None


def test_a_table_is_read_back_as_it_was_written() -> None:
    curves = Curves(seeds=(0, 7), learning_rate=0.05, accuracy=np.array([[0.1, 0.9], [0.3, 1.0]]))
    back = read_table(table_text(FACTS, {GSFL: curves}))
    assert back.facts == FACTS
    assert list(back.cells) == [GSFL]
    found = back.cells[GSFL]
    assert (found.seeds, found.learning_rate) == ((0, 7), 0.05)
    assert np.array_equal(found.accuracy, curves.accuracy)


def test_the_text_of_a_table_that_was_read_is_the_same() -> None:
    found = read_table(TEXT)
    assert table_text(found.facts, found.cells) == TEXT
