"""What the shipped study found: identities hold in it, and the orderings that P5 claims, where they do."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import pytest

from cutwise.convergence.study import LEAST_ROUNDS, MOST_ROUNDS, RATES, SEEDS
from cutwise.convergence.study_design import DEVICES, study_cells
from cutwise.convergence.table import HIGHEST_TARGET, Cell, RoundsToTarget, rounds_to_target, shipped_table

PAGE = Path(__file__).parents[3] / "docs" / "convergence.md"
SLACK = 0.02
GROUPS = (2, 3, 6)
SETTINGS = sorted({(cell.partition, cell.local_epochs, cell.compression) for cell in study_cells()})
SPLIT_SETTINGS = [setting for setting in SETTINGS if setting[0] != "pooled"]
MILD = [setting for setting in SPLIT_SETTINGS if setting[0] != "dirichlet_0.1"]
ROWS = (
    ("split_learning", None), ("gsfl", 2), ("gsfl", 3), ("gsfl", 6), ("split_federated", None),
    ("federated", None), ("split_federated_v2", None), ("centralised", None),
)  # fmt: skip
Setting = tuple[str, int, str]


def curve(scheme: str, groups: int, setting: Setting) -> np.ndarray:
    """Accuracy in the rounds that every cell has, the mean of the seeds."""
    partition, local_epochs, compression = setting
    found = shipped_table().cells[Cell(scheme, partition, local_epochs, groups, compression)]
    return found.accuracy[:, :LEAST_ROUNDS].mean(0)


def in_order(setting: Setting, groups: int) -> list[np.ndarray]:
    """Split learning, GSFL, and split federated learning, which learns as federated learning does."""
    return [
        curve("split_learning", 1, setting),
        curve("gsfl", groups, setting),
        curve("split_federated", DEVICES, setting),
    ]


def asked(
    scheme: str, partition: str, target: float, *, groups: int | None = None, compression: str = "none"
) -> RoundsToTarget:
    found = rounds_to_target(scheme, partition, 1, groups, compression, target)
    assert found is not None
    return found


def test_the_table_has_every_cell_of_the_study() -> None:
    table = shipped_table()
    assert list(table.cells) == study_cells()
    assert table.facts["cells"] == f"{len(study_cells())} of {len(study_cells())}"
    assert table.facts["devices"] == str(DEVICES)
    assert all(curves.seeds == SEEDS for curves in table.cells.values())


def test_a_run_ended_early_only_when_all_seeds_had_been_at_the_highest_target() -> None:
    for cell, curves in shipped_table().cells.items():
        rounds = curves.accuracy.shape[1]
        assert LEAST_ROUNDS <= rounds <= MOST_ROUNDS[cell.local_epochs]
        if rounds < MOST_ROUNDS[cell.local_epochs]:
            assert (curves.accuracy.max(1) >= HIGHEST_TARGET).all()


def test_no_learning_rate_lies_at_the_end_of_the_search() -> None:
    rates = {curves.learning_rate for curves in shipped_table().cells.values()}
    assert rates <= set(RATES[1:-1])


@pytest.mark.parametrize("local_epochs", [1, 2, 5])
@pytest.mark.parametrize("partition", ["iid", "dirichlet_0.5", "dirichlet_0.1"])
def test_uncompressed_split_federated_learning_learns_exactly_as_federated_learning(
    partition: str, local_epochs: int
) -> None:
    one, other = (
        shipped_table().cells[Cell(scheme, partition, local_epochs, DEVICES, "none")]
        for scheme in ("split_federated", "federated")
    )
    assert np.array_equal(one.accuracy, other.accuracy)


@pytest.mark.parametrize("groups", GROUPS)
@pytest.mark.parametrize("setting", SPLIT_SETTINGS, ids=str)
def test_accuracy_over_twenty_rounds_falls_from_split_over_grouped_to_federated(
    setting: Setting, groups: int
) -> None:
    split, grouped, federated = (part.mean() for part in in_order(setting, groups))
    assert split >= grouped - SLACK
    assert grouped >= federated - SLACK


@pytest.mark.parametrize("groups", [2, 3])
@pytest.mark.parametrize("partition", ["iid", "dirichlet_0.5"])
def test_the_order_holds_in_every_round_at_one_local_epoch(partition: str, groups: int) -> None:
    split, grouped, federated = in_order((partition, 1, "none"), groups)
    assert (split >= grouped - SLACK).all()
    assert (grouped >= federated - SLACK).all()


def test_the_page_reports_the_rounds_in_which_the_order_does_not_hold() -> None:
    """A negative result: the page gives the number of comparisons of two schemes in a round that fail."""
    failed = {setting: 0 for setting in SPLIT_SETTINGS}
    for setting in SPLIT_SETTINGS:
        for groups in GROUPS:
            split, grouped, federated = in_order(setting, groups)
            failed[setting] += int((split < grouped - SLACK).sum() + (grouped < federated - SLACK).sum())
    # 18 settings, 3 numbers of groups, 2 comparisons, 20 rounds.
    made = 2 * LEAST_ROUNDS * len(GROUPS) * len(SPLIT_SETTINGS)
    assert made == 2160
    uneven = sum(number for setting, number in failed.items() if setting[0] == "dirichlet_0.1")
    text = f"{sum(failed.values())} of {made:,} comparisons, {uneven} of them with `dirichlet_0.1`"
    assert text in " ".join(PAGE.read_text(encoding="utf-8").split())


@pytest.mark.parametrize("groups", GROUPS)
@pytest.mark.parametrize("setting", SPLIT_SETTINGS, ids=str)
def test_gsfl_ends_within_three_points_of_split_learning(setting: Setting, groups: int) -> None:
    partition, local_epochs, compression = setting
    split, grouped = (
        shipped_table()
        .cells[Cell(scheme, partition, local_epochs, number, compression)]
        .accuracy[:, -5:]
        .mean()
        for scheme, number in (("split_learning", 1), ("gsfl", groups))
    )
    assert split - grouped <= 0.03


@pytest.mark.parametrize("groups", GROUPS)
@pytest.mark.parametrize("setting", MILD, ids=str)
def test_with_milder_data_it_is_there_after_sixteen_rounds(setting: Setting, groups: int) -> None:
    split, grouped, _ = in_order(setting, groups)
    assert split[15:].mean() - grouped[15:].mean() <= 0.03


def test_groups_of_four_and_six_need_two_to_five_times_fewer_rounds_than_federated_learning() -> None:
    for target in (0.9, 0.95):
        federated = asked("federated", "iid", target).median
        for groups in (2, 3):
            grouped = asked("gsfl", "iid", target, groups=groups).median
            assert federated is not None
            assert grouped is not None
            assert 2 <= federated / grouped <= 5


@pytest.mark.parametrize("partition", ["iid", "dirichlet_0.5", "dirichlet_0.1"])
def test_eight_bits_cost_next_to_nothing_and_top_k_the_most(partition: str) -> None:
    def over_rounds(compression: str) -> float:
        schemes = [("split_learning", 1), ("split_federated", DEVICES), *(("gsfl", g) for g in GROUPS)]
        return float(np.mean([curve(s, g, (partition, 1, compression)).mean() for s, g in schemes]))

    plain, eight, four, largest = map(over_rounds, ("none", "8_bit", "4_bit", "top_k_0.1_8_bit"))
    assert abs(plain - eight) <= 0.005
    assert plain - 0.02 <= four <= plain
    assert plain - 0.03 <= largest <= plain


@pytest.mark.parametrize(
    ("compression", "most", "most_shared"),
    [("8_bit", 1.1, 1.4), ("4_bit", 1.4, 2.0), ("top_k_0.1_8_bit", 2.4, 4.8)],
)
def test_compression_costs_more_rounds_where_the_server_side_model_is_shared(
    compression: str, most: float, most_shared: float
) -> None:
    def stretch(scheme: str, groups: int | None) -> float:
        pairs = [
            [asked(scheme, p, 0.95, groups=groups, compression=c).median for c in (compression, "none")]
            for p in ("iid", "dirichlet_0.5")
        ]
        return max((compressed or 0.0) / (plain or 0.0) for compressed, plain in pairs)

    assert max(stretch(scheme, groups) for scheme, groups in ROWS[:5]) <= most
    assert most < stretch("split_federated_v2", None) <= most_shared


def cell_text(found: RoundsToTarget) -> str:
    """The median and, in brackets, the least and the most of the seeds."""
    assert found.median is not None
    return f"{found.median:g} ({found.low} to {found.high})"


def result_rows() -> list[str]:
    """The rows of the page's table: one local epoch, no compression."""
    rows = []
    for scheme, groups in ROWS:
        cells = [
            cell_text(asked(scheme, partition, target, groups=groups))
            for partition in ("iid", "dirichlet_0.5", "dirichlet_0.1")
            for target in (0.9, 0.95)
        ]
        name = f"`{scheme}`" + (f", {groups} groups" if groups else "")
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return rows


def compression_rows() -> list[str]:
    """The rows of the page's second table: rounds to 95 % by compression."""
    rows = []
    for scheme, groups in ROWS:
        if scheme in {"federated", "centralised"}:
            continue
        cells = [
            cell_text(asked(scheme, p, 0.95, groups=groups, compression=c))
            for p in ("iid", "dirichlet_0.5")
            for c in ("none", "8_bit", "4_bit", "top_k_0.1_8_bit")
        ]
        name = f"`{scheme}`" + (f", {groups} groups" if groups else "")
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return rows


@pytest.mark.parametrize("row", [*result_rows(), *compression_rows()])
def test_the_page_shows_the_table_as_it_is(row: str) -> None:
    assert row in PAGE.read_text(encoding="utf-8").splitlines()


def test_the_example_on_the_page_comes_out_as_written() -> None:
    assert doctest.testfile(str(PAGE), module_relative=False).failed == 0
