"""What each figure compares, for many settings at once: per scheme what its plan would say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from cutwise.arrays import Floats, Mask
from cutwise.compression import TopK
from cutwise.costs.cut_sums import cut_sums
from cutwise.graph.model_graph import ModelGraph
from cutwise.papers.draws import Draws, Settings, draws_of, joined
from cutwise.planning.answer.held_memory import PartySides
from cutwise.planning.one_device.cut_positions import cut_positions
from cutwise.planning.one_device.cut_table import CutTable, listed_table, repriced, table_of
from cutwise.planning.one_device.device_limits import held_by
from cutwise.planning.one_device.objective import Prices, counted_energy, delay, traffic
from cutwise.planning.sharing.band_split import PerBit, best_shares, ends_by_share, per_bit
from cutwise.planning.sharing.codec_choice import with_codec
from cutwise.planning.whole_round.server_clock import best_ratios
from cutwise.plans.evaluate import stage_times
from cutwise.problem.split_problem import SplitProblem, build_problem
from cutwise.problem.stacked import stacked_problem
from cutwise.registry import Registry
from cutwise.scenario.parts import Scenario
from cutwise.schemes.baselines import smoothed

EVERYWHERE = (slice(None), None)
Columns = dict[str, Floats]


class Measure(Protocol):
    """The quantity of the paper's scheme and of those that a figure counts, one for each setting."""

    def __call__(
        self, graph: ModelGraph, scenario: Scenario, settings: Settings, options: Mapping[str, Any]
    ) -> Columns:
        """Columns by scheme; `settings` are columns by path or by the measure's own names."""
        ...


MEASURES: Registry[Measure] = Registry("measure")


@MEASURES.named("delays_in_turn")
def delays_in_turn(
    graph: ModelGraph, scenario: Scenario, settings: Settings, options: Mapping[str, Any]
) -> Columns:
    """P1: seconds of a round in turn with each device's best cut, the mean device's, the fitted one, none."""
    return joined(_in_turn(draws) for draws in draws_of(graph, scenario, settings))


def _in_turn(draws: Draws) -> Columns:
    conditions, problem = draws.conditions(1), draws.problem
    common = table_of(problem, conditions, delay, common=True)
    positions = cut_positions(problem)
    fitted = smoothed(cut_sums(problem.cost, positions))
    listed = listed_table(problem, conditions, delay, positions)
    average = draws.mean(conditions).of(EVERYWHERE)
    for_mean = np.asarray(stage_times(common.groups[0].sums, average).delay_s)
    fits = draws.by_draw(common.excess <= 0).all(axis=1)
    one = np.where(fits, for_mean, np.inf).argmin(axis=1)
    guesses = np.asarray(stage_times(fitted, conditions.of(EVERYWHERE)).delay_s)
    return {
        "fast_split": draws.total(common.scores.min(axis=1)),
        "best_static": draws.total(common.delays_s)[np.arange(draws.shape[0]), one],
        "regression": draws.total(_at(listed.delays_s, guesses.argmin(axis=1))),
        "device_only": draws.total(listed.delays_s[:, -1]),
    }


@MEASURES.named("server_memory")
def server_memory(
    graph: ModelGraph, scenario: Scenario, settings: Settings, options: Mapping[str, Any]
) -> Columns:
    """P2: what the cloud holds for a user an edge, and the server for all users at once.

    `users`, `edges`, and the blocks at the user and on the edge are the measure's own settings.
    """
    problem = build_problem(graph, scenario)
    layers = _layers(problem)
    names = ("users", "edges", "user_blocks", "edge_blocks")
    rows = zip(*(settings[name].astype(int).tolist() for name in names), strict=True)
    held = [_held(problem, layers, *row) for row in rows]
    return {name: np.array([row[name] for row in held]) for name in ("split_llm", "split_federated")}


def _held(
    problem: SplitProblem, layers: Mask, users: int, edges: int, here: int, there: int
) -> Mapping[str, float]:
    device_ops = layers[here]
    edge_ops = layers[min(here + there, len(layers) - 2)]
    sides = {"split_llm": (edge_ops, min(edges, users)), "split_federated": (device_ops, users)}
    return {name: _at_once(problem, *side) for name, side in sides.items()}


