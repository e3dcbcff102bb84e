"""Where a model is cut, as a table of splits says it: names of ops or blocks, a position, or a share."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from cutwise.arrays import Mask
from cutwise.budgets import bounded
from cutwise.calibration.splits.split_table import SplitRow
from cutwise.errors import ScenarioError, close_names, shown
from cutwise.graph.model_graph import ModelGraph
from cutwise.planning.answer.cut_labels import labels_of
from cutwise.planning.one_device.cut_positions import cut_positions
from cutwise.problem.private_ops import with_ancestors
from cutwise.problem.split_problem import SplitProblem

NUMBER = re.compile(r"\d{1,6}")


def split_masks(problem: SplitProblem, rows: Sequence[SplitRow]) -> Mask:
    """The device side of every row, shape (rows, ops).

    A share of the FLOPs is met by the ops in their order, as nearly as they can. A name is that of an op or
    a block, several with commas between them: the device has them and all they depend on. A number counts
    the cut positions, as the command cut-curve lists them, from 0 for the smallest device side.
    Raises `ScenarioError` with every row that names no place.
    """
    positions = cut_positions(problem)
    masks, mistakes = [], []
    for number, row in enumerate(rows, start=1):
        try:
            masks.append(_mask(problem, row, positions))
        except ScenarioError as error:
            mistakes.append(f"splits, row {number}: {error}")
    if mistakes:
        raise bounded(mistakes)
    return np.array(masks)


def place_names(problem: SplitProblem, masks: Mask) -> tuple[str, ...]:
    """What every device side is called."""
    return labels_of(problem, masks)


def _mask(problem: SplitProblem, row: SplitRow, positions: Mask) -> Mask:
    if row.share_ratio is not None:
        return _at_share(problem, row.share_ratio)
    names = [name.strip() for name in row.cut.split(",") if name.strip()]
    if len(names) == 1 and NUMBER.fullmatch(names[0]) and names[0] not in problem.cost.graph.index:
        if int(names[0]) >= len(positions):
            raise ScenarioError(
                [f"cut {names[0]}: the model has positions 0 to {len(positions) - 1}; name the op instead"]
            )
        return positions[int(names[0])]
    mask = problem.cost.is_input.copy()
    for name in names:
        mask |= _named(problem.cost.graph, name)
    return with_ancestors(problem.cost.graph, mask)


def _named(graph: ModelGraph, name: str) -> Mask:
    """The op of that id, or all ops of that block and the blocks in it."""
    if name in graph.index:
        return np.arange(len(graph)) == graph.index[name]
    path = name.strip("/").replace(".", "/")
    inside = np.array([f"{op.block}/".startswith(f"{path}/") for op in graph.ops], dtype=bool)
    if not inside.any():
        blocks = {op.block.split("/")[0] for op in graph.ops} | {op.block for op in graph.ops}
        close = close_names(name, {*graph.index, *blocks} - {""})
        hint = f"did you mean {shown(close[0])}?" if close else "give an op's or a block's name"
        raise ScenarioError([f"cut {shown(name)}: the model has no such op or block; {hint}"])
    return inside


def _at_share(problem: SplitProblem, share_ratio: float) -> Mask:
    """The longest beginning whose share is nearest: ops without FLOPs go with those before them."""
    work = np.cumsum(problem.cost.forward_flops)
    apart = np.abs(work / max(work[-1], 1e-300) - share_ratio)
    last = len(apart) - 1 - int(np.argmin(apart[::-1])) if share_ratio > 0 else -1
    return problem.cost.is_input | (np.arange(len(work)) <= last)
