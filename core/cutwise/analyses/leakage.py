"""An indication of what each cut gives away, beside its delay: attacks on small models, by depth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cutwise.analyses.base import EqualByContent, asked_plan, registered, rows_of, table_text
from cutwise.analyses.cut_curve import CutCurve, cut_curve, device_at
from cutwise.arrays import Floats, Mask
from cutwise.costs.cut_sums import crossing_ops
from cutwise.errors import SolverError
from cutwise.fields.field_values import Settled
from cutwise.graph.model_graph import ModelGraph
from cutwise.leakage.leakage_table import UNCODED, Coding, leakage_table
from cutwise.leakage.relative_depth import Family, depth_ratios, family_of
from cutwise.problem.split_problem import SplitProblem
from cutwise.question import Question, problem_of_plan
from cutwise.units import percent, quantity

if TYPE_CHECKING:
    import pandas

ATTACKED = {
    "cnn": ("a small residual CNN on digits", "of the images' variance"),
    "transformer": ("a tiny GPT-2 on text", "of the characters"),
}
"""What was attacked of a family, and what was decoded of it."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Leakage(EqualByContent):
    """What attacks recovered at the depth of every cut position, arrays of shape (positions,), from 0 to 1.

    An indication: they were tried on a small model of the same `family`, with the codec `coding`, not on this
    one. Raw data are all given away; where nothing is sent nothing is, and without gradients no labels.
    """

    device: str
    family: Family
    coding: Coding
    cuts: tuple[str, ...]
    chosen: int
    depth_ratios: Floats
    delays_s: Floats
    input_ratios: Floats
    label_ratios: Floats
    correlation_ratios: Floats

    def to_frame(self) -> pandas.DataFrame:
        """One row a cut position, in order."""
        import pandas

        return pandas.DataFrame(
            {
                "cut": self.cuts,
                "depth_ratio": self.depth_ratios,
                "delay_s": self.delays_s,
                "input_ratio": self.input_ratios,
                "label_ratio": self.label_ratios,
                "correlation_ratio": self.correlation_ratios,
            }
        )

    def plain(self) -> dict[str, Any]:
        """Whose cuts, what the indication is from, the position of the plan's cut, and one row a position."""
        codec, setting_ratio = self.coding
        return {
            "device": self.device,
            "basis": "indication",
            "family": self.family,
            "codec": codec,
            "setting_ratio": setting_ratio,
            "chosen": self.chosen,
            "positions": rows_of(self.to_frame()),
        }

    def summary(self) -> str:
        """What is indicated for the plan's cut, and from what."""
        if not self.correlation_ratios[self.chosen]:
            return f"an indication for {self.device}'s cut at {self.cuts[self.chosen]}: nothing is sent"
        subject, decoded = ATTACKED[self.family]
        shares = [
            f"{percent(values[self.chosen]):.0f} %" for values in (self.input_ratios, self.label_ratios)
        ]
        depth = f"{percent(self.depth_ratios[self.chosen]):.0f} % of the layers on the device"
        return (
            f"an indication for {self.device}'s cut at {self.cuts[self.chosen]} ({depth}): at this depth of "
            f"{subject} decoders recovered {shares[0]} {decoded}, and gradients told {shares[1]} of the "
            "labels; another model or attack may give away more"
        )

    def text(self) -> str:
        """The table and its summary."""
        return f"{table_text(self.to_frame())}\n{self.summary()}"


@registered
@dataclass(frozen=True, slots=True, kw_only=True)
class LeakageAnalysis(Settled):
    """An indication of what every cut of one device gives away, beside its delay."""

    name: ClassVar[str] = "leakage"
    title: ClassVar[str] = "Leakage, an indication"
    asks: ClassVar[str] = "What may be told from what each cut sends, as an indication by its depth?"
    of_plan: ClassVar[bool] = True
    in_report: ClassVar[bool] = True
    device: str = quantity("", title="Device", help="Name of the device; the slowest one if absent")

    def run(self, question: Question) -> Leakage:
        """The indication for every position, with the plan's own cut among them."""
        plan = asked_plan(question)
        problem = problem_of_plan(question, plan)
        return leakage_of(problem, cut_curve(problem, plan, device_at(plan, self.device), with_peaks=False))


def leakage_of(problem: SplitProblem, curve: CutCurve) -> Leakage:
    """The indication for the positions of a curve; raises `SolverError` for a model of no family studied."""
    graph, cost = problem.cost.graph, problem.cost
    family = family_of(graph)
    if family is None:
        raise SolverError(
            f"{graph.name} is neither a convolutional network nor a transformer: no model like it was "
            "attacked, so there is no indication"
        )
    bottoms = _bottoms(graph, curve.masks)
    sent = crossing_ops(cost, bottoms)
    raw: Mask = np.asarray(~(sent & ~cost.is_input).any(axis=1))
    returned = (sent & (cost.gradient_bytes > 0)).any(axis=1)
    depths, table, up = depth_ratios(graph, bottoms), leakage_table(), _coding(problem)
    told = table.at(family, up, depths)
    back = up if problem.scenario.compression.directions == "both" else UNCODED
    labels = table.at(family, back, depths)["label_ratio"]
    return Leakage(
        device=curve.device,
        family=family,
        coding=up,
        cuts=curve.names,
        chosen=curve.chosen,
        depth_ratios=depths,
        delays_s=np.broadcast_to(np.asarray(curve.stages.delay_s, dtype=np.float64), depths.shape),
        input_ratios=_where_sent(told["input_ratio"], sent, raw),
        label_ratios=np.where(returned, labels, 0.0),
        correlation_ratios=_where_sent(told["correlation_ratio"], sent, raw),
    )


def _where_sent(values: Floats, sent: Mask, raw: Mask) -> Floats:
    """All of raw data, nothing where no tensor crosses."""
    return np.where(sent.any(axis=1), np.where(raw, 1.0, values), 0.0)


def _bottoms(graph: ModelGraph, masks: Mask) -> Mask:
    """The device sides without ops that come back to the device behind the server's."""
    bottoms = masks.copy()
    for maker, reader in graph.edges:
        bottoms[:, reader] &= bottoms[:, maker]
    return bottoms


def _coding(problem: SplitProblem) -> Coding:
    """The scenario's codec with the nearest setting that was tried."""
    codec = problem.scenario.compression.codec
    tuned = getattr(codec, "tuned_field", "")
    return leakage_table().nearest(codec.kind, float(getattr(codec, tuned)) if tuned else 1.0)
