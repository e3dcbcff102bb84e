"""Every number in a dataclass of the core says its unit, and every quantity is given by name."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import types
from collections.abc import Iterator
from dataclasses import Field, fields, is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

import cutwise
from cutwise.units import UNITS, facts_of

SUFFIXES = tuple(f"_{unit}" for unit in UNITS)

PURE_NUMBERS = {
    "value": "the objective reached: seconds, joules or a weighted sum, as the scenario asks",
    "bound": "the objective that nothing can beat, in the unit of value",
    "gap": "a relative distance",
    "change": "an amount in the value's own unit, seconds or joules",
    "amounts": "amounts in the value's own unit, seconds or joules",
    "whole": "amounts in the value's own unit, seconds or joules",
    "needs": "what a broken limit takes, in the SI unit of its rule",
    "has": "what a broken limit allows, in the SI unit of its rule",
    "meant": "what a typed quantity means, in the SI unit of its field",
    "bandwidth_share": "a part of the whole, 0 to 1",
    "server_share": "a part of the whole, 0 to 1",
    "network_share": "a part of the whole, 0 to 1",
    "micro_batches": "a count of parts",
    "more_uplink_messages": "a count of messages",
    "more_downlink_messages": "a count of messages",
    "more_relayed_messages": "a count of messages",
    "layers": "a count, kept as a float column",
    "window": "a count of tokens, infinite where all are seen",
    "elements": "a count of numbers a token",
    "mix": "a part of the whole, 0 to 1",
    "delay_weight": "a weight without a unit",
    "bounds": "one bound for each cut, in the unit of the objective",
    "latest": "a line of the objective over the reciprocal rate: constant and slope",
    "second": "what a second adds to the objective",
    "first": "what changing a quantity costs: the logarithm of its factor",
    "short": "what changing a quantity costs: the logarithm of its factor",
    "settings": "columns by path, each in its path's unit",
    "own": "columns by a measure's own names",
    "score": "an objective, as value",
    "joule": "what a joule adds to the objective",
    "energy_weight": "a weight without a unit",
    "path_loss_exponent": "the power of a distance",
    "exponent": "the power of an error",
    "rounds_to_target": "a count of rounds, which convergence makes fractional",
    "median": "a count of rounds",
    "target_accuracy": "a part of all test samples, 0 to 1",
    "learning_rate": "a step of descent without a unit",
    "accuracy": "a part of all test samples, 0 to 1",
    "present": "0 or 1 for each sample",
    "weight": "a part of all samples, 0 to 1",
    "iterations": "a count, kept as a float column",
    "launches": "a count, kept as a float column",
    "backward_launches": "a count, kept as a float column",
    "spreads": "standard deviations of logarithms",
    "batch_size": "a count, kept as a float column",
    "samples": "a count, kept as a float column",
    "ceiling_bps_per_hz": "bit/s for each Hz",
    "alpha": "LoRA's scaling of an adapter; the evenness of a Dirichlet draw",
    "batches": "a count, whole or not",
    "macs": "a count of multiply-adds",
    "scores": "objectives, as value",
    "raw_scores": "objectives, as value",
    "least": "objectives, as value",
    "lower_bound": "a bound on the objective, in the unit of value",
    "excess": "a relative distance",
    "caps": "limits in the SI unit of their rule",
    "still": "a score without transfers, in the unit of value",
    "up": "what a second a bit adds to a score",
    "down": "what a second a bit adds to a score",
    "start": "a score without an uplink, in the unit of value",
    "slope": "what a second a bit adds to a score",
    "here": "seconds a bit of the uplink today",
    "ratio": "the whole name is the unit",
    "has_server": "yes or no, for each cut",
    "has_relay": "yes or no, for each cut",
    "alone": "yes or no, for each cut",
    "uplink_j_per_bit": "joules for each bit sent",
    "downlink_j_per_bit": "joules for each bit received",
    "row_values": "values of a map's quantity, in its path's unit",
    "across_values": "values of a map's quantity, in its path's unit",
    "up_values": "values of a map's quantity, in its path's unit",
    "across": "values of a map's quantity, in its path's unit",
    "values": "values of a swept quantity, in its path's unit",
    "rows": "values of a map's quantity, in its path's unit",
    "columns": "columns by path, each in its path's unit",
    "now": "a figure today, in the unit that stands beside it",
    "holds_from": "a value of a quantity, in its path's unit",
    "holds_to": "a value of a quantity, in its path's unit",
    "end": "where a line ends on the quantity that it runs along, in its path's unit",
    "regrets": "objectives, as value",
    "second_score": "an objective, as value",
    "objective": "objectives, as value",
    "mean": "objectives, as value",
    "worst": "objectives, as value",
    "mean_regret": "an objective, as value",
    "worst_regret": "an objective, as value",
    "slack": "what is left under a limit, in the SI unit of its rule",
    "budgets": "limits of a memory, bytes a row",
    "server_budgets": "limits of a memory, bytes a row",
    "held": "bytes that the sides of cuts hold, with what they are multiplied by",
    "active": "yes or no, for each place",
    "factor": "how many times what it is now",
    "most": "how many times what it is now; a count of devices",
    "nearness": "a relative distance",
    "cost": "a sum of logarithms of ratios; money, in the currency of the prices",
    "price_per_kwh": "money, in any currency",
    "price_per_gb": "money, in any currency",
    "price_per_device": "money, in any currency",
    "carbon_g_per_kwh": "grams for each kilowatt-hour",
    "carbon_g": "grams of carbon dioxide",
    "table": "sums of cuts by feature, each in its feature's unit",
    "base": "scores without what is swept, in the unit of value",
    "slopes": "what one more of a feature adds to a score",
    "coefficients": "what one more of a feature adds to a score",
    "energy": "what a joule adds to a score, by row",
    "shares": "parts of the whole, 0 to 1",
    "work": "FLOPs of a column of work, or what one of them adds to a score",
    "share": "a part of the whole, 0 to 1",
    "edge_share": "a part of the whole, 0 to 1",
    "low": "a tenth of the drawn worlds is below, in the unit that stands beside it",
    "high": "a tenth of the drawn worlds is above, in the unit that stands beside it",
    "device_blocks": "factors on seconds, without a unit",
    "server_blocks": "factors on seconds, without a unit",
    "flop_per_byte": "FLOPs that a byte weighs",
    "flop_per_launch": "FLOPs that a kernel's start weighs",
    "block_sigma": "a standard deviation of logarithms",
    **dict.fromkeys(
        ("depth_ratios", "input_ratios", "label_ratios", "correlation_ratios"), "columns of ratios, one a cut"
    ),
    "encode_s_per_byte": "seconds for each raw byte",
    "measured": "a measured value in the unit of its comparison",
    "predicted": "a predicted value in the unit of its comparison",
    "decode_s_per_byte": "seconds for each raw byte",
}
"""Names that carry a number without a unit suffix, and why."""

WITHOUT_UNITS = (
    "cutwise.cuts",
    "cutwise.solvers",
    "cutwise.planning.one_device.cut_weights",
    "cutwise.planning.one_device.limited_cut",
    "cutwise.planning.one_device.work",
    "cutwise.importers",
    "cutwise.costs.derived_costs",
    "cutwise.graph",
)
"""Modules about weights and features of any unit, columns by name, and what files hold."""


def dataclasses_of_core() -> Iterator[type[Any]]:
    seen = set()
    for found in pkgutil.walk_packages(cutwise.__path__, "cutwise."):
        if found.name == "cutwise.__main__":
            continue
        module = importlib.import_module(found.name)
        for _, thing in inspect.getmembers(module, inspect.isclass):
            if is_dataclass(thing) and thing.__module__ == found.name and thing not in seen:
                seen.add(thing)
                yield thing


ALL = sorted(dataclasses_of_core(), key=lambda owner: f"{owner.__module__}.{owner.__name__}")
VALUES = [owner for owner in ALL if not owner.__module__.startswith("cutwise.importers")]
WITH_UNITS = [owner for owner in ALL if not owner.__module__.startswith(WITHOUT_UNITS)]
name_of = lambda owner: f"{owner.__module__}.{owner.__name__}"  # noqa: E731


def is_quantity(owner: type[Any], field: Field[Any]) -> bool:
    """True for a field that holds a float, an array of floats, or either (`Any`)."""
    hint = get_type_hints(owner)[field.name]
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    return hint is Any or float in kinds or "float64" in str(hint)


@pytest.mark.parametrize("owner", WITH_UNITS, ids=name_of)
def test_every_quantity_ends_in_its_unit(owner: type[Any]) -> None:
    nameless = [
        field.name
        for field in fields(owner)
        if is_quantity(owner, field) and not field.name.endswith(SUFFIXES) and field.name not in PURE_NUMBERS
    ]
    assert not nameless


@pytest.mark.parametrize("owner", WITH_UNITS, ids=name_of)
def test_every_quantity_is_given_by_name(owner: type[Any]) -> None:
    assert all(field.kw_only for field in fields(owner) if field.init and is_quantity(owner, field))


@pytest.mark.parametrize("owner", VALUES, ids=name_of)
def test_every_value_is_frozen(owner: type[Any]) -> None:
    assert owner.__dataclass_params__.frozen


@pytest.mark.parametrize("owner", ALL, ids=name_of)
def test_a_quantitys_unit_is_the_suffix_of_its_name(owner: type[Any]) -> None:
    for field in fields(owner):
        facts = facts_of(owner, field.name)
        if facts.get("unit") and not field.name.endswith("_weight"):
            assert f"_{field.name}".endswith(f"_{facts['unit']}"), field.name


@pytest.mark.parametrize("owner", ALL, ids=name_of)
def test_shown_ranges_are_ascending_and_within_the_bounds(owner: type[Any]) -> None:
    for field in fields(owner):
        facts = facts_of(owner, field.name)
        if shown := facts.get("shown"):
            low, high = shown
            assert low < high
            assert low >= facts.get("ge", low)
            assert low > facts.get("gt", low - 1)
            assert high <= facts.get("le", high)
            assert high < facts.get("lt", high + 1)
            assert low > 0 or facts["scale"] == "linear"


def test_no_reason_is_kept_for_a_name_that_is_gone() -> None:
    used = {field.name for owner in WITH_UNITS for field in fields(owner)}
    assert set(PURE_NUMBERS) <= used
