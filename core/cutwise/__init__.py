"""Cutwise: where a model is cut between device, edge server and cloud, and what that costs.

The public face; names are loaded when they are first used, so that importing `cutwise` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cutwise.errors import CutwiseError as CutwiseError
    from cutwise.importers import load_model as load_model
    from cutwise.importers import samples as samples
    from cutwise.importers.torch_format.from_torch import export as export
    from cutwise.importers.torch_format.from_torch import from_torch as from_torch
    from cutwise.pipeline import analyse as analyse
    from cutwise.pipeline import compare as compare
    from cutwise.pipeline import plan as plan
    from cutwise.pipeline import simulate as simulate
    from cutwise.pipeline import sweep as sweep
    from cutwise.question import Question as Question
    from cutwise.scenario.parts import Scenario as Scenario
    from cutwise.scenario.scenario_file import load_scenario as load_scenario
    from cutwise.scenario.versions import data_version as data_version
    from cutwise.stated.question_file import load_question as load_question
    from cutwise.stated.scenario_library import scenarios as scenarios

    __version__: str

_HOMES = {
    "CutwiseError": "cutwise.errors",
    "load_model": "cutwise.importers",
    "samples": "cutwise.importers",
    "export": "cutwise.importers.torch_format.from_torch",
    "from_torch": "cutwise.importers.torch_format.from_torch",
    "analyse": "cutwise.pipeline",
    "compare": "cutwise.pipeline",
    "plan": "cutwise.pipeline",
    "simulate": "cutwise.pipeline",
    "sweep": "cutwise.pipeline",
    "Question": "cutwise.question",
    "Scenario": "cutwise.scenario.parts",
    "load_scenario": "cutwise.scenario.scenario_file",
    "load_question": "cutwise.stated.question_file",
    "scenarios": "cutwise.stated.scenario_library",
    "data_version": "cutwise.scenario.versions",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("cutwise.scenario.versions").product_version()
    if name not in _HOMES:
        raise AttributeError(f"module 'cutwise' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