def _at_once(problem: SplitProblem, kept: Mask, clients: int) -> float:
    """What the server's process takes for so many alike clients at once."""
    groups = tuple((client,) for client in range(clients))
    masks = np.tile(kept, (clients, 1))
    server = PartySides.of(problem.cost, ~masks, problem.server_runtime)
    charged = held_by(problem, masks, server.charged_bytes, groups)
    return float(problem.server_runtime.taken_bytes(charged))


@MEASURES.named("traffic")
def sent(graph: ModelGraph, scenario: Scenario, settings: Settings, options: Mapping[str, Any]) -> Columns:
    """P3: bytes of a round, compressed with the band by need and uncompressed with equal shares."""
    return joined(_at_once_or_in_turn(draws)[1] for draws in draws_of(graph, scenario, settings))


@MEASURES.named("delays_at_once")
def delays_at_once(
    graph: ModelGraph, scenario: Scenario, settings: Settings, options: Mapping[str, Any]
) -> Columns:
    """P3: seconds of a round, compressed with the band by need; uncompressed at once, and in turn."""
    return joined(_at_once_or_in_turn(draws)[0] for draws in draws_of(graph, scenario, settings))


def _at_once_or_in_turn(draws: Draws) -> tuple[Columns, Columns]:
    """Delays and bytes; `density_ratio` is the measure's own setting, the codec's default where absent."""
    count, problem = draws.shape[1], draws.problem
    plain = draws.conditions(count)
    raw = table_of(problem, plain, delay, clients=count)
    raw_bytes = _at(repriced(raw, problem, plain, traffic).raw_scores, raw.scores.argmin(axis=1))
    in_turn = table_of(problem, draws.conditions(1), delay).scores.min(axis=1)
    ends, sent_bytes = _by_need(_compressed(draws))
    delays = {
        "sft": ends,
        "split_federated": draws.by_draw(raw.scores.min(axis=1)).max(axis=1),
        "split_learning": draws.total(in_turn),
    }
    return delays, {"sft": sent_bytes, "split_federated": draws.total(raw_bytes)}


def _compressed(draws: Draws) -> Draws:
    density = draws.own.get("density_ratio", np.full(draws.shape[0], TopK().density_ratio))
    codecs = [TopK(density_ratio=kept) for kept in density.tolist()]
    each = tuple(with_codec(one, codec) for one, codec in zip(draws.each, codecs, strict=True))
    return replace(draws, each=each, problem=stacked_problem(each))


def _by_need(draws: Draws) -> tuple[Floats, Floats]:
    """Ends and bytes of rounds whose devices share the band by need."""
    problem, count = draws.problem, draws.shape[1]
    even = draws.conditions(count, share=1.0 / count)
    table = table_of(problem, even, delay, clients=count)
    bits = per_bit(problem, even, table, delay)
    still, up, down = (draws.by_draw(part) for part in (bits.still, bits.up, bits.down))
    allowed = draws.by_draw(table.excess <= 0).astype(bool)
    splits, picks = [], []
    for at, one in enumerate(draws.each):
        ends = PerBit(still=still[at], up=up[at], down=down[at])
        split = best_shares(ends_by_share(one, ends, ends, allowed[at], None), count, None)
        splits.append(split.value)
        uplink_bps, downlink_bps = (np.asarray(rate) for rate in one.rates_bps(split.shares))
        last = ends.at(uplink_bps, downlink_bps)
        picks.append(np.where(allowed[at], last, np.inf).argmin(axis=1))
    sent_bytes = repriced(table, problem, even, traffic).raw_scores
    return np.array(splits), draws.total(_at(sent_bytes, np.concatenate(picks)))


@MEASURES.named("card_delays")
def card_delays(
    graph: ModelGraph, scenario: Scenario, settings: Settings, options: Mapping[str, Any]
) -> Columns:
    """P4: seconds of a round with CARD, and of everything on the devices."""
    return joined(_card(draws)[0] for draws in draws_of(graph, scenario, settings))


