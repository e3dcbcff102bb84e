"""What a round works on, what is trained and in which number formats."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from cutwise.costs.generation.token_axis import token_axis
from cutwise.costs.layer_roles import linear_roles
from cutwise.costs.options.quantisation import LEFT_ALONE, Quantisation
from cutwise.costs.options.tuning import LORA_TARGETS, TUNINGS, FullTuning, Lora
from cutwise.costs.workload import OPTIMIZER_STATES, Workload
from cutwise.graph.model_graph import ModelGraph
from cutwise.importers.hugging_face.config_file import can_regenerate
from cutwise.problem.pricing import tied_ops
from cutwise.scenario.parts import Scenario
from cutwise.units import facts_of
from cutwise_dashboard.controls import (
    choice,
    drawer,
    edited,
    field_widget,
    follow,
    number,
    readable,
    seen,
)

FIRST_ITERATIONS = 100
FORMATS = ("optimizer", "weights_dtype", "compute_dtype", "smashed_dtype", "optimizer_dtype", "labels_at")
LOSS_FIELDS = ("kind", "compute", "parts", "kept_logits")
QUANTISATION_FIELDS = ("format", "block", "scales", "others", "keeps_inputs")
HALF_FORMATS = frozenset({"fp16", "bf16"})
ATTENTION_KINDS = frozenset({"softmax", "attention"})


def work_controls(scenario: Scenario, graph: ModelGraph | None) -> Scenario:
    """Training or inference, the batch, the sequence, and how long a round of a device is."""
    st.subheader("Work")
    workload = _in_mode(scenario.workload)
    workload = edited(workload, "batch_size", key="workload")
    if workload.sequence_length is not None or (graph and can_regenerate(graph)):
        workload = edited(workload, "sequence_length", key="workload")
    if not workload.training:
        return replace(scenario, workload=_generation(workload, graph))
    counted = "iterations" if workload.local_iterations is not None else "epochs"
    follow("workload.counted", counted)
    picked = seen(
        "workload.counted",
        st.segmented_control(
            "A round of a device is", ("epochs", "iterations"), key="workload.counted", required=True
        ),
    )
    if picked != counted:
        by_iterations = picked == "iterations"
        workload = replace(
            workload,
            local_epochs=None if by_iterations else 1,
            local_iterations=FIRST_ITERATIONS if by_iterations else None,
        )
    name = "local_iterations" if picked == "iterations" else "local_epochs"
    current = getattr(workload, name) or 1
    value = number(Workload, name, current, key=f"workload.{name}")
    if value != current:
        workload = replace(workload, **{name: value})
    return replace(scenario, workload=workload)


def _in_mode(workload: Workload) -> Workload:
    """Training or inference; what is trained generates no tokens."""
    mode = field_widget(Workload, "mode", workload.mode, key="workload.mode")
    if mode == workload.mode:
        return workload
    return replace(workload, mode=mode, prompt_tokens=None, new_tokens=None)


def _generation(workload: Workload, graph: ModelGraph | None) -> Workload:
    """What a language model is given and generates; not offered for a model that generates no text."""
    if not workload.generates and (graph is None or token_axis(graph) is None):
        return workload
    for name in ("prompt_tokens", "new_tokens"):
        workload = edited(workload, name, key="workload")
    return workload


def training_controls(scenario: Scenario, graph: ModelGraph | None) -> Scenario:
    """What is trained and in which number formats; what the model does not have is not offered."""
    inside = drawer("What is trained, and how")
    if not inside:
        return scenario
    workload = scenario.workload
    with inside:
        if workload.training:
            workload = _tuning(workload, graph)
        for name in _formats(workload, graph):
            workload = edited(workload, name, key="workload")
        workload = _quantisation(workload)
    return replace(scenario, workload=workload)


def run_controls(scenario: Scenario, graph: ModelGraph | None) -> Scenario:
    """How the training program runs it: what decides how much memory a step takes beside the weights."""
    inside = drawer("How it is run") if scenario.workload.training else None
    if not inside:
        return scenario
    workload = scenario.workload
    with inside:
        for name in ("preset", "kernels", "optimizer_step", "gradient_accumulation", "autocast"):
            workload = edited(workload, name, key="workload")
        loss = workload.loss
        for name in LOSS_FIELDS if loss.kind != "none" else LOSS_FIELDS[:1]:
            loss = edited(loss, name, key="workload.loss")
        workload = replace(workload, loss=loss) if loss != workload.loss else workload
    return replace(scenario, workload=workload)


def _quantisation(workload: Workload) -> Workload:
    found = workload.quantisation
    for name in QUANTISATION_FIELDS if workload.quantised else QUANTISATION_FIELDS[:1]:
        found = edited(found, name, key="workload.quantisation")
    if workload.quantised:
        found = _left_alone(found, workload.run.skip)
    return replace(workload, quantisation=found) if found != workload.quantisation else workload


def _left_alone(found: Quantisation, skipped: tuple[str, ...]) -> Quantisation:
    """What is not quantised; as the program does it until the reader says otherwise."""
    facts, key = facts_of(Quantisation, "skip"), "workload.quantisation.skip"
    follow(key, list(skipped))
    picked = seen(
        key,
        st.pills(
            facts["title"], LEFT_ALONE, selection_mode="multi", key=key, format_func=readable,
            help=facts["help"],
        ),
    )  # fmt: skip
    same = sorted(picked or ()) == sorted(skipped)
    return (
        found if same else replace(found, skip=tuple(name for name in LEFT_ALONE if name in (picked or ())))
    )


def _tuning(workload: Workload, graph: ModelGraph | None) -> Workload:
    """All parameters, or LoRA adapters where the model has linear layers to put them beside."""
    roles = set(linear_roles(graph).values()) if graph else set()
    offered = tuple(name for name in LORA_TARGETS if name in roles)
    if not offered:
        return workload
    kind = choice("Tuning", tuple(TUNINGS), workload.tuning.kind, key="workload.tuning")
    tuning = workload.tuning
    if kind != tuning.kind:
        tuning = Lora(targets=offered[:1]) if kind == "lora" else FullTuning()
    if isinstance(tuning, Lora):
        tuning = edited(tuning, "rank", key="workload.lora")
        tuning = _targets(tuning, (*offered, "all_linear"))
        for name in ("merged", "dropout_ratio", "adapter_dtype"):
            tuning = edited(tuning, name, key="workload.lora")
    return replace(workload, tuning=tuning)


def _targets(tuning: Lora, offered: tuple[str, ...]) -> Lora:
    """Which layers get adapters; patterns that a scenario file gave stay as they are."""
    if set(tuning.targets) - set(offered):
        return tuning
    facts, key = facts_of(Lora, "targets"), "workload.lora.targets"
    follow(key, list(tuning.targets))
    picked = seen(
        key,
        st.pills(
            facts["title"], offered, selection_mode="multi", key=key, format_func=readable, help=facts["help"]
        ),
    )
    return replace(tuning, targets=tuple(picked) or tuning.targets)


def _formats(workload: Workload, graph: ModelGraph | None) -> list[str]:
    """The fields of the workload that change something for this model."""
    names = ["micro_batches"] if workload.batch_size > 1 and not workload.generates else []
    states = OPTIMIZER_STATES[workload.optimizer] > 0 and workload.training
    names += [name for name in FORMATS if name != "optimizer_dtype" or states]
    if workload.training:
        names.append("checkpointing")
    if workload.training and workload.weights_dtype in HALF_FORMATS:
        names.append("master_weights")
    if graph and any(op.kind in ATTENTION_KINDS for op in graph.ops):
        names.append("attention")
    if graph and tied_ops(graph):
        names.append("tied_weights")
    return names
