"""What a model's own file says of the workload, where no scenario says otherwise: formats, adapters."""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import replace

from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.hugging_face.stated.adapter import adapter_options, is_adapter
from cutwise.plain import Json
from cutwise.scenario.parts import Scenario
from cutwise.scenario.scenario_file import FORMAT, scenario_from_dict

FORMATS = frozenset({"weights_dtype", "compute_dtype", "quantisation", "preset"})
"""Fields of a workload that belong together: with one of them given, the file's others are left aside."""


def stated_fields(graph: ModelGraph, *, given: Container[str] = ()) -> dict[str, Json]:
    """Fields of a workload as the model's file states them, as a scenario file writes them; not the `given`.

    >>> graph = ModelGraph(name="m", ops=(), provenance={"workload": '{"weights_dtype": "bf16"}'})
    >>> stated_fields(graph), stated_fields(graph, given={"preset"})
    ({'weights_dtype': 'bf16'}, {})
    """
    found: dict[str, Json] = json.loads(graph.provenance.get("workload", "{}"))
    if "tuning" in graph.provenance:
        found["tuning"] = json.loads(graph.provenance["tuning"])
    formats_given = any(name in given for name in FORMATS)
    return {
        name: value
        for name, value in found.items()
        if name not in given and not (formats_given and name in FORMATS)
    }


def as_stated(workload: Workload, graph: ModelGraph) -> Workload:
    """`workload` with all that the model's file states."""
    fields = stated_fields(graph)
    if not fields:
        return workload
    read = scenario_from_dict({"format": FORMAT, "workload": fields}).workload
    return replace(workload, **{name: getattr(read, name) for name in fields})


def with_adapter(workload: Workload, content: bytes) -> Workload | None:
    """`workload` that trains the adapters that an adapter_config.json describes; None for another file.

    Raises `ModelImportError` for an adapter that is not priced here.
    """
    if not is_adapter(content):
        return None
    fields: dict[str, object] = {"tuning": adapter_options(json.loads(content))}
    read = scenario_from_dict({"format": FORMAT, "workload": fields}).workload
    return replace(workload, tuning=read.tuning)


def default_scenario(graph: ModelGraph) -> Scenario:
    """The default cell, with weights and adapters as the model's file states them."""
    plain = Scenario()
    return replace(plain, workload=as_stated(plain.workload, graph))
