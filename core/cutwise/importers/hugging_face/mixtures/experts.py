"""Mixtures of experts as the transformers library runs them: router, rows sorted by expert, one product each.

Experts are stacked in one weight (expert, out, in), and the rows of all tokens pass one grouped product
(`experts_implementation` "grouped_mm", the library's default): what is kept does not depend on the routing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from cutwise.importers.hugging_face.layers import activation
from cutwise.importers.hugging_face.net import Net

PLACE_BYTES = 8  # places of rows are int64
CLIPPED = "clipped"
"""The gate of gpt-oss: (up + 1) x gate x sigmoid(alpha gate), both clipped first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Experts:
    """`count` gated perceptrons of `hidden` features, of which each token passes `chosen`.

    `route` writes the router and answers each token's weights and experts, both (batch, sequence, chosen);
    `module` is what files call the whole, `router` what they call its scores. `act` gates: a word of
    `ACTIVATIONS`, or `CLIPPED`. `router_is_layer`: the scores are made by a linear
    layer, beside which adapters may stand, and not by a bare parameter. `turned`: weights are stored
    (expert, in, out).
    """

    count: int
    chosen: int
    hidden: int
    act: str
    route: Callable[[Net, str, Experts], tuple[str, str]]
    module: str = "mlp"
    router: str = "mlp.gate"
    router_is_layer: bool = False
    bias: bool = False
    turned: bool = False


def mixed(net: Net, x: str, experts: Experts) -> str:
    """The sum of the chosen experts' results, each times its weight."""
    weights, places = experts.route(net, x, experts)
    rows, width = (*net.shape(x)[:-1], experts.chosen), net.width(x)
    y = net.op("gather", "dispatch", [x, places], (*rows, width))
    # Weights and results are put in order by places of their own, which are kept as well.
    kept = {"kept_bytes": PLACE_BYTES * math.prod(rows)}
    weights = net.op("gather", "weights_by_row", [weights, places], (*rows, 1), attrs=kept)
    y = _product(net, "gate_up_proj", y, 2 * experts.hidden, experts)
    gate, up = net.split("gate_up", y, (experts.hidden, experts.hidden))
    y = _product(net, "down_proj", _gated(net, gate, up, experts.act), width, experts)
    y = net.elementwise("mul", "weighted", y, weights)
    y = net.op("gather", "collect", [y, places], (*rows, width), attrs=kept)
    return net.op("reduce_sum", "combine", [y], net.shape(x), attrs={"narrows": True})


def perceptron(net: Net, x: str, path: str, hidden: int, act: str, *, bias: bool = False) -> str:
    """A gated perceptron that every token passes; files call its layers `path`, a dot and their names."""
    gate, up = (net.linear(f"{path}.{layer}_proj", x, hidden, bias=bias) for layer in ("gate", "up"))
    y = net.elementwise("mul", "gated", activation(net, act, gate), up)
    return net.linear(f"{path}.down_proj", y, net.width(x), bias=bias)


def shared(net: Net, x: str, path: str, hidden: int, act: str, *, bias: bool = False) -> str:
    """Experts that every token passes, as one perceptron in a block of its own."""
    with net.inside(path.rpartition(".")[2]):
        return perceptron(net, x, path, hidden, act, bias=bias)


def beside_shared(
    net: Net,
    x: str,
    *,
    experts: Experts,
    hidden: int,
    bias: bool = False,
    path: str = "mlp.shared_experts",
) -> str:
    """The chosen experts and those that every token passes, together of `hidden` features, if any."""
    y = mixed(net, x, experts)
    if not hidden:
        return y
    return net.elementwise("add", "both", y, shared(net, x, path, hidden, experts.act, bias=bias))


def _product(net: Net, layer: str, x: str, width: int, experts: Experts) -> str:
    """One matrix for each expert, all in one weight; biases are looked up by the expert of each row."""
    into, path = net.width(x), f"{experts.module}.experts.{layer}"
    shape = (experts.count, into, width) if experts.turned else (experts.count, width, into)
    weights = [net.weight(path, shape, part="")]
    attrs: dict[str, int] = {
        "in_features": into, "experts": experts.count, "experts_per_token": experts.chosen
    }  # fmt: skip
    if experts.bias:
        weights.append(net.weight(f"{path}_bias", (experts.count, width), part=""))
    if experts.bias and layer == "gate_up_proj":
        attrs["kept_bytes"] = PLACE_BYTES * math.prod(net.shape(x)[:-1])
    return net.op("grouped_matmul", layer, [x], (*net.shape(x)[:-1], width), weights=weights, attrs=attrs)


def _gated(net: Net, gate: str, up: str, act: str) -> str:
    if act != CLIPPED:
        return net.elementwise("mul", "gated", activation(net, act, gate), up)
    gate, up = (net.elementwise("clip", f"{name}_clipped", x) for name, x in (("gate", gate), ("up", up)))
    share = net.elementwise("sigmoid", "gate_share", net.elementwise("mul", "gate_scaled", gate))
    gate = net.elementwise("mul", "gate_swish", gate, share)
    return net.elementwise("mul", "gated", net.elementwise("add", "up_plus_one", up), gate)
