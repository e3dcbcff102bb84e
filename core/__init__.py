"""Cutwise: where a model is cut between device, edge server and cloud, and what that costs.

The public face; names are loaded when they are first used, so that importing `core` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.errors import CutwiseError as CutwiseError
    from core.importers import load_model as load_model
    from core.importers import samples as samples
    from core.importers.from_torch import export as export
    from core.importers.from_torch import from_torch as from_torch
    from core.pipeline import compare as compare
    from core.pipeline import plan as plan
    from core.pipeline import simulate as simulate
    from core.pipeline import sweep as sweep
    from core.scenario import Scenario as Scenario
    from core.scenario_file import load_scenario as load_scenario

_HOMES = {
    "CutwiseError": "core.errors",
    "load_model": "core.importers",
    "samples": "core.importers",
    "export": "core.importers.from_torch",
    "from_torch": "core.importers.from_torch",
    "compare": "core.pipeline",
    "plan": "core.pipeline",
    "simulate": "core.pipeline",
    "sweep": "core.pipeline",
    "Scenario": "core.scenario",
    "load_scenario": "core.scenario_file",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'core' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
