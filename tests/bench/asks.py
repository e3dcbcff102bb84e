"""The questions of what-if, one device and fleets: seconds of each beside one plan of the same scenario."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import cutwise
from cutwise.analyses.what_if.dimensioning import DimensioningAnalysis
from cutwise.analyses.what_if.fronts import FrontAnalysis
from cutwise.analyses.what_if.shadow_prices import ShadowPricesAnalysis
from cutwise.analyses.what_if.targets import TargetsAnalysis
from cutwise.analyses.what_if.tornado import TornadoAnalysis
from cutwise.analyses.what_if.uncertainty import UncertaintyAnalysis
from cutwise.question import Question, shown_plan
from cutwise.stated.shipped_scenarios import shipped_scenario

MODEL = "googlenet"
CELLS = {
    "one device": ("phone_on_lte", "fast_split"),
    "5 devices in turn": ("lecture_hall", "fast_split"),
    "30 devices, best band split": ("campus_cell", "split_federated"),
}


def run() -> None:
    """Wall seconds, and seconds of the processor in brackets: other work takes part of the former."""
    for name, (scenario, scheme) in CELLS.items():
        question = Question(
            graph=cutwise.load_model(f"sample:{MODEL}"), scenario=shipped_scenario(scenario), scheme=scheme
        )
        late_s = shown_plan(question).delay_s / 4
        asks: dict[str, Any] = {
            "tornado": TornadoAnalysis(),
            "targets": TargetsAnalysis(deadline_s=late_s, schemes=False),
            "targets and pairs": TargetsAnalysis(deadline_s=late_s, schemes=False, pairs=True),
            "targets and schemes": TargetsAnalysis(deadline_s=late_s),
            "shadow prices": ShadowPricesAnalysis(),
            "dimensioning": DimensioningAnalysis(),
            "uncertainty": UncertaintyAnalysis(),
            "front": FrontAnalysis(),
        }
        print(
            f"{name} ({scenario}, {scheme}, {MODEL}): a plan takes {_seconds(partial(shown_plan, question))}"
        )
        for ask, analysis in asks.items():
            print(f"  {ask:20} {_seconds(partial(analysis.run, question))}")


def _seconds(asked: Callable[[], object]) -> str:
    began_s, worked_s = time.perf_counter(), time.process_time()
    asked()
    return f"{time.perf_counter() - began_s:7.2f} s ({time.process_time() - worked_s:.2f} s)"
