"""Sizes of a Keras model's inputs: those the file leaves open are chosen, and said so."""

from __future__ import annotations

from collections.abc import Mapping

from cutwise.errors import ModelImportError
from cutwise.importers.json_formats.document import shown
from cutwise.importers.keras_format.topology import refuse
from cutwise.plain import Json
from cutwise.read_limits import LAYER_SIZE

BATCH = 1
STEPS, PIXELS, VOXELS = 128, 224, 32
# Axes of an input, the batch among them: what an open one of the space is taken for.
PROPOSED = {2: STEPS, 3: STEPS, 4: PIXELS, 5: VOXELS}
SHAPE_KEYS = ("batch_shape", "batch_input_shape")


class OpenSizes:
    """Sizes as `dims` gives them, those chosen so far, and what is to be said of them."""

    def __init__(self, file: str, dims: Mapping[str, int]) -> None:
        self.file, self.dims = file, dims
        self.chosen: dict[str, int] = {}
        self.warnings: list[str] = []
        self.batch_size = BATCH

    def sized(self, name: str, config: Mapping[str, Json]) -> tuple[int, ...]:
        """The shape of the input `name`, batch first; raises `ModelImportError` where none is stated."""
        stated = next((config[key] for key in SHAPE_KEYS if config.get(key)), None)
        if not isinstance(stated, list) or not 1 < len(stated) < 8:
            refuse(self.file, f"does not say the shape of its input {shown(name)}, call model.build(shape)")
        batch = stated[0]
        if batch is not None:
            self.batch_size = self._checked(name, batch)
        space = range(1, len(stated))
        return (self.batch_size, *(self._size(name, stated, axis) for axis in space))

    def refuse_others(self) -> None:
        """Raises `ModelImportError` for a size that was given and is not open."""
        for name in self.dims:
            if name not in self.chosen:
                open_ones = ", ".join(self.chosen) or "nothing"
                raise ModelImportError(
                    f"{self.file}: dims names {shown(name)}, which is not open in this file; open is: "
                    f"{open_ones}"
                )

    def filled(self, stated: tuple[int | None, ...] | None) -> tuple[int, ...] | None:
        """A shape that the file states of a tensor, with this batch; None where it is not whole."""
        if stated is None or None in stated[1:]:
            return None
        return (self.batch_size, *(size for size in stated[1:] if size is not None))

    def _size(self, name: str, stated: list[Json], axis: int) -> int:
        size = stated[axis]
        if size is not None:
            return self._checked(name, size)
        key = f"{name}:{axis}"
        if axis == len(stated) - 1 and len(stated) > 2 and key not in self.dims:
            raise ModelImportError(
                f"{self.file}: input {shown(name)} has an open number of channels; give dims={{{key!r}: …}}"
            )
        self.chosen[key] = self.dims.get(key, PROPOSED.get(len(stated), STEPS))
        if key not in self.dims:
            self.warnings.append(
                f"dimension {key!r} is open; {self.chosen[key]} is assumed, "
                f"dims={{{key!r}: …}} gives another size"
            )
        return self.chosen[key]

    def _checked(self, name: str, size: Json) -> int:
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= LAYER_SIZE:
            refuse(self.file, f"input {shown(name)} has the size {shown(size)}")
        return size
