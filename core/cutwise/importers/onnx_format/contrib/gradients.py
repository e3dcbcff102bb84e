"""What no gradient reaches because all that reads it is quantised: not trained, though it is floating."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cutwise.graph.model_graph import Op

ROUNDED = frozenset({"quantize", "dynamic_quantize"})
STOPS = "stops_gradient"


def without_lost_gradients(ops: Sequence[Op]) -> tuple[Op, ...]:
    """`ops`, with those marked as passing no gradient whose readers all round what they read.

    >>> from cutwise.graph.model_graph import TensorSpec, Weight
    >>> first = Op(id="a", kind="linear", weights=(Weight(id="w", shape=(2, 2)),))
    >>> marked = without_lost_gradients([first, Op(id="b", kind="quantize", inputs=("a",))])
    >>> dict(marked[0].attrs)
    {'stops_gradient': True}
    """
    if not any(_blocks(op) for op in ops):
        return tuple(ops)
    read: set[str] = set()
    reached: set[str] = set()
    marked = []
    for op in reversed(ops):
        lost = op.id in read and op.id not in reached
        read.update(op.inputs)
        if not lost and not _blocks(op):
            reached.update(op.inputs)
        marked.append(replace(op, attrs={**op.attrs, STOPS: True}) if lost and op.weights else op)
    return tuple(reversed(marked))


def _blocks(op: Op) -> bool:
    return op.kind in ROUNDED or bool(op.attrs.get(STOPS))
