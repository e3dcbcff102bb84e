"""Every field that a person may set, with values to try: read off the dataclasses and registries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import lru_cache
from typing import Any, get_args, get_origin

import cutwise
from cutwise.errors import CutwiseError, ScenarioError
from cutwise.graph.model_graph import ModelGraph
from cutwise.hardware.profiles import hardware
from cutwise.importers.hugging_face.config_file import from_config
from cutwise.options import choices_of, option_hints
from cutwise.plain import plain
from cutwise.scenario.changes import changed
from cutwise.scenario.file_checker import KINDS
from cutwise.scenario.parties import Device, Edge
from cutwise.scenario.parts import LayerDepth, Scenario
from cutwise.schemes import SCHEMES
from cutwise.units import facts_of, hints_of

Settings = Mapping[str, Any]
NUMBERS = (0, 0.5, 1, 3, 1000)
"""Tried besides the ends of a field's own ranges."""
TEXTS: Mapping[str, tuple[Any, ...]] = {
    "name": ("another",),
    "profile": tuple(hardware())[::9],
    "power_mode": ("MAXQ", "cap_60", "optimised"),
    "cut": ("embeddings/embed_tokens",),
    "targets": (("mlp",), ("all_linear",)),
    "frozen": (("layers/0/*",),),
    "keep_on_device": (LayerDepth(layers=5),),
    "skip": (("norms",),),
    "error_ratios": ((0.0, 0.01),),
    "clock_ratios": ((0.5, 0.55, 0.7, 0.8, 0.9, 1.0),),
    "power_ratios": ((0.1, 0.1, 0.1, 0.1, 0.1, 1.0),),
    "time_ratios": ((3.0, 2.0, 1.5, 1.4, 1.3, 1.0),),
    "loss_ratios": ((0.0, 0.01),),
}
"""Values of fields whose facts bound nothing: texts, and lists of texts or numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One field: its dotted path in the scenario, or the scheme whose option it is, and what it needs."""

    path: str
    owner: type[Any]
    scheme: str = ""
    needs: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def title(self) -> str:
        kinds = [value for path, value in self.needs if path.endswith(".kind")]
        return " ".join([self.scheme, *kinds, self.path]).strip()

    def values(self) -> list[Any]:
        """What the field may be set to: its names, both truths, the ends of its ranges."""
        if self.name == "kind" and (known := _kinds_at(self.path)):
            return list(known)
        hint, facts = hints_of(self.owner)[self.name], facts_of(self.owner, self.name)
        return [*_named(hint), *_numbers(hint, facts), *TEXTS.get(self.name, ())]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A scheme with some of its options, and what is given besides the two devices of all worlds."""

    scheme: str = "fast_split"
    settings: Settings = field(default_factory=dict)
    options: Settings = field(default_factory=dict)


NEAR = Device(name="near", samples=64, distance_m=50.0)
FAR = Device(name="far", samples=96, distance_m=300.0)


def scenario_controls() -> Iterator[Control]:
    """Every field of the scenario and of each kind of table that may stand in it."""
    yield from _controls_of(Scenario, "", ())


def option_controls() -> Iterator[Control]:
    """Every option of every scheme."""
    for scheme, owner in SCHEMES.items():
        for option in option_hints(owner):
            yield Control(path=option, owner=owner, scheme=scheme)


def moves(control: Control, worlds: Mapping[str, World]) -> bool:
    """True where some value of the field changes the plan of some world."""
    return any(_moves_in(control, world) for world in worlds.values())


def _moves_in(control: Control, world: World) -> bool:
    scheme = control.scheme or world.scheme
    options = dict(world.options) if scheme == world.scheme else {}
    try:
        given = changed(_given(world), dict(control.needs))
    except ScenarioError:
        return False
    before = _answer(given, scheme, tuple(options.items()))
    for value in control.values() if before else ():
        try:
            after = given if control.scheme else changed(given, {control.path: value})
        except ScenarioError:
            continue
        asked = options | ({control.path: value} if control.scheme else {})
        if _answer(after, scheme, tuple(asked.items())) not in ("", before):
            return True
    return False


def _given(world: World) -> Scenario:
    return _given_by(tuple(world.settings.items()))


@lru_cache(maxsize=64)
def _given_by(settings: tuple[tuple[str, Any], ...]) -> Scenario:
    return changed(Scenario(devices=(NEAR, FAR)), dict(settings))


@lru_cache(maxsize=8192)
def _answer(scenario: Scenario, scheme: str, options: tuple[tuple[str, Any], ...]) -> str:
    """The plan as `--json` prints it; empty where there is none."""
    try:
        return json.dumps(plain(cutwise.plan(tiny_llama(), scenario, scheme, **dict(options))))
    except CutwiseError:
        return ""


@lru_cache(maxsize=1)
def tiny_llama() -> ModelGraph:
    """Two blocks with attention and tied embeddings, from a configuration, so that its length is open."""
    sizes = {
        "vocab_size": 101, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 256,
        "tie_word_embeddings": True,
    }  # fmt: skip
    return from_config({"model_type": "llama", **sizes}, {})


def _controls_of(owner: type[Any], above: str, needs: tuple[tuple[str, Any], ...]) -> Iterator[Control]:
    """The fields of a part that stands at a path, parts in it and kinds of it one after the other."""
    for name, hint in hints_of(owner).items():
        path = f"{above}{name}"
        inner = [part for part in _parts(hint) if is_dataclass(part)]
        if name == "kind" and not _kinds_at(path) and len(choices_of(hint)) < 2:
            continue
        if known := KINDS.get(tuple(path.split("."))):
            yield Control(path=f"{path}.kind", owner=owner, needs=needs)
            for kind, made in known.items():
                yield from _own_fields(made, path, (*needs, (f"{path}.kind", kind)))
        elif get_origin(hint) is tuple and inner:
            yield from _controls_of(inner[0], f"{path}.0.", needs)
        elif is_dataclass(hint):
            yield from _controls_of(hint, f"{path}.", needs)
        else:
            yield Control(path=path, owner=owner, needs=needs)
            for part in inner:
                yield from _controls_of(part, f"{path}.", (*needs, (path, part())))


def _own_fields(made: type[Any], path: str, needs: tuple[tuple[str, Any], ...]) -> Iterator[Control]:
    yield from (
        Control(path=f"{path}.{part.name}", owner=made, needs=needs)
        for part in fields(made)
        if part.name != "kind"
    )


def _kinds_at(path: str) -> Mapping[str, Any]:
    """The kinds of the table whose `kind` stands at this path."""
    return KINDS.get(tuple(path.split(".")[:-1]), {})


def _parts(hint: Any) -> list[Any]:
    return [hint, *get_args(hint)]


def _named(hint: Any) -> Iterator[Any]:
    """Names and truths that a field may be, alone or as a list of one."""
    for part in _parts(hint):
        yield from choices_of(part)
        yield from (True, False) if part is bool else ()
        if get_origin(part) is tuple:
            yield from ((name,) for name in choices_of(get_args(part)[0]))


def _numbers(hint: Any, facts: Mapping[str, Any]) -> Iterator[Any]:
    kinds = {int, float} & set(_parts(hint)) if get_origin(hint) is not tuple else set()
    bounds = [facts[end] for end in ("ge", "le") if end in facts]
    for number in dict.fromkeys((*(facts.get("shown") or ()), *bounds, *NUMBERS)) if kinds else ():
        if float in kinds or number == int(number):
            yield float(number) if float in kinds else int(number)


TIERS = {
    "edges": (Edge(name="east"), Edge(name="west", profile="rtx_4090")),
    "devices.*.flops_per_s": 1e8,
    "backhaul.rate_bps": 1e6,
    "workload.tied_weights": "untied",
}
SLOW_EDGES = {"edges": (Edge(name="east", flops_per_s=1e8),), "backhaul.rate_bps": 1e10}
MANY = {"devices": tuple(Device(name=f"d{i}", samples=32 * i * i, flops_per_s=1e9 * i) for i in range(1, 8))}
SHANNON = {"channel.kind": "shannon", "devices.*.flops_per_s": 1e9}
CODED = {
    "compression.codec.kind": "top_k",
    "compression.directions": "both",
    "limits.accuracy_loss_ratio": 0.05,
}
GENERATING = {"workload.mode": "inference", "workload.prompt_tokens": 16, "workload.new_tokens": 4}
SLOW_MEMORIES = {
    "devices.*.memory_bandwidth_bytes_per_s": 1e8,
    "devices.*.decoding": "cpu_board",
    "server.memory_bandwidth_bytes_per_s": 1e8,
}
FRUGAL = {
    "objective.kind": "energy",
    "objective.energy_of": ("server",),
    "privacy.keep_on_device": "first_layer",
    "devices.*.memory_bytes": 1e7,
}
"""Clocks that save the server's energy."""
TABLE = {"convergence.kind": "table", "workload.local_epochs": 1}
MEASURED: Settings = {
    f"{party}.{name}": value
    for party in ("devices.*", "server")
    for name, value in (("profile", "v100"), ("flops_per_s", 1e9))
}
EDGE_MEASURED: Settings = {"edges.0.profile": "v100", "edges.0.flops_per_s": 1e9}
"""Speeds of parties whose profile lists more in half precision."""


