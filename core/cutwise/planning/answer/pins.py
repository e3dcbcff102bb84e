"""Which rules kept ops where they are: privacy, weights trained in common, what compression costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from cutwise.arrays import Mask
from cutwise.caches import kept
from cutwise.costs.graph_cost import GraphCost
from cutwise.planning.answer.shared_weight_words import tied_pins
from cutwise.planning.one_device.cut_positions import closed_with_ties
from cutwise.planning.one_device.device_limits import ACCURACY
from cutwise.plans.plan import Pin
from cutwise.problem.numbers import accuracy_loss_ratio
from cutwise.problem.private_ops import asked_to_stay, private_ops, with_ancestors, with_followers
from cutwise.problem.split_problem import SplitProblem
from cutwise.scenario.parts import LayerDepth, Privacy
from cutwise.units import percent

PRIVACY = "privacy"
RELEASE = 'privacy.keep_on_device = "raw_allowed" keeps the raw input alone'


def pins_of(problem: SplitProblem, masks: Mask) -> tuple[Pin, ...]:
    """The rules that pin ops, each with the devices at whose cuts, `masks` (devices, ops), it stands.

    That is where the device keeps no more than it has to; a tie stands at every cut, because all were sought
    under it. Where nothing may leave the device, the last one says so.
    """
    ties = tied_pins(problem.cost, problem.ties)
    found = [*_accuracy_pins(problem), *_privacy_pins(problem.cost, problem.scenario.privacy), *ties]
    if not found:
        return ()
    names = problem.scenario.device_names
    least = _least(problem.cost, problem.pinned.tobytes(), problem.ties)
    at_least = (masks == least).all(axis=1).tolist()
    stands = tuple(name for name, found_there in zip(names, at_least, strict=True) if found_there)
    whole = "; so every op of the model stays on the device" if least.all() else ""
    told = [replace(pin, devices=names if pin in ties else stands) for pin in found]
    return (*told[:-1], replace(told[-1], sentence=told[-1].sentence + whole))


@kept
def _least(cost: GraphCost, pinned: bytes, ties: tuple[tuple[int, ...], ...]) -> Mask:
    """The smallest device side that holds the pinned ops."""
    return closed_with_ties(cost.graph, np.frombuffer(pinned, dtype=bool), ties)


def _accuracy_pins(problem: SplitProblem) -> Iterator[Pin]:
    allowed = problem.scenario.limits.accuracy_loss_ratio
    if allowed is None or (problem.pinned == problem.private).all():
        return
    loss = percent(accuracy_loss_ratio(problem.scenario.compression))
    yield Pin(
        rule=ACCURACY,
        ops=tuple(op.id for op in problem.cost.graph.ops),
        sentence=f"compression costs {loss:.3g} points of accuracy, limits.accuracy_loss_ratio allows "
        f"{percent(allowed):.3g}",
        release="compress less, or raise limits.accuracy_loss_ratio",
    )


@kept
def _privacy_pins(cost: GraphCost, privacy: Privacy) -> tuple[Pin, ...]:
    """What privacy keeps beside the raw inputs, and which op pulls along more than is near them."""
    graph, asked = cost.graph, asked_to_stay(cost, privacy.keep_on_device)
    stays = with_ancestors(graph, asked)
    if not (stays & ~private_ops(cost, "raw_allowed")).any():
        return ()
    kept_ops = f"{stays.sum()} of {len(graph)} ops"
    sentence = f"privacy keeps {_asked_in_words(privacy)} on the device, {kept_ops}"
    puller = None if isinstance(privacy.keep_on_device, tuple) else _puller(cost, asked, stays)
    if puller is not None:
        sentence = (
            f"{_near_text(cost, puller, asked)}, so privacy keeps it on the device, with all that it depends "
            f"on: {kept_ops}"
        )
    names = tuple(graph.ops[at].id for at in np.flatnonzero(stays))
    return (Pin(rule=PRIVACY, ops=names, sentence=sentence, release=RELEASE),)


def _asked_in_words(privacy: Privacy) -> str:
    keep = privacy.keep_on_device
    if isinstance(keep, tuple):
        return "what privacy.keep_on_device lists, with all that it depends on,"
    return f"the first {keep.layers} layers" if isinstance(keep, LayerDepth) else "the first layer"


def _puller(cost: GraphCost, asked: Mask, stays: Mask) -> int | None:
    """The last op near the raw input that also depends on ops far from it; None without one."""
    far = stays & ~asked & with_followers(cost.graph, cost.is_input)
    found = np.flatnonzero(with_followers(cost.graph, far) & asked)
    return int(found[-1]) if len(found) else None


def _near_text(cost: GraphCost, puller: int, asked: Mask) -> str:
    """What that op reads of the raw input, or of what is near it."""
    graph, op = cost.graph, cost.graph.ops[puller]
    read = [graph.index[name] for name in op.inputs]
    raw = [graph.ops[at].id for at in read if cost.is_input[at]]
    near = [graph.ops[at].id for at in read if asked[at]]
    if raw:
        return f"{op.id!r} reads the raw input {raw[0]!r}"
    return f"{op.id!r} reads {near[0]!r}, which is near the raw input" if near else f"{op.id!r} is private"
