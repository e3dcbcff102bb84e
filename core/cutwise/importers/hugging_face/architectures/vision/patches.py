"""Images as tokens: a convolution that makes one of each patch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cutwise.graph.model_graph import Weight
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.net import BATCH, Net


@dataclass(frozen=True, slots=True, kw_only=True)
class Patches:
    """An image cut into patches of `width` features each; `image` and `patch` are (height, width)."""

    image: tuple[int, int]
    patch: tuple[int, int]
    channels: int
    width: int

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of patches."""
        return self.image[0] // self.patch[0], self.image[1] // self.patch[1]

    @property
    def count(self) -> int:
        """Patches of one image."""
        return self.grid[0] * self.grid[1]


def patches_of(keys: Keys, width: int) -> Patches:
    """The patches that a configuration describes."""
    found = Patches(
        image=keys.square("image_size"),
        patch=keys.square("patch_size"),
        channels=keys.count("num_channels", 3),
        width=width,
    )
    if not found.count:
        keys.refuse(f"patch_size is {found.patch}, larger than image_size = {found.image}", "a smaller patch")
    return found


def patch_tokens(
    net: Net, image: str, patches: Patches, *, path: str = "patch_embeddings.projection", bias: bool = True
) -> str:
    """One token of each patch, (batch, patches, width)."""
    weights = [
        net.weight(path, (patches.width, patches.channels, *patches.patch)),
        net.weight(path, (patches.width,), part="bias"),
    ]
    x = net.op(
        "conv2d", path.rpartition(".")[2], [image], (BATCH, patches.width, *patches.grid),
        weights=weights if bias else weights[:1],
        attrs={"kernel": patches.patch, "stride": patches.patch, "groups": 1},
    )  # fmt: skip
    return net.transpose("patches", net.reshape("flat", x, BATCH, patches.width, patches.count), 0, 2, 1)


def behind_tokens(net: Net, name: str, x: str, tokens: Mapping[str, int], *, unused: str = "") -> str:
    """`x` behind learned tokens, so many of each parameter; `unused` is one that is not read here."""
    _, count, width = net.shape(x)
    weights = [net.weight(path, (1, number, width), part="") for path, number in tokens.items()]
    if unused:
        weights.append(net.weight(unused, (1, 1, width), part=""))
    shape = (BATCH, count + sum(tokens.values()), width)
    return net.op("concat", name, [x], shape, weights=weights, attrs={"axis": 1})


def mean_of_patches(net: Net, x: str, tokens: int, *, unused: Sequence[Weight] = ()) -> str:
    """The mean over all patches, which stand behind so many other tokens.

    `unused` are weights that the model has and does not read in their place.
    """
    _, count, width = net.shape(x)
    if tokens:
        x = net.op("slice", "patch_tokens", [x], (BATCH, count - tokens, width), attrs={"axis": 1})
    return net.op("reduce_mean", "mean", [x], (BATCH, width), weights=unused, attrs={"axis": 1})
