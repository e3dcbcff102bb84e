"""The scenario's controls: model, scheme, work, devices, server, link, privacy, limits, objective."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from functools import partial

import numpy as np
import streamlit as st

from core.channels import CHANNELS
from core.compression import ACCURACIES, CODECS, Uncompressed
from core.costs.layer_roles import linear_roles
from core.costs.workload import LORA_TARGETS, OPTIMIZER_STATES, TUNINGS, FullTuning, Lora, Workload
from core.errors import CutwiseError, ScenarioError
from core.graph.model_graph import ModelGraph
from core.hardware.parties import Device, Edge, Server
from core.importers import samples
from core.importers.hf_config import SEQUENCE, can_regenerate
from core.listings import first_line
from core.problem import device_numbers, server_numbers, tied_ops
from core.scenario import LayerDepth, Objective, Privacy, Scenario
from core.scenario_file import parse_scenario
from core.schemes import SCHEMES
from core.schemes.edges import edge_columns
from core.units import facts_of
from dashboard import session
from dashboard.controls import (
    choice,
    drawer,
    edited,
    field_widget,
    follow,
    kept_choice,
    number,
    readable,
    seen,
    slider,
)

ALL_DEVICES = "all devices"
MOST_PRIVATE_LAYERS = 12
FIRST_ITERATIONS = 100
DIMS_HELP = "A dimension that the file leaves open; everything is priced anew for another size"
FORMATS = ("optimizer", "weights_dtype", "compute_dtype", "smashed_dtype", "optimizer_dtype", "labels_at")
CODEC_FIELDS = {"top_k": ("density_ratio", "value_bits"), "dead_zone": ("step_ratio",)}
MOST_EDGES = 200
EDGES_HELP = "Servers between devices and the cloud, each with a cell of its own; only SplitLLM uses them"
HALF_FORMATS = frozenset({"fp16", "bf16"})
ATTENTION_KINDS = frozenset({"softmax", "attention"})


def show(*, one_scheme: bool = True) -> tuple[Scenario, ModelGraph | None]:
    """Draws the controls and answers the scenario and the model they describe.

    Without `one_scheme` the page is about all of them: none is chosen, and what any of them reads is shown.
    """
    with st.sidebar:
        graph = _model()
        if one_scheme:
            _scheme()
        if inside := drawer("Scenarios"):
            with inside:
                _scenario_file()
        scenario = session.scenario()
        at_once = not one_scheme or SCHEMES[session.choice().scheme].round_of.parallel
        tiers = not one_scheme or getattr(SCHEMES[session.choice().scheme], "uses_edges", False)
        link = partial(_link, at_once=at_once)
        middle = (_edges,) if tiers else ()
        for part in (_work, link, _devices, *middle, _server, _private, _goal, _advanced):
            scenario = part(scenario, graph)
        session.set_scenario(scenario)
        if st.button("Start again", help="Back to ResNet-18 in the lecture hall", width="stretch"):
            st.session_state.clear()
            st.query_params.clear()
            st.rerun()
    return scenario, graph


def _model() -> ModelGraph | None:
    chosen = session.choice()
    names = (*samples(), *([chosen.upload_name] if chosen.upload_digest else []))
    current = chosen.upload_name if chosen.upload_digest else chosen.sample
    picked = choice("Model", names, current, key="model")
    if picked != current:
        session.choose(sample=picked, upload_digest="", upload_name="", dims={}, options={})
        session.forget_length()
    if inside := drawer("Your own model"):
        with inside:
            _upload()
    graph = session.model()
    if graph and graph.dims:
        _sizes(graph)
    return graph


def _upload() -> None:
    """The uploader; a file that was read stays the model until another is chosen."""
    file = st.file_uploader(
        "ONNX or graph file",
        key="upload",
        max_upload_size=200,
        help="ONNX (without weights is fine), cutwise-graph or msr-fiddle JSON; read in a guarded process",
    )
    sizes = st.text_input(
        "Sizes of open dimensions", key="upload.sizes", placeholder="height=320, width=320",
        help="Only for a file whose dimensions are open and whose proposed sizes do not fit",
    )  # fmt: skip
    if file is None or st.session_state.get("read_upload") == (file.file_id, sizes):
        return
    st.session_state["read_upload"] = (file.file_id, sizes)
    try:
        with st.spinner(f"Reading {file.name} …"):
            session.add_upload(file.name, file.getvalue(), parsed_sizes(sizes))
    except CutwiseError as error:
        st.session_state["upload_error"] = str(error)
    else:
        st.session_state.pop("upload_error", None)
        st.rerun()


def _scenario_file() -> None:
    """Shipped scenarios, and the reader's own file; a file with mistakes changes nothing and lists them."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        name = st.selectbox("Shipped", session.shipped_scenarios(), key="shipped", format_func=readable)
    if right.button("Open", key="open_shipped", width="stretch"):
        session.set_scenario(session.shipped_scenario(name))
    file = st.file_uploader("Scenario file", type=["toml", "json"], key="scenario_file", max_upload_size=16)
    if file is None or st.session_state.get("read_scenario") == file.file_id:
        return
    st.session_state["read_scenario"] = file.file_id
    try:
        session.set_scenario(parse_scenario(file.getvalue(), name=file.name))
        st.session_state.pop("upload_error", None)
    except ScenarioError as error:
        st.session_state["upload_error"] = f"{file.name}:\n\n" + "\n\n".join(error.mistakes)


