"""Why a cut is a minimum cut: predict its cost, watch max-flow find it, see why that proves it."""

from __future__ import annotations

from math import isinf
from typing import Any

from cutwise_dashboard.views.learn import six_ops
from cutwise_dashboard.views.learn.augmenting_paths import FlowStep, Pipe
from cutwise_dashboard.views.learn.six_ops import EDGES, OPS, READ_TWICE, SEND_MS, Side

Reply = dict[str, Any]


def told() -> dict[str, Any]:
    """Everything that the story draws and says."""
    best, steps, pipes = six_ops.cheapest(), six_ops.steps_to_the_cut(), six_ops.pipes()
    return {
        "ops": OPS,
        "edges": EDGES,
        "lanes": six_ops.LANES,
        "device": six_ops.DEVICE_MS,
        "server": six_ops.SERVER_MS,
        "send": SEND_MS,
        "best": best.mask.tolist(),
        "value": best.value,
        "sides": {_code(side): _judged(side, best.value) for side in six_ops.sides()},
        "pipes": [_drawn(pipe, steps[-1]) for pipe in pipes],
        "steps": [{"text": _sentence(step, pipes), **_numbers(step)} for step in steps],
        "question": question(),
    }


def _code(side: Side) -> str:
    return "".join("1" if on else "0" for on in side)


def _judged(side: Side, least: float) -> dict[str, Any]:
    """The reply to what may be typed for a side: by the number, and to any other number."""
    if six_ops.backward(side):
        return {"backward": six_ops.backward(side), "replies": {}, "other": _reply("bad", _backward(side))}
    device, sent, server = six_ops.parts_ms(side)
    cost, each = six_ops.cost_ms(side), six_ops.sent_to_each_ms(side)
    sums = f"{device:g} on the device + {sent:g} sending + {server:g} on the server = {cost:g} ms"
    right = (
        _reply("good", f"Right, and no cut is cheaper: {sums}. How could you be sure?")
        if cost == least
        else _reply("half", f"Right: {sums}. But another cut is cheaper.")
    )
    mistakes = (
        (device + each + server, "You counted a crossing twice: one tensor is sent once, however many ops "
         f"read it there. {sums}."),
        (device + sent, f"You left out what the server computes ({server:g} ms): {sums}."),
        (sent + server, f"You left out what the device computes ({device:g} ms): {sums}."),
        (device + server, f"You left out sending ({sent:g} ms): {sums}."),
        (sent, f"That is the sending alone: {sums}."),
        (device, f"That is the device's computing alone: {sums}."),
        (server, f"That is the server's computing alone: {sums}."),
    )  # fmt: skip
    known = {f"{typed:g}": _reply("bad", text) for typed, text in reversed(mistakes)}
    return {
        "backward": [],
        "replies": {**known, f"{cost:g}": right},
        "other": _reply("bad", f"Not quite: {sums}."),
    }


def _backward(side: Side) -> str:
    a, b = six_ops.backward(side)[0]
    return (
        f"Backward arc: {OPS[b]} on the device would read {OPS[a]} from the server, so data would go up and "
        f"come back. The network forbids it by an arc of infinite size from {OPS[b]} to {OPS[a]}."
    )


def _drawn(pipe: Pipe, last: FlowStep) -> dict[str, Any]:
    """An arc; `cut` says that the minimum cut goes through it."""
    return {
        "op": pipe.head if pipe.kind == "server" else pipe.tail,
        "kind": pipe.kind,
        "room": None if isinf(pipe.room) else pipe.room,
        "cut": pipe.tail in last.reached and pipe.head not in last.reached,
    }


def _numbers(step: FlowStep) -> dict[str, Any]:
    return {"total": step.total, "flow": step.flow, "path": [at for at, _ in step.path]}


def _sentence(step: FlowStep, pipes: list[Pipe]) -> str:
    if step.path:
        ends = (pipes[at].head if way > 0 else pipes[at].tail for at, way in step.path)
        nodes = [six_ops.NODES[six_ops.SOURCE], *(six_ops.NODES[end] for end in ends)]
        return f"Push {step.pushed:g} along {' → '.join(nodes)}."
    stay = ", ".join(name for op, name in enumerate(OPS) if op in step.reached)
    rooms = [pipe.room for pipe in pipes if pipe.tail in step.reached and pipe.head not in step.reached]
    full = " + ".join(f"{room:g}" for room in rooms)
    return (
        f"No more fits. What can still be reached from the start stays on the device: {stay}. The marked "
        f"bars are those that the cut goes through. They are full: {full} = {sum(rooms):g}."
    )


def question() -> dict[str, Any]:
    """What a tensor with two readers costs, with a reply to every answer."""
    once, readers = SEND_MS[READ_TWICE], [OPS[b] for a, b in EDGES if a == READ_TWICE]
    each, raw = once * len(readers), SEND_MS[0]
    behind = tuple(op <= READ_TWICE for op in range(len(OPS)))
    name, cost = OPS[READ_TWICE], six_ops.cost_ms(behind)
    counted = cost - once + each
    first = six_ops.cost_ms((True, *[False] * (len(OPS) - 1)))
    choices = [
        (once, "good", "Yes. One tensor is sent once, and read twice on the other side."),
        (each, "bad", f"No: that counts one tensor twice. Both readers are on the server, where it arrives "
         f"once. So counted, this cut would seem to cost {counted:g} ms, and that behind the {OPS[0]}, of "
         f"{first:g} ms, would win; it costs {cost:g} ms."),
        (0.0, "bad", f"No: {readers[0]} and {readers[1]} on the server need what {name} makes, so it is "
         "sent."),
        (raw, "bad", f"No: {raw:g} ms is what the {OPS[0]} would send. {name} is on the device here, and "
         "only what it makes is sent."),
    ]  # fmt: skip
    return {
        "text": f"{name} is read by {readers[0]} and by {readers[1]}. Cut right behind it. How long does "
        "sending take?",
        "choices": [
            {"label": f"{value:g} ms", **_reply(kind, text)} for value, kind, text in sorted(choices)
        ],
    }


def _reply(kind: str, text: str) -> Reply:
    return {"kind": kind, "text": text}
