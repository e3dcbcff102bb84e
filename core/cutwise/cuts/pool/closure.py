"""The closed sets of a graph (order ideals) by structure: cut points, segments between them, components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cutwise.arrays import Floats, Ints, Mask
from cutwise.errors import SolverError
from cutwise.frozen import Frozen

SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")


class PoolTooLarge(SolverError):  # noqa: N818 - it says what is too large, and callers fall back
    """A graph has more closed sets, or more splits worth keeping, than the caps allow."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Piece(Frozen):
    """A part of a graph with everything before it on the device and everything after on the server.

    Units are local positions 0 … k-1 in topological order, `units` their numbers in the whole graph.
    `arcs` (m, 2) are local, sorted by reader. A *sender* sits on unit `sender_unit` of the piece, or
    before it (-1: on the device already); `beyond` says that something after the piece reads it too.
    While one of its readers is on the server it pays `price` (q, c), or raises column `flag` (-1 for
    none) of the piece's flags to 1: its price is then settled where all its readers are known.
    Senders are sorted by unit, reads by sender.
    """

    units: Ints
    arcs: Ints
    device: Floats
    peak: Floats
    sender_unit: Ints
    beyond: Mask
    price: Floats
    flag: Ints
    read_sender: Ints
    read_unit: Ints
    flag_count: int

    def __len__(self) -> int:
        return len(self.units)


@dataclass(frozen=True, eq=False, kw_only=True)
class Layout(Frozen):
    """Cut points of a piece and the slots between them.

    In slot i the first `start[i]` units are on the device and the units from `stop[i]` on are on the
    server; those between are its interior, whose components carry a label each.
    """

    start: Ints
    stop: Ints
    is_cut: Mask
    label: Ints

    @property
    def irreducible(self) -> bool:
        """True when there is no cut point and one component: nothing to take apart."""
        return len(self.start) == 1 and not self.label.any()


def comparable_with_all(count: int, tails: Ints, heads: Ints) -> Ints:
    """Vertices, ascending, that precede or follow every other vertex; tail < head in every arc.

    In position p this holds iff every vertex before p has a reader at most p, and every vertex after
    p has a producer at least p: following them leads to p.

    >>> comparable_with_all(4, np.array([0, 0, 1, 2]), np.array([1, 2, 3, 3])).tolist()
    [0, 3]
    """
    first_reader = np.full(count, count)
    np.minimum.at(first_reader, tails, heads)
    last_producer = np.full(count, -1)
    np.maximum.at(last_producer, heads, tails)
    reached = np.maximum.accumulate(np.concatenate([[-1], first_reader]))[:-1]
    needed = np.minimum.accumulate(np.concatenate([last_producer, [count]])[::-1])[::-1][1:]
    position = np.arange(count)
    return np.flatnonzero((reached <= position) & (needed >= position))


def lay_out(piece: Piece) -> Layout:
    """Cut points, slots and the components of each slot's interior, in one vectorised pass."""
    count = len(piece)
    cut = comparable_with_all(count, piece.arcs[:, 0], piece.arcs[:, 1])
    is_cut = np.zeros(count, dtype=bool)
    is_cut[cut] = True
    slot = np.cumsum(is_cut)
    inner = ~is_cut[piece.arcs].any(axis=1)
    arcs = piece.arcs[inner]
    arcs = arcs[slot[arcs[:, 0]] == slot[arcs[:, 1]]]
    return Layout(
        start=np.concatenate([[0], cut + 1]),
        stop=np.concatenate([cut, [count]]),
        is_cut=is_cut,
        label=component_labels(count, arcs[:, 0], arcs[:, 1]),
    )


def component_labels(count: int, tails: Ints, heads: Ints) -> Ints:
    """The smallest vertex of each vertex's weakly connected component.

    >>> component_labels(4, np.array([0, 2]), np.array([2, 3])).tolist()
    [0, 1, 0, 0]
    """
    label = np.arange(count)
    while len(tails):
        low = np.minimum(label[tails], label[heads])
        hooked = label.copy()
        np.minimum.at(hooked, label[tails], low)
        np.minimum.at(hooked, label[heads], low)
        while not np.array_equal(hooked, hooked[hooked]):
            hooked = hooked[hooked]
        if np.array_equal(hooked, label):
            break
        label = hooked
    return label


def ideals(piece: Piece, limit: int) -> Mask | None:
    """Every closed set of the piece as a mask (K, k), the empty one first; None if there are over `limit`."""
    count = len(piece)
    sets = np.zeros((1, count), dtype=bool)
    first, last = (np.searchsorted(piece.arcs[:, 1], np.arange(count), side=side) for side in SIDES)
    for unit in range(count):
        producers = piece.arcs[first[unit] : last[unit], 0]
        grown = sets[sets[:, producers].all(axis=1)]
        grown[:, unit] = True
        if len(sets) + len(grown) > limit:
            return None
        sets = np.concatenate([sets, grown])
    return sets