def _sizes(graph: ModelGraph) -> None:
    """A number for each dimension that the file leaves open; what the workload says is among the work."""
    dims = {}
    for name, size in graph.dims.items():
        if name == "batch" or (name == SEQUENCE and can_regenerate(graph)):
            continue
        key = f"dims.{graph.name}.{name}"
        follow(key, size)
        dims[name] = int(
            seen(key, st.number_input(name.capitalize(), 1, 1_000_000, step=1, key=key, help=DIMS_HELP))
        )
    if dims and dims != {name: graph.dims[name] for name in dims}:
        try:
            session.resize(dims)
        except CutwiseError as error:
            st.error(str(error))
        else:
            st.rerun()


def parsed_sizes(text: str) -> dict[str, int]:
    """Sizes written as "height=320, width=320".

    Raises `ScenarioError` for anything else.
    """
    sizes = {}
    for part in filter(None, (word.strip() for word in text.split(","))):
        name, _, size = part.partition("=")
        if not size.strip().isdigit():
            raise ScenarioError([f"sizes: {part!r} is not NAME=SIZE with a whole size"])
        sizes[name.strip()] = int(size)
    return sizes


def _scheme() -> None:
    chosen = session.choice()
    names = tuple(name for name, scheme in SCHEMES.items() if not scheme.is_baseline)
    names += tuple(name for name in SCHEMES if name not in names)
    picked = choice("Scheme", names, chosen.scheme, key="scheme")
    if picked != chosen.scheme:
        session.choose(scheme=picked, options={})
    scheme = SCHEMES[picked]
    st.caption(first_line(scheme))
    options = dict(session.choice().options)
    for option in fields(scheme):
        if option.name in {"certify", "cut"}:
            continue
        current = options.get(option.name, option.default)
        value = field_widget(scheme, option.name, current, key=f"option.{picked}.{option.name}")
        if value != current:
            options[option.name] = value
    if options != dict(session.choice().options):
        session.choose(options=options)


def _work(scenario: Scenario, graph: ModelGraph | None) -> Scenario:
    st.subheader("Work")
    workload = edited(scenario.workload, "mode", key="workload")
    workload = edited(workload, "batch_size", key="workload")
    if workload.sequence_length is not None or (graph and can_regenerate(graph)):
        workload = edited(workload, "sequence_length", key="workload")
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


def _link(scenario: Scenario, graph: ModelGraph | None, *, at_once: bool) -> Scenario:
    st.subheader("Link")
    kind = choice("Channel", tuple(CHANNELS), scenario.channel.kind, key="channel.kind")
    channel = scenario.channel if kind == scenario.channel.kind else CHANNELS[kind]()
    first = [f.name for f in fields(channel) if f.name.startswith(("uplink_b", "downlink_b"))]
    for name in first:
        channel = edited(channel, name, key=f"channel.{kind}")
    if inside := drawer("More of the link"):
        with inside:
            for field in fields(channel):
                if field.name != "kind" and field.name not in first:
                    channel = edited(channel, field.name, key=f"channel.{kind}")
    if inside := drawer("Compression"):
        with inside:
            scenario = _compression(scenario)
    sharing = scenario.sharing
    if at_once:
        for name in ("bandwidth", "server"):
            sharing = edited(sharing, name, key="sharing")
    return replace(scenario, channel=channel, sharing=sharing)


