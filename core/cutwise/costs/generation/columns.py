"""What generating text costs op by op: a prompt through the whole model, then one step a new token."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from cutwise.arrays import Floats, Mask, masked
from cutwise.costs.generation.routed_experts import RoutedExperts
from cutwise.costs.generation.steps import Step, Steps
from cutwise.costs.generation.token_axis import TokenAxis, token_axis, writes_what_is_read
from cutwise.costs.gradient_flow import GradientFlow
from cutwise.costs.weight_costs import read_bytes
from cutwise.costs.workload import Workload
from cutwise.errors import ScenarioError
from cutwise.frozen import Frozen
from cutwise.graph.model_graph import DTYPE_BYTES, ModelGraph

ROOM_TOKENS = 4096
"""Context that room is kept for where nobody says how long a prompt is (as llama.cpp does by default)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """What is generated: `new_tokens` after a prompt, with room for the keys and values of `room_tokens`.

    `stated` is False where the workload only runs one token through a language model.
    """

    prompt_tokens: int
    new_tokens: int
    room_tokens: int
    stated: bool


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class GenerationCosts(Frozen):
    """The steps op by op, and what of each output crosses a cut.

    `sent_anew` marks outputs that cross for every new token, `token_bytes` are those of one token.
    `cache_bytes` are the keys and values of a batch that each op reads, with room for all its tokens.
    """

    generation: Generation
    steps: Steps
    sent_anew: Mask
    token_bytes: Floats
    cache_bytes: Floats


def generation_of(graph: ModelGraph, workload: Workload) -> Generation | None:
    """What this workload generates with `graph`; None where it only runs or trains the model.

    One token that is run through a language model is the first of a text. Raises `ScenarioError` where
    tokens are to be generated with a model that cannot.
    """
    stated = workload.generates
    if stated and workload.training:
        raise ScenarioError(
            [f'{_field(workload)}: a model that is trained generates none; set mode = "inference"']
        )
    if workload.training or not (stated or workload.sequence_length == 1):
        return None
    axis = token_axis(graph)
    if axis is None and not stated:
        return None
    if axis is None:
        raise ScenarioError([f"{_field(workload)}: {graph.name} {_reason(graph)}"])
    if not stated:
        return Generation(prompt_tokens=0, new_tokens=1, room_tokens=ROOM_TOKENS, stated=False)
    prompt = axis.tokens if workload.prompt_tokens is None else workload.prompt_tokens
    new = 1 if workload.new_tokens is None else workload.new_tokens
    return Generation(prompt_tokens=prompt, new_tokens=new, room_tokens=prompt + new, stated=True)


def _reason(graph: ModelGraph) -> str:
    """Why no text is generated with a model, and what to do instead."""
    if writes_what_is_read(graph):
        return (
            "writes a text that depends on another, which its encoder reads: such text is not priced word by "
            "word; leave prompt_tokens and new_tokens out, and give the lengths of both with dims"
        )
    return (
        "generates no text: it has no causal attention over tokens and scores of words; leave prompt_tokens "
        "and new_tokens out"
    )


def _field(workload: Workload) -> str:
    return f"workload.{'new_tokens' if workload.prompt_tokens is None else 'prompt_tokens'}"


