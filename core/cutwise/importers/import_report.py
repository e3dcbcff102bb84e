"""What an import found, assumed and could not price: the report that the page and `inspect` show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cutwise.costs.graph_cost import GraphCost
from cutwise.frozen import Frozen
from cutwise.units import percent

OPEN = re.compile(r"is open; .* is assumed")
ASSUMED = re.compile(
    r"turns are assumed|is taken for|upper bound|at its largest|only data decide|dearer branch|larger branch"
    r"|samples are taken|is not known"
)
LEFT_OUT = re.compile(r"products of parameters alone are not counted")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport(Frozen):
    """A model file in figures, with how far they can be trusted.

    `active_parameters` are those that one token meets: all but the experts that it is not routed to;
    `table_parameters` those of them in tables of words. `dims` are the sizes chosen for open dimensions,
    `warnings` what was assumed, `unpriced` how many ops of a kind have no formula. `unpriced_ratio` is the
    part of all ops' elements that those ops make, which bounds what their FLOPs can be of a model whose
    other ops of that size are elementwise. `confidence` says so in words for each kind of figure.
    """

    name: str
    format: str
    digest: str
    ops: int
    edges: int
    parameters: int
    active_parameters: int
    table_parameters: int
    trainable_parameters: int
    macs: int
    dims: Mapping[str, int]
    warnings: tuple[str, ...]
    unpriced: Mapping[str, int]
    unpriced_ratio: float
    confidence: Mapping[str, str]


def import_report(cost: GraphCost) -> ImportReport:
    """The report of a priced graph."""
    graph = cost.graph
    ratio = _unpriced_ratio(cost)
    return ImportReport(
        name=graph.name,
        format=graph.provenance.get("format", ""),
        digest=graph.digest,
        ops=len(graph),
        edges=len(graph.edges),
        parameters=cost.parameters,
        active_parameters=cost.parameters - (graph.parameters - graph.active_parameters),
        table_parameters=graph.table_parameters,
        trainable_parameters=cost.trainable_parameters,
        macs=cost.macs,
        dims=dict(graph.dims),
        warnings=graph.warnings,
        unpriced=dict(cost.unpriced),
        unpriced_ratio=ratio,
        confidence=_confidence(cost, ratio),
    )


def _unpriced_ratio(cost: GraphCost) -> float:
    """Elements made by ops without a formula, over those made by all ops."""
    ops = cost.graph.ops
    unknown = sum(op.output.elements for op in ops if op.kind in cost.unpriced)
    return unknown / (sum(op.output.elements for op in ops) or 1)


def _confidence(cost: GraphCost, ratio: float) -> dict[str, str]:
    """One phrase for each figure; assumptions that touch it lower it."""
    stated = any(op.figures for op in cost.graph.ops)
    folded = any("batch norm" in warning.lower() for warning in cost.graph.warnings)
    flops = "as the file states" if stated else "exact from shapes"
    warnings = cost.graph.warnings
    if any(map(OPEN.search, warnings)):
        flops = "exact at the sizes that were assumed"
    if any(map(ASSUMED.search, warnings)):
        flops = "at turns, branches or bounds that were assumed, as the warnings say"
    if any(map(LEFT_OUT.search, warnings)):
        flops = "without products of parameters alone, which every mini-batch makes once"
    held = _held_by_unpriced(cost)
    if cost.unpriced:
        flops = f"misses ops that make {percent(ratio):.3g} % of all elements"
        flops += f" and hold {percent(held / cost.parameters):.3g} % of the parameters" if held else ""
    return {
        "parameters": _surety_of_parameters(cost, held),
        "flops": flops,
        "saved_bytes": "batch norm looks folded: too low for training" if folded else flops,
        "seconds": "from data sheets by class of hardware, or speeds given; certainty says how far off"
        if not cost.measured_s.any()
        else "measured, as the file states",
    }


def _held_by_unpriced(cost: GraphCost) -> int:
    """Parameters that ops without a formula read, each weight once."""
    read = {w.id: w for op in cost.graph.ops if op.kind in cost.unpriced for w in op.weights}
    return sum(weight.elements for weight in read.values() if weight.role == "parameter")


def _surety_of_parameters(cost: GraphCost, held: int) -> str:
    uncounted = cost.graph.uncounted
    missing = uncounted.get("parameters", 0)
    if uncounted.get("parts"):
        known = f", {missing:,} parameters of them known" if missing else ""
        return f"of the language model alone: towers and what joins them are not counted{known}"
    if uncounted.get("unstored"):
        return f"as described: {uncounted['unstored']:,} more than the file stores"
    if missing:
        return f"{missing:,} of {cost.parameters + missing:,} stored in the file are not counted"
    return f"as stored; what ops without a formula do with {held:,} of them is not known" if held else "exact"
