"""Decoders whose perceptrons are mixtures of experts: Mixtral, Qwen, OLMoE, Phi, Granite, gpt-oss."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import Blueprint
from cutwise.importers.hugging_face.mixtures.decoder import chosen_experts, mixture_decoder
from cutwise.importers.hugging_face.mixtures.experts import (
    CLIPPED,
    Experts,
    beside_shared,
    mixed,
    perceptron,
    shared,
)
from cutwise.importers.hugging_face.mixtures.library_defaults import completed
from cutwise.importers.hugging_face.mixtures.routers import softmax_of_chosen, sparse_mixer
from cutwise.importers.hugging_face.mixtures.stack import (
    ALL_HEADS,
    EACH_HEAD,
    TURNED_HEAD,
    Branch,
    Projections,
    grouped_heads,
)
from cutwise.importers.hugging_face.net import Net
from cutwise.plain import Json

SLIDING, FULL = "sliding_attention", "full_attention"


@completed
def mixtral(keys: Keys) -> Blueprint:
    """Jiang et al. 2024, arXiv 2401.04088: every layer chooses two of eight experts."""
    experts = chosen_experts(keys, "num_local_experts", "intermediate_size", normed=True)
    return _alike(keys, experts, _projections(keys, window=_window(keys)))


@completed
def qwen2_moe(keys: Keys) -> Blueprint:
    """Qwen1.5-MoE and Qwen2-57B: beside the experts one that every token passes, behind a gate."""
    beside = keys.count("shared_expert_intermediate_size")
    experts = _qwen_experts(keys)
    routed = partial(_beside_shared, experts=experts, hidden=beside)
    return _qwen(keys, experts, routed, _projections(keys, qkv_bias=keys.flag("qkv_bias", True)))


@completed
def qwen3_moe(keys: Keys) -> Blueprint:
    """Yang et al. 2025, arXiv 2505.09388: many small experts, none shared."""
    bias, experts = keys.flag("attention_bias", False), _qwen_experts(keys)
    projections = _projections(keys, qkv_bias=bias, out_bias=bias, norms=EACH_HEAD)
    return _qwen(keys, experts, partial(mixed, experts=experts), projections)


@completed
def olmoe(keys: Keys) -> Blueprint:
    """Muennighoff et al. 2024, arXiv 2409.02060: queries and keys are normalised over all heads."""
    bias, clipped = keys.flag("attention_bias", False), keys.cap("clip_qkv", False)
    normed = keys.flag("norm_topk_prob", False)
    experts = chosen_experts(keys, "num_experts", "intermediate_size", normed=normed)
    projections = _projections(keys, qkv_bias=bias, out_bias=bias, norms=ALL_HEADS, clipped=clipped)
    return _alike(keys, experts, projections)


@completed
def phimoe(keys: Keys) -> Blueprint:
    """Abdin et al. 2024, arXiv 2404.14219, Phi-3.5-MoE: layer norms, experts chosen one after the other."""
    bias = keys.flag("attention_bias", False)
    experts = chosen_experts(keys, "num_local_experts", "intermediate_size")
    experts = replace(experts, route=sparse_mixer, router="mlp.router")
    projections = _projections(keys, window=_window(keys), qkv_bias=bias, out_bias=bias)
    head_bias = keys.flag("lm_head_bias", False)
    return _alike(keys, experts, projections, centred=True, head_bias=head_bias)


@completed
def granitemoe(keys: Keys) -> Blueprint:
    """IBM's Granite 3 and PowerMoE: embedding, branches and logits are multiplied by numbers."""
    bias, module = keys.flag("attention_bias", False), "block_sparse_moe"
    experts = chosen_experts(keys, "num_local_experts", "intermediate_size")
    experts = replace(experts, route=softmax_of_chosen, module=module, router=f"{module}.router")
    projections = _projections(keys, qkv_bias=bias, out_bias=bias)
    return _alike(keys, experts, projections, scaled=True)


@completed
def gpt_oss(keys: Keys) -> Blueprint:
    """OpenAI 2025, arXiv 2508.10925: biases at experts, sinks in attention, a window in every other layer."""
    bias = keys.flag("attention_bias", True)
    experts = replace(
        chosen_experts(keys, "num_local_experts", "intermediate_size"),
        route=partial(softmax_of_chosen, bias=True), router="mlp.router", act=CLIPPED, bias=True, turned=True,
    )  # fmt: skip
    heads = grouped_heads(keys, upcast=False)
    full = replace(_projections(keys, qkv_bias=bias, out_bias=bias), heads=heads, sinks=True)
    near = replace(full, heads=replace(heads, window=keys.count("sliding_window")))
    projections = [near if word == SLIDING else full for word in _layer_types(keys)]
    work = [partial(mixed, experts=experts)] * len(projections)
    return mixture_decoder(keys, experts, projections, work, whole_norms=True)