def _compression(scenario: Scenario) -> Scenario:
    """What compresses the tensors that cross, its setting, and what is known of the accuracy it costs."""
    compression = scenario.compression
    kinds = ("none", *CODECS)
    kind = choice("Codec", kinds, compression.codec.kind, key="compression.codec")
    if kind != compression.codec.kind:
        compression = replace(compression, codec=CODECS[kind]() if kind in CODECS else Uncompressed())
    if kind in CODECS:
        codec = compression.codec
        for name in CODEC_FIELDS[kind]:
            codec = edited(codec, name, key=f"compression.{kind}")
        compression = replace(compression, codec=codec)
        compression = edited(compression, "directions", key="compression")
        known = compression.accuracy.kind
        evidence = choice("Accuracy", tuple(ACCURACIES), known, key="compression.accuracy")
        if evidence != compression.accuracy.kind:
            compression = replace(compression, accuracy=ACCURACIES[evidence]())
        limits = edited(scenario.limits, "accuracy_loss_ratio", key="limits")
        scenario = replace(scenario, limits=limits)
    return replace(scenario, compression=compression)


def _devices(scenario: Scenario, graph: ModelGraph | None) -> Scenario:
    """Speed, memory and place of one device, or of all together in their proportions."""
    st.subheader("Devices")
    names = scenario.device_names
    picked = (
        names[0] if len(names) == 1 else kept_choice("Adjust", (ALL_DEVICES, *names), key="devices.picked")
    )
    chosen = [i for i, name in enumerate(names) if picked in (name, ALL_DEVICES)]
    columns = device_numbers(scenario.devices, scenario.workload)
    fields_shown = ["flops_per_s", "memory_bytes", "samples"]
    if scenario.channel.bandwidth_hz("uplink") is not None:
        fields_shown.append("distance_m")
    for field in fields_shown:
        scenario = _scaled(scenario, field, chosen, columns[field], whose=picked)
    return scenario


def _scaled(scenario: Scenario, field: str, chosen: list[int], column: np.ndarray, *, whose: str) -> Scenario:
    """One slider for a field of several devices: it shows their geometric mean and scales all of them."""
    values = column[chosen]
    if not np.isfinite(values).all():
        return scenario
    mean = float(np.exp(np.log(values).mean()))
    mean = round(mean) if field == "samples" else mean
    moved = number(Device, field, mean, key=f"devices.{whose}.{field}")
    if math.isclose(moved, mean, rel_tol=1e-9):
        return scenario
    devices = list(scenario.devices)
    for i in chosen:
        value = float(moved if len(chosen) == 1 else column[i] * moved / mean)
        given = {"samples": max(1, round(value))} if field == "samples" else {field: value}
        if field == "flops_per_s":
            given["efficiency_ratio"] = None
        devices[i] = replace(devices[i], **given)
    return replace(scenario, devices=tuple(devices))


def _edges(scenario: Scenario, graph: ModelGraph | None) -> Scenario:
    """How many edges stand between devices and server, their speed and memory, and the backhaul."""
    st.subheader("Edges")
    facts = {"ge": 0, "le": MOST_EDGES, "shown": (0, 12), "help": EDGES_HELP}
    count = slider("Edge servers", len(scenario.edges), facts, int, key="edges.count")
    edges = (*scenario.edges[:count], *([Edge()] * (count - len(scenario.edges))))
    if not edges:
        return replace(scenario, edges=())
    columns = edge_columns(edges, scenario.workload.compute)
    for field, values in (("flops_per_s", columns.flops_per_s), ("memory_bytes", columns.memory_bytes)):
        if not np.isfinite(values).all():
            continue
        mean = float(np.exp(np.log(values).mean()))
        moved = number(Edge, field, mean, key=f"edges.{field}")
        if not math.isclose(moved, mean, rel_tol=1e-9):
            own = {"efficiency_ratio": None} if field == "flops_per_s" else {}
            scaled = zip(edges, values.tolist(), strict=True)
            edges = tuple(replace(edge, **{field: value * moved / mean}, **own) for edge, value in scaled)
    backhaul = edited(scenario.backhaul, "rate_bps", key="backhaul")
    backhaul = edited(backhaul, "latency_s", key="backhaul")
    return replace(scenario, edges=edges, backhaul=backhaul)


