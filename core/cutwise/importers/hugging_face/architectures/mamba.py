"""State space models: Mamba, Falcon Mamba, Mamba 2. A layer is one branch; nothing attends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from cutwise.importers.hugging_face.keys import Keys
from cutwise.importers.hugging_face.layers import (
    ACTIVATIONS,
    Blueprint,
    LanguageOutput,
    activation,
    language_output,
    write_language_output,
)
from cutwise.importers.hugging_face.net import BATCH, Net
from cutwise.read_limits import STATE_SPACE_TOKENS

RANK_SHARE = 16
AUTO = "auto"
KERNEL_NOTE = (
    "the scan is counted as plain PyTorch runs it, the states of all tokens kept; the kernels of mamba-ssm "
    "make them anew in backward and keep less"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSpace:
    """Sizes of a model: `inner` features with `states` numbers each, a convolution over `kernel` tokens.

    `normed`: what decides on the scan passes norms without weights (Falcon Mamba). Mamba 2 has `heads` that
    share a step, `groups` of them their keys and queries, and runs chunks of `chunk` tokens.
    """

    width: int
    inner: int
    states: int
    kernel: int
    layers: int
    vocabulary: int
    act: str
    bias: bool
    kernel_bias: bool
    output: LanguageOutput
    rank: int = 0
    normed: bool = False
    heads: int = 0
    groups: int = 0
    chunk: int = 0


Mixer = Callable[[Net, str, StateSpace], str]


def mamba(keys: Keys, *, normed: bool = False) -> Blueprint:
    """Gu and Dao 2023, arXiv 2312.00752."""
    width = keys.count("hidden_size")
    said = keys.values.get("time_step_rank", AUTO)
    rank = -(-width // RANK_SHARE) if said == AUTO else keys.count("time_step_rank")
    model = replace(_model(keys, tied=True), rank=rank, normed=normed)
    return _blueprint(model, _mamba_mixer)


def falcon_mamba(keys: Keys) -> Blueprint:
    """Zuo et al. 2024, arXiv 2410.05355: steps, keys and queries are normalised."""
    return mamba(keys, normed=True)


def mamba2(keys: Keys) -> Blueprint:
    """Dao and Gu 2024, arXiv 2405.21060."""
    heads, groups = keys.count("num_heads", 128), keys.count("n_groups", 8)
    keys.divided("num_heads", "n_groups", size=heads, count=groups)
    model = replace(
        _model(keys, tied=False, states=128), heads=heads, groups=groups, chunk=keys.count("chunk_size", 256)
    )
    keys.divided("expand x hidden_size", "num_heads", size=model.inner, count=heads)
    return _blueprint(model, _mamba2_mixer)


def _model(keys: Keys, *, tied: bool, states: int = 16) -> StateSpace:
    width = keys.count("hidden_size")
    return StateSpace(
        width=width,
        inner=keys.count("expand", 2) * width,
        states=keys.count("state_size", states),
        kernel=keys.count("conv_kernel", 4),
        layers=keys.count("num_hidden_layers"),
        vocabulary=keys.count("vocab_size"),
        act=keys.word("hidden_act", ACTIVATIONS, "silu"),
        bias=keys.flag("use_bias", False),
        kernel_bias=keys.flag("use_conv_bias", True),
        output=language_output(keys, "lm_head", tied=tied),
    )


def _blueprint(model: StateSpace, mixer: Mixer) -> Blueprint:
    return Blueprint(
        write=partial(_write, model, mixer), most_tokens=STATE_SPACE_TOKENS, notes=(KERNEL_NOTE,)
    )


def _write(model: StateSpace, mixer: Mixer, net: Net, tokens: int) -> None:
    ids = net.input("input_ids", (tokens,), dtype="int64")
    with net.at("embeddings", "backbone"):
        x, table = net.embedding("embeddings", ids, model.vocabulary, model.width)
    for number in range(model.layers):
        with net.at(f"layers/{number}/mixer", f"backbone.layers.{number}"):
            y = mixer(net, net.rms_norm("norm", x), model)
            y = net.linear("mixer.out_proj", y, model.width, bias=model.bias)
            x = net.elementwise("add", "add", x, y)
    with net.at("", "backbone"):
        x = net.rms_norm("norm_f", x)
    write_language_output(net, x, model.output, table)


def _mamba_mixer(net: Net, x: str, model: StateSpace) -> str:
    inner, states = model.inner, model.states
    both = net.linear("mixer.in_proj", x, 2 * inner, bias=model.bias)
    hidden, gate = net.split("hidden_gate", both, (inner, inner))
    hidden = _convolved(net, hidden, inner, model)
    laid_out = net.elementwise("copy", "hidden_laid_out", hidden)
    made = net.linear("mixer.x_proj", laid_out, model.rank + 2 * states, bias=False)
    step, key, query = net.split("step_key_query", made, (model.rank, states, states))
    if model.normed:
        step, key, query = (
            net.elementwise("rms_norm", f"{name}_normed", part)
            for name, part in (("step", step), ("key", key), ("query", query))
        )
    step = net.elementwise("softplus", "step", net.linear("mixer.dt_proj", step, inner))
    weights = [net.weight(f"mixer.{name}", shape, part="") for name, shape in (
        ("A_log", (inner, states)), ("D", (inner,)),
    )]  # fmt: skip
    y = net.op(
        "selective_scan", "scan", [hidden, step, key, query], net.shape(hidden), weights=weights,
        attrs={"state_size": states, "tokens": net.shape(hidden)[1]},
    )  # fmt: skip
    y = net.elementwise("mul", "gated", y, net.elementwise("silu", "gate", gate))
    return net.elementwise("copy", "gated_laid_out", y)


def _mamba2_mixer(net: Net, x: str, model: StateSpace) -> str:
    inner, heads, shared = model.inner, model.heads, model.groups * model.states
    convolved = inner + 2 * shared
    made = net.linear("mixer.in_proj", x, inner + convolved + heads, bias=model.bias)
    gate, hidden, step = net.split("gate_hidden_step", made, (inner, convolved, heads))
    hidden = _convolved(net, hidden, convolved, model)
    hidden, key, query = net.split("hidden_key_query", hidden, (inner, shared, shared))
    step = net.plus_weight("mixer.dt_bias", step, (heads,), part="")
    step = net.elementwise("clip", "step", net.elementwise("softplus", "step_softplus", step))
    weights = [net.weight(f"mixer.{name}", (heads,), part="") for name in ("A_log", "D")]
    y = net.op(
        "chunked_scan", "scan", [hidden, step, key, query], net.shape(hidden), weights=weights,
        attrs={
            "heads": heads, "head_dim": inner // heads, "state_size": model.states, "chunk": model.chunk,
            "tokens": net.shape(hidden)[1],
        },
    )  # fmt: skip
    return _gated_norm(net, net.elementwise("mul", "gated", y, net.elementwise("silu", "gate", gate)), model)


def _convolved(net: Net, x: str, channels: int, model: StateSpace) -> str:
    """Each channel's convolution over the tokens before: padded on both sides, cut behind."""
    tokens = net.shape(x)[1]
    parts = [("weight", (channels, 1, model.kernel)), ("bias", (channels,))]
    weights = [net.weight("mixer.conv1d", shape, part=part) for part, shape in parts[: 1 + model.kernel_bias]]
    y = net.op(
        "conv1d", "conv1d", [net.transpose("channels", x, 0, 2, 1)],
        (BATCH, channels, tokens + model.kernel - 1), weights=weights, attrs={"groups": channels},
    )  # fmt: skip
    y = net.op("slice", "conv1d_cut", [y], (BATCH, channels, tokens), attrs={"axis": 2})
    return net.transpose("tokens", activation(net, model.act, y), 0, 2, 1)


def _gated_norm(net: Net, x: str, model: StateSpace) -> str:
    """A norm of each group of features, and the product with its weight."""
    shape = net.shape(x)
    grouped = net.reshape("gated_groups", x, *shape[:-1], model.groups, model.inner // model.groups)
    normed = net.reshape("gated_normed", net.elementwise("rms_norm", "gated_unscaled", grouped), *shape)
    return net.op("mul", "gated_norm", [normed], shape, weights=[net.weight("mixer.norm", shape[-1:])])
