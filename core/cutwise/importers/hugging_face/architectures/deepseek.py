"""DeepSeek V2, V3 and R1: attention over latents, dense layers before mixtures, experts in groups."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial

from cutwise.importers.hugging_face.attention import TURN, Heads, by_heads
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import Blueprint
from cutwise.importers.hugging_face.mixtures.decoder import chosen_experts, mixture_decoder
from cutwise.importers.hugging_face.mixtures.experts import Experts, beside_shared, perceptron
from cutwise.importers.hugging_face.mixtures.library_defaults import completed
from cutwise.importers.hugging_face.mixtures.routers import (
    Groups,
    by_sigmoids,
    groups_of,
    in_best_groups,
    largest,
    scored,
)
from cutwise.importers.hugging_face.mixtures.stack import Branch, attended_as
from cutwise.importers.hugging_face.net import BATCH, Net

ALL_ALIKE, BY_GROUPS = "greedy", "group_limited_greedy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Latent:
    """Attention whose keys and values are made of `rank` features a token, and of a rotated part of the keys.

    Queries are made of `query_rank` features, of the layer's input itself where that is None; `value_width`
    is that of a head's values. A cache holds the `rank` features and the rotated part alone.
    """

    heads: Heads
    rank: int
    value_width: int
    query_rank: int | None
    bias: bool


@completed
def deepseek_v2(keys: Keys) -> Blueprint:
    """DeepSeek-AI 2024, arXiv 2405.04434."""
    method = keys.word("topk_method", frozenset({ALL_ALIKE, BY_GROUPS}), ALL_ALIKE)
    return _deepseek(keys, partial(_by_softmax, groups=groups_of(keys) if method == BY_GROUPS else None))


@completed
def deepseek_v3(keys: Keys) -> Blueprint:
    """DeepSeek-AI 2024, arXiv 2412.19437, without the layer that predicts a second token."""
    normed = keys.flag("norm_topk_prob", True)
    blueprint = _deepseek(keys, by_sigmoids(groups_of(keys), normed=normed))
    left_out = keys.count("num_nextn_predict_layers", 0)
    note = f"layers that predict further tokens ({left_out}) are left out, as the transformers library does"
    return replace(blueprint, notes=(*blueprint.notes, note)) if left_out else blueprint


@completed
def glm4_moe_lite(keys: Keys) -> Blueprint:
    """GLM 4.7 Flash: DeepSeek V3's parts, its first layer plain unless the configuration lists all layers."""
    normed, plain = keys.flag("norm_topk_prob", True), frozenset({0})
    if "mlp_layer_types" in keys.values:
        words = keys.words("mlp_layer_types", frozenset({"dense", "sparse"}), keys.count("num_hidden_layers"))
        plain = frozenset(layer for layer, word in enumerate(words) if word == "dense")
    return _deepseek(keys, by_sigmoids(groups_of(keys), normed=normed), plain)


def _deepseek(
    keys: Keys,
    route: Callable[[Net, str, Experts], tuple[str, str]],
    plain_layers: Collection[int] | None = None,
) -> Blueprint:
    """Perceptrons in the first or the given layers, else mixtures beside experts that every token passes."""
    experts = replace(chosen_experts(keys, "n_routed_experts", "moe_intermediate_size"), route=route)
    bias, inner = keys.flag("mlp_bias", False), keys.count("intermediate_size")
    plain: Branch = partial(perceptron, path="mlp", hidden=inner, act=experts.act, bias=bias)
    beside = keys.count("n_shared_experts", 1) * experts.hidden
    routed: Branch = partial(beside_shared, experts=experts, hidden=beside, bias=bias)
    layers = keys.count("num_hidden_layers")
    dense = range(keys.count("first_k_dense_replace", 0)) if plain_layers is None else plain_layers
    attention: Branch = partial(latent_attention, _latent(keys))
    work = [plain if layer in dense else routed for layer in range(layers)]
    return mixture_decoder(keys, experts, [attention] * layers, work, plain=plain)


def _latent(keys: Keys) -> Latent:
    count, rotated = keys.count("num_attention_heads"), keys.count("qk_rope_head_dim")
    return Latent(
        heads=Heads(
            count=count,
            width=keys.count("qk_nope_head_dim") + rotated,
            kv_heads=count,
            rotated=rotated,
            partial=True,
            upcast=True,
            dropout_ratio=keys.dropout("attention_dropout", 0.0),
        ),
        rank=keys.count("kv_lora_rank"),
        value_width=keys.count("v_head_dim"),
        query_rank=None if keys.values.get("q_lora_rank") is None else keys.count("q_lora_rank"),
        bias=keys.flag("attention_bias", False),
    )


def latent_attention(latent: Latent, net: Net, x: str) -> str:
    """Multi-head latent attention, arXiv 2405.04434, section 2.1: of each head a part is turned."""
    heads, parts = latent.heads, (latent.heads.width - latent.heads.rotated, latent.heads.rotated)
    query = net.transpose("q_heads", by_heads(net, "q", _queries(latent, net, x), heads.count), *TURN)
    plain, turned = net.split("q_parts", query, parts)
    turned = net.elementwise("rope", "q_rotary", turned)
    query = net.op("concat", "q_joined", [plain, turned], net.shape(query), attrs={"axis": 3})
    plain, turned, value = _keys_and_values(latent, net, x)
    key = net.op("concat", "k_joined", [plain, turned], net.shape(query), attrs={"axis": 3})
    y = attended_as(net, query, key, value, heads, latent_dim=latent.rank, rotary_dim=heads.rotated)
    return net.linear("self_attn.o_proj", y, net.width(x), bias=latent.bias)


def _keys_and_values(latent: Latent, net: Net, x: str) -> tuple[str, str, str]:
    """Each head's own part of the keys, the turned part that all heads share, and the values."""
    heads, values = latent.heads, latent.value_width
    plain_width = heads.width - heads.rotated
    made = net.linear("self_attn.kv_a_proj_with_mqa", x, latent.rank + heads.rotated, bias=latent.bias)
    low, turned = net.split("kv_parts", made, (latent.rank, heads.rotated))
    turned = net.reshape("k_turned", turned, BATCH, 1, net.shape(x)[1], heads.rotated)
    turned = net.elementwise("rope", "k_rotary", turned)
    low = net.rms_norm("self_attn.kv_a_layernorm", low)
    both = net.linear("self_attn.kv_b_proj", low, heads.count * (plain_width + values), bias=False)
    both = net.transpose("kv_heads", by_heads(net, "kv", both, heads.count), *TURN)
    plain, value = net.split("kv_by_head", both, (plain_width, values))
    return plain, turned, value


def _queries(latent: Latent, net: Net, x: str) -> str:
    width = latent.heads.count * latent.heads.width
    if latent.query_rank is None:
        return net.linear("self_attn.q_proj", x, width, bias=False)
    low = net.linear("self_attn.q_a_proj", x, latent.query_rank, bias=latent.bias)
    return net.linear("self_attn.q_b_proj", net.rms_norm("self_attn.q_a_layernorm", low), width, bias=False)


def _by_softmax(net: Net, x: str, experts: Experts, *, groups: Groups | None) -> tuple[str, str]:
    scores = net.elementwise("softmax", "scores", scored(net, x, experts, whole=True))
    if groups is not None:
        scores = in_best_groups(net, scores, groups, by=1)
    weights, places = largest(net, "chosen", scores, experts.chosen)
    return net.elementwise("mul", "weights_scaled", weights), places
