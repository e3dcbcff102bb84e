"""P3's scheme: the exact answer beside the paper's own method in the same run, for few and many devices."""

from __future__ import annotations

from dataclasses import replace

import cutwise
from cutwise.channels import Shannon
from cutwise.compression import TopK
from cutwise.planning.sharing.band_split import best_band, even_shares
from cutwise.problem.split_problem import build_problem
from cutwise.scenario.parts import Compression, Limits, Scenario
from tests.bench.clock import once, seconds, table
from tests.bench.shares import fleet

MOST_BY_THE_PAPERS_METHOD = 30
"""Its steps solve dense systems with an unknown a device; hundreds of devices take it minutes."""


def run() -> None:
    graph = cutwise.load_model("sample:resnet18")
    rows = []
    for count in (8, 30, 1000):
        for limit in (None, 0.02):
            cell = Scenario(
                devices=fleet(count), channel=Shannon(), limits=Limits(accuracy_loss_ratio=limit),
                compression=Compression(codec=TopK()),
            )  # fmt: skip
            exact = cutwise.plan(graph, cell, "sft")
            exact_s = seconds(lambda cell=cell: cutwise.plan(graph, cell, "sft"), rounds=3)
            problem = build_problem(graph, replace(cell, limits=Limits()))
            solve_s = seconds(
                lambda problem=problem: best_band(problem, even_shares(problem), common_cut=False)
            )
            rows.append([str(count), str(limit), f"{1e3 * exact_s:.1f}", f"{1e3 * solve_s:.1f}"])
            if count > MOST_BY_THE_PAPERS_METHOD:
                rows[-1] += ["-", "-", "-"]
                continue
            paper_s, paper = once(lambda cell=cell: cutwise.plan(graph, cell, "sft", method="two_timescale"))
            rows[-1] += [f"{1e3 * paper_s:.0f}", f"{paper_s / exact_s:.0f}x", f"{paper.report.gap:.1e}"]
            assert exact.delay_s <= paper.delay_s * (1 + 1e-6)
    print("\nSFT, ResNet-18, milliseconds: exact plan, its band and cuts alone, and P3's method with its gap")
    table(["devices", "accuracy limit", "exact plan", "band and cuts", "P3's method", "ratio", "gap"], rows)
