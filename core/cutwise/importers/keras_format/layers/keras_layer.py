"""One call of a Keras layer: its settings, checked, and the tensors it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from cutwise.errors import ModelImportError
from cutwise.graph.model_graph import Weight
from cutwise.importers.hugging_face.net import Net
from cutwise.importers.json_formats.document import shown
from cutwise.plain import Json
from cutwise.read_limits import LAYER_SIZE, TENSOR_ELEMENTS, WORD_CHARACTERS

LAST, FIRST = "channels_last", "channels_first"


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer at one of its calls: `op_id` is what its op is called, `path` what its weights are.

    Readers of settings raise `ModelImportError` for a value of another kind or out of its range.
    """

    file: str
    net: Net
    kind: str
    path: str
    op_id: str
    config: Mapping[str, Json]
    inputs: tuple[str, ...]

    @property
    def x(self) -> str:
        """The first tensor it reads."""
        if not self.inputs:
            self.refuse("reads no tensor")
        return self.inputs[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the first tensor it reads, batch first."""
        return self.net.shape(self.x)

    def shapes(self) -> list[tuple[int, ...]]:
        """The shapes of all tensors it reads."""
        return [self.net.shape(name) for name in self.inputs]

    def count(self, name: str, default: int | None = None, *, least: int = 1) -> int:
        """A whole number."""
        value = self.config.get(name, default)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LAYER_SIZE:
            self.refuse(f"{name} is {shown(value)}, not a whole number of at least {least}")
        return value

    def counts(self, name: str, axes: int, default: int | None = None, *, least: int = 1) -> tuple[int, ...]:
        """A whole number for each axis, or one for all."""
        value = self.config.get(name, default)
        value = default if value is None else value
        values = list(value) if isinstance(value, list) else [value] * axes
        fits = len(values) == axes and all(
            isinstance(one, int) and not isinstance(one, bool) and least <= one <= LAYER_SIZE
            for one in values
        )
        if not fits:
            self.refuse(f"{name} is {shown(value)}, not {axes} whole numbers of at least {least}")
        return tuple(one for one in values if isinstance(one, int))

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        value = self.config.get(name, default)
        value = default if value is None else value
        if not isinstance(value, bool):
            self.refuse(f"{name} is {shown(value)}, neither true nor false")
        return value

    def word(self, name: str, default: str) -> str:
        """A short text."""
        value = self.config.get(name, default)
        value = default if value is None else value
        if not isinstance(value, str) or len(value) > WORD_CHARACTERS:
            self.refuse(f"{name} is {shown(value)}, not a word")
        return value

    def ratio(self, name: str, default: float = 0.0) -> float:
        """A number from 0 to 1."""
        value = self.config.get(name, default)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            self.refuse(f"{name} is {shown(value)}, not a number from 0 to 1")
        return float(value)

    def has_rank(self, *ranks: int) -> None:
        """Raises `ModelImportError` unless what it reads has one of so many axes, batch included."""
        if len(self.shape) not in ranks:
            wanted = " or ".join(map(str, ranks))
            self.refuse(f"reads {list(self.shape)}, which has not {wanted} axes")

    def channels(self) -> int:
        """The axis of the channels."""
        return 1 if self.word("data_format", LAST) == FIRST else len(self.shape) - 1

    def space(self) -> tuple[int, ...]:
        """The axes that are neither the batch nor channels."""
        return tuple(axis for axis in range(1, len(self.shape)) if axis != self.channels())

    def placed(self, channels: int, sizes: Sequence[int]) -> tuple[int, ...]:
        """The shape with `channels` and `sizes` of the other axes, in the order of the data format."""
        batch = self.shape[0]
        return (batch, channels, *sizes) if self.channels() == 1 else (batch, *sizes, channels)

    def weight(self, part: str, *shape: int, trained: bool = True) -> Weight:
        """One of its weights; those of a layer that is not `trainable` are frozen."""
        role = "buffer" if not trained else "parameter" if self.flag("trainable", True) else "frozen"
        return Weight(id=f"{self.path}/{part}", shape=shape, role=role)

    def op(
        self, kind: str, shape: Sequence[int], *, inputs: Sequence[str] | None = None, name: str = "",
        weights: Sequence[Weight] = (), dtype: str = "", **attrs: object,
    ) -> str:  # fmt: skip
        """Adds an op that reads the layer's tensors unless `inputs` says otherwise."""
        elements = 1
        for size in shape:
            elements *= size
        if elements > TENSOR_ELEMENTS or any(size < 1 for size in shape):
            self.refuse(f"would make sizes {list(shape)[:8]}: its window is larger than what it reads")
        return self.net.op(
            kind, f"{self.op_id}/{name}" if name else self.op_id, self.inputs if inputs is None else inputs,
            tuple(shape), weights=weights, source=self.path, dtype=dtype, attrs=attrs,
        )  # fmt: skip

    def refuse(self, fact: str) -> NoReturn:
        """Raises `ModelImportError`: a fact about this layer, and what to do."""
        raise ModelImportError(
            f"{self.file}: layer {shown(self.path)} ({self.kind[:WORD_CHARACTERS]}) {fact}; "
            "save the model again"
        )


Outputs: TypeAlias = "str | tuple[str, ...]"
Writer: TypeAlias = Callable[[Layer], Outputs]
