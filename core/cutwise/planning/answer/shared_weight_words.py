"""What becomes of weights that several ops read, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cutwise.caches import kept
from cutwise.costs.gradient_flow import changing_weights, gradient_flow
from cutwise.costs.graph_cost import GraphCost
from cutwise.costs.shared_weights import shared_positions
from cutwise.graph.model_graph import DTYPE_BYTES
from cutwise.plans.plan import Pin
from cutwise.problem.private_ops import with_ancestors, with_followers
from cutwise.units import in_prefix

TIED = "tied weights"
NAMED = 2


@kept
def tied_pins(cost: GraphCost, ties: tuple[tuple[int, ...], ...]) -> tuple[Pin, ...]:
    """One pin for all `ties`, groups of ops that stay on one side; those furthest apart are named."""
    if not ties:
        return ()
    furthest = max(ties, key=lambda tie: tie[-1] - tie[0])
    members, glued = np.zeros((2, len(cost.graph)), dtype=bool)
    for tie in ties:
        apart = np.zeros(len(cost.graph), dtype=bool)
        apart[list(tie)] = True
        members |= apart
        glued |= with_ancestors(cost.graph, apart) & with_followers(cost.graph, apart)
    trained_bytes = _trained_bytes(cost, furthest)
    does = "train" if trained_bytes else "read"
    others = f", and {len(ties) - 1} more groups likewise" if len(ties) > 1 else ""
    between = int((glued & ~members).sum())
    along = f", with {between} ops between them" if between else ""
    default = "by default " if cost.workload.tied_weights is None else ""
    sentence = f"{_named(cost, furthest)} {does} one weight, so {default}they stay on one side{along}{others}"
    names = tuple(cost.graph.ops[at].id for at in np.flatnonzero(glued))
    return (Pin(rule=TIED, ops=names, sentence=sentence, release=_release(trained_bytes)),)


def _release(trained_bytes: float) -> str:
    if not trained_bytes:
        return "without workload.tied_weights each side holds a copy, as nothing trains it"
    return (
        f'workload.tied_weights = "copied" lets each side train a copy, {_size(trained_bytes)} up and down '
        'in every iteration, "untied" each op one of its own'
    )


@kept
def shared_weights_text(cost: GraphCost) -> str:
    """What becomes of the largest weight that ops may read on both sides; empty where there is none."""
    shared, untied = cost.shared, _largest_untied(cost)
    if untied:
        return f"{_named(cost, untied)} shared a weight, and each trains one of its own (untied)"
    held = shared.kept_bytes * (shared.of("weight_bytes") > 0)
    if not held.any():
        return ""
    largest = int(held.argmax())
    readers = np.flatnonzero(shared.readers[largest]).tolist()
    size = _size(float(shared.of("weight_bytes")[largest]))
    equal = float(shared.kept_equal_bytes[largest])
    if equal:
        return (
            f"{_named(cost, readers)} train one weight of {size}: each side trains a copy, kept equal by "
            f"{_size(equal)} up and down in every iteration while both read it"
        )
    return f"{_named(cost, readers)} read one weight of {size} that nothing trains: each side holds a copy"


def _largest_untied(cost: GraphCost) -> tuple[int, ...]:
    if cost.workload.tied_weights != "untied":
        return ()
    changing = _changing(cost)
    found = {name: group for name, group in shared_positions(cost.graph).items() if name in changing}
    size = {weight.id: weight.elements for op in cost.graph.ops for weight in op.weights}
    return max(found.items(), key=lambda item: size[item[0]], default=("", ()))[1]


def _trained_bytes(cost: GraphCost, tie: Sequence[int]) -> float:
    """Bytes of the gradients of the weights that all ops of a tie train."""
    changing = _changing(cost)
    common = set.intersection(*({weight.id for weight in cost.graph.ops[at].weights} for at in tie))
    sizes = {weight.id: weight.elements for weight in cost.graph.ops[tie[0]].weights}
    return DTYPE_BYTES[cost.workload.compute] * sum(sizes[name] for name in common & changing)


def _changing(cost: GraphCost) -> frozenset[str]:
    return changing_weights(cost.graph, cost.workload, gradient_flow(cost.graph, cost.workload))


def _named(cost: GraphCost, positions: Sequence[int]) -> str:
    names = [repr(cost.graph.ops[at].id) for at in positions]
    if len(names) > NAMED:
        return f"{names[0]}, {names[-1]} and {len(names) - NAMED} more ops"
    return " and ".join(names)


def _size(size_bytes: float) -> str:
    return f"{in_prefix(size_bytes, 'M'):.3g} MB"
