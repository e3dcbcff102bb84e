"""Rows by their number: designs against what they promise, any stretch against the whole."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

import cutwise
from cutwise.scenario.parts import Scenario
from cutwise.sweeping.rows.axes import SweptAxis
from cutwise.sweeping.rows.counted_draws import drawn_shares, shuffled_places
from cutwise.sweeping.rows.row_designs import DESIGNS
from cutwise.sweeping.whole_sweep import Sweep, made_sweep

UP = {"from": "1 Mbit/s", "to": "1 Gbit/s", "spacing": "log"}
TOY = [cutwise.load_model("sample:vgg16")]


def drawn(design: str, rows: int, seed: int = 7, **over: object) -> Sweep:
    return made_sweep(TOY, Scenario(), over, schemes=("fast_split",), design=design, rows=rows, seed=seed)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 16, 17, 63, 64, 65, 1000, 4097])
def test_a_shuffle_puts_every_place_somewhere_else_and_none_twice(count: int) -> None:
    assert sorted(shuffled_places(np.arange(count), count=count, key=count).tolist()) == list(range(count))


def test_a_shuffle_of_a_few_puts_each_order_about_as_often() -> None:
    orders = [tuple(shuffled_places(np.arange(4), count=4, key=key).tolist()) for key in range(4800)]
    counts = [orders.count(order) for order in itertools.permutations(range(4))]
    assert stats.chisquare(counts).pvalue > 1e-4


def test_a_shuffle_of_many_leaves_no_trace_of_their_order() -> None:
    count = 100_000
    found = shuffled_places(np.arange(count), count=count, key=3)
    assert abs(np.corrcoef(np.arange(count), found)[0, 1]) < 4 / np.sqrt(count)
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 4 / np.sqrt(count)


def test_numbers_are_those_of_philox_from_any_index_on() -> None:
    """numpy's own generator makes doubles of the same words, from the beginning only."""
    whole = np.random.Generator(np.random.Philox(key=99)).random(1000)
    for first in (0, 1, 2, 3, 4, 5, 998):
        assert drawn_shares(key=99, first=first, count=1000 - first).tolist() == whole[first:].tolist()


@pytest.mark.parametrize("design", ["random", "latin_hypercube"])
def test_any_stretch_of_drawn_rows_is_as_in_the_whole(design: str) -> None:
    sweep = drawn(design, 1000, **{"channel.uplink_bps": UP, "workload.batch_size": [1, 2, 4]})
    whole = sweep.columns(0, 1000)
    for first, last in ((0, 1), (7, 500), (999, 1000)):
        part = sweep.columns(first, last)
        assert all(part[path].tolist() == whole[path][first:last].tolist() for path in whole)


def test_a_latin_hypercube_has_one_row_in_each_layer_of_every_path() -> None:
    over = {"channel.uplink_bps": UP, "channel.downlink_bps": {"from": 1e6, "to": 2e6}}
    columns = drawn("latin_hypercube", 500, **over).columns(0, 500)
    layers = np.log(columns["channel.uplink_bps"] / 1e6) / np.log(1000) * 500
    assert sorted(np.floor(layers).tolist()) == list(range(500))
    layers = (columns["channel.downlink_bps"] - 1e6) / 1e6 * 500
    assert sorted(np.floor(layers).tolist()) == list(range(500))


def test_a_latin_hypercube_has_every_listed_value_equally_often() -> None:
    column = drawn("latin_hypercube", 300, **{"workload.batch_size": [1, 2, 4]}).columns(0, 300)
    assert np.unique(column["workload.batch_size"], return_counts=True)[1].tolist() == [100, 100, 100]


def test_random_rows_are_spread_evenly_or_by_their_logarithm_and_independent() -> None:
    over = {"channel.uplink_bps": UP, "channel.downlink_bps": {"from": 1e6, "to": 2e6}}
    columns = drawn("random", 20_000, **over).columns(0, 20_000)
    shares = np.log(columns["channel.uplink_bps"] / 1e6) / np.log(1000)
    assert stats.kstest(shares, "uniform").pvalue > 1e-3
    assert stats.kstest(columns["channel.downlink_bps"], "uniform", (1e6, 1e6)).pvalue > 1e-3
    assert stats.spearmanr(shares, columns["channel.downlink_bps"]).pvalue > 1e-3


def test_another_path_changes_no_number_of_the_others_and_another_seed_all() -> None:
    alone = drawn("random", 50, **{"channel.uplink_bps": UP}).columns(0, 50)["channel.uplink_bps"]
    more = {"workload.batch_size": [1, 2], "channel.uplink_bps": UP}
    assert (drawn("random", 50, **more).columns(0, 50)["channel.uplink_bps"] == alone).all()
    other = drawn("random", 50, seed=8, **{"channel.uplink_bps": UP}).columns(0, 50)["channel.uplink_bps"]
    assert not (other == alone).any()


def test_the_last_path_of_a_grid_runs_fastest_wherever_it_begins() -> None:
    over = {"rounds": [1, 2], "workload.batch_size": [4, 8, 16], "channel.kind": ["fixed_rate"]}
    sweep = made_sweep(TOY, Scenario(), over, schemes=("fast_split",))
    assert sweep.rows == 6
    rows = list(itertools.product([1, 2], [4, 8, 16], [0]))
    found = [sweep.columns(2, 5)[path].tolist() for path in over]
    assert list(zip(*found, strict=True)) == rows[2:5]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"low": 1.0, "high": 3.0, "points": 5}, [1.0, 1.5, 2.0, 2.5, 3.0]),
        ({"low": 1.0, "high": 1e4, "points": 5, "spacing": "log"}, [1.0, 10.0, 100.0, 1000.0, 1e4]),
        ({"low": 1.0, "high": 4.0, "points": 4, "whole": True}, [1, 2, 3, 4]),
    ],
)
def test_points_of_a_range_are_spread_over_it(given: dict[str, object], expected: list[float]) -> None:
    axis = SweptAxis(path="x", **given)  # type: ignore[arg-type]
    assert axis.at_places(np.arange(axis.count)).tolist() == pytest.approx(expected, rel=1e-12)


def test_whole_numbers_of_a_range_are_drawn_equally_often_its_ends_too() -> None:
    shares = np.linspace(0, 1, 60_000, endpoint=False)
    axis = SweptAxis(path="x", low=3.0, high=8.0, whole=True)
    assert np.bincount(axis.at_shares(shares)).tolist() == [0, 0, 0, *[10_000] * 6]


def test_every_design_says_what_it_is() -> None:
    assert all(design.help for design in DESIGNS.values())
