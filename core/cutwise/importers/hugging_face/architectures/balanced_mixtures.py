"""Mixtures whose experts are chosen by corrected scores: GLM 4.5, dots.llm1, MiniMax M2, ERNIE 4.5."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import Blueprint
from cutwise.importers.hugging_face.mixtures.decoder import chosen_experts, mixture_decoder
from cutwise.importers.hugging_face.mixtures.experts import Experts, beside_shared, mixed, perceptron
from cutwise.importers.hugging_face.mixtures.library_defaults import completed
from cutwise.importers.hugging_face.mixtures.routers import balanced, by_sigmoids, groups_of
from cutwise.importers.hugging_face.mixtures.stack import (
    ALL_HEADS,
    EACH_HEAD,
    Branch,
    Projections,
    grouped_heads,
)


@completed
def glm4_moe(keys: Keys) -> Blueprint:
    """Zeng et al. 2025, arXiv 2508.06471, GLM 4.5: half of each head is turned, heads may be normalised."""
    bias, share = keys.flag("attention_bias", False), keys.ratio("partial_rotary_factor", 0.5)
    projections = Projections(
        width=keys.count("hidden_size"),
        heads=grouped_heads(keys, rotated_share=share),
        qkv_bias=bias,
        norms=EACH_HEAD if keys.flag("use_qk_norm", False) else "",
    )
    return _grouped(keys, projections, normed=keys.flag("norm_topk_prob", True))


@completed
def dots1(keys: Keys) -> Blueprint:
    """Huo et al. 2025, arXiv 2506.05767, dots.llm1."""
    bias = keys.flag("attention_bias", False)
    projections = Projections(
        width=keys.count("hidden_size"),
        heads=grouped_heads(keys),
        qkv_bias=bias,
        out_bias=bias,
        norms=EACH_HEAD,
    )
    return _grouped(keys, projections, normed=keys.flag("norm_topk_prob", False))


@completed
def minimax_m2(keys: Keys) -> Blueprint:
    """MiniMax M2: queries and keys are normalised over all heads, half of each head is turned."""
    width = keys.count("head_dim")
    share = keys.ratio("partial_rotary_factor", 1.0)
    if "rotary_dim" in keys.values:
        share = keys.count("rotary_dim") / width
    experts = chosen_experts(keys, "num_local_experts", "intermediate_size")
    route = partial(
        balanced, score="sigmoid", groups=None, normed=True, scaled=False, whole=False,
        correction="mlp.e_score_correction_bias",
    )  # fmt: skip
    experts = replace(experts, route=route)
    projections = Projections(
        width=keys.count("hidden_size"),
        heads=grouped_heads(keys, rotated_share=share),
        norms=ALL_HEADS,
    )
    layers = keys.count("num_hidden_layers")
    return mixture_decoder(keys, experts, [projections] * layers, [partial(mixed, experts=experts)] * layers)


@completed
def ernie4_5_moe(keys: Keys) -> Blueprint:
    """Baidu 2025, ERNIE 4.5: mixtures in a run of layers, beside experts that every token passes."""
    experts = chosen_experts(keys, "moe_num_experts", "moe_intermediate_size", chosen="moe_k")
    route = partial(
        balanced, score="softmax", groups=None, normed=True, scaled=False, trained=True,
        correction="mlp.gate.moe_statics.e_score_correction_bias",
    )  # fmt: skip
    experts, bias = replace(experts, route=route), keys.flag("use_bias", False)
    plain: Branch = partial(
        perceptron, path="mlp", hidden=keys.count("intermediate_size"), act=experts.act, bias=bias
    )
    beside = keys.count("moe_num_shared_experts", 2) * experts.hidden
    routed = partial(beside_shared, experts=experts, hidden=beside, bias=bias)
    heads = grouped_heads(keys)
    projections = Projections(width=keys.count("hidden_size"), heads=heads, qkv_bias=bias, out_bias=bias)
    work = [routed if mixes else plain for mixes in _ernie_layers(keys)]
    return mixture_decoder(
        keys, experts, [projections] * len(work), work, plain=plain, tied=True, head_bias=bias
    )


def _ernie_layers(keys: Keys) -> list[bool]:
    """Which layers are mixtures: every so many from the first to the last, -1 for the last of all."""
    layers, step = keys.count("num_hidden_layers"), keys.count("moe_layer_interval", 1)
    first, last = keys.count("moe_layer_start_index", 1), keys.count("moe_layer_end_index", -1)
    last = layers - 1 if last == -1 else last
    return [first <= layer <= last and (layer + 1) % step == 0 for layer in range(layers)]


def _grouped(keys: Keys, projections: Projections, *, normed: bool) -> Blueprint:
    """Perceptrons in the first layers, then DeepSeek's kind of mixture."""
    experts: Experts = chosen_experts(keys, "n_routed_experts", "moe_intermediate_size")
    experts = replace(experts, route=by_sigmoids(groups_of(keys), normed=normed))
    plain: Branch = partial(perceptron, path="mlp", hidden=keys.count("intermediate_size"), act=experts.act)
    beside = keys.count("n_shared_experts", 1) * experts.hidden
    routed = partial(beside_shared, experts=experts, hidden=beside)
    layers, first = keys.count("num_hidden_layers"), keys.count("first_k_dense_replace", 0)
    work = [plain if layer < first else routed for layer in range(layers)]
    return mixture_decoder(keys, experts, [projections] * layers, work, plain=plain)