@MEASURES.named("card_energies")
def card_energies(
    graph: ModelGraph, scenario: Scenario, settings: Settings, options: Mapping[str, Any]
) -> Columns:
    """P4: the server's joules in CARD, and where only what must stay is on the devices, at full clock."""
    return joined(_card(draws)[1] for draws in draws_of(graph, scenario, settings))


def _card(draws: Draws) -> tuple[Columns, Columns]:
    """Over cut positions; `delay_weight` is the measure's own setting, the scenario's where absent."""
    full, problem = draws.conditions(1), draws.problem
    table = listed_table(problem, full, delay, cut_positions(problem))
    given = problem.scenario.objective.delay_weight
    weight = draws.own.get("delay_weight", np.full(draws.shape[0], given))
    prices = _prices(draws, table, weight)
    least: Floats = np.minimum(full.compute.device_flops_per_s / full.compute.server_flops_per_s, 1.0)
    law = problem.scenario.energy.clock
    clocked = full.at_clock(best_ratios(problem, full, prices, law.least_ratio(least)), law)
    slow = repriced(table, problem, clocked, counted_energy(problem.scenario.objective))
    values = np.reshape(prices.second, (-1, 1)) * slow.delays_s
    values = values + np.reshape(prices.joule, (-1, 1)) * slow.counted_j
    picks = np.where(slow.excess > 0, np.inf, values).argmin(axis=1)
    delays = {
        "card": draws.total(_at(slow.delays_s, picks)),
        "device_only": draws.total(table.delays_s[:, -1]),
    }
    energies = {
        "card": draws.total(_at(slow.counted_j, picks)),
        "first_layer": draws.total(table.counted_j[:, 0]),
    }
    return delays, energies


def _prices(draws: Draws, table: CutTable, weight: Floats) -> Prices:
    """What a second and a joule cost over the ranges of each draw, for all its devices."""
    second, joule = (
        np.repeat(part / np.ptp(draws.total(values), axis=1), draws.shape[1])
        for part, values in ((weight, table.delays_s), (1 - weight, table.counted_j))
    )
    return Prices(second=second, joule=joule)


@MEASURES.named("delays_in_groups")
def delays_in_groups(
    graph: ModelGraph, scenario: Scenario, settings: Settings, options: Mapping[str, Any]
) -> Columns:
    """P5: seconds of a round of `groups` at once, the longest turn first, and of all devices in turn."""
    groups = int(options["groups"])
    return joined(_grouped(draws, groups) for draws in draws_of(graph, scenario, settings))


def _grouped(draws: Draws, groups: int) -> Columns:
    alone, shared = (
        draws.by_draw(table_of(draws.problem, draws.conditions(active), delay).scores.min(axis=1))
        for active in (1, groups)
    )
    return {"gsfl": _longest_first(shared, groups), "split_learning": alone.sum(axis=1)}


def _longest_first(turns: Floats, groups: int) -> Floats:
    """The makespan of longest-first grouping for every row of turns (draws, devices)."""
    sums = np.zeros((len(turns), groups))
    rows = np.arange(len(turns))
    column: Floats
    for column in -np.sort(-turns, axis=1).T:
        sums[rows, sums.argmin(axis=1)] += column
    return np.asarray(sums.max(axis=1))


def _at(values: Floats, picks: Any) -> Floats:
    """The picked column of every row."""
    return np.asarray(values[np.arange(len(values)), picks])


def layer_of(op: str) -> int | None:
    """The number of the repeated layer that an op belongs to, None outside of them.

    >>> layer_of("layers/11/mlp/add"), layer_of("lm_head")
    (11, None)
    """
    found = re.search(r"(?:layers?|h|block)[/.]?(\d+)", op)
    return int(found.group(1)) if found else None


def _layers(problem: SplitProblem) -> Mask:
    """Device sides after each repeated layer of a chain of equal ones, the first with none of them."""
    layer = [layer_of(op.id) for op in problem.cost.graph.ops]
    first = next(i for i, number in enumerate(layer) if number is not None)
    last = max(number for number in layer if number is not None)
    return np.array(
        [[i < first if n is None else n < kept for i, n in enumerate(layer)] for kept in range(last + 2)]
    )
