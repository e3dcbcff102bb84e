"""Swin: attention within windows that shift from layer to layer, in stages of ever fewer, wider tokens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from cutwise.importers.hugging_face.architectures.vision.patches import (
    Patches,
    mean_of_patches,
    patch_tokens,
    patches_of,
)
from cutwise.importers.hugging_face.attention import TURN, Heads, by_heads, contexts
from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import ACTIVATIONS, BARE, Blueprint, activation, output_kind
from cutwise.importers.hugging_face.net import BATCH, Net

IMAGES = "ForImageClassification"
TABLE = "attention.self.relative_position_bias_table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Swin:
    """Sizes of a Swin transformer: layers and heads of each stage, tokens of a `window`'s side."""

    patches: Patches
    depths: tuple[int, ...]
    heads: tuple[int, ...]
    window: int
    mlp_factor: float
    act: str
    bias: bool
    placed: bool
    kind: str
    labels: int
    dropout_ratio: float
    attention_dropout_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowedStage:
    """One stage at work: rows and columns of tokens, heads, the side of a window and how far it shifts."""

    grid: tuple[int, int]
    heads: Heads
    window: int
    shifted: bool = False

    @property
    def padded(self) -> tuple[int, int]:
        """Rows and columns that whole windows cover."""
        rows, columns = (-(-side // self.window) * self.window for side in self.grid)
        return rows, columns


def swin(keys: Keys) -> Blueprint:
    """Liu et al. 2021, arXiv 2103.14030."""
    depths = keys.counts("depths", (2, 2, 6, 2))
    heads = keys.counts("num_heads", (3, 6, 12, 24))
    if len(heads) != len(depths):
        keys.refuse(f"num_heads has {len(heads)} stages, depths {len(depths)}", "as many in both")
    width = keys.count("embed_dim", 96)
    for stage, count in enumerate(heads):
        keys.divided("embed_dim", "num_heads", size=width * 2**stage, count=count)
    model = Swin(
        patches=patches_of(keys.with_defaults({"image_size": 224, "patch_size": 4}), width),
        depths=depths,
        heads=heads,
        window=keys.count("window_size", 7),
        mlp_factor=keys.factor("mlp_ratio", 4.0),
        act=keys.word("hidden_act", ACTIVATIONS, "gelu"),
        bias=keys.flag("qkv_bias", True),
        placed=keys.flag("use_absolute_embeddings", False),
        kind=output_kind(keys, (IMAGES, BARE), IMAGES),
        labels=keys.count("num_labels", 2),
        dropout_ratio=keys.dropout("hidden_dropout_prob", 0.0),
        attention_dropout_ratio=keys.dropout("attention_probs_dropout_prob", 0.0),
    )
    _refuse_wide_windows(keys, model)
    return Blueprint(write=partial(_write, model))


def _refuse_wide_windows(keys: Keys, model: Swin) -> None:
    """Tables of biases fit windows of one size: a map of tokens that is smaller has none."""
    grid = model.patches.grid
    for _ in model.depths:
        if min(grid) < model.window:
            keys.refuse(
                f"window_size is {model.window}, wider than a stage's {grid[0]} x {grid[1]} tokens",
                "a larger image_size or a smaller window_size",
            )
        grid = _halved(grid)


def _write(model: Swin, net: Net, tokens: int) -> None:
    image = net.input("pixel_values", (model.patches.channels, *model.patches.image))
    with net.at("embeddings", "swin.embeddings"):
        x = net.layer_norm("norm", patch_tokens(net, image, model.patches))
        if model.placed:
            x = net.plus_weight("position_embeddings", x, net.shape(x), part="")
        x = net.dropped(x, model.dropout_ratio)
    grid = model.patches.grid
    for stage, depth in enumerate(model.depths):
        for number in range(depth):
            x = _layer(net, x, model, stage, number, grid)
        if stage + 1 < len(model.depths):
            with net.at(f"layers/{stage}/downsample", f"swin.encoder.layers.{stage}.downsample"):
                x = _merged(net, x, grid)
            grid = _halved(grid)
    pooled = mean_of_patches(net, net.layer_norm("swin.layernorm", x), 0)
    if model.kind == IMAGES:
        net.linear("classifier", pooled, model.labels)


def _layer(net: Net, x: str, model: Swin, stage: int, number: int, grid: tuple[int, int]) -> str:
    block, source = f"layers/{stage}/{number}", f"swin.encoder.layers.{stage}.blocks.{number}"
    width, count = net.width(x), model.heads[stage]
    heads = Heads(
        count=count, width=width // count, kv_heads=count, causal=False, masked=False,
        dropout_ratio=model.attention_dropout_ratio,
    )  # fmt: skip
    shifted = number % 2 == 1 and min(grid) > model.window
    at_work = WindowedStage(grid=grid, heads=heads, window=model.window, shifted=shifted)
    with net.at(f"{block}/attention", source):
        y = _windows(net, net.layer_norm("layernorm_before", x), at_work)
        y = _attention(net, y, model, at_work)
        x = net.elementwise("add", "add", x, _whole(net, net.dropped(y, model.dropout_ratio), at_work))
    with net.at(f"{block}/mlp", source):
        y = net.layer_norm("layernorm_after", x)
        y = net.linear("intermediate.dense", y, int(width * model.mlp_factor), name="intermediate")
        y = net.linear("output.dense", activation(net, model.act, y), width, name="output")
        return net.elementwise("add", "add", net.dropped(y, model.dropout_ratio), x)


def _windows(net: Net, x: str, stage: WindowedStage) -> str:
    """Tokens window by window, (windows, tokens of one, width)."""
    (rows, columns), side, width = stage.padded, stage.window, net.width(x)
    y = net.reshape("map", x, BATCH, *stage.grid, width)
    if stage.padded != stage.grid:
        y = net.op("pad", "padded", [y], (BATCH, rows, columns, width))
    if stage.shifted:
        y = net.elementwise("copy", "shifted", y)
    y = net.reshape("tiles", y, BATCH, rows // side, side, columns // side, side, width)
    y = net.transpose("tiles_turned", y, 0, 1, 3, 2, 4, 5)
    return net.reshape("windows", y, rows // side * (columns // side), side * side, width)


def _whole(net: Net, x: str, stage: WindowedStage) -> str:
    """All tokens of the map in its order, back from windows."""
    (rows, columns), side, width = stage.padded, stage.window, net.width(x)
    y = net.reshape("tiles_back", x, BATCH, rows // side, columns // side, side, side, width)
    y = net.transpose("tiles_turned_back", y, 0, 1, 3, 2, 4, 5)
    y = net.reshape("map_back", y, BATCH, rows, columns, width)
    if stage.shifted:
        y = net.elementwise("copy", "shifted_back", y)
    if stage.padded != stage.grid:
        y = net.op("slice", "cropped", [y], (BATCH, *stage.grid, width), attrs={"axis": 1})
        y = net.elementwise("copy", "cropped_copy", y)
    return net.reshape("tokens", y, BATCH, stage.grid[0] * stage.grid[1], width)


def _attention(net: Net, x: str, model: Swin, stage: WindowedStage) -> str:
    """Attention within each window, with trained biases of distances that all windows share."""
    heads, (windows, tokens, width) = stage.heads, net.shape(x)
    parts = []
    for name in ("query", "key", "value"):
        y = net.linear(f"attention.self.{name}", x, width, bias=model.bias)
        parts.append(net.transpose(f"{name}_heads", by_heads(net, name, y, heads.count), *TURN))
    distances = (2 * stage.window - 1) ** 2
    shape = (heads.count, tokens, tokens)
    bias = net.looked_up(TABLE, distances, heads.count, shape, name="position_bias", part="")
    query, key, value = parts
    y = net.transpose("context_heads", contexts(net, query, key, value, heads, bias), *TURN)
    return net.linear("attention.output.dense", net.reshape("merge", y, windows, tokens, width), width)


def _merged(net: Net, x: str, grid: tuple[int, int]) -> str:
    """Four neighbours side by side as one token, of twice the width."""
    width, (rows, columns) = net.width(x), _halved(grid)
    y = net.reshape("map", x, BATCH, *grid, width)
    if grid != (2 * rows, 2 * columns):
        y = net.op("pad", "padded", [y], (BATCH, 2 * rows, 2 * columns, width))
    parts = [
        net.op("slice", f"neighbour{number}", [y], (BATCH, rows, columns, width), attrs={"axis": 1})
        for number in range(4)
    ]
    y = net.op("concat", "joined", parts, (BATCH, rows, columns, 4 * width), attrs={"axis": 3})
    y = net.layer_norm("norm", net.reshape("tokens", y, BATCH, rows * columns, 4 * width))
    return net.linear("reduction", y, 2 * width, bias=False)


def _halved(grid: tuple[int, int]) -> tuple[int, int]:
    return -(-grid[0] // 2), -(-grid[1] // 2)
