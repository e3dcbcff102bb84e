"""The tensors that one op is run on: random numbers of the shapes that the graph says."""

from __future__ import annotations

from typing import Any

from cutwise.graph.model_graph import FLOATING, Op

Shape = tuple[int, ...]


class OpTensors:
    """The tensors of one op as they are asked for; those with gradients are kept in `leaves`."""

    def __init__(self, *, op: Op, shapes: tuple[Shape, ...], output: Shape, device: str) -> None:
        self.op, self.shapes, self.output, self.device = op, shapes, output, device
        self.leaves: list[Any] = []

    def random(self, shape: Shape) -> Any:
        """A leaf of this shape."""
        import torch

        leaf = torch.randn(shape, device=self.device).requires_grad_()
        self.leaves.append(leaf)
        return leaf

    def inputs(self) -> list[Any]:
        """Every input, as a leaf."""
        return [self.random(shape) for shape in self.shapes]

    def operands(self) -> list[Any]:
        """Two of the inputs and weights; a number stands in for the one that is missing.

        Of a weight that is longer than the result, such as a table of positions, a part is read.
        """
        weights = [
            self.random(within(weight.shape, self.output))
            for weight in self.op.weights
            if weight.dtype in FLOATING
        ]
        return [*self.inputs(), *weights, 2.0][:2]

    def whole(self, name: str, default: int) -> int:
        """An attribute that is one number."""
        value = self.op.attrs.get(name, default)
        return int(value[0] if isinstance(value, tuple | list) else value)

    def axes(self, name: str, count: int, default: int = 1) -> Shape:
        """An attribute that is a number an axis."""
        value = self.op.attrs.get(name, default)
        return tuple(map(int, value)) if isinstance(value, tuple | list) else (int(value),) * count


def within(shape: Shape, result: Shape) -> Shape:
    """The shape where it is broadcast to the result, and as long as that where it is longer."""
    places = zip(shape[::-1], (*result[::-1], *shape), strict=False)
    return tuple(size if size == 1 else min(size, most) for size, most in places)[::-1]
