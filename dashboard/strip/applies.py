"""Which fields change something for this model and this question; the others are not shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from cutwise.compression import Uncompressed
from cutwise.costs.generation.token_axis import token_axis
from cutwise.costs.workload import OPTIMIZER_STATES
from cutwise.frozen import FrozenDict
from cutwise.importers.hugging_face.config_file import can_regenerate
from cutwise.problem.pricing import tied_ops
from cutwise.scenario.parties import Party
from cutwise.schemes import SCHEMES
from cutwise_dashboard.strip.context import Context

HALF_FORMATS = frozenset({"fp16", "bf16"})
ATTENTION_KINDS = frozenset({"softmax", "attention"})


def applies(context: Context, path: str) -> bool:
    """True where the field at a path changes something, or may."""
    parts = path.split(".")
    starts = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
    return all(RULES[start](context) for start in starts if start in RULES)


def _trains(context: Context) -> bool:
    return context.scenario.workload.training


def _generates(context: Context) -> bool:
    """True where a model that generates text may do so."""
    workload, graph = context.scenario.workload, context.graph
    return not workload.training and (
        workload.generates or (graph is not None and token_axis(graph) is not None)
    )


def _has_length(context: Context) -> bool:
    graph = context.graph
    given = context.scenario.workload.sequence_length is not None
    return given or (graph is not None and can_regenerate(graph))


def _has_states(context: Context) -> bool:
    return _trains(context) and OPTIMIZER_STATES[context.scenario.workload.optimizer] > 0


def _has_attention(context: Context) -> bool:
    return context.graph is not None and any(op.kind in ATTENTION_KINDS for op in context.graph.ops)


def _has_ties(context: Context) -> bool:
    return context.graph is not None and bool(tied_ops(context.graph))


def _compresses(context: Context) -> bool:
    return not isinstance(context.scenario.compression.codec, Uncompressed)


def _at_once(context: Context) -> bool:
    return SCHEMES[context.stated.scheme].round_of.parallel


def _has_modes(parties: Iterable[Party]) -> bool:
    return any(party.power_mode or party.offered_modes for party in parties)


def _looks_up(context: Context) -> bool:
    return _trains(context) and context.scenario.convergence.kind == "table"


RULES: Mapping[str, Callable[[Context], bool]] = FrozenDict(
    {
        **dict.fromkeys(
            (
                "workload.tuning", "workload.optimizer", "workload.optimizer_step", "workload.loss",
                "workload.gradient_accumulation", "workload.checkpointing", "workload.frozen",
                "workload.autocast", "workload.preset", "workload.kernels", "workload.counted", "rounds",
                "convergence", "workload.labels_at", "workload.label_bytes",
            ),
            _trains,
        ),
        "workload.local_epochs": lambda c: _trains(c) and c.scenario.workload.local_iterations is None,
        "workload.local_iterations": lambda c: _trains(c)
        and c.scenario.workload.local_iterations is not None,
        "workload.optimizer_dtype": _has_states,
        "workload.master_weights": lambda c: _trains(c) and c.scenario.workload.weights_dtype in HALF_FORMATS,
        "workload.micro_batches": lambda c: c.scenario.workload.batch_size > 1
        and not c.scenario.workload.generates,
        "workload.attention": _has_attention,
        "workload.tied_weights": _has_ties,
        "workload.sequence_length": _has_length,
        "workload.prompt_tokens": _generates,
        "workload.new_tokens": _generates,
        **{
            f"workload.loss.{name}": lambda c: c.scenario.workload.loss.kind != "none"
            for name in ("compute", "parts", "kept_logits")
        },
        **{
            f"workload.quantisation.{name}": lambda c: c.scenario.workload.quantised
            for name in ("block", "scales", "skip", "others", "keeps_inputs")
        },
        "convergence.target_accuracy": _looks_up,
        "data.partition": _looks_up,
        "data.alpha": lambda c: _looks_up(c) and c.scenario.data.partition == "dirichlet",
        "compression.directions": _compresses,
        "compression.accuracy": _compresses,
        "limits.accuracy_loss_ratio": _compresses,
        "sharing": _at_once,
        "edges": lambda c: bool(c.scenario.edges),
        "backhaul": lambda c: bool(c.scenario.edges),
        "objective.delay_weight": lambda c: c.scenario.objective.is_weighted,
        "objective.energy_weight": lambda c: c.scenario.objective.is_weighted,
        "objective.energy_of": lambda c: not c.scenario.objective.is_delay,
        "power_mode": lambda c: _has_modes(c.scenario.devices),
        "server.power_mode": lambda c: _has_modes([c.scenario.server]),
        "edges.power_mode": lambda c: _has_modes(c.scenario.edges),
        "distance_m": lambda c: c.scenario.channel.bandwidth_hz("uplink") is not None,
        **dict.fromkeys(
            (
                "decoding", "memory_bandwidth_bytes_per_s", "server.decoding",
                "server.memory_bandwidth_bytes_per_s", "edges.decoding",
                "edges.memory_bandwidth_bytes_per_s",
            ),
            lambda c: c.scenario.workload.generates,
        ),
    }
)  # fmt: skip
"""Path, or the start of one → whether it changes something."""