def generation_columns(
    graph: ModelGraph, workload: Workload, flow: GradientFlow, columns: Mapping[str, Floats]
) -> tuple[dict[str, Floats], GenerationCosts | None]:
    """The columns that generating text changes, and its steps; nothing where none is generated.

    FLOPs and what crosses are those of a whole request, tensors at work those of its prompt; keys and
    values of a batch count among the buffers of the op that reads them.
    """
    asked = generation_of(graph, workload)
    axis = token_axis(graph)
    if asked is None or axis is None:
        return {}, None
    model, samples = _PerToken.of(graph, workload, flow, axis, columns), workload.batch_size
    steps = Steps(
        weight_bytes=model.weight_bytes,
        layers=model.layers,
        steps=(*_prompt_step(model, asked, samples), *_token_steps(model, asked, samples)),
    )
    is_input = masked(op.kind == "input" for op in graph.ops)
    positions = np.where(_only_for(graph, axis.head), 1.0, asked.prompt_tokens)
    sent = np.where(model.grows, positions + asked.new_tokens * ~is_input, 1.0)
    costs = GenerationCosts(
        generation=asked,
        steps=steps,
        sent_anew=~is_input & (columns["output_bytes"] > 0) & (asked.new_tokens > 0),
        token_bytes=columns["output_bytes"] / np.where(model.grows, axis.tokens, 1),
        cache_bytes=workload.batch_size * model.cache_bytes * np.minimum(asked.room_tokens, model.window),
    )
    changed = {
        "forward_flops": steps.flops,
        "output_bytes": costs.token_bytes * sent,
        "transient_bytes": model.transient_bytes(columns["transient_bytes"], max(asked.prompt_tokens, 1)),
        "buffer_bytes": columns["buffer_bytes"] + costs.cache_bytes,
    }
    return changed, costs


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class _PerToken(Frozen):
    """What each op does for a token, arrays (ops,): apart from the context, and for a token of it."""

    axis: TokenAxis
    fused: bool
    grows: Mask
    attends: Mask
    token_flops: Floats
    context_flops: Floats
    work_ratio: Floats
    weight_bytes: Floats
    experts: RoutedExperts
    cache_bytes: Floats
    window: Floats
    layers: Floats

    @classmethod
    def of(
        cls,
        graph: ModelGraph,
        workload: Workload,
        flow: GradientFlow,
        axis: TokenAxis,
        columns: Mapping[str, Floats],
    ) -> _PerToken:
        count, tokens = len(graph), axis.tokens
        grows = masked(op.kind != "constant" and tokens in op.output.shape for op in graph.ops)
        attends, window = np.zeros(count, dtype=bool), np.full(count, math.inf)
        cache_bytes, layers, work_ratio = np.zeros(count), np.zeros(count), np.ones(count)
        seen = np.full(count, float(tokens))
        for one in axis.attentions:
            attends[list(one.inside)] = True
            window[list(one.inside)] = one.window
            cache_bytes[one.position] = one.elements * DTYPE_BYTES[workload.compute]
            layers[one.position] = 1.0
            work_ratio[one.position] = one.work_ratio
            op = graph.ops[one.position]
            if workload.attention == "flash" and op.kind == "attention" and not op.attrs.get("eager"):
                seen[one.position] = min(tokens, one.window)
        flops, read = columns["forward_flops"], _read_bytes(graph, workload, flow)
        experts = RoutedExperts.of(graph, read)
        return cls(
            axis=axis,
            fused=workload.attention != "eager",
            grows=grows,
            attends=attends,
            token_flops=np.where(attends, 0.0, flops / tokens),
            context_flops=np.where(attends, flops / (tokens * seen), 0.0),
            work_ratio=work_ratio,
            weight_bytes=read - experts.weight_bytes,
            experts=experts,
            cache_bytes=cache_bytes,
            window=window,
            layers=layers,
        )

    def flops(self, tokens: float, pairs: Floats) -> Floats:
        """FLOPs of so many tokens that see `pairs` tokens together."""
        return self.token_flops * tokens + self.context_flops * pairs

    def expert_bytes(self, tokens: int, samples: int) -> Floats:
        """A sample's share of the experts that a pass of so many tokens of each of its samples reads."""
        return self.experts.read_bytes(tokens * samples) / samples

    def transient_bytes(self, widest_bytes: Floats, prompt_tokens: int) -> Floats:
        """The widest tensor while a prompt runs; scores of words are made for its last token only."""
        scale = np.where(self.axis.head, 1.0, float(prompt_tokens)) / self.axis.tokens
        between = self.attends & (self.layers == 0)
        scale = np.where(between, 0.0 if self.fused else scale**2, scale)
        return np.where(self.grows | between, widest_bytes * scale, widest_bytes)


def _prompt_step(model: _PerToken, asked: Generation, samples: int) -> Iterator[Step]:
    """One pass over the prompt, in which each token sees half of it on average, at most its window."""
    tokens = asked.prompt_tokens
    if not tokens:
        return
    seen = np.minimum(model.window, tokens)
    pairs = seen**2 / 2 + (tokens - seen) * seen
    flops = np.where(model.axis.head, model.token_flops, model.flops(tokens, pairs))
    cached = model.cache_bytes * seen + model.expert_bytes(tokens, samples)
    yield Step(count=1, first_flops=flops, last_flops=flops, first_bytes=cached, last_bytes=cached)


def _token_steps(model: _PerToken, asked: Generation, samples: int) -> Iterator[Step]:
    """The new tokens in runs that no window ends within; the first finds the prompt in the cache."""
    start, end = asked.prompt_tokens, asked.prompt_tokens + asked.new_tokens - 1
    experts = model.expert_bytes(1, samples)
    ends = sorted({float(w) for w in model.window.tolist() if start <= w < end} | {float(end)})
    for last in map(int, ends if asked.new_tokens else ()):
        first_seen, last_seen = np.minimum(start, model.window), np.minimum(last, model.window)
        yield Step(
            count=last - start + 1,
            first_flops=model.flops(1.0, model.work_ratio * first_seen),
            last_flops=model.flops(1.0, model.work_ratio * last_seen),
            first_bytes=model.cache_bytes * first_seen + experts,
            last_bytes=model.cache_bytes * last_seen + experts,
        )
        start = last + 1


def _read_bytes(graph: ModelGraph, workload: Workload, flow: GradientFlow) -> Floats:
    """Bytes of weights that a pass reads: all an op has, shared or not; of a table it reads a row."""
    table = masked(op.kind == "embedding" for op in graph.ops)
    return np.where(table, 0.0, read_bytes(graph, workload, flow))


def _only_for(graph: ModelGraph, head: Mask) -> Mask:
    """Ops that nothing but the output layer reads: of a prompt it takes the last token."""
    read_elsewhere = np.zeros(len(graph), dtype=bool)
    for at, op in enumerate(graph.ops):
        if not head[at]:
            read_elsewhere[[graph.index[name] for name in op.inputs]] = True
    return ~read_elsewhere | head
