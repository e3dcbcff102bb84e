"""Which axis counts samples: seen by how each input axis goes through modules of every kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cutwise.importers.torch_format.from_torch import from_torch

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional


class Forward(nn.Module):
    """Layers by name, and what is done with them."""

    def __init__(self, function: Callable[..., Any], **layers: nn.Module) -> None:
        super().__init__()
        self.function = function
        self.layers = nn.ModuleDict(layers)

    def forward(self, *data: Any) -> Any:
        return self.function(*data, **self.layers)


def ids(*shape: int) -> Any:
    return torch.zeros(shape, dtype=torch.long)


def windows(x: Any, qkv: Any) -> Any:
    """Attention in 4 windows of 3 x 3 places of a 6 x 6 map, as in Swin."""
    batch = x.shape[0]
    x = x.view(batch, 2, 3, 2, 3, 8).permute(0, 1, 3, 2, 4, 5).reshape(batch * 4, 9, 8)
    q, k, v = (part.view(batch * 4, 9, 2, 4).transpose(1, 2) for part in qkv(x).chunk(3, -1))
    y = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, 2, 2, 3, 3, 8)
    return y.permute(0, 1, 3, 2, 4, 5).reshape(batch, 36, 8)


def routed(x: Any, gate: Any, expert: Any) -> Any:
    """Tokens in the order of their expert and back, as in a mixture of experts."""
    flat = x.flatten(0, 1)
    order = gate(flat).argmax(-1).argsort()
    out = torch.zeros_like(flat).index_copy(0, order, expert(flat[order]))
    return x + out.view(x.shape)


def picked(x: Any, lengths: Any, head: Any) -> Any:
    """The last word of each sample, as classifiers of language models take it."""
    return head(x)[torch.arange(x.shape[0]), lengths]


def cloud(x: Any, first: Any, last: Any) -> Any:
    """A label for every point, from the point and the whole cloud."""
    x = first(x)
    return last(torch.cat([x, x.amax(0, keepdim=True).expand(x.shape)], -1))


def written(x: Any, one: Any) -> Any:
    whole = torch.zeros(x.shape)
    whole[:, :3] = one(x)[:, :3]
    return whole.exp()


def video(x: Any, frames: Any, time: Any) -> Any:
    y = frames(x.flatten(0, 1)).mean((-1, -2)).view(*x.shape[:2], -1)
    return time(y)[0]


def contrast(a: Any, b: Any, one: Any, two: Any) -> Any:
    return (one(a) @ two(b).T).log_softmax(-1)


def encoder(**options: Any) -> nn.Module:
    return nn.TransformerEncoderLayer(8, 2, 16, 0.0, **options)


LINEAR = nn.Linear(8, 8)
CASES: dict[str, tuple[nn.Module, tuple[Any, ...], int]] = {
    "samples first": (LINEAR, (torch.zeros(4, 6, 8),), 4),
    "time first": (encoder(), (torch.zeros(6, 3, 8),), 3),
    "samples before time": (encoder(batch_first=True), (torch.zeros(3, 6, 8),), 3),
    "one sample without a batch": (encoder(), (torch.zeros(6, 8),), 1),
    "a window over the first axis": (nn.Conv2d(3, 4, 3), (torch.zeros(3, 9, 9),), 1),
    "images": (nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)), (torch.zeros(3, 3, 9, 9),), 3),
    "recurrence, time first": (nn.GRU(8, 5), (torch.zeros(7, 3, 8), torch.zeros(1, 3, 5)), 3),
    "recurrence of one step": (nn.GRU(8, 5), (torch.zeros(1, 3, 8), torch.zeros(1, 3, 5)), 3),
    "recurrence, samples first": (nn.LSTM(8, 5, batch_first=True), (torch.zeros(3, 7, 8),), 3),
    "target and source, time first": (
        nn.TransformerDecoderLayer(8, 2, 16, 0.0), (torch.zeros(6, 3, 8), torch.zeros(9, 3, 8)), 3,
    ),
    "windows of a map": (Forward(windows, qkv=nn.Linear(8, 24)), (torch.zeros(3, 36, 8),), 3),
    "experts": (Forward(routed, gate=nn.Linear(8, 4), expert=nn.Linear(8, 8)), (torch.zeros(3, 5, 8),), 3),
    "one word of each": (Forward(picked, head=nn.Linear(8, 2)), (torch.zeros(3, 5, 8), ids(3)), 3),
    "points": (
        Forward(cloud, first=nn.Linear(3, 8), last=nn.Linear(16, 5)), (torch.zeros(100, 3),), 1,
    ),
    "written in parts": (Forward(written, one=LINEAR), (torch.zeros(4, 8),), 4),
    "frames of samples": (
        Forward(video, frames=nn.Conv2d(3, 8, 3), time=nn.LSTM(8, 5, batch_first=True)),
        (torch.zeros(2, 5, 3, 6, 6),), 2,
    ),
    "neighbours": (
        Forward(lambda x, a, one: torch.relu(a @ one(x)), one=LINEAR),
        (torch.zeros(9, 8), torch.zeros(9, 9)), 1,
    ),
    "edges": (
        Forward(lambda x, e, one: torch.zeros(9, 8).index_add(0, e[1], one(x)[e[0]]), one=LINEAR),
        (torch.zeros(9, 8), ids(2, 20)), 1,
    ),
    "pairs that are compared": (
        Forward(contrast, one=LINEAR, two=nn.Linear(8, 8)), (torch.zeros(4, 8), torch.zeros(4, 8)), 4,
    ),
    "places along axis 1 of one input": (
        Forward(lambda t, p, w: w(t) + p.sum(0), w=nn.Embedding(9, 8)),
        (ids(3, 6), torch.zeros(2, 3, 6, 8)), 3,
    ),
    "a loss": (
        Forward(lambda x, y, one: functional.cross_entropy(one(x), y), one=LINEAR),
        (torch.zeros(5, 8), ids(5)), 5,
    ),
    "an einsum": (
        Forward(lambda x, one: torch.einsum("tbi,sbi->bts", one(x), x), one=LINEAR),
        (torch.zeros(6, 3, 8),), 3,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_samples_are_counted_along_the_axis_that_keeps_them_apart(name: str) -> None:
    module, data, samples = CASES[name]
    assert from_torch(module, data).batch_size == samples


@pytest.mark.parametrize(
    ("name", "shapes", "samples", "dims"),
    [
        ("time first", ({0: "steps", 1: "streams"},), 3, {"steps": 6}),
        ("samples first", ({0: "points"},), 1, {"points": 4}),
        ("samples first", ({1: "words"},), 4, {"words": 6}),
        ("points", ({0: "batch"},), 100, {}),
        ("target and source, time first", ({0: "t", 1: "batch"}, {0: "s", 1: "batch"}), 3, {"t": 6, "s": 9}),
    ],
)
def test_open_sizes_are_samples_or_can_be_set(
    name: str, shapes: tuple[dict[int, str], ...], samples: int, dims: dict[str, int]
) -> None:
    module, data, _ = CASES[name]
    made = {key: torch.export.Dim(key) for shape in shapes for key in shape.values()}
    dynamic = tuple({axis: made[key] for axis, key in shape.items()} for shape in shapes)
    graph = from_torch(module, data, dynamic_shapes=(dynamic,) if isinstance(module, Forward) else dynamic)
    assert (graph.batch_size, dict(graph.dims)) == (samples, dims)


def test_one_sample_can_be_asked_for_where_samples_are_seen() -> None:
    module, data, _ = CASES["time first"]
    dynamic = ({1: torch.export.Dim("streams")},)
    assert from_torch(module, data, dynamic_shapes=dynamic, dims={"streams": 1}).batch_size == 1


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "one sample without a batch",
            "op 'scaled_dot_product_attention' mixes its places: the example is taken",
        ),
        ("points", "has size 100 and op 'amax' mixes its places"),
        ("pairs that are compared", "whose 4 places are taken for samples because inputs and output agree"),
    ],
)
def test_what_cannot_be_seen_is_said(name: str, says: str) -> None:
    module, data, _ = CASES[name]
    assert any(says in warning for warning in from_torch(module, data).warnings)


def test_inputs_that_disagree_are_told() -> None:
    module = Forward(lambda a, b, one: (one(a), one(b)), one=LINEAR)
    graph = from_torch(module, (torch.zeros(4, 8), torch.zeros(3, 8)))
    assert graph.batch_size == 4
    assert "has size 4, axis 0 of input" in graph.warnings[0]