WORLDS: Mapping[str, World] = {
    "little memory": World(scheme="device_only", settings={"devices.0.memory_bytes": 1.0}),
    "by itself": World(),
    "all at the server": World(scheme="server_only"),
    "all at the server, energy": World(scheme="server_only", settings={"objective.kind": "energy"}),
    "at once": World(scheme="split_federated", settings={"devices.*.flops_per_s": 1e9}),
    "at once, best shares": World(scheme="sft", settings={"devices.*.flops_per_s": 1e9}),
    "by distance": World(scheme="server_only", settings=SHANNON),
    "many in groups": World(scheme="gsfl", settings=MANY),
    "many in clusters": World(scheme="cluster_parallel", settings=MANY, options={"clusters": 3}),
    "fading": World(scheme="sft", settings=SHANNON, options={"slots": 3}),
    "coded": World(scheme="sft", settings=CODED),
    "coded, given cuts": World(scheme="first_layer", settings={"compression.codec.kind": "top_k"}),
    "measured speeds": World(settings=MEASURED),
    "measured speeds, at the server": World(scheme="server_only", settings=MEASURED),
    "measured speeds of edges": World(scheme="split_llm", settings=TIERS | EDGE_MEASURED),
    "tiers": World(scheme="split_llm", settings=TIERS),
    "tiers, slow edges": World(scheme="split_llm", settings=TIERS | SLOW_EDGES),
    "weighted": World(settings={"objective.kind": "weighted"}),
    "frugal": World(scheme="card", settings=FRUGAL),
    "drawn": World(scheme="random_cut"),
    "pooled": World(scheme="centralised"),
    "known rounds": World(settings=TABLE),
    "known rounds, skewed": World(settings=TABLE | {"data.partition": "dirichlet"}),
    "adam": World(scheme="first_layer", settings={"workload.optimizer": "adam"}),
    "half precision": World(scheme="first_layer", settings={"workload.weights_dtype": "fp16"}),
    "generating": World(scheme="first_layer", settings=GENERATING),
    "generating on tiers": World(scheme="split_llm", settings=TIERS | GENERATING | SLOW_MEMORIES),
    "adapters": World(scheme="first_layer", settings={"workload.tuning.kind": "lora"}),
    "adapters in half precision": World(
        scheme="first_layer", settings={"workload.tuning.kind": "lora", "workload.weights_dtype": "bf16"}
    ),
    "adapters of quantised weights": World(
        scheme="server_only",
        settings={
            "workload.tuning.kind": "lora",
            "workload.weights_dtype": "bf16",
            "workload.quantisation.format": "nf4",
        },
    ),
    "little work": World(
        scheme="server_only",
        settings={
            "workload.optimizer": "adamw",
            "workload.batch_size": 1,
            "workload.sequence_length": 2,
        },
    ),
    "mixed precision": World(
        scheme="server_only", settings={"workload.compute_dtype": "bf16", "workload.autocast": True}
    ),
}
"""From the plainest on: most fields move in the first ones."""
