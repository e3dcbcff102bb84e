"""The cards of the ruler's top lane: blocks over the units in which their ops join the device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cutwise.arrays import Ints
from cutwise.graph.blocks import Block
from cutwise_dashboard.components.ruler.axis import Axis


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockCard:
    """A stretch of the axis in which one block's ops join the device: so many `ops` of it."""

    block: int
    start: float
    stop: float
    ops: int


def block_numbers(blocks: Sequence[Block], *, op_count: int) -> Ints:
    """The block of every op, shape (ops,)."""
    numbers = np.zeros(op_count, dtype=np.int64)
    for number, block in enumerate(blocks):
        numbers[list(block.ops)] = number
    return numbers


def cards_of(axis: Axis, block_of: Ints) -> tuple[BlockCard, ...]:
    """Cards side by side from the first unit to the last.

    Blocks that join at one position share its units evenly; a position that no op joins is its left
    neighbour's; ops that come back have cards of their own.
    """
    joined, counts = np.unique(np.column_stack([axis.born, block_of]), axis=0, return_counts=True)
    places, firsts, sharing = np.unique(joined[:, 0], return_index=True, return_counts=True)
    cards: list[BlockCard] = []
    for at, (place, first, many) in enumerate(zip(places.tolist(), firsts, sharing, strict=True)):
        stop = axis.starts(int(places[at + 1])) if at + 1 < len(places) else axis.units
        edges = np.linspace(axis.starts(place), stop, many + 1).tolist()
        for inner in range(many):
            row = first + inner
            block, ops = int(joined[row, 1]), int(counts[row])
            card = BlockCard(block=block, start=edges[inner], stop=edges[inner + 1], ops=ops)
            goes_on = cards and cards[-1].block == block and place < axis.positions
            cards[-1:] = [_joined(cards[-1], card)] if goes_on else [*cards[-1:], card]
    return tuple(cards)


def _joined(card: BlockCard, more: BlockCard) -> BlockCard:
    return replace(card, stop=more.stop, ops=card.ops + more.ops)


def packed_cards(cards: Sequence[BlockCard], blocks: Sequence[Block]) -> dict[str, list[object]]:
    """Cards as columns; those with the same `kind` have the same inner structure."""
    kinds: dict[str, int] = {}
    return {
        "name": [blocks[card.block].name for card in cards],
        "kind": [kinds.setdefault(blocks[card.block].signature, len(kinds)) for card in cards],
        "from": [round(card.start, 4) for card in cards],
        "to": [round(card.stop, 4) for card in cards],
        "ops": [card.ops for card in cards],
    }