def _server(scenario: Scenario, graph: ModelGraph | None) -> Scenario:
    st.subheader("Cloud" if scenario.edges else "Server")
    server = scenario.server
    flops_per_s, memory_bytes, _ = server_numbers(server, scenario.workload.compute)
    for field, current in (("flops_per_s", flops_per_s), ("memory_bytes", memory_bytes)):
        if not math.isfinite(current):
            continue
        value = number(Server, field, current, key=f"server.{field}")
        if math.isclose(value, current, rel_tol=1e-9):
            continue
        given = {field: value, "efficiency_ratio": None} if field == "flops_per_s" else {field: value}
        server = replace(server, **given)
    return replace(scenario, server=server)


def _private(scenario: Scenario, graph: ModelGraph | None) -> Scenario:
    st.subheader("Privacy")
    kept = scenario.privacy.keep_on_device
    if isinstance(kept, tuple):
        st.caption(f"{len(kept)} named ops stay on the device.")
        return scenario
    depth = kept.layers if isinstance(kept, LayerDepth) else int(kept == "first_layer")
    facts = facts_of(LayerDepth, "layers") | {
        "ge": 0,
        "shown": (0, MOST_PRIVATE_LAYERS),
        "help": "Layers that stay on the device on every path from an input; 0 lets raw data leave",
    }
    layers = slider("Private layers", depth, facts, int, key="privacy.layers")
    if layers == depth:
        return scenario
    named = {0: "raw_allowed", 1: "first_layer"}
    return replace(scenario, privacy=Privacy(keep_on_device=named.get(layers) or LayerDepth(layers=layers)))


def _goal(scenario: Scenario, graph: ModelGraph | None) -> Scenario:
    st.subheader("Goal and limits")
    objective = edited(scenario.objective, "kind", key="objective")
    if objective.kind == "weighted":
        for name in ("delay_weight", "energy_weight"):
            objective = edited(objective, name, key="objective")
    if objective.kind != "delay":
        objective = _energy_of(objective)
    limits = edited(scenario.limits, "deadline_s", key="limits")
    if inside := drawer("More limits"):
        with inside:
            for name in ("device_energy_j", "traffic_bytes"):
                limits = edited(limits, name, key="limits")
            scenario = edited(scenario, "rounds", key="scenario")
    scenario = replace(scenario, objective=objective, limits=limits)
    if scenario.workload.training and (inside := drawer("Rounds to a target")):
        with inside:
            return _target(scenario)
    return scenario


def _target(scenario: Scenario) -> Scenario:
    """What is known of the rounds to a target accuracy, and of how the data are spread."""
    convergence = edited(scenario.convergence, "kind", key="convergence")
    data = scenario.data
    if convergence.kind == "table":
        convergence = edited(convergence, "target_accuracy", key="convergence")
        data = edited(data, "partition", key="data")
        if data.partition == "dirichlet":
            data = edited(data, "alpha", key="data")
    return replace(scenario, convergence=convergence, data=data)


def _energy_of(objective: Objective) -> Objective:
    """Whose energy counts; at least one owner's does."""
    facts, owners = facts_of(Objective, "energy_of"), ("device", "network", "server")
    follow("objective.energy_of", list(objective.energy_of))
    picked = seen(
        "objective.energy_of",
        st.pills(
            facts["title"],
            owners,
            selection_mode="multi",
            key="objective.energy_of",
            help=f"{facts['help']}; nobody chosen means everybody",
        ),
    )
    counted = tuple(owner for owner in owners if owner in picked) or owners
    return replace(objective, energy_of=counted)


def _advanced(scenario: Scenario, graph: ModelGraph | None) -> Scenario:
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
    return replace(scenario, workload=workload)


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
        tuning = edited(tuning, "merged", key="workload.lora")
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
    names = ["micro_batches"] if workload.batch_size > 1 else []
    names += [name for name in FORMATS if name != "optimizer_dtype" or OPTIMIZER_STATES[workload.optimizer]]
    if workload.training:
        names.append("checkpointing")
    if workload.training and workload.weights_dtype in HALF_FORMATS:
        names.append("master_weights")
    if graph and any(op.kind in ATTENTION_KINDS for op in graph.ops):
        names.append("attention")
    if graph and tied_ops(graph):
        names.append("tied_weights")
    return names
