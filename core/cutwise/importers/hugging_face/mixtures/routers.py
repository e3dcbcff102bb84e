"""Routers of mixtures of experts: which experts a token passes, and with which weights.

Each answers the weights and the experts' places, (batch, sequence, chosen); what it keeps for the backward
pass is what the transformers library keeps.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.mixtures.experts import PLACE_BYTES, Experts
from cutwise.importers.hugging_face.net import Net

Routed = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Experts are chosen in the `best` of `count` groups."""

    count: int
    best: int


def softmax_of_all(net: Net, x: str, experts: Experts, *, normed: bool) -> Routed:
    """The largest of all experts' probabilities; `normed`: divided by their sum."""
    weights, places = largest(
        net, "chosen", net.elementwise("softmax", "scores", scored(net, x, experts)), experts.chosen
    )
    return (over_sum(net, weights) if normed else weights), places


def softmax_of_chosen(net: Net, x: str, experts: Experts, *, bias: bool = False) -> Routed:
    """Probabilities among the chosen experts only."""
    chosen, places = largest(net, "chosen", scored(net, x, experts, bias=bias), experts.chosen)
    return net.elementwise("softmax", "probabilities", chosen), places


def sparse_mixer(net: Net, x: str, experts: Experts) -> Routed:
    """One expert after the other, each by a softmax over those near the largest score (arXiv 2409.12136)."""
    scores = scored(net, x, experts)
    found = [_next_expert(net, scores, number) for number in range(experts.chosen)]
    shape = (*net.shape(x)[:-1], experts.chosen)
    weights, places = (
        net.op("concat", name, list(parts), shape, dtype=dtype, attrs={"axis": 2})
        for name, dtype, parts in zip(
            ("weights", "places"), ("", "int64"), zip(*found, strict=True), strict=True
        )
    )
    return weights, places


def _next_expert(net: Net, scores: str, number: int) -> Routed:
    far = net.op("less", f"far_{number}", [scores], net.shape(scores), dtype="bool")
    near = net.op("where", f"near_{number}", [far, scores], net.shape(scores))
    shares = net.elementwise("softmax", f"shares_{number}", near)
    weight, place = largest(net, f"expert_{number}", shares, 1)
    kept = {"kept_bytes": PLACE_BYTES * math.prod(net.shape(scores)[:-1])}
    return net.op("gather", f"weight_{number}", [weight, place], net.shape(weight), attrs=kept), place


def scored(net: Net, x: str, experts: Experts, *, bias: bool = False, whole: bool = False) -> str:
    """A score for each expert, made in fp32 where it is `whole`."""
    bare = not experts.router_is_layer
    return net.linear(experts.router, x, experts.count, bias=bias, name="router", bare=bare, whole=whole)


def largest(net: Net, name: str, x: str, count: int) -> tuple[str, str]:
    """The `count` largest of the last dimension, and their places."""
    shape = (*net.shape(x)[:-1], count)
    return (
        net.op("top_k", name, [x], shape, attrs={"output_index": 0}),
        net.op("top_k", f"{name}:1", [x], shape, dtype="int64", attrs={"output_index": 1}),
    )


def over_sum(net: Net, weights: str) -> str:
    """`weights` divided by their sum."""
    total = net.op("reduce_sum", "weight_sum", [weights], (*net.shape(weights)[:-1], 1))
    return net.elementwise("div", "weights_normed", weights, total)


def by_sigmoids(groups: Groups, *, normed: bool) -> Callable[[Net, str, Experts], Routed]:
    """The router of DeepSeek V3 (arXiv 2412.19437, 2.1.2): experts in the best groups, weights scaled."""
    return partial(
        balanced,
        score="sigmoid",
        groups=groups,
        normed=normed,
        scaled=True,
        correction="mlp.gate.e_score_correction_bias",
    )


def balanced(
    net: Net,
    x: str,
    experts: Experts,
    *,
    score: str,
    groups: Groups | None,
    normed: bool,
    scaled: bool,
    correction: str,
    trained: bool = False,
    whole: bool = True,
) -> Routed:
    """Experts chosen by scores with a `correction` that balances them, weighted by scores without it."""
    scores = net.elementwise(score, "scores", scored(net, x, experts, whole=whole))
    size = (1, experts.count) if trained else (experts.count,)
    balance = replace(net.weight(correction, size, part=""), role="parameter" if trained else "buffer")
    chosen = net.op("add", "scores_corrected", [scores], net.shape(scores), weights=[balance])
    chosen = chosen if groups is None else in_best_groups(net, chosen, groups, by=2)
    _, places = largest(net, "chosen", chosen, experts.chosen)
    shape = (*net.shape(scores)[:-1], experts.chosen)
    weights = net.op("gather", "chosen_scores", [scores, places], shape)
    weights = over_sum(net, weights) if normed else weights
    return (net.elementwise("mul", "weights_scaled", weights) if scaled else weights), places


def groups_of(keys: Keys) -> Groups:
    """The groups of routed experts, all in one where nothing is said."""
    count, best = keys.count("n_group", 1), keys.count("topk_group", 1)
    many = keys.count("n_routed_experts")
    keys.divided("n_routed_experts", "n_group", size=many, count=count)
    if best > count:
        keys.refuse(f"topk_group is {best}, more than n_group = {count}", f"at most {count}")
    return Groups(count=count, best=best)


def in_best_groups(net: Net, scores: str, groups: Groups, *, by: int) -> str:
    """`scores` without those outside the best groups, each as good as its `by` largest together."""
    *outer, count = net.shape(scores)
    grouped = net.reshape("groups", scores, *outer, groups.count, count // groups.count)
    top, _ = largest(net, "group_top", grouped, by)
    if by > 1:
        worth = net.op("reduce_sum", "group_scores", [top], (*outer, groups.count))
    else:
        worth = net.reshape("group_scores", top, *outer, groups.count)
    _, places = largest(net, "best_groups", worth, groups.best)
    mask = net.op("equal", "outside", [places], net.shape(scores), dtype="bool")
    return net.op("where", "scores_inside", [mask, scores], net.shape(scores))
