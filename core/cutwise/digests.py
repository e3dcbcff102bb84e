"""Values that hold arrays: read-only columns, and equality by the digest of what they hold."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from cutwise.frozen import Frozen, read_only


class EqualByDigest(Frozen):
    """Equality and hash by `digest`, for dataclasses made with `eq=False`: arrays have neither."""

    __slots__ = ()
    digest: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def freeze(owner: object, name: str, array: NDArray[Any]) -> None:
    """Makes `array` read-only and sets it as the field `name` of the frozen dataclass `owner`."""
    object.__setattr__(owner, name, read_only(array))
