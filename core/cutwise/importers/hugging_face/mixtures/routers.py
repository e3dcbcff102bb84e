"""Routers of mixtures of experts: which experts a token passes, and with which weights.

Each answers the weights and the experts' places, (batch, sequence, chosen); what it keeps for the backward
pass is what the transformers library keeps.
"""

from __future__ import annotations

import math

from cutwise.importers.hugging_face.mixtures.experts import PLACE_BYTES, Experts
from cutwise.importers.hugging_face.net import Net

Routed = tuple[str, str]


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


def scored(net: Net, x: str, experts: Experts, *, bias: bool = False) -> str:
    """A score for each expert: a product with a bare parameter, which is no layer that adapters find."""
    return net.linear(experts.router, x, experts.count, bias=bias, name="router", bare=True)


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


def in_best_groups(net: Net, scores: str, *, groups: int, best: int, by: int) -> str:
    """`scores` without those outside the `best` of `groups`, each as good as its `by` largest together."""
    *outer, count = net.shape(scores)
    grouped = net.reshape("groups", scores, *outer, groups, count // groups)
    top, _ = largest(net, "group_top", grouped, by)
    if by > 1:
        worth = net.op("reduce_sum", "group_scores", [top], (*outer, groups))
    else:
        worth = net.reshape("group_scores", top, *outer, groups)
    _, places = largest(net, "best_groups", worth, best)
    mask = net.op("equal", "outside", [places], net.shape(scores), dtype="bool")
    return net.op("where", "scores_inside", [mask, scores], net.shape(scores))
