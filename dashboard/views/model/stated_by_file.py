"""What a model's own file says of how it is trained, with a button that takes it over."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from cutwise.costs.options.tuning import Lora
from cutwise.costs.workload import Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.hugging_face.stated.stated_format import stated_text
from cutwise.problem.stated_workload import as_stated, stated_fields
from cutwise_dashboard import session
from cutwise_dashboard.format import as_written


def show(graph: ModelGraph) -> None:
    """Says it where the workload differs."""
    stated = session.stated()
    wanted = taken_over(stated.scenario.workload, graph)
    if wanted is None:
        return
    st.info(as_written(f"The model's file says: {stated_text(stated_fields(graph))}"))
    if st.button("Take over", key="stated", help="Sets these under Work"):
        session.ask(replace(stated, scenario=replace(stated.scenario, workload=wanted)), "stated")


def taken_over(current: Workload, graph: ModelGraph) -> Workload | None:
    """The workload as the file states it; None where it is so already."""
    wanted = as_stated(current, graph)
    if wanted == current:
        return None
    if wanted.quantised and wanted.training and not isinstance(wanted.tuning, Lora):
        # Quantised weights are not trained: what people do with them is train adapters beside them.
        return replace(wanted, tuning=Lora())
    return wanted
