"""Recurrent layers of torch.export: one call runs all layers and directions; each becomes a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from cutwise.frozen import FrozenDict
from cutwise.graph.model_graph import TensorSpec, Weight
from cutwise.importers.torch_format.facts import Facts, TorchStep

RECURRENT = FrozenDict({"lstm": "lstm", "gru": "gru", "rnn_tanh": "rnn", "rnn_relu": "rnn"})
GATES = FrozenDict({"lstm": 4, "gru": 3})

WeightsOf = Callable[[Sequence[str]], tuple[Weight, ...]]


def recurrent_steps(
    facts: Facts, weights_of: WeightsOf, tensors: dict[str, TensorSpec]
) -> Iterator[TorchStep]:
    """A step for each layer and direction, dropout between layers, and results put together.

    Tensors that lie between them are entered into `tensors`.
    """
    call = facts.call
    if not 0 < 2 * _ways(facts) <= len(call.refs("params")):
        raise ValueError(
            f"op {call.name!r} has {len(call.refs('params'))} parameters for {_ways(facts)} layers"
        )
    layers, ratio = facts.count("num_layers", 1), facts.value("dropout", 0.0)
    source, parts = (call.refs("input") or call.refs("data"))[0], []
    for layer in range(layers):
        last = layer == layers - 1
        whole = call.outputs[0] if last else f"{call.name}.l{layer}"
        tensors[whole] = facts.output
        steps = _layer(facts, layer, source, whole)
        for step, parameters in steps:
            tensors[step.outputs[0]] = replace(facts.output, shape=(*facts.output.shape[:-1], _width(facts)))
            yield replace(step, weights=weights_of(parameters))
        parts += [step.outputs[0] for step, _ in steps]
        if len(steps) > 1:
            yield _joined(facts, f"l{layer}_both", parts[-2:], whole)
        source = whole
        if ratio and not last:
            source = f"{whole}.dropped"
            tensors[source] = facts.output
            name = f"{call.name}_l{layer}_dropout"
            yield TorchStep(
                name=name, kind="dropout", inputs=(whole,), outputs=(source,), attrs={"ratio": ratio},
                modules=call.modules,
            )  # fmt: skip
    for name, state in zip(("last_hidden", "last_cell"), call.outputs[1:], strict=False):
        yield _joined(facts, name, parts, state)


def _is_projected(facts: Facts) -> bool:
    """True for an LSTM whose hidden state is projected to a smaller one."""
    return len(facts.call.refs("params")) > _ways(facts) * (4 if facts.value("has_biases", True) else 2)


def _layer(facts: Facts, layer: int, source: str, whole: str) -> list[tuple[TorchStep, list[str]]]:
    """The steps of both directions of one layer, or of one, each with the names of its parameters."""
    call, parameters = facts.call, facts.call.refs("params")
    share, directions = len(parameters) // _ways(facts), _directions(facts)
    states = tuple(name for name in call.refs("hx") if name not in facts.constants)
    projected = {"projected": True} if _is_projected(facts) else {}
    found = []
    for way, ending in enumerate(("", "_reverse")[:directions]):
        at = share * (layer * directions + way)
        rows = facts.tensors[parameters[at + 1]].shape[0]
        step = TorchStep(
            name=call.name if _ways(facts) == 1 else f"{call.name}_l{layer}{ending}",
            kind=RECURRENT[facts.op],
            inputs=(source, *states),
            outputs=(whole if directions == 1 else f"{whole}.{way}",),
            attrs={"hidden_size": rows // GATES.get(facts.op, 1), "directions": 1, **projected},
            modules=call.modules,
        )
        found.append((step, parameters[at : at + share]))
    return found


def _joined(facts: Facts, name: str, parts: Sequence[str], whole: str) -> TorchStep:
    return TorchStep(
        name=f"{facts.call.name}_{name}", kind="concat", inputs=tuple(parts), outputs=(whole,),
        modules=facts.call.modules,
    )  # fmt: skip


def _directions(facts: Facts) -> int:
    return 1 + bool(facts.value("bidirectional", False))


def _ways(facts: Facts) -> int:
    return facts.count("num_layers", 1) * _directions(facts)


def _width(facts: Facts) -> int:
    """Features that one direction makes."""
    return facts.output.shape[-1] // _directions(facts)