@completed
def hunyuan_v1_moe(keys: Keys) -> Blueprint:
    """Tencent 2025, Hunyuan-A13B: a perceptron beside the experts, heads normalised once they are turned."""
    bias = keys.flag("attention_bias", False)
    alike = {name: _alike_in_layers(keys, name) for name in ("num_experts", "moe_topk")}
    known = replace(keys, values={**keys.values, **alike})
    experts = chosen_experts(known, "num_experts", "intermediate_size", chosen="moe_topk", normed=True)
    experts = replace(experts, router="mlp.gate.wg", router_is_layer=True)
    work = partial(beside_shared, experts=experts, hidden=experts.hidden, path="mlp.shared_mlp")
    projections = _projections(keys, qkv_bias=bias, out_bias=bias, norms=TURNED_HEAD)
    layers = keys.count("num_hidden_layers")
    return mixture_decoder(keys, experts, [projections] * layers, [work] * layers)


def _alike_in_layers(keys: Keys, name: str) -> Json:
    """One number for all layers, of a number or a list of one a layer."""
    value = keys.values[name]
    if not isinstance(value, list):
        return value
    numbers = keys.layers(name)
    if len(numbers) != 1:
        keys.refuse(f"{name} is not the same in all layers", "one number for all")
    return min(numbers)


def _alike(keys: Keys, experts: Experts, projections: Projections, **differences: Any) -> Blueprint:
    """A decoder all of whose layers are alike."""
    layers, work = keys.count("num_hidden_layers"), partial(mixed, experts=experts)
    return mixture_decoder(keys, experts, [projections] * layers, [work] * layers, **differences)


def _projections(
    keys: Keys,
    *,
    qkv_bias: bool = False,
    out_bias: bool = False,
    norms: str = "",
    clipped: bool = False,
    window: int | None = None,
) -> Projections:
    return Projections(
        width=keys.count("hidden_size"),
        heads=grouped_heads(keys, window=window),
        qkv_bias=qkv_bias,
        out_bias=out_bias,
        norms=norms,
        clipped=clipped,
    )


def _layer_types(keys: Keys) -> tuple[str, ...]:
    """What each layer sees; where nothing is said a window and everything, in turn."""
    count = keys.count("num_hidden_layers")
    if "layer_types" in keys.values:
        return keys.words("layer_types", frozenset({SLIDING, FULL}), count)
    return tuple(FULL if layer % 2 else SLIDING for layer in range(count))


def _window(keys: Keys) -> int | None:
    return keys.count("sliding_window") if "sliding_window" in keys.values else None


def _qwen_experts(keys: Keys) -> Experts:
    normed = keys.flag("norm_topk_prob", False)
    return chosen_experts(keys, "num_experts", "moe_intermediate_size", normed=normed)


def _qwen(keys: Keys, experts: Experts, routed: Branch, projections: Projections) -> Blueprint:
    """Experts in every so many layers but those listed, plain perceptrons in the others."""
    plain: Branch = partial(perceptron, path="mlp", hidden=keys.count("intermediate_size"), act=experts.act)
    step, listed = keys.count("decoder_sparse_step", 1), keys.layers("mlp_only_layers")
    layers = range(keys.count("num_hidden_layers"))
    work = [plain if layer in listed or (layer + 1) % step else routed for layer in layers]
    return mixture_decoder(keys, experts, [projections] * len(work), work, plain=plain)


def _beside_shared(net: Net, x: str, *, experts: Experts, hidden: int) -> str:
    """Experts, and one that all tokens pass, whose result is multiplied by a share of each token."""
    y = mixed(net, x, experts)
    beside = shared(net, x, "mlp.shared_expert", hidden, experts.act)
    gate = net.linear("mlp.shared_expert_gate", x, 1, bias=False)
    share = net.elementwise("sigmoid", "shared_expert_share", gate)
    return net.elementwise("add", "both", y, net.elementwise("mul", "shared_expert_scaled", beside, share))
