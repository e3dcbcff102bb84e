"""Activations by the words of configurations: one op each, or the ops that the library writes them out in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cutwise.frozen import FrozenDict
from cutwise.importers.hugging_face.net import Net


def activation(net: Net, word: str, x: str) -> str:
    """The activation that a configuration calls `word`, as one op or as the ops it is written out in."""
    kind = ACTIVATIONS[word]
    return net.elementwise(kind, kind, x) if kind else WRITTEN_OUT[word](net, x)


def _gelu_new(net: Net, x: str) -> str:
    """0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))), operation by operation: five results are kept."""
    half = net.elementwise("mul", "gelu_half", x)
    cube = net.elementwise("mul", "gelu_cube_scaled", net.elementwise("pow", "gelu_cube", x))
    inner = net.elementwise("mul", "gelu_inner", net.elementwise("add", "gelu_sum", x, cube))
    return _plus_one_times(net, "tanh", half, inner)


def _gelu_fast(net: Net, x: str) -> str:
    """0.5 x (1 + tanh(0.79788 x (1 + 0.044715 x x))): seven results are kept."""
    half = net.elementwise("mul", "gelu_half", x)
    scaled = net.elementwise("mul", "gelu_scaled", x)
    square = net.elementwise("mul", "gelu_square", net.elementwise("mul", "gelu_small", x), x)
    inner = net.elementwise("mul", "gelu_inner", scaled, net.elementwise("add", "gelu_sum", square))
    return _plus_one_times(net, "tanh", half, inner)


def _gelu_python(net: Net, x: str) -> str:
    """0.5 x (1 + erf(x / √2))."""
    half = net.elementwise("mul", "gelu_half", x)
    return _plus_one_times(net, "erf", half, net.elementwise("div", "gelu_scaled", x))


def _plus_one_times(net: Net, kind: str, half: str, inner: str) -> str:
    """`half` (1 + f(`inner`)) with f of this kind."""
    plus_one = net.elementwise("add", "gelu_plus_one", net.elementwise(kind, f"gelu_{kind}", inner))
    return net.elementwise("mul", "gelu", half, plus_one)


def _quick_gelu(net: Net, x: str) -> str:
    gate = net.elementwise("sigmoid", "gelu_gate", net.elementwise("mul", "gelu_scaled", x))
    return net.elementwise("mul", "gelu", x, gate)


def _clipped_gelu(net: Net, x: str) -> str:
    return net.elementwise("clip", "gelu_clipped", net.elementwise("gelu", "gelu", x))


def _squared_relu(net: Net, x: str) -> str:
    return net.elementwise("pow", "relu_squared", net.elementwise("relu", "relu", x))


def _laplace(net: Net, x: str) -> str:
    """0.5 (1 + erf((x - μ) / (σ √2)))."""
    scaled = net.elementwise("div", "laplace_scaled", net.elementwise("sub", "laplace_centred", x))
    plus_one = net.elementwise("add", "laplace_plus_one", net.elementwise("erf", "laplace_erf", scaled))
    return net.elementwise("mul", "laplace", plus_one)


# Op kind of each activation; empty for those that the library runs as several ops, or none.
ACTIVATIONS: Mapping[str, str] = FrozenDict({
    "gelu": "gelu", "gelu_pytorch_tanh": "gelu", "gelu_new": "", "gelu_accurate": "",
    "gelu_python_tanh": "", "gelu_fast": "", "gelu_python": "", "gelu_10": "", "quick_gelu": "",
    "relu": "relu", "relu2": "", "relu6": "relu6", "leaky_relu": "leaky_relu", "hardswish": "hardswish",
    "silu": "silu", "swish": "silu", "tanh": "tanh", "sigmoid": "sigmoid", "mish": "mish", "laplace": "",
    "linear": "",
})  # fmt: skip
WRITTEN_OUT: Mapping[str, Callable[[Net, str], str]] = FrozenDict(
    {
        "gelu_new": _gelu_new,
        "gelu_accurate": _gelu_new,
        "gelu_python_tanh": _gelu_new,
        "gelu_fast": _gelu_fast,
        "gelu_python": _gelu_python,
        "gelu_10": _clipped_gelu,
        "quick_gelu": _quick_gelu,
        "relu2": _squared_relu,
        "laplace": _laplace,
        "linear": lambda net, x: x,
    }
)
